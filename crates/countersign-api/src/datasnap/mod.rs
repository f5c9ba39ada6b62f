//! The `DataSnap` dialect: upload tokens for schemas.
//!
//! Errors are `{"message": …}`, and for what is not valid `{"message": …, "errors": {…}}`, as Laravel
//! has them.

mod error;
mod wire;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body as RequestBody,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};

use self::error::refuse;
use crate::{
    App,
    error::ApiError,
    http::{BODY_LEN_MAX, read_json},
};

/// How long a token lives.
const MINUTES: (i64, i64) = (1, 60);

/// Below `/api/v1/schemas`, and below `/v1/schemas`.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/{slug}/generate-upload-token", post(generate))
        .fallback(async || refuse(ApiError::NotFound("path")))
        .method_not_allowed_fallback(async || refuse(ApiError::MethodNotAllowed))
}

async fn generate(
    State(app): State<Arc<App>>,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let generate = async {
        let who = app.identify(&headers).await?;
        let minutes = read_json(body, BODY_LEN_MAX).await?.integer("minutes", MINUTES)?;
        let minutes = u32::try_from(minutes).map_err(ApiError::internal)?;
        // A path that is no UTF-8 names no schema.
        let slug = slug.map(|Path(slug)| slug).unwrap_or_default();
        let (token, url) = app.issue_upload_token(who, &slug, minutes, app.now()).await?;
        Ok(wire::Generated::new(&token, &url))
    };
    match generate.await {
        Ok(generated) => Json(generated).into_response(),
        Err(error) => refuse(error),
    }
}
