//! What a signing key is good for: one day, one region, one service.

use crate::{Date, InvalidValue, sink::Sink};

/// The last part of every scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

const NAME_LEN_MAX: usize = 64;

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= NAME_LEN_MAX && text.bytes().all(is_plain)
}

/// A region, as `us-east-1`, compared byte for byte.
///
/// ```
/// use countersign::Region;
///
/// assert_eq!(Region::new("us-east-1")?.as_str(), "us-east-1");
/// assert!(Region::new("us/east").is_err());
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region<'a>(&'a str);

impl<'a> Region<'a> {
    /// Takes 1 to 64 of `A-Z a-z 0-9 - _ .`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Region`]
    pub fn new(name: &'a str) -> Result<Self, InvalidValue> {
        if is_name(name) { Ok(Self(name)) } else { Err(InvalidValue::Region) }
    }

    /// Takes a name that was one before.
    pub(crate) const fn known(name: &'a str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// A service, nearly always [`S3`](Service::S3).
///
/// ```
/// use countersign::Service;
///
/// assert_eq!(Service::new("s3")?, Service::S3);
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Service<'a>(&'a str);

impl<'a> Service<'a> {
    /// `s3`, and all that speaks like it.
    pub const S3: Service<'static> = Service("s3");

    /// Takes 1 to 64 of `A-Z a-z 0-9 - _ .`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Service`]
    pub fn new(name: &'a str) -> Result<Self, InvalidValue> {
        if is_name(name) { Ok(Self(name)) } else { Err(InvalidValue::Service) }
    }

    /// Takes a name that was one before.
    pub(crate) const fn known(name: &'a str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// A credential scope: the day, region and service that a [`SigningKey`](crate::SigningKey) is
/// good for.
///
/// A scope is compared whole, so no part of it can be forgotten.
///
/// ```
/// use countersign::{Date, Region, Scope, Service};
///
/// let scope = Scope::new(Date::parse("20130524")?, Region::new("us-east-1")?, Service::S3);
/// assert_eq!(scope.to_string(), "20130524/us-east-1/s3/aws4_request");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope<'a> {
    date: Date,
    region: Region<'a>,
    service: Service<'a>,
}

impl<'a> Scope<'a> {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(date: Date, region: Region<'a>, service: Service<'a>) -> Self {
        Self { date, region, service }
    }

    /// The UTC day.
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// The region.
    #[must_use]
    pub const fn region(self) -> Region<'a> {
        self.region
    }

    /// The service.
    #[must_use]
    pub const fn service(self) -> Service<'a> {
        self.service
    }

    /// Writes it as it stands in the string to sign.
    pub(crate) fn put(self, sink: &mut impl Sink) {
        sink.put(self.date.as_bytes());
        for part in [self.region.0, self.service.0, TERMINATOR] {
            sink.put(b"/");
            sink.put(part.as_bytes());
        }
    }

    /// Writes it as it stands in a query, after the access key id. No part of it needs encoding.
    pub(crate) fn put_encoded(self, sink: &mut impl Sink) {
        for part in [self.date.as_str(), self.region.0, self.service.0, TERMINATOR] {
            sink.put(b"%2F");
            sink.put(part.as_bytes());
        }
    }
}

impl core::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region.0, self.service.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_and_a_service_are_1_to_64_plain_characters() {
        let (long, longer) = ("r".repeat(64), "r".repeat(65));
        for name in ["a", "us-east-1", "A_b.9", &long] {
            assert_eq!(Region::new(name).map(Region::as_str), Ok(name));
            assert_eq!(Service::new(name).map(Service::as_str), Ok(name));
        }
        for name in ["", &longer, "a/b", "a b", "a\n", "é", "a%", "*"] {
            assert_eq!(Region::new(name), Err(InvalidValue::Region), "{name}");
            assert_eq!(Service::new(name), Err(InvalidValue::Service), "{name}");
        }
    }
}
