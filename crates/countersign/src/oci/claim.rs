use alloc::vec::Vec;
use core::fmt;

use super::{
    Authorization, Field, ParseError, Target, VerifyError,
    required::{REQUEST_TARGET, signed_method},
    signing_string::signed_value,
};
use crate::{Headers, Method, RequestHead, canonical::trim};

/// What a signed request says of itself. Nothing of it is believed yet:
/// [`Verifier::check`](super::Verifier::check) and then [`Checked::verify`](super::Checked::verify)
/// make a [`Verified`](super::Verified) of it.
///
/// ```
/// use countersign::{
///     RequestHead,
///     oci::{Claim, Field, ParseError},
/// };
///
/// let head = RequestHead { method: "GET", target: "/n/ns", headers: &[("Host", "h")] };
/// let error = Claim::parse(&head).unwrap_err();
/// assert_eq!(error, ParseError::Missing(Field::Authorization));
/// ```
pub struct Claim<'a, H: ?Sized> {
    pub(super) method: Method<'a>,
    pub(super) signed_method: &'static str,
    pub(super) target: Target<'a>,
    pub(super) headers: &'a H,
    pub(super) authorization: Authorization,
}

impl<'a, H: Headers + ?Sized> Claim<'a, H> {
    const HEADERS_MAX: usize = 100;

    /// Reads the claim of a request.
    ///
    /// # Errors
    ///
    /// [`ParseError`], with the first thing that is wrong. Methods that Oracle's API does not have
    /// are [`ParseError::Malformed`], and a second `Authorization` header is a duplicate.
    pub fn parse(head: &RequestHead<'a, H>) -> Result<Self, ParseError> {
        let malformed_method = ParseError::Malformed(Field::Method);
        let method = Method::new(head.method).map_err(|_| malformed_method)?;
        let signed_method = signed_method(method).ok_or(malformed_method)?;
        let target = Target::new(head.target).map_err(|_| ParseError::Malformed(Field::Target))?;
        let headers = head.headers;
        if headers.fields().nth(Self::HEADERS_MAX).is_some() {
            return Err(ParseError::TooLarge(Field::Headers));
        }
        let mut values = values(headers, "authorization");
        let value = values.next().ok_or(ParseError::Missing(Field::Authorization))?;
        if values.next().is_some() {
            return Err(ParseError::Duplicate(Field::Authorization));
        }
        let value = core::str::from_utf8(trim(value))
            .map_err(|_| ParseError::Malformed(Field::Authorization))?;
        let authorization = Authorization::parse(value)?;
        Ok(Self { method, signed_method, target, headers, authorization })
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        values(self.headers, name).next().is_some()
    }

    /// The signed headers, in their order, with their values as they are signed.
    pub(super) fn signed_fields(&self) -> Result<Vec<(&str, &'a str)>, VerifyError> {
        self.authorization.signed_headers().map(|name| self.signed_field(name)).collect()
    }

    fn signed_field<'n>(&self, name: &'n str) -> Result<(&'n str, &'a str), VerifyError> {
        if name == REQUEST_TARGET {
            return Ok((name, ""));
        }
        let mut values = values(self.headers, name);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(VerifyError::DuplicateHeader(name.into())),
            (Some(value), None) => match signed_value(value) {
                Some(value) => Ok((name, value)),
                None => Err(VerifyError::MalformedHeader(name.into())),
            },
            (None, _) => Err(VerifyError::AbsentHeader(name.into())),
        }
    }
}

impl<H: ?Sized> fmt::Debug for Claim<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}

/// The values of the header of this name.
fn values<'a, H: Headers + ?Sized>(headers: &'a H, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .fields()
        .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
