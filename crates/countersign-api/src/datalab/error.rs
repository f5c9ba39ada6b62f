//! What each reason is on the wire: the one place that decides it.

use std::sync::Arc;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    error::ApiError,
    fields::{Invalid, Place, Reason},
    http::Failure,
};

pub(super) fn refuse(error: ApiError) -> Response {
    let (status, detail) = status_and_detail(&error);
    let mut response = (status, Json(json!({ "detail": detail }))).into_response();
    response.extensions_mut().insert(Failure(Arc::new(error)));
    response
}

fn status_and_detail(error: &ApiError) -> (StatusCode, Value) {
    let text = |status, text: &str| (status, Value::from(text));
    match error {
        ApiError::NotJson => (StatusCode::UNPROCESSABLE_ENTITY, json!([not_json()])),
        // What no call of this dialect comes to.
        ApiError::NotForm | ApiError::BadExtension | ApiError::Taken | ApiError::NoImport => {
            (StatusCode::UNPROCESSABLE_ENTITY, Value::from(error.to_string()))
        }
        ApiError::NotOwner => text(StatusCode::FORBIDDEN, "Forbidden"),
        ApiError::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."),
        ApiError::Invalid(faults) => {
            (StatusCode::UNPROCESSABLE_ENTITY, faults.iter().map(entry).collect())
        }
        ApiError::Unauthenticated(_) => text(
            StatusCode::UNAUTHORIZED,
            "Invalid API key provided. Set the X-API-Key header to your API key.",
        ),
        ApiError::Prefetch => {
            text(StatusCode::FORBIDDEN, "A download URL is not made for a prefetch.")
        }
        ApiError::NotFound(_) => text(StatusCode::NOT_FOUND, "Not Found"),
        ApiError::MethodNotAllowed => text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        ApiError::NotUploaded => text(
            StatusCode::NOT_FOUND,
            "File not found in storage: upload it with a PUT to its upload_url, then confirm it.",
        ),
        ApiError::Refused(fault) => {
            let detail = format!("File refused: {fault}.");
            (StatusCode::UNPROCESSABLE_ENTITY, Value::from(detail))
        }
        ApiError::Closed => text(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The upload of this file has failed. Upload it again as a new file.",
        ),
        ApiError::Full => text(StatusCode::INSUFFICIENT_STORAGE, "Insufficient storage."),
        ApiError::Unavailable => {
            text(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable. Try again.")
        }
        ApiError::Internal(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."),
    }
}

fn not_json() -> Value {
    json!({
        "type": "json_invalid",
        "loc": ["body"],
        "msg": "JSON decode error: the body is no JSON object",
        "input": {},
    })
}

/// A fault as pydantic words it.
fn entry(fault: &Invalid) -> Value {
    let place = match fault.place {
        Place::Body => "body",
        Place::Query => "query",
        Place::Header => "header",
    };
    let (kind, message) = match fault.reason {
        Reason::Missing => ("missing", "Field required".into()),
        Reason::NotString => ("string_type", "Input should be a valid string".into()),
        Reason::NotInteger => (
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer".into(),
        ),
        Reason::NotList => ("list_type", "Input should be a valid list".into()),
        Reason::Repeated => ("value_error", "Value error, given more than once".into()),
        Reason::TooLong { chars_max } => {
            ("string_too_long", format!("String should have at most {chars_max} characters"))
        }
        Reason::TooSmall { min } => {
            ("greater_than_equal", format!("Input should be greater than or equal to {min}"))
        }
        Reason::TooLarge { max } => {
            ("less_than_equal", format!("Input should be less than or equal to {max}"))
        }
        Reason::Rule(rule) => ("value_error", format!("Value error, {rule}")),
    };
    json!({ "type": kind, "loc": [place, fault.field], "msg": message, "input": fault.input })
}
