use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::Timestamp;

/// A presigned URL, and what a client must know to use it.
///
/// Whoever has the URL has what it allows: `Debug` shows no query.
///
/// ```
/// # use countersign::*;
/// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// # let key = SigningKey::derive(&credentials, scope);
/// # let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let request = PresignRequest::new(Method::PUT, bucket.object("k")?, Lifetime::from_secs(60)?)
///     .with_signed_header("Content-Type", "text/csv")?;
/// let url = key.at(now)?.presign(&request)?;
/// assert_eq!(url.expires_at().to_string(), "20130524T000100Z");
/// assert!(url.required_headers().eq([("content-type", "text/csv")]));
/// assert_eq!(format!("{url:?}"), "PresignedUrl(https://s3.amazonaws.com/b/k?..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PresignedUrl {
    pub(crate) url: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) required_headers: Vec<(Box<str>, Box<str>)>,
}

impl PresignedUrl {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The URL, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.url
    }

    /// The first second in which it no longer works.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The headers that a client has to send with it, apart from `host`: names in lower case,
    /// sorted.
    pub fn required_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.required_headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The 64 hex digits of the signature, which are the last of the URL.
    #[must_use]
    pub fn signature(&self) -> &str {
        self.url.rsplit('=').next().unwrap_or_default()
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.url.split('?').next().unwrap_or_default();
        write!(f, "PresignedUrl({place}?..)")
    }
}
