//! Every reason for which a request is not signed for Oracle Cloud, or its signature not taken.

use alloc::boxed::Box;
use core::fmt;

use crate::Timestamp;

/// A value that a signed request cannot hold.
///
/// ```
/// use countersign::oci::{InvalidValue, Target};
///
/// assert_eq!(Target::new("20160918/instances").unwrap_err(), InvalidValue::Target);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidValue {
    /// A key id is three parts with `/` between them, or `ST$` and a token: printable ASCII without
    /// quotes and backslashes, at most 16,384 characters.
    KeyId,
    /// A target is 1 to 16,384 printable ASCII characters that start with `/`, without `#`.
    Target,
    /// A date is written `Sun, 06 Nov 1994 08:49:37 GMT`.
    Date,
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyId => "the key id is not tenancy/user/fingerprint",
            Self::Target => "the target is not printable ASCII that starts with a slash",
            Self::Date => "the date is not written as Sun, 06 Nov 1994 08:49:37 GMT",
        })
    }
}

impl core::error::Error for InvalidValue {}

/// What a signature has to cover.
///
/// ```
/// use countersign::oci::Required;
///
/// assert_eq!(Required::RequestTarget.as_str(), "(request-target)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Required {
    /// Method, path and query.
    RequestTarget,
    /// The `host` header.
    Host,
    /// The `date` header, or `x-date`. Of a request that has both, Oracle reads `x-date`.
    Date,
    /// The `content-length` header.
    ContentLength,
    /// The `content-type` header.
    ContentType,
    /// The `x-content-sha256` header.
    ContentSha256,
}

impl Required {
    /// The name as it is signed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestTarget => "(request-target)",
            Self::Host => "host",
            Self::Date => "date",
            Self::ContentLength => "content-length",
            Self::ContentType => "content-type",
            Self::ContentSha256 => "x-content-sha256",
        }
    }
}

impl fmt::Display for Required {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request was not signed.
///
/// ```
/// use countersign::{
///     Method,
///     oci::{ContentRule, Required, SignError, SigningString, Target},
/// };
///
/// let headers = [("(request-target)", ""), ("host", "h")];
/// let target = Target::new("/")?;
/// let error = SigningString::new(Method::GET, target, &headers, ContentRule::Signed).unwrap_err();
/// assert_eq!(error, SignError::Missing(Required::Date));
/// # Ok::<(), countersign::oci::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// A method other than `DELETE`, `GET`, `HEAD`, `PATCH`, `POST` and `PUT`.
    UnsupportedMethod,
    /// The request has no such header, or an empty one.
    Missing(Required),
    /// [`ContentRule::ObjectUpload`](super::ContentRule::ObjectUpload), and the request is none.
    NotAnObjectUpload,
    /// A header name is 1 to 256 of `A-Z a-z 0-9 - _ . ~`.
    InvalidHeaderName,
    /// The value of this header is not 0 to 8,192 of printable ASCII, spaces and tabs.
    InvalidHeaderValue(Box<str>),
    /// The header of this name carries the signature.
    ReservedName(Box<str>),
    /// The header of this name is given twice.
    DuplicateName(Box<str>),
    /// More than 50 headers.
    TooMany,
    /// The key did not sign.
    Rsa(RsaFailure),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedMethod => f.write_str("requests of this method are not signed"),
            Self::Missing(required) => write!(f, "`{required}` is missing and has to be signed"),
            Self::NotAnObjectUpload => f.write_str("the request is no upload of an object"),
            Self::InvalidHeaderName => f.write_str("a header name is not valid"),
            Self::InvalidHeaderValue(name) => {
                write!(f, "the value of header `{name}` is not valid")
            }
            Self::ReservedName(name) => write!(f, "`{name}` is written by the signer"),
            Self::DuplicateName(name) => write!(f, "`{name}` is given twice"),
            Self::TooMany => f.write_str("more than 50 headers"),
            // Not repeated: `source` has it.
            Self::Rsa(_) => f.write_str("the request was not signed"),
        }
    }
}

impl core::error::Error for SignError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Rsa(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RsaFailure> for SignError {
    fn from(error: RsaFailure) -> Self {
        Self::Rsa(error)
    }
}

/// A key did not sign, or a signature is not that of the key. There is nothing more to say.
///
/// ```
/// use countersign::oci::RsaFailure;
///
/// assert_eq!(RsaFailure.to_string(), "the RSA operation failed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "implementations of the traits make one")]
pub struct RsaFailure;

impl fmt::Display for RsaFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the RSA operation failed")
    }
}

impl core::error::Error for RsaFailure {}

/// A part of a request that a [`ParseError`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The method.
    Method,
    /// The request target.
    Target,
    /// The header fields.
    Headers,
    /// The `Authorization` header.
    Authorization,
    /// The parameter `version`.
    Version,
    /// The parameter `keyId`.
    KeyId,
    /// The parameter `algorithm`.
    Algorithm,
    /// The parameter `headers`.
    SignedHeaders,
    /// The parameter `signature`.
    Signature,
}

impl Field {
    /// The name on the wire, or the plain word where it has none.
    ///
    /// ```
    /// assert_eq!(countersign::oci::Field::SignedHeaders.as_str(), "headers");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Target => "target",
            Self::Headers => "header fields",
            Self::Authorization => "Authorization",
            Self::Version => "version",
            Self::KeyId => "keyId",
            Self::Algorithm => "algorithm",
            Self::SignedHeaders => "headers",
            Self::Signature => "signature",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request carries no signature of Oracle's.
///
/// ```
/// use countersign::oci::{Authorization, ParseError};
///
/// let error = Authorization::parse("Bearer of-good-news").unwrap_err();
/// assert_eq!(error, ParseError::UnsupportedScheme);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The field is not in its form.
    Malformed(Field),
    /// The field is absent.
    Missing(Field),
    /// The field is there twice.
    Duplicate(Field),
    /// The field is longer, or there are more of it, than this crate reads.
    TooLarge(Field),
    /// Another scheme than `Signature`.
    UnsupportedScheme,
    /// Another algorithm than `rsa-sha256`.
    UnsupportedAlgorithm,
    /// Another version than 1.
    UnsupportedVersion,
    /// A parameter that version 1 does not have, and that could mean anything.
    UnknownParameter,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(field) => write!(f, "{field} is malformed"),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::Duplicate(field) => write!(f, "{field} is given twice"),
            Self::TooLarge(field) => write!(f, "{field} is too large"),
            Self::UnsupportedScheme => f.write_str("the scheme is not Signature"),
            Self::UnsupportedAlgorithm => f.write_str("the algorithm is not rsa-sha256"),
            Self::UnsupportedVersion => f.write_str("the version is not 1"),
            Self::UnknownParameter => f.write_str("a parameter is not one of version 1"),
        }
    }
}

impl core::error::Error for ParseError {}

/// Why a signed request is not let in.
///
/// The reasons are listed in the order in which they are looked for.
///
/// ```
/// use countersign::oci::{ParseError, VerifyError};
///
/// let error = VerifyError::from(ParseError::UnsupportedVersion);
/// assert_eq!(error.to_string(), "the request carries no valid signature");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The request carries no signature in the right shape.
    Parse(ParseError),
    /// This is not among what is signed, and has to be.
    NotSigned(Required),
    /// This header is signed, and the request has it twice.
    DuplicateHeader(Box<str>),
    /// This header is signed, and the request does not have it.
    AbsentHeader(Box<str>),
    /// This header is signed, and its value is none that it can have.
    MalformedHeader(Box<str>),
    /// The date is further ahead than the allowed skew.
    NotYetValid {
        /// The clock of the verifier.
        now: Timestamp,
        /// The first second in which the signature holds.
        not_before: Timestamp,
    },
    /// The date is further back than the allowed skew.
    Expired {
        /// The clock of the verifier.
        now: Timestamp,
        /// The first second in which the signature no longer holds.
        not_after: Timestamp,
    },
    /// There is no such key.
    UnknownKey,
    /// The signature is not that of this request by this key.
    SignatureMismatch,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Not repeated: `source` has it.
            Self::Parse(_) => f.write_str("the request carries no valid signature"),
            Self::NotSigned(required) => write!(f, "`{required}` is not signed"),
            Self::DuplicateHeader(name) => {
                write!(f, "the header `{name}` is signed and there twice")
            }
            Self::AbsentHeader(name) => write!(f, "the header `{name}` is signed and not present"),
            Self::MalformedHeader(name) => {
                write!(f, "the header `{name}` is signed and malformed")
            }
            Self::NotYetValid { now, not_before } => {
                write!(f, "not valid before {not_before}, it is {now}")
            }
            Self::Expired { now, not_after } => write!(f, "expired at {not_after}, it is {now}"),
            Self::UnknownKey => f.write_str("there is no such key"),
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
