use crate::{
    Headers, ParseError, RequestHead, canonical::trim, error::Field, head::HEADERS_MAX,
    names::AUTHORIZATION,
};

/// Where a request carries its signature. There are these two, and no request has both.
///
/// ```
/// use countersign::{Mechanism, ParseError, RequestHead};
///
/// let presigned = "/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
/// let of = |target, authorization| {
///     let headers = &[("host", "h"), ("authorization", authorization)];
///     Mechanism::of(&RequestHead { method: "GET", target, headers })
/// };
/// assert_eq!(of(presigned, "Bearer token"), Ok(Some(Mechanism::Query)));
/// assert_eq!(of("/a", "AWS4-HMAC-SHA256 Credential=.."), Ok(Some(Mechanism::Header)));
/// assert_eq!(of("/a", "Bearer token"), Ok(None));
/// assert_eq!(of(presigned, "AWS4-HMAC-SHA256 .."), Err(ParseError::TwoMechanisms));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a handler that forgets one shall not compile")]
pub enum Mechanism {
    /// Presigned: the signature stands in the query. [`Claim::parse`](crate::Claim::parse) reads it.
    Query,
    /// The signature stands in the `Authorization` header.
    /// [`Claim::parse_header`](crate::Claim::parse_header) reads it.
    Header,
}

impl Mechanism {
    /// The mechanism by which a request is signed, if it is, well or badly. Nothing else of it is
    /// read: this says which parser has the say.
    ///
    /// A query signs where it has `X-Amz-Algorithm` or `X-Amz-Signature`; an `Authorization` header
    /// where its scheme is one of Amazon's, in any version. A bearer token signs nothing.
    ///
    /// # Errors
    ///
    /// - [`ParseError::TwoMechanisms`], where both sign.
    /// - [`ParseError::TooLarge`] over 100 header fields.
    pub fn of<H: Headers + ?Sized>(head: &RequestHead<'_, H>) -> Result<Option<Self>, ParseError> {
        let mut is_in_header = false;
        for (index, (name, value)) in head.headers.fields().enumerate() {
            if index >= HEADERS_MAX {
                return Err(ParseError::TooLarge(Field::Header));
            }
            is_in_header |= name.eq_ignore_ascii_case(AUTHORIZATION) && signs(value);
        }
        match (is_in_header, is_query_signed(head.target)) {
            (true, true) => Err(ParseError::TwoMechanisms),
            (true, false) => Ok(Some(Self::Header)),
            (false, true) => Ok(Some(Self::Query)),
            (false, false) => Ok(None),
        }
    }
}

/// Whether the value of an `Authorization` header signs. A bearer token is nothing to us: browsers
/// and libraries add them on their own.
pub(crate) fn signs(value: &[u8]) -> bool {
    let value = trim(value);
    let has_scheme = |scheme: &[u8]| {
        value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    has_scheme(b"AWS4-") || has_scheme(b"AWS ")
}

/// Any other spelling of these names is refused by whoever reads the query.
fn is_query_signed(target: &str) -> bool {
    let (_, query) = target.split_once('?').unwrap_or((target, ""));
    query.split('&').any(|piece| {
        let name = piece.split('=').next().unwrap_or_default();
        name == Field::Algorithm.as_str() || name == Field::Signature.as_str()
    })
}
