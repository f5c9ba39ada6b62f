//! The `DataSnap` dialect: schemas, upload tokens for them, and what came by these.
//!
//! Errors are `{"message": …}`, and for what is not valid `{"message": …, "errors": {…}}`, as Laravel
//! has them.

mod account;
mod error;
mod lists;
mod tokens;
mod wire;

use std::sync::Arc;

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;

use self::error::refuse;
use crate::{App, error::ApiError};

/// Below `/api/v1/schemas`, and below `/v1/schemas`.
pub(crate) fn schemas() -> Router<Arc<App>> {
    let router = Router::new()
        .route("/", get(lists::schemas))
        .route("/{slug}", get(lists::schema))
        .route("/{slug}/generate-upload-token", post(tokens::generate))
        .route("/{slug}/files", get(lists::files).post(not_provided))
        .route("/{slug}/uploads", get(lists::uploads))
        .route("/{slug}/process-files", post(not_provided))
        .route("/{slug}/query", post(not_provided));
    finished(router)
}

/// Below `/api/v1/upload-tokens`, and below `/v1/upload-tokens`.
pub(crate) fn upload_tokens() -> Router<Arc<App>> {
    finished(Router::new().route("/{number}/validate", get(tokens::validate)))
}

/// Below `/api/v1/bridge`, and below `/v1/bridge`.
pub(crate) fn bridge() -> Router<Arc<App>> {
    finished(Router::new().route("/healthcheck", post(account::heartbeat)))
}

/// What the vendor's client asks for at the root of the origin.
pub(crate) fn root() -> Router<Arc<App>> {
    Router::new()
        .route("/auth/me", get(account::me))
        .route("/health", get(account::health))
        .route("/status", get(account::health))
        .method_not_allowed_fallback(async || refuse(ApiError::MethodNotAllowed))
}

fn finished(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .fallback(async || refuse(ApiError::NotFound("path")))
        .method_not_allowed_fallback(async || refuse(ApiError::MethodNotAllowed))
}

fn answer<T: Serialize>(outcome: Result<T, ApiError>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => refuse(error),
    }
}

/// What the vendor does with the rows of files: here are files.
async fn not_provided() -> Response {
    refuse(ApiError::NotProvided("queries and processing"))
}
