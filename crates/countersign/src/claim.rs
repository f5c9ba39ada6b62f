use alloc::borrow::Cow;
use core::fmt;

use crate::{
    Headers, Method, ParseError, PayloadRule, RequestHead, Timestamp,
    canonical::trim,
    encode::{Part, Wire},
    error::Field,
    names::CONTENT_SHA256,
    query::{Query, TARGET_LEN_MAX},
    signed_headers::SignedHeaders,
    signing_key::{ALGORITHM, Signature},
};

/// What a presigned request says of itself. Nothing of it is believed yet:
/// [`Verifier::check`](crate::Verifier::check) and then [`Checked::verify`](crate::Checked::verify)
/// make a [`Verified`](crate::Verified) of it.
///
/// ```
/// use countersign::{Claim, ParseError, RequestHead};
///
/// let head = RequestHead { method: "GET", target: "/a?x=%", headers: &[("Host", "h")] };
/// assert!(matches!(Claim::parse(&head), Err(ParseError::Malformed(_))));
/// ```
pub struct Claim<'a, H: ?Sized> {
    pub(crate) method: Method<'a>,
    pub(crate) path: Wire<'a>,
    pub(crate) query: Query<'a>,
    pub(crate) headers: &'a H,
    pub(crate) credential: Wire<'a>,
    pub(crate) signed_at: Timestamp,
    /// Seconds, not yet held against the maximum.
    pub(crate) expires: u64,
    pub(crate) session_token: Option<Wire<'a>>,
    pub(crate) signed_headers: SignedHeaders<'a>,
    /// `None` where what was received is not even a signature in form. Then it is still compared,
    /// so that form and value cost the same.
    pub(crate) signature: Option<Signature>,
    /// What the `x-amz-content-sha256` header says, where there is one.
    pub(crate) payload: Option<PayloadRule>,
}

impl<'a, H: Headers + ?Sized> Claim<'a, H> {
    const HEADERS_MAX: usize = 100;

    /// Reads the claim of a presigned request.
    ///
    /// Takes every spelling that AWS takes: parameters in any order, escapes in any case, characters
    /// encoded that need not be, `+` for a space in the query. Takes no parameter twice, no escape
    /// that does not decode to UTF-8, and no parameter of the claim under another spelling of its
    /// name.
    ///
    /// # Errors
    ///
    /// [`ParseError`], with the first thing that is wrong.
    pub fn parse(head: &RequestHead<'a, H>) -> Result<Self, ParseError> {
        let method = Method::new(head.method).map_err(|_| ParseError::Malformed(Field::Method))?;
        if head.target.len() > TARGET_LEN_MAX {
            return Err(ParseError::TooLarge(Field::Target));
        }
        if !head.target.starts_with('/') {
            return Err(ParseError::Malformed(Field::Target));
        }
        let (path, query) = head.target.split_once('?').unwrap_or((head.target, ""));
        let path = Wire::new(path, Part::Path).ok_or(ParseError::Malformed(Field::Path))?;
        if query.is_empty() {
            return Err(ParseError::Missing(Field::Algorithm));
        }
        let query = Query::parse(query)?;
        let special = Special::find(head.headers)?;

        let wire = |field| query.auth(field).ok_or(ParseError::Missing(field));
        let algorithm = wire(Field::Algorithm);
        let signature = wire(Field::Signature);
        if special.is_signed && (algorithm.is_ok() || signature.is_ok()) {
            return Err(ParseError::TwoMechanisms);
        }
        if algorithm?.decode() != ALGORITHM {
            return Err(ParseError::UnsupportedAlgorithm);
        }
        let credential = wire(Field::Credential)?;
        let signed_at = wire(Field::Date)?;
        let expires = wire(Field::Expires)?;
        let signed_headers = wire(Field::SignedHeaders)?;
        let signature = Signature::parse(&signature?.decode());
        Ok(Self {
            method,
            path,
            headers: head.headers,
            credential,
            signed_at: Timestamp::parse(&signed_at.decode())
                .map_err(|_| ParseError::Malformed(Field::Date))?,
            expires: plain_number(&expires.decode())
                .ok_or(ParseError::Malformed(Field::Expires))?,
            session_token: query.auth(Field::SecurityToken),
            signed_headers: SignedHeaders::new(signed_headers),
            signature,
            payload: special.payload,
            query,
        })
    }

    /// The five parts of the credential: access key id, date, region, service, terminator.
    pub(crate) fn credential(&self) -> Result<[Cow<'a, str>; 5], ParseError> {
        let mut rest = Some(self.credential.as_received());
        let parts = core::array::from_fn(|_| {
            let text = rest?;
            let (part, tail) = split_slash(text);
            rest = tail;
            // Cut out of text that decodes, at an escape's border, so it decodes.
            Some(Wire::new(part, Part::Query)?.decode())
        });
        match (parts, rest) {
            ([Some(id), Some(date), Some(region), Some(service), Some(terminator)], None)
                if !id.is_empty() =>
            {
                Ok([id, date, region, service, terminator])
            }
            _ => Err(ParseError::Malformed(Field::Credential)),
        }
    }

    /// The values of the header of this name.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let headers: &'a H = self.headers;
        headers
            .fields()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Shows no query: whoever reads it in a log could use it.
impl<H: ?Sized> fmt::Debug for Claim<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("method", &self.method)
            .field("path", &self.path.as_received())
            .field("credential", &self.credential.as_received())
            .field("signed_at", &self.signed_at)
            .field("expires", &self.expires)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// The headers that say something of the claim itself.
#[derive(Default)]
struct Special {
    /// An `Authorization` header that signs. A bearer token is nothing to us: browsers and
    /// libraries add them on their own.
    is_signed: bool,
    payload: Option<PayloadRule>,
}

impl Special {
    fn find<H: Headers + ?Sized>(headers: &H) -> Result<Self, ParseError> {
        let mut special = Self::default();
        for (index, (name, value)) in headers.fields().enumerate() {
            if index >= Claim::<H>::HEADERS_MAX {
                return Err(ParseError::TooLarge(Field::Header));
            }
            if name.eq_ignore_ascii_case("authorization") {
                let value = trim(value);
                let starts = |scheme: &[u8]| {
                    value.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme))
                };
                special.is_signed |= starts(b"AWS4-") || starts(b"AWS ");
            } else if name.eq_ignore_ascii_case(CONTENT_SHA256) {
                let text = core::str::from_utf8(trim(value))
                    .map_err(|_| ParseError::Malformed(Field::ContentSha256))?;
                if special.payload.replace(PayloadRule::parse(text)?).is_some() {
                    return Err(ParseError::Duplicate(Field::ContentSha256));
                }
            }
        }
        Ok(special)
    }
}

/// Splits at the first slash, plain or encoded.
fn split_slash(text: &str) -> (&str, Option<&str>) {
    let mut from = 0;
    while let Some(offset) = text.get(from..).and_then(|rest| rest.find(['/', '%'])) {
        let at = from.saturating_add(offset);
        let (part, rest) = text.split_at(at);
        for separator in ["/", "%2F", "%2f"] {
            if let Some(tail) = rest.strip_prefix(separator) {
                return (part, Some(tail));
            }
        }
        from = at.saturating_add(1);
    }
    (text, None)
}

/// A number in plain digits: no sign, no space, no exponent. What does not fit is too large by any
/// measure, and stays so.
fn plain_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}
