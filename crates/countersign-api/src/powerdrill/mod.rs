//! The dialect of Powerdrill, both generations, and of MAXIR AI, whose second one it is.
//!
//! Answers are `{"code": 0, "data": …}`, errors `{"code": …, "msg": …}`, and most of those come with
//! HTTP 200.

mod error;
mod files;
mod forms;
mod ids;
mod requests;
mod trace;
mod v1;
mod v2;
mod wire;
mod wire_v1;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use serde::Serialize;

use self::{
    error::{Version, refuse},
    wire::Envelope,
};
use crate::{App, error::ApiError};

/// What the vendor has beside its data: chats about it. Below each of these is more of the same.
const NOT_PROVIDED: [&str; 2] = ["sessions", "jobs"];

/// Below `/api/v1/team`, and below `/v1/team`.
pub(crate) fn v1() -> Router<Arc<App>> {
    finished(Version::V1, v1::router().merge(not_provided(Version::V1)))
}

/// Below `/api/v1/file` and `/v1/file`: where an older guide of the vendor has its uploads,
/// <https://docs.powerdrill.ai/developer-guides/upload-file>.
pub(crate) fn v1_files() -> Router<Arc<App>> {
    finished(Version::V1, v1::older_files())
}

/// Below `/api/v2/team`, `/v2/team` and `/app/api/v2/team`.
pub(crate) fn v2() -> Router<Arc<App>> {
    let routes = v2::router().merge(files::router()).merge(not_provided(Version::V2));
    finished(Version::V2, routes)
}

/// Says of what is no data that it is not provided, whatever is asked of it.
fn not_provided(version: Version) -> Router<Arc<App>> {
    let refusal = async move |State(app): State<Arc<App>>, headers: HeaderMap| {
        let known = app.identify(&headers).await;
        refuse(version, known.err().unwrap_or(ApiError::NotProvided("sessions and jobs")))
    };
    let paths = NOT_PROVIDED.map(|what| [format!("/{what}"), format!("/{what}/{{*rest}}")]);
    let add = |routes: Router<_>, path: &String| routes.route(path, any(refusal));
    paths.as_flattened().iter().fold(Router::new(), add)
}

/// Answers what no route takes in the shape of the dialect, and names every request.
fn finished(version: Version, routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes
        .fallback(async move || refuse(version, ApiError::NotFound("path")))
        .method_not_allowed_fallback(async move || refuse(version, ApiError::MethodNotAllowed))
        .layer(middleware::from_fn(move |request, next| trace::traced(version, request, next)))
}

/// An answer, or why there is none.
fn answer<T: Serialize>(version: Version, outcome: Result<T, ApiError>) -> Response {
    match outcome {
        Ok(data) => Json(Envelope::new(data)).into_response(),
        Err(error) => refuse(version, error),
    }
}
