//! The one place where a reason becomes a status, a code and a message: those of [S3].
//!
//! [S3]: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

use std::io;

use countersign::{Field, ParseError, PrefixTokenError, ScopeMismatch, Timestamp, VerifyError};
use countersign_storage::StoreError;
use http::StatusCode;

use crate::{Refusal, fault::Fault};

/// What a client is told.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    /// More elements of the answer, by name.
    pub(crate) details: Vec<(&'static str, String)>,
}

impl Wire {
    pub(crate) fn of(fault: &Fault) -> Self {
        match fault {
            Fault::Method(_) => METHOD_NOT_ALLOWED.into(),
            Fault::AbsoluteTarget | Fault::Elsewhere => INVALID_URI.into(),
            Fault::Framing => INVALID_REQUEST.into(),
            Fault::Verify(error) => of_verify(error),
            Fault::Prefix(error) => of_prefix(error),
            Fault::Keys(_) | Fault::Refused(Refusal::Unavailable) => UNAVAILABLE.into(),
            Fault::NotImplemented(name) => Self::from(NOT_IMPLEMENTED).with("ArgumentName", name),
            Fault::Refused(Refusal::NoSuchKey) => NO_SUCH_KEY.into(),
            Fault::Refused(Refusal::NoSuchUpload) => NO_SUCH_UPLOAD.into(),
            Fault::Refused(Refusal::Denied) => ACCESS_DENIED.into(),
            Fault::Refused(Refusal::Exists) | Fault::Precondition => PRECONDITION_FAILED.into(),
            Fault::Refused(Refusal::InvalidName) => {
                Self::from(INVALID_ARGUMENT).with("ArgumentName", "Key")
            }
            Fault::Refused(Refusal::Full) => FULL.into(),
            Fault::Refused(Refusal::OverQuota) => OVER_QUOTA.into(),
            Fault::InvalidArgument(name) => Self::from(INVALID_ARGUMENT).with("ArgumentName", name),
            Fault::LengthMissing => LENGTH_MISSING.into(),
            Fault::TooLarge => TOO_LARGE.into(),
            Fault::InvalidDigest(name) => Self::from(INVALID_DIGEST).with("ArgumentName", name),
            Fault::BadDigest => BAD_DIGEST.into(),
            Fault::PayloadMismatch => PAYLOAD_MISMATCH.into(),
            Fault::MetadataTooLarge => METADATA_TOO_LARGE.into(),
            Fault::TooSlow => TIMEOUT.into(),
            Fault::Range { size } => {
                Self::from(INVALID_RANGE).with("ActualObjectSize", &size.to_string())
            }
            Fault::Store(error) => of_store(error),
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.details.push((name, value.into()));
        self
    }
}

/// Status, code, message.
struct Row(StatusCode, &'static str, &'static str);

impl From<Row> for Wire {
    fn from(Row(status, code, message): Row) -> Self {
        Self { status, code, message, details: Vec::new() }
    }
}

fn of_verify(error: &VerifyError) -> Wire {
    match error {
        VerifyError::Parse(error) => of_parse(*error),
        VerifyError::LifetimeTooLong => LIFETIME_TOO_LONG.into(),
        VerifyError::NotYetValid { now, .. } => {
            Wire::from(NOT_YET_VALID).with("ServerTime", &extended(*now))
        }
        VerifyError::Expired { now, not_after } => expired(*now, *not_after),
        VerifyError::Scope(ScopeMismatch::Region { expected, .. }) => {
            Wire::from(WRONG_SCOPE).with("Region", expected)
        }
        VerifyError::Scope(_) | VerifyError::DateMismatch => WRONG_SCOPE.into(),
        VerifyError::HostNotSigned => Wire::from(NOT_SIGNED).with("HeadersNotSigned", "host"),
        VerifyError::UnsignedHeader(name) => Wire::from(NOT_SIGNED).with("HeadersNotSigned", name),
        // One answer: otherwise it says which keys there are.
        VerifyError::SignedHeaderAbsent(_)
        | VerifyError::UnknownKey
        | VerifyError::SignatureMismatch => SIGNATURE_DOES_NOT_MATCH.into(),
        // A reason that is not known here yet is a refusal all the same.
        _ => ACCESS_DENIED.into(),
    }
}

fn of_prefix(error: &PrefixTokenError) -> Wire {
    match error {
        PrefixTokenError::Expired { now, not_after } => expired(*now, *not_after),
        // One answer, and that of a grant that is not known: no guess is better than another.
        _ => ACCESS_DENIED.into(),
    }
}

fn expired(now: Timestamp, not_after: Timestamp) -> Wire {
    Wire::from(EXPIRED).with("Expires", &extended(not_after)).with("ServerTime", &extended(now))
}

fn of_parse(error: ParseError) -> Wire {
    match error {
        // No query that signs. A header that does is not read yet.
        ParseError::Missing(Field::Algorithm) => ACCESS_DENIED.into(),
        ParseError::TwoMechanisms => TWO_MECHANISMS.into(),
        ParseError::StreamingPayload => {
            Wire::from(NOT_IMPLEMENTED).with("ArgumentName", Field::ContentSha256.as_str())
        }
        ParseError::UnsupportedAlgorithm => WRONG_ALGORITHM.into(),
        ParseError::TooLarge(Field::Header) => TOO_MANY_HEADERS.into(),
        ParseError::Malformed(field)
        | ParseError::Missing(field)
        | ParseError::Duplicate(field)
        | ParseError::TooLarge(field) => {
            let row = match field {
                Field::Method | Field::Header | Field::Host => INVALID_REQUEST,
                Field::Target | Field::Path | Field::Query => INVALID_URI,
                Field::ContentSha256 => INVALID_ARGUMENT,
                _ => MALFORMED_PARAMETER,
            };
            Wire::from(row).with("ArgumentName", field.as_str())
        }
        _ => ACCESS_DENIED.into(),
    }
}

fn of_store(error: &StoreError) -> Wire {
    match error {
        StoreError::NotFound => NO_SUCH_KEY.into(),
        StoreError::AlreadyExists | StoreError::Precondition => PRECONDITION_FAILED.into(),
        StoreError::KeyUnsupported => Wire::from(INVALID_ARGUMENT).with("ArgumentName", "Key"),
        StoreError::ModeUnsupported => {
            Wire::from(NOT_IMPLEMENTED).with("ArgumentName", "conditional write of this size")
        }
        StoreError::NoSuchUpload => NO_SUCH_UPLOAD.into(),
        StoreError::InvalidPart { .. } => INVALID_PART.into(),
        StoreError::InvalidPartOrder => INVALID_PART_ORDER.into(),
        StoreError::PartTooSmall { .. } => TOO_SMALL.into(),
        StoreError::TooLarge { .. } => TOO_LARGE.into(),
        StoreError::Md5Mismatch | StoreError::Sha256Mismatch => BAD_DIGEST.into(),
        StoreError::Body(error) if error.kind() == io::ErrorKind::TimedOut => TIMEOUT.into(),
        StoreError::LengthMismatch { .. } | StoreError::Body(_) => INCOMPLETE.into(),
        StoreError::Full => FULL.into(),
        _ => INTERNAL.into(),
    }
}

/// `2013-05-24T00:00:00Z`
fn extended(at: Timestamp) -> String {
    let mut text = String::with_capacity(20);
    for (place, digit) in at.to_string().char_indices() {
        match place {
            4 | 6 => text.push('-'),
            11 | 13 => text.push(':'),
            _ => {}
        }
        text.push(digit);
    }
    text
}

const ACCESS_DENIED: Row = Row(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied");
const EXPIRED: Row = Row(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
const NOT_YET_VALID: Row = Row(StatusCode::FORBIDDEN, "AccessDenied", "Request is not valid yet");
const NOT_SIGNED: Row = Row(
    StatusCode::FORBIDDEN,
    "AccessDenied",
    "There were headers present in the request which were not signed",
);
const SIGNATURE_DOES_NOT_MATCH: Row = Row(
    StatusCode::FORBIDDEN,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
);
const PARAMETERS_ERROR: &str = "AuthorizationQueryParametersError";
const MALFORMED_PARAMETER: Row = Row(
    StatusCode::BAD_REQUEST,
    PARAMETERS_ERROR,
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters, each once and in its form.",
);
const WRONG_ALGORITHM: Row = Row(
    StatusCode::BAD_REQUEST,
    PARAMETERS_ERROR,
    "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"",
);
const LIFETIME_TOO_LONG: Row = Row(
    StatusCode::BAD_REQUEST,
    PARAMETERS_ERROR,
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
);
const WRONG_SCOPE: Row = Row(
    StatusCode::BAD_REQUEST,
    PARAMETERS_ERROR,
    "Error parsing the X-Amz-Credential parameter; its date, region, service or terminator is wrong",
);
const TWO_MECHANISMS: Row = Row(
    StatusCode::BAD_REQUEST,
    "InvalidArgument",
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
);
const INVALID_ARGUMENT: Row = Row(StatusCode::BAD_REQUEST, "InvalidArgument", "Invalid Argument");
const INVALID_REQUEST: Row = Row(StatusCode::BAD_REQUEST, "InvalidRequest", "Invalid Request");
const INVALID_URI: Row =
    Row(StatusCode::BAD_REQUEST, "InvalidURI", "Couldn't parse the specified URI.");
const TOO_MANY_HEADERS: Row = Row(
    StatusCode::BAD_REQUEST,
    "RequestHeaderSectionTooLarge",
    "Your request header section exceeds the maximum allowed request header section size.",
);
const METHOD_NOT_ALLOWED: Row = Row(
    StatusCode::METHOD_NOT_ALLOWED,
    "MethodNotAllowed",
    "The specified method is not allowed against this resource.",
);
const NOT_IMPLEMENTED: Row = Row(
    StatusCode::NOT_IMPLEMENTED,
    "NotImplemented",
    "A header or parameter you provided implies functionality that is not implemented",
);
const NO_SUCH_KEY: Row =
    Row(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.");
const NO_SUCH_UPLOAD: Row = Row(
    StatusCode::NOT_FOUND,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
);
const LENGTH_MISSING: Row = Row(
    StatusCode::LENGTH_REQUIRED,
    "MissingContentLength",
    "You must provide the Content-Length HTTP header.",
);
const TOO_LARGE: Row = Row(
    StatusCode::BAD_REQUEST,
    "EntityTooLarge",
    "Your proposed upload exceeds the maximum allowed size",
);
const TOO_SMALL: Row = Row(
    StatusCode::BAD_REQUEST,
    "EntityTooSmall",
    "Your proposed upload is smaller than the minimum allowed size",
);
const INVALID_DIGEST: Row = Row(
    StatusCode::BAD_REQUEST,
    "InvalidDigest",
    "The Content-MD5 or checksum value that you specified is not valid.",
);
const BAD_DIGEST: Row = Row(
    StatusCode::BAD_REQUEST,
    "BadDigest",
    "The Content-MD5 or checksum value that you specified did not match what the server received.",
);
const PAYLOAD_MISMATCH: Row = Row(
    StatusCode::BAD_REQUEST,
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
);
const METADATA_TOO_LARGE: Row = Row(
    StatusCode::BAD_REQUEST,
    "MetadataTooLarge",
    "Your metadata headers exceed the maximum allowed metadata size",
);
const INCOMPLETE: Row = Row(
    StatusCode::BAD_REQUEST,
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
);
const TIMEOUT: Row = Row(
    StatusCode::BAD_REQUEST,
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout period.",
);
const PRECONDITION_FAILED: Row = Row(
    StatusCode::PRECONDITION_FAILED,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
);
const INVALID_RANGE: Row = Row(
    StatusCode::RANGE_NOT_SATISFIABLE,
    "InvalidRange",
    "The requested range is not satisfiable",
);
const INVALID_PART: Row = Row(
    StatusCode::BAD_REQUEST,
    "InvalidPart",
    "One or more of the specified parts could not be found.",
);
const INVALID_PART_ORDER: Row = Row(
    StatusCode::BAD_REQUEST,
    "InvalidPartOrder",
    "The list of parts was not in ascending order.",
);
/// As Ceph has it; Amazon's S3 has no quotas.
const OVER_QUOTA: Row =
    Row(StatusCode::FORBIDDEN, "QuotaExceeded", "The owner of this URL may not store that much.");

const FULL: Row = Row(
    StatusCode::INSUFFICIENT_STORAGE,
    "InsufficientStorage",
    "There is not enough space to store the object.",
);
const UNAVAILABLE: Row = Row(
    StatusCode::SERVICE_UNAVAILABLE,
    "ServiceUnavailable",
    "Service is unable to handle request.",
);
const INTERNAL: Row = Row(
    StatusCode::INTERNAL_SERVER_ERROR,
    "InternalError",
    "We encountered an internal error. Please try again.",
);
