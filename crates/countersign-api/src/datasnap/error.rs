//! What each reason is on the wire: the one place that decides it.
//!
//! The vendor's documentation names the statuses, and its client reads `message`; the rest is as the
//! framework behind it has it: <https://laravel.com/docs/validation>.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::tokens::MINUTES;
use crate::{
    error::ApiError,
    fields::{Invalid, Reason},
    http::Failure,
    rate::Excess,
};

pub(super) fn refuse(error: ApiError) -> Response {
    let (status, message) = status_and_message(&error);
    let mut body = json!({ "message": message });
    if let ApiError::Invalid(faults) = &error
        && let Some(members) = body.as_object_mut()
    {
        members.insert("errors".into(), errors(faults));
    }
    if let ApiError::TooMany(excess) = &error {
        body = too_many(&message, excess);
    }
    let mut response = (status, Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let bearer = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
    }
    response.extensions_mut().insert(Failure(Arc::new(error)));
    response
}

fn status_and_message(error: &ApiError) -> (StatusCode, String) {
    let text = |status, text: &str| (status, text.to_owned());
    match error {
        ApiError::Invalid(faults) => {
            (StatusCode::UNPROCESSABLE_ENTITY, faults.first().map(message).unwrap_or_default())
        }
        ApiError::NotJson => {
            text(StatusCode::UNPROCESSABLE_ENTITY, "The body must be a JSON object.")
        }
        ApiError::Unauthenticated(_) => text(StatusCode::UNAUTHORIZED, "Unauthenticated."),
        ApiError::NotFound("schema") => text(StatusCode::NOT_FOUND, "Schema not found."),
        ApiError::NotFound("upload token") => {
            text(StatusCode::NOT_FOUND, "Upload token not found.")
        }
        ApiError::NotFound(_) => text(StatusCode::NOT_FOUND, "Not Found."),
        ApiError::MethodNotAllowed => {
            text(StatusCode::METHOD_NOT_ALLOWED, "The method is not supported for this route.")
        }
        ApiError::NotProvided(_) => text(
            StatusCode::NOT_IMPLEMENTED,
            "Not provided here: files are put with an upload token, and are not processed.",
        ),
        ApiError::TooMany(excess) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Muitas requisições. Tente novamente em {} segundos.", excess.retry_after_secs),
        ),
        ApiError::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
        ApiError::OverQuota(_) => text(StatusCode::PAYLOAD_TOO_LARGE, "Storage quota exceeded."),
        ApiError::Full => text(StatusCode::INSUFFICIENT_STORAGE, "Insufficient storage."),
        ApiError::Unavailable => {
            text(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable. Try again.")
        }
        ApiError::Internal(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"),
        // What no call of this dialect comes to.
        other => (StatusCode::BAD_REQUEST, other.to_string()),
    }
}

/// The one error that the vendor shows whole. Its client reads `message`, here as elsewhere.
fn too_many(message: &str, excess: &Excess) -> Value {
    json!({
        "error": message,
        "message": message,
        "retry_after": excess.retry_after_secs,
        "limit_type": "rate_limit",
        "current_usage": u64::from(excess.limit.requests()) + 1,
        "limit": excess.limit.requests(),
    })
}

/// `{"minutes": ["…"]}`
fn errors(faults: &[Invalid]) -> Value {
    let mut errors = BTreeMap::<_, Vec<_>>::new();
    for fault in faults {
        errors.entry(fault.field).or_default().push(message(fault));
    }
    json!(errors)
}

fn message(fault: &Invalid) -> String {
    let Invalid { field, reason, .. } = fault;
    match reason {
        Reason::Missing => format!("The {field} field is required."),
        Reason::NotInteger => format!("The {field} field must be an integer."),
        Reason::TooSmall { .. } | Reason::TooLarge { .. } if *field == "minutes" => {
            let (min, max) = MINUTES;
            format!("The {field} field must be between {min} and {max}.")
        }
        Reason::TooSmall { min } => format!("The {field} field must be at least {min}."),
        Reason::TooLarge { max } => format!("The {field} field must not be greater than {max}."),
        reason => format!("The {field} field is invalid: {reason}."),
    }
}
