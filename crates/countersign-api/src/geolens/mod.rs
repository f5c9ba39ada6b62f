//! The `GeoLens` dialect: datasets whose files are replaced by a new version, through a job.
//!
//! Errors are `application/problem+json` (RFC 7807).

mod account;
mod change;
mod columns;
mod download;
mod elsewhere;
mod error;
mod form;
mod ids;
mod ingest;
mod jobs;
mod preview;
mod reupload;
mod wire;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use countersign_catalog::Page;
use serde::Serialize;

use self::error::refuse;
use crate::{
    App,
    dataset_name::{DatasetName, Description},
    error::ApiError,
    fields::{Query, Reason, noted},
    http::{BODY_LEN_MAX, read_json, read_query},
};

/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 500;

/// `skip` and `limit` of a list.
const LIMIT_DEFAULT: i64 = 50;
const LIMIT: (i64, i64) = (1, 200);
const SKIP: (i64, i64) = (0, i64::MAX);

/// The dialect, at the four paths that it has; and what else the vendor has, which is not here.
pub(crate) fn router() -> Router<Arc<App>> {
    let datasets = Router::new()
        .route("/", get(list))
        .route("/create", post(create))
        .route("/create/", post(create))
        .merge(change::router())
        .merge(download::router())
        .merge(reupload::router());
    // Nesting leaves out the base with a slash.
    let no_path = any(async || refuse(ApiError::NotFound("path")));
    let no_method = async || refuse(ApiError::MethodNotAllowed);
    Router::new()
        .nest("/api/datasets", finished(datasets))
        .route("/api/datasets/", get(list).fallback(no_method))
        .nest("/api/ingest", finished(ingest::router()))
        .route("/api/ingest/", no_path.clone())
        .nest("/api/jobs", finished(jobs::router()))
        .route("/api/jobs/", no_path)
        .nest("/api/auth", finished(account::router()))
        .merge(elsewhere::router())
}

/// Answers what no route takes in the shape of the dialect.
fn finished(routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes
        .fallback(elsewhere::no_route)
        .method_not_allowed_fallback(async || refuse(ApiError::MethodNotAllowed))
}

/// An answer of this status, or why there is none.
fn answer<T: Serialize>(status: StatusCode, outcome: Result<T, ApiError>) -> Response {
    match outcome {
        Ok(value) => (status, Json(value)).into_response(),
        Err(error) => refuse(error),
    }
}

fn title(text: &str) -> Result<DatasetName, Reason> {
    if text.chars().count() > TITLE_CHARS_MAX {
        return Err(Reason::TooLong { chars_max: TITLE_CHARS_MAX });
    }
    DatasetName::parse(text)
}

fn page_of(query: &Query) -> Result<Page, ApiError> {
    let mut faults = Vec::new();
    let skip = noted(&mut faults, query.integer("skip", 0, SKIP));
    let limit = noted(&mut faults, query.integer("limit", LIMIT_DEFAULT, LIMIT));
    let (Some(skip), Some(limit)) = (skip, limit) else { return Err(ApiError::Invalid(faults)) };
    let limit = u32::try_from(limit).map_err(ApiError::internal)?;
    Ok(Page { limit, offset: u64::try_from(skip).map_err(ApiError::internal)? })
}

async fn list(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let who = app.identify(&headers).await?;
        let page = page_of(&read_query(&uri))?;
        Ok(wire::List::new(&app.datasets(&who, None, page).await?))
    };
    answer(StatusCode::OK, list.await)
}

async fn create(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    let create = async {
        let who = app.identify(&headers).await?;
        let body = read_json(body, BODY_LEN_MAX).await?;
        let mut faults = Vec::new();
        let title = noted(&mut faults, body.text("title", title));
        let columns = noted(&mut faults, body.objects("columns", columns::column));
        let (Some(title), Some(columns)) = (title, columns) else {
            return Err(ApiError::Invalid(faults));
        };
        columns::check(&columns)?;
        let named = (&title, &Description::default());
        let made = app.create_dataset(who, named, columns.clone(), app.now()).await?;
        Ok(wire::Dataset::new(&made).with_columns(&columns))
    };
    answer(StatusCode::CREATED, create.await)
}
