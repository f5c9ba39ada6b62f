//! Which headers a signature has to cover.

use super::{Required, Target};
use crate::Method;

/// The name that stands for method, path and query.
pub(super) const REQUEST_TARGET: &str = Required::RequestTarget.as_str();

/// The date of a client that cannot set `date`.
pub(super) const X_DATE: &str = "x-date";

/// More headers than any operation of Oracle's has.
pub(super) const SIGNED_HEADERS_MAX: usize = 50;
pub(super) const HEADER_NAME_LEN_MAX: usize = 256;
pub(super) const HEADER_VALUE_LEN_MAX: usize = 8192;

/// What a signature covers of the body of a `PATCH`, a `POST` or a `PUT`.
///
/// Follows "Required Headers" and "Special Instructions for Object Storage PUT" of
/// [Request Signatures](super#specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the specification has these two")]
pub enum ContentRule {
    /// The headers `content-length`, `content-type` and `x-content-sha256`, also of a body that is
    /// empty.
    Signed,
    /// Nothing that is not given: the request is a `PutObject` or an `UploadPart`, and nothing
    /// else. Whoever sees such a request within five minutes can put another body under it; what
    /// stands against that is TLS alone.
    ObjectUpload,
}

const ALWAYS: [Required; 3] = [Required::RequestTarget, Required::Host, Required::Date];

const OF_CONTENT: [Required; 3] =
    [Required::ContentLength, Required::ContentType, Required::ContentSha256];

/// The method as it is signed, or `None` for one that Oracle's API does not have.
///
/// That API has no method but these, and which of the others has a body is nobody's to know.
pub(super) fn signed_method(method: Method<'_>) -> Option<&'static str> {
    match method.as_str() {
        "DELETE" => Some("delete"),
        "GET" => Some("get"),
        "HEAD" => Some("head"),
        "PATCH" => Some("patch"),
        "POST" => Some("post"),
        "PUT" => Some("put"),
        _ => None,
    }
}

/// Whether the headers of the content may go unsigned.
pub(super) fn is_content_exempt(method: Method<'_>, target: Target<'_>, rule: ContentRule) -> bool {
    let is_bodiless = !matches!(method.as_str(), "PATCH" | "POST" | "PUT");
    is_bodiless || (rule == ContentRule::ObjectUpload && target.is_object_upload(method))
}

/// The first that has to be there and is not.
pub(super) fn find_missing(
    is_content_exempt: bool,
    is_there: impl Fn(&str) -> bool,
) -> Option<Required> {
    let of_content = if is_content_exempt { &[] } else { &OF_CONTENT[..] };
    let is_missing = |required: &&Required| {
        let is_dated = **required == Required::Date && is_there(X_DATE);
        !is_there(required.as_str()) && !is_dated
    };
    ALWAYS.iter().chain(of_content).find(is_missing).copied()
}
