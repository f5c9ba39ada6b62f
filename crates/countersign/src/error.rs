//! Every reason for which this crate refuses something, as typed values.
//!
//! [`InvalidValue`] is a value that cannot be what it claims to be, [`PresignError`] a request that
//! cannot be signed, [`ParseError`] a request that does not carry a signature in the right shape,
//! [`VerifyError`] one that does, and still must not be served; [`PrefixTokenError`] a prefix token
//! that does not hold.

use alloc::boxed::Box;
use core::fmt;

use crate::{Date, Skew, Timestamp};

/// A value that the wire format cannot hold.
///
/// ```
/// use countersign::{InvalidValue, Lifetime};
///
/// let month = Lifetime::from_secs(30 * 86_400);
/// assert_eq!(month, Err(InvalidValue::Lifetime));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidValue {
    /// An access key id is 1 to 128 printable ASCII characters without `/`, which separates it from
    /// the scope.
    AccessKeyId,
    /// A secret access key is 1 to 1,024 bytes.
    SecretKey,
    /// A session token is 1 to 8,192 printable ASCII characters.
    SessionToken,
    /// A region is 1 to 64 of `A-Z a-z 0-9 - _ .`.
    Region,
    /// A service is 1 to 64 of `A-Z a-z 0-9 - _ .`.
    Service,
    /// A method is an RFC 9110 token of 1 to 32 characters.
    Method,
    /// An instant is whole seconds between the years 1 and 9999, written `20130524T000000Z`.
    Timestamp,
    /// A date is a day of the calendar between the years 1 and 9999, written `20130524`.
    Date,
    /// A lifetime is 1 to 604,800 seconds.
    Lifetime,
    /// A clock skew is 0 to 900 seconds.
    Skew,
    /// A window is 1 to 86,400 seconds.
    Window,
    /// An endpoint is `http` or `https`, a host, perhaps a port and a base path, and nothing else.
    Endpoint(EndpointFault),
    /// A bucket name is 1 to 255 of `A-Z a-z 0-9 - _ .`, and neither `.` nor `..`.
    Bucket,
    /// An object key is 1 to 1,024 bytes of UTF-8 without NUL.
    Key(KeyFault),
}

/// What is wrong with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointFault {
    /// Neither `http://` nor `https://`.
    Scheme,
    /// A user name or password, which would never be signed.
    UserInfo,
    /// No host, or one that is neither a name of ASCII labels nor an address.
    Host,
    /// A port that is not a number from 1 to 65,535.
    Port,
    /// A base path that does not decode to UTF-8 without NUL, or has dot segments.
    Path,
    /// A query or a fragment.
    QueryOrFragment,
}

/// What is wrong with an object key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// No byte at all. A bucket operation has no key, which is another thing than an empty one.
    Empty,
    /// More than 1,024 bytes.
    TooLong,
    /// A NUL byte, which no store can hold.
    Nul,
    /// `${filename}` before the end of the key of a form.
    Variable,
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessKeyId => {
                "the access key id is not 1 to 128 printable characters without a slash"
            }
            Self::SecretKey => "the secret access key is not 1 to 1024 bytes",
            Self::SessionToken => "the session token is not 1 to 8192 printable characters",
            Self::Region => {
                "the region is not 1 to 64 letters, digits, hyphens, dots or underscores"
            }
            Self::Service => {
                "the service is not 1 to 64 letters, digits, hyphens, dots or underscores"
            }
            Self::Method => "the method is not an HTTP token of 1 to 32 characters",
            Self::Timestamp => "the time is not written as 20130524T000000Z",
            Self::Date => "the date is not written as 20130524",
            Self::Lifetime => "the lifetime is not 1 to 604800 seconds",
            Self::Skew => "the clock skew is not 0 to 900 seconds",
            Self::Window => "the window is not 1 to 86400 seconds",
            Self::Endpoint(EndpointFault::Scheme) => "the endpoint is neither http nor https",
            Self::Endpoint(EndpointFault::UserInfo) => "the endpoint has a user name",
            Self::Endpoint(EndpointFault::Host) => "the host of the endpoint is not valid",
            Self::Endpoint(EndpointFault::Port) => "the port of the endpoint is not 1 to 65535",
            Self::Endpoint(EndpointFault::Path) => "the base path of the endpoint is not valid",
            Self::Endpoint(EndpointFault::QueryOrFragment) => {
                "the endpoint has a query or a fragment"
            }
            Self::Bucket => {
                "the bucket name is not 1 to 255 letters, digits, hyphens, dots or underscores"
            }
            Self::Key(KeyFault::Empty) => "the object key is empty",
            Self::Key(KeyFault::TooLong) => "the object key is longer than 1024 bytes",
            Self::Key(KeyFault::Nul) => "the object key has a NUL byte",
            Self::Key(KeyFault::Variable) => "the object key has a variable before its end",
        })
    }
}

impl core::error::Error for InvalidValue {}

/// Why a request was not signed. Nothing was written to the caller's buffer.
///
/// ```
/// use countersign::{Addressing, Endpoint, Lifetime, Method, PresignError, PresignRequest};
///
/// let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let request = PresignRequest::new(Method::GET, bucket.object("k")?, Lifetime::MAX);
/// let error = request.with_query("x-amz-expires", "1").unwrap_err();
/// assert_eq!(error, PresignError::ReservedName("x-amz-expires".into()));
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresignError {
    /// The signing key is one of another day than the signing time.
    KeyScopeExpired {
        /// The day of the key.
        key: Date,
        /// The day of the signing time.
        now: Date,
    },
    /// The access key id has a comma, which no `Authorization` header can hold: there it separates.
    CommaInAccessKeyId,
    /// The URL would outlive the year 9999.
    ExpiryOutOfRange,
    /// No object can have this key.
    Key(KeyFault),
    /// A part of a multipart upload has a number from 1 to 10,000.
    PartNumber,
    /// The URL would outlive the credentials that sign it, and so would not live as long as it says.
    OutlivesCredentials {
        /// When the URL would expire.
        expires_at: Timestamp,
        /// When the credentials expire.
        credentials_expire_at: Timestamp,
    },
    /// A header or query parameter of this name is written by the signer itself.
    ReservedName(Box<str>),
    /// A header or query parameter of this name is there already. Verifiers disagree on which of
    /// the two counts.
    DuplicateName(Box<str>),
    /// A header name is 1 to 256 of `A-Z a-z 0-9 - _ . ~`.
    InvalidHeaderName,
    /// The value of this header has control characters or is over 8,192 bytes; or it is no payload
    /// rule, where the header is `x-amz-content-sha256`.
    InvalidHeaderValue(Box<str>),
    /// A query parameter has no name, or has a NUL byte.
    InvalidQuery,
    /// More than 90 signed headers or more than 90 query parameters.
    TooMany,
    /// Path and query are over 16,384 bytes, which no verifier of ours reads.
    TooLong,
}

impl fmt::Display for PresignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyScopeExpired { key, now } => {
                write!(f, "the signing key is of {key}, the signing time of {now}")
            }
            Self::CommaInAccessKeyId => f.write_str("the access key id has a comma"),
            Self::ExpiryOutOfRange => f.write_str("the URL would expire after the year 9999"),
            Self::Key(fault) => InvalidValue::Key(*fault).fmt(f),
            Self::PartNumber => f.write_str("the part number is not 1 to 10000"),
            Self::OutlivesCredentials { expires_at, credentials_expire_at } => {
                write!(
                    f,
                    "the URL would expire at {expires_at}, its credentials at {credentials_expire_at}"
                )
            }
            Self::ReservedName(name) => write!(f, "`{name}` is written by the signer"),
            Self::DuplicateName(name) => write!(f, "`{name}` is given twice"),
            Self::InvalidHeaderName => f.write_str("a header name is not valid"),
            Self::InvalidHeaderValue(name) => {
                write!(f, "the value of header `{name}` is not valid")
            }
            Self::InvalidQuery => f.write_str("a query parameter has no name, or a NUL byte"),
            Self::TooMany => f.write_str("too many headers or query parameters"),
            Self::TooLong => f.write_str("path and query are over 16384 bytes"),
        }
    }
}

impl core::error::Error for PresignError {}

/// A part of a request that a [`ParseError`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The method.
    Method,
    /// The request target as a whole.
    Target,
    /// The path of the target.
    Path,
    /// The query of the target.
    Query,
    /// A header field.
    Header,
    /// The `Host` header.
    Host,
    /// The `Authorization` header.
    Authorization,
    /// The `x-amz-content-sha256` header.
    ContentSha256,
    /// `X-Amz-Algorithm`.
    Algorithm,
    /// `X-Amz-Credential`, or `Credential` in an `Authorization` header.
    Credential,
    /// `X-Amz-Date`, a parameter or a header.
    Date,
    /// `X-Amz-Expires`.
    Expires,
    /// `X-Amz-Security-Token`, a parameter or a header.
    SecurityToken,
    /// `X-Amz-SignedHeaders`, or `SignedHeaders` in an `Authorization` header.
    SignedHeaders,
    /// `X-Amz-Signature`, or `Signature` in an `Authorization` header.
    Signature,
}

impl Field {
    /// The name on the wire, or the plain word where it has none.
    ///
    /// ```
    /// assert_eq!(countersign::Field::Date.as_str(), "X-Amz-Date");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Target => "target",
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Host => "host",
            Self::Authorization => "authorization",
            Self::ContentSha256 => "x-amz-content-sha256",
            Self::Algorithm => "X-Amz-Algorithm",
            Self::Credential => "X-Amz-Credential",
            Self::Date => "X-Amz-Date",
            Self::Expires => "X-Amz-Expires",
            Self::SecurityToken => "X-Amz-Security-Token",
            Self::SignedHeaders => "X-Amz-SignedHeaders",
            Self::Signature => "X-Amz-Signature",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request carries no claim, presigned or in its header.
///
/// ```
/// use countersign::{Claim, Field, ParseError, RequestHead};
///
/// let anonymous = RequestHead { method: "GET", target: "/test.txt", headers: &[("Host", "h")] };
/// let error = Claim::parse(&anonymous).unwrap_err();
/// assert_eq!(error, ParseError::Missing(Field::Algorithm));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The field is not in its form.
    Malformed(Field),
    /// The field is absent.
    Missing(Field),
    /// The field is there twice, perhaps in another spelling.
    Duplicate(Field),
    /// The field is longer, or there are more of it, than this crate reads.
    TooLarge(Field),
    /// An algorithm other than `AWS4-HMAC-SHA256`.
    UnsupportedAlgorithm,
    /// `aws-chunked` streaming, which a presigned URL cannot carry, and which is not supported in a
    /// request that is signed in its header.
    StreamingPayload,
    /// An `Authorization` header that signs, beside a query that signs.
    TwoMechanisms,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(field) => write!(f, "{field} is malformed"),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::Duplicate(field) => write!(f, "{field} is given twice"),
            Self::TooLarge(field) => write!(f, "{field} is too large"),
            Self::UnsupportedAlgorithm => f.write_str("the algorithm is not AWS4-HMAC-SHA256"),
            Self::StreamingPayload => f.write_str("streaming payloads are not supported"),
            Self::TwoMechanisms => f.write_str("the request is signed in its header and its query"),
        }
    }
}

impl core::error::Error for ParseError {}

/// Why a claim does not hold.
///
/// The reasons are listed in the order in which they are looked for, which is that of AWS: a URL
/// that is expired *and* forged is [`Expired`](Self::Expired).
///
/// ```
/// use countersign::{ParseError, VerifyError};
///
/// let error = VerifyError::from(ParseError::TwoMechanisms);
/// assert_eq!(error.to_string(), "the request carries no valid claim");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The request carries no claim in the right shape.
    Parse(ParseError),
    /// `X-Amz-Expires` is over 604,800 seconds.
    LifetimeTooLong,
    /// The signing time is further ahead than the allowed skew.
    NotYetValid {
        /// The clock of the verifier.
        now: Timestamp,
        /// The first second in which the claim holds.
        not_before: Timestamp,
    },
    /// The claim's time is over.
    Expired {
        /// The clock of the verifier.
        now: Timestamp,
        /// The first second in which the claim no longer holds.
        not_after: Timestamp,
    },
    /// The signing time of a request that is signed in its header is further from now than the
    /// allowed skew, in either direction.
    TimeSkewed {
        /// The clock of the verifier.
        now: Timestamp,
        /// The clock of the signer.
        signed_at: Timestamp,
        /// How far apart they may be.
        skew: Skew,
    },
    /// The credential is one of another region, service or terminator.
    Scope(ScopeMismatch),
    /// The day of the credential is not that of `X-Amz-Date`.
    DateMismatch,
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// The request has this header, which must be signed where it is present, and is not.
    UnsignedHeader(Box<str>),
    /// This header is signed, and the request does not have it.
    SignedHeaderAbsent(Box<str>),
    /// There is no such key, or it is not of the claim's scope.
    UnknownKey,
    /// The signature is not that of this request. There is nothing more to say: anything else would
    /// help to forge one.
    SignatureMismatch,
}

/// The part of a scope that a verifier does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeMismatch {
    /// The region.
    Region {
        /// What the verifier serves.
        expected: Box<str>,
        /// What the credential says.
        got: Box<str>,
    },
    /// The service.
    Service {
        /// What the verifier serves.
        expected: Box<str>,
        /// What the credential says.
        got: Box<str>,
    },
    /// The credential does not end in `aws4_request`.
    Terminator,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Not repeated: `source` has it.
            Self::Parse(_) => f.write_str("the request carries no valid claim"),
            Self::LifetimeTooLong => f.write_str("the lifetime is over 604800 seconds"),
            Self::NotYetValid { now, not_before } => {
                write!(f, "not valid before {not_before}, it is {now}")
            }
            Self::Expired { now, not_after } => write!(f, "expired at {not_after}, it is {now}"),
            Self::TimeSkewed { now, signed_at, skew } => {
                let secs = skew.as_secs();
                write!(f, "signed at {signed_at}, over {secs} s from {now}")
            }
            Self::Scope(ScopeMismatch::Region { expected, got }) => {
                write!(f, "the region is `{got}`, not `{expected}`")
            }
            Self::Scope(ScopeMismatch::Service { expected, got }) => {
                write!(f, "the service is `{got}`, not `{expected}`")
            }
            Self::Scope(ScopeMismatch::Terminator) => {
                f.write_str("the scope does not end in aws4_request")
            }
            Self::DateMismatch => f.write_str("the scope is of another day than X-Amz-Date"),
            Self::HostNotSigned => f.write_str("the host header is not signed"),
            Self::UnsignedHeader(name) => {
                write!(f, "the header `{name}` is present and not signed")
            }
            Self::SignedHeaderAbsent(name) => {
                write!(f, "the header `{name}` is signed and not present")
            }
            Self::UnknownKey => f.write_str("there is no such access key"),
            Self::SignatureMismatch => f.write_str("the signature does not match"),
        }
    }
}

impl core::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Parse(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ParseError> for VerifyError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

/// Why a prefix token does not hold. None of it shows the token.
///
/// The reasons are listed in the order in which they are looked for: a token that is expired *and*
/// forged is a [`Mismatch`](Self::Mismatch), so that nobody else learns what would have been right.
///
/// ```
/// use countersign::{MasterKey, PrefixTokenError, Timestamp};
///
/// let key = MasterKey::new([7; 32]).prefix_token_key();
/// let error = key.verify("CS01-guessed", Timestamp::MIN).unwrap_err();
/// assert_eq!(error, PrefixTokenError::Malformed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrefixTokenError {
    /// The text is no token, in the one spelling that tokens have.
    Malformed,
    /// The MAC is not that of this token.
    Mismatch,
    /// The token is a real one, and its time is over.
    Expired {
        /// The clock of the verifier.
        now: Timestamp,
        /// The first second in which the token no longer holds.
        not_after: Timestamp,
    },
}

impl fmt::Display for PrefixTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the prefix token is malformed"),
            Self::Mismatch => f.write_str("the prefix token does not match"),
            Self::Expired { now, not_after } => write!(f, "expired at {not_after}, it is {now}"),
        }
    }
}

impl core::error::Error for PrefixTokenError {}
