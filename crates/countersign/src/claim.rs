use alloc::borrow::Cow;
use core::fmt;

use crate::{
    Headers, Mechanism, Method, ParseError, PayloadRule,
    canonical::trim,
    encode::Wire,
    error::Field,
    head::HEADERS_MAX,
    mechanism::signs,
    names::{AUTHORIZATION, CONTENT_SHA256},
    query::Query,
    received::Received,
    signed_headers::SignedHeaders,
    signing_key::Signature,
    timestamp::Written,
};

/// What a signed request says of itself. Nothing of it is believed yet:
/// [`Verifier::check`](crate::Verifier::check) and then [`Checked::verify`](crate::Checked::verify)
/// make a [`Verified`](crate::Verified) of it.
///
/// [`parse`](Self::parse) reads a presigned request, [`parse_header`](Self::parse_header) one that
/// is signed in its `Authorization` header. Neither reads what the other does, so a server that
/// calls one of them takes one mechanism; for both there is [`Mechanism::of`].
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
    pub(crate) credential: Received<'a>,
    pub(crate) signed_at: Written,
    pub(crate) term: Term,
    pub(crate) session_token: Option<Received<'a>>,
    pub(crate) signed_headers: SignedHeaders<'a>,
    /// `None` where what was received is not as long as a signature. Then it is still compared, so
    /// that form and value cost the same.
    pub(crate) signature: Option<Signature>,
    /// What the `x-amz-content-sha256` header says, where there is one.
    pub(crate) payload: Option<PayloadRule>,
    /// The first two values of the `host` header. A request should have one.
    pub(crate) hosts: [Option<&'a [u8]>; 2],
}

/// How long a claim wants to hold, in which the two mechanisms differ.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Term {
    /// Presigned: the seconds of `X-Amz-Expires`, not yet held against the maximum.
    Secs(u64),
    /// Signed in the header: no longer than a request takes to arrive.
    AtOnce,
}

impl<'a, H: Headers + ?Sized> Claim<'a, H> {
    /// The mechanism by which the request is signed.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        match self.term {
            Term::Secs(_) => Mechanism::Query,
            Term::AtOnce => Mechanism::Header,
        }
    }

    /// The five parts of the credential: access key id, date, region, service, terminator.
    pub(crate) fn credential(&self) -> Result<[Cow<'a, str>; 5], ParseError> {
        let parts: Option<[_; 5]> = self.credential.split();
        parts.filter(|[id, ..]| !id.is_empty()).ok_or(ParseError::Malformed(Field::Credential))
    }

    /// The values of the header of this name.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        header_values(self.headers, name)
    }
}

/// Shows no query: whoever reads it in a log could use it.
impl<H: ?Sized> fmt::Debug for Claim<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("method", &self.method)
            .field("path", &self.path.as_received())
            .field("credential", &self.credential.as_received())
            .field("signed_at", &self.signed_at.at)
            .field("term", &self.term)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// The values of the header of this name.
pub(crate) fn header_values<'a, H: Headers + ?Sized>(
    headers: &'a H,
    name: &str,
) -> impl Iterator<Item = &'a [u8]> {
    headers
        .fields()
        .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The headers that say something of the claim itself, whatever its mechanism, and the one that is
/// signed in every request.
#[derive(Default)]
pub(crate) struct Special<'a> {
    /// Whether an `Authorization` header signs.
    pub(crate) is_signed: bool,
    pub(crate) payload: Option<PayloadRule>,
    /// The first two values of the `host` header.
    pub(crate) hosts: [Option<&'a [u8]>; 2],
}

impl<'a> Special<'a> {
    pub(crate) fn find<H: Headers + ?Sized>(headers: &'a H) -> Result<Self, ParseError> {
        let mut special = Self::default();
        for (index, (name, value)) in headers.fields().enumerate() {
            if index >= HEADERS_MAX {
                return Err(ParseError::TooLarge(Field::Header));
            }
            if name.eq_ignore_ascii_case("host") {
                let place = special.hosts.iter_mut().find(|place| place.is_none());
                place.map(|place| place.insert(value));
            } else if name.eq_ignore_ascii_case(AUTHORIZATION) {
                special.is_signed |= signs(value);
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
