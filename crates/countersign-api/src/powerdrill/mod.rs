//! The dialect of Powerdrill, both generations, and of MAXIR AI, whose second one it is.
//!
//! Answers are `{"code": 0, "data": …}`, errors `{"code": …, "msg": …}`, and most of those come with
//! HTTP 200.

mod error;
mod files;
mod ids;
mod trace;
mod v1;
mod v2;
mod wire;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderMap, Uri},
    middleware,
    response::{IntoResponse, Response},
};
use countersign::Lifetime;
use countersign_catalog::Identity;
use serde::Serialize;

use self::{
    error::{Version, refuse},
    wire::Envelope,
};
use crate::{
    App,
    error::ApiError,
    fields::{Body, Query, Reason, invalid_text},
    http::{read_json, read_query},
};

/// The one type of data sources.
const TYPE: &str = "FILE";

/// How long a URL lives, in seconds: the default, and the range.
const LIFETIME_SECS_DEFAULT: i64 = 600;
const LIFETIME_SECS: (i64, i64) = (60, 604_800);

/// Below `/api/v1/team`, and below `/v1/team`.
pub(crate) fn v1() -> Router<Arc<App>> {
    finished(Version::V1, v1::router())
}

/// Below `/api/v2/team`, `/v2/team` and `/app/api/v2/team`.
pub(crate) fn v2() -> Router<Arc<App>> {
    finished(Version::V2, v2::router().merge(files::router()))
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

/// A URL's lifetime out of a body.
fn lifetime_of(body: &Body, field: &'static str) -> Result<Lifetime, ApiError> {
    let secs = body.optional_integer(field, LIFETIME_SECS)?.unwrap_or(LIFETIME_SECS_DEFAULT);
    let secs = u64::try_from(secs).map_err(ApiError::internal)?;
    Lifetime::from_secs(secs).map_err(ApiError::internal)
}

/// Who asks, and for what: the user that a JSON body names, of the team of the key, and the body.
async fn asked(
    app: &App,
    headers: &HeaderMap,
    body: axum::body::Body,
    len_max: usize,
) -> Result<(Identity, Body), ApiError> {
    let holder = app.identify(headers).await?;
    let body = read_json(body, len_max).await?;
    let user = body.text(USER_ID, |user| Ok(user.to_owned()))?;
    Ok((app.act_as(&holder, &user).await?, body))
}

/// As [`asked`], of a query.
async fn asked_by_query(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<(Identity, Query), ApiError> {
    let holder = app.identify(headers).await?;
    let query = read_query(uri);
    let user = query.text(USER_ID)?.ok_or_else(|| invalid_text(USER_ID, Reason::Missing, ""))?;
    let who = app.act_as(&holder, user).await?;
    Ok((who, query))
}

const USER_ID: &str = "user_id";
