//! What each reason is on the wire: the one place that decides it.

use std::sync::Arc;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{error::ApiError, http::Failure, rate::Excess, validation};

pub(super) fn refuse(error: ApiError) -> Response {
    let (status, detail) = status_and_detail(&error);
    let mut response = (status, Json(json!({ "detail": detail }))).into_response();
    response.extensions_mut().insert(Failure(Arc::new(error)));
    response
}

fn status_and_detail(error: &ApiError) -> (StatusCode, Value) {
    let text = |status, text: &str| (status, Value::from(text));
    match error {
        ApiError::NotJson => (StatusCode::UNPROCESSABLE_ENTITY, validation::not_json()),
        // What no call of this dialect comes to.
        ApiError::NotForm
        | ApiError::BadExtension { .. }
        | ApiError::InvalidParts(_)
        | ApiError::Job(_)
        | ApiError::Unconfirmed
        | ApiError::Taken
        | ApiError::NoImport => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string().into()),
        ApiError::NotOwner => text(StatusCode::FORBIDDEN, "Forbidden"),
        ApiError::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."),
        ApiError::Invalid(faults) => (StatusCode::UNPROCESSABLE_ENTITY, validation::list(faults)),
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
        ApiError::TooMany(Excess { limit, .. }) => {
            let (requests, secs) = (limit.requests(), limit.period_secs());
            let detail = format!(
                "Rate limit exceeded. You can make {requests} requests every {secs} seconds."
            );
            (StatusCode::TOO_MANY_REQUESTS, Value::from(detail))
        }
        ApiError::OverQuota(_) => text(StatusCode::PAYLOAD_TOO_LARGE, "Storage quota exceeded."),
        // What no call of this dialect comes to.
        ApiError::NotProvided(_) => (StatusCode::NOT_IMPLEMENTED, error.to_string().into()),
        ApiError::Full => text(StatusCode::INSUFFICIENT_STORAGE, "Insufficient storage."),
        ApiError::Unavailable => {
            text(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable. Try again.")
        }
        ApiError::Internal(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."),
    }
}
