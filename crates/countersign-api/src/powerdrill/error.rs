//! What each reason is on the wire: the one place that decides it.
//!
//! Most of what goes wrong with a resource is answered with HTTP 200, and told by its code:
//! <https://docs.powerdrill.ai/api-reference/error-codes>.

use std::sync::Arc;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    content::ContentFault,
    error::{ApiError, KeyFault},
    fields::Invalid,
    http::Failure,
};

/// The generations of the dialect. They differ in the names of members, and in the codes of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

pub(super) fn refuse(version: Version, error: ApiError) -> Response {
    let (status, code) = status_and_code(&error);
    let code = match version {
        Version::V1 => code_of_v1(code),
        Version::V2 => code,
    };
    let body = Json(json!({ "code": code, "msg": message(&error) }));
    let mut response = (status, body).into_response();
    response.extensions_mut().insert(Failure(Arc::new(error)));
    response
}

const INVALID: u32 = 300_001;
const INTERNAL: u32 = 9_999;

fn status_and_code(error: &ApiError) -> (StatusCode, u32) {
    match error {
        ApiError::NotJson
        | ApiError::NotForm
        | ApiError::Invalid(_)
        | ApiError::InvalidParts(_)
        // What no call of this dialect comes to.
        | ApiError::Unconfirmed
        | ApiError::Job(_) => (StatusCode::BAD_REQUEST, INVALID),
        ApiError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, INVALID),
        ApiError::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, INVALID),
        ApiError::Unauthenticated(KeyFault::Missing) => (StatusCode::FORBIDDEN, 1_003),
        ApiError::Unauthenticated(KeyFault::Wrong) => (StatusCode::FORBIDDEN, 1_004),
        ApiError::NotOwner | ApiError::Prefetch | ApiError::NotProvided(_) => {
            (StatusCode::OK, 300_002)
        }
        ApiError::NotFound("path") => (StatusCode::NOT_FOUND, 300_003),
        ApiError::NotFound(_) => (StatusCode::OK, 300_003),
        ApiError::BadExtension { .. } => (StatusCode::OK, 300_004),
        ApiError::Refused(ContentFault::Empty) => (StatusCode::OK, 300_005),
        ApiError::Full | ApiError::OverQuota(_) => (StatusCode::OK, 300_006),
        ApiError::Refused(_) | ApiError::Closed => (StatusCode::OK, 300_007),
        ApiError::NotUploaded => (StatusCode::OK, 300_008),
        ApiError::Taken | ApiError::NoImport => (StatusCode::OK, 300_011),
        ApiError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, 201),
        ApiError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, INTERNAL),
        ApiError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, INTERNAL),
    }
}

/// The first generation knows but one code for a bad request, and one for what cannot be done.
const fn code_of_v1(code: u32) -> u32 {
    match code {
        INVALID => 100,
        300_002..=300_011 => 100_001,
        other => other,
    }
}

fn message(error: &ApiError) -> String {
    match error {
        ApiError::Invalid(faults) => match faults.first() {
            Some(Invalid { field, reason, .. }) => format!("Invalid parameters: {field}: {reason}"),
            None => "Invalid parameters".into(),
        },
        ApiError::InvalidParts(rule) => format!("Invalid parameters: part_etags: {rule}"),
        ApiError::NotJson
        | ApiError::NotForm
        | ApiError::TooLarge
        | ApiError::Unconfirmed
        | ApiError::Job(_)
        | ApiError::MethodNotAllowed => format!("Invalid parameters: {error}"),
        ApiError::Unauthenticated(KeyFault::Missing) => "insufficient.authentication".into(),
        ApiError::Unauthenticated(KeyFault::Wrong) => "bad.credentials".into(),
        ApiError::NotOwner | ApiError::Prefetch | ApiError::NotProvided(_) => {
            format!("No permissions: {error}")
        }
        ApiError::NotFound(what) => format!("{what} not found"),
        ApiError::BadExtension { .. } => "Invalid file extension".into(),
        ApiError::Refused(ContentFault::Empty) => "Empty file".into(),
        ApiError::Full => "Insufficient storage space".into(),
        ApiError::OverQuota(_) => format!("Insufficient storage space: {error}"),
        ApiError::Refused(fault) => format!("Failed to upload the file: {fault}"),
        ApiError::Closed => format!("Failed to upload the file: {error}"),
        ApiError::NotUploaded => "An error occurred while generating the presigned URL: the data \
                                  source is not synched"
            .into(),
        ApiError::Taken | ApiError::NoImport => format!("Fail to create datasource: {error}"),
        ApiError::TooMany(_) => format!("request frequency limit: {error}"),
        ApiError::Unavailable => "temporarily unavailable, try again".into(),
        ApiError::Internal(_) => "internal server error".into(),
    }
}
