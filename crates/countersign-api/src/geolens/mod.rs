//! The `GeoLens` dialect: datasets whose files are replaced by a new version, through a job.
//!
//! Errors are `application/problem+json` (RFC 7807).

mod error;
mod ids;
mod ingest;
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
use countersign_catalog::{Column, Page};
use serde::Serialize;

use self::{error::refuse, ids::PathIds};
use crate::{
    App,
    dataset_name::{DatasetName, Description},
    error::ApiError,
    fields::{Body, Invalid, Query, Reason, invalid, noted},
    http::{BODY_LEN_MAX, read_json, read_query},
};

/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 500;

/// `skip` and `limit` of a list.
const LIMIT_DEFAULT: i64 = 50;
const LIMIT: (i64, i64) = (1, 200);
const SKIP: (i64, i64) = (0, i64::MAX);

/// The dialect, at the three paths that it has.
pub(crate) fn router() -> Router<Arc<App>> {
    let datasets = Router::new()
        .route("/", get(list))
        .route("/create", post(create))
        .route("/create/", post(create))
        .route("/{dataset_id}", get(read))
        .route("/{dataset_id}/", get(read))
        .merge(reupload::router());
    let jobs = Router::new().route("/{job_id}", get(job)).route("/{job_id}/", get(job));
    // Nesting leaves out the base with a slash.
    let no_path = any(async || refuse(ApiError::NotFound("path")));
    let no_method = async || refuse(ApiError::MethodNotAllowed);
    Router::new()
        .nest("/api/datasets", finished(datasets))
        .route("/api/datasets/", get(list).fallback(no_method))
        .nest("/api/ingest", finished(ingest::router()))
        .route("/api/ingest/", no_path.clone())
        .nest("/api/jobs", finished(jobs))
        .route("/api/jobs/", no_path)
}

/// Answers what no route takes in the shape of the dialect.
fn finished(routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes
        .fallback(async || refuse(ApiError::NotFound("path")))
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
        let columns = noted(&mut faults, body.objects("columns", column));
        let (Some(title), Some(columns)) = (title, columns) else {
            return Err(ApiError::Invalid(faults));
        };
        check_columns(&columns)?;
        let named = (&title, &Description::default());
        let made = app.create_dataset(who, named, columns.clone(), app.now()).await?;
        Ok(wire::Dataset::new(&made).with_columns(&columns))
    };
    answer(StatusCode::CREATED, create.await)
}

async fn read(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let read = async {
        let who = app.identify(&headers).await?;
        let (found, columns) = app.dataset_with_columns(&who, ids.dataset()?).await?;
        Ok(wire::Dataset::new(&found).with_columns(&columns))
    };
    answer(StatusCode::OK, read.await)
}

fn column(item: &Body) -> Result<Column, Invalid> {
    let name = item.text("name", |name| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name || name.is_empty() {
            return Err(Reason::Rule(
                "a column name has letters, digits and underscores, and begins with no digit",
            ));
        }
        if name.chars().count() > COLUMN_CHARS_MAX {
            return Err(Reason::TooLong { chars_max: COLUMN_CHARS_MAX });
        }
        Ok(name.into())
    })?;
    let kind = item.text("type", |kind| {
        let found = wire::COLUMN_KINDS.iter().find(|(name, _)| *name == kind);
        let rule = Reason::Rule("it is one of text, integer, float, date and boolean");
        found.map(|(_, kind)| *kind).ok_or(rule)
    })?;
    Ok(Column { name, kind })
}

/// The longest name of a column, in characters: as `PostgreSQL` has it, which is below the vendor's.
const COLUMN_CHARS_MAX: usize = 63;

/// The most columns of a dataset.
const COLUMNS_MAX: usize = 500;

/// There is one, there are not too many, and no two have the same name in either case.
fn check_columns(columns: &[Column]) -> Result<(), ApiError> {
    let fault = |rule| invalid("columns", Reason::Rule(rule), serde_json::Value::Null);
    if columns.is_empty() {
        return Err(fault("at least one column is required").into());
    }
    if columns.len() > COLUMNS_MAX {
        return Err(fault("a dataset has at most 500 columns").into());
    }
    let mut names: Vec<_> = columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    let is_repeated = names.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
    if is_repeated { Err(fault("two columns have one name").into()) } else { Ok(()) }
}

async fn job(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let job = async {
        let who = app.identify(&headers).await?;
        Ok(wire::JobStatus::new(&app.job(&who, ids.job()?).await?))
    };
    answer(StatusCode::OK, job.await)
}
