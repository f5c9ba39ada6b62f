//! The Datalab dialect: files, uploaded in one piece and downloaded.
//!
//! Errors are `{"detail": …}`, a text or a list of what is not valid, as `FastAPI` has it.

mod error;
mod wire;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use countersign::Lifetime;
use countersign_catalog::{FileRef, Page};

use self::error::refuse;
use crate::{
    App,
    error::ApiError,
    fields::{Query, noted},
    file_name::FileName,
    http::{BODY_LEN_MAX, Segment, read_json, read_query, refuse_prefetch},
    media_type::MediaType,
};

/// How long an upload URL lives, in seconds.
const UPLOAD_LIFETIME_SECS: u64 = 3_600;

/// `expires_in` of a download, in seconds: the default, and the range.
const DOWNLOAD_SECS_DEFAULT: i64 = 3_600;
const DOWNLOAD_SECS: (i64, i64) = (1, 86_400);

const LIMIT_DEFAULT: i64 = 50;
const LIMIT: (i64, i64) = (1, 100);
const OFFSET: (i64, i64) = (0, i64::MAX);

/// Below `/api/v1/files`, and below `/v1/files`.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(list))
        .route("/upload", post(upload))
        .route("/{file_id}", get(metadata).delete(delete))
        .route("/{file_id}/confirm", get(confirm))
        .route("/{file_id}/download", get(download))
}

pub(crate) async fn not_found() -> Response {
    refuse(ApiError::NotFound("path"))
}

pub(crate) async fn method_not_allowed() -> Response {
    refuse(ApiError::MethodNotAllowed)
}

/// An answer, or why there is none.
fn answer<T: serde::Serialize>(outcome: Result<T, ApiError>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => refuse(error),
    }
}

/// The `file_id` of a path: a number or a hash id. What is neither names no file, which is all that its
/// sender may know.
fn file_ref(file_id: &Segment) -> Result<FileRef<'_>, ApiError> {
    let Segment(id) = file_id;
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = id.parse().map_err(|_| ApiError::NotFound("file"))?;
        return Ok(FileRef::Number(number));
    }
    Ok(FileRef::HashId(id))
}

async fn upload(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let upload = async {
        let who = app.identify(&headers).await?;
        let body = read_json(body, BODY_LEN_MAX).await?;
        let mut faults = Vec::new();
        let name = noted(&mut faults, body.text("filename", FileName::parse));
        let content_type = noted(&mut faults, body.text("content_type", MediaType::parse));
        let (Some(name), Some(content_type)) = (name, content_type) else {
            return Err(ApiError::Invalid(faults));
        };
        let lifetime = Lifetime::from_secs(UPLOAD_LIFETIME_SECS).map_err(ApiError::internal)?;
        let now = app.now();
        let begun = app.begin_file(who, (&name, &content_type), lifetime, now).await?;
        Ok(wire::Begun::new(&begun, now))
    };
    answer(upload.await)
}

async fn confirm(State(app): State<Arc<App>>, file_id: Segment, headers: HeaderMap) -> Response {
    let confirm = async {
        let who = app.identify(&headers).await?;
        refuse_prefetch(&headers)?;
        let file = app.confirm_file(&who, file_ref(&file_id)?, app.now()).await?;
        Ok(wire::Confirmed::new(&file))
    };
    answer(confirm.await)
}

fn page_of(query: &Query) -> Result<Page, ApiError> {
    let mut faults = Vec::new();
    let limit = noted(&mut faults, query.integer("limit", LIMIT_DEFAULT, LIMIT));
    let offset = noted(&mut faults, query.integer("offset", 0, OFFSET));
    let (Some(limit), Some(offset)) = (limit, offset) else {
        return Err(ApiError::Invalid(faults));
    };
    let limit = u32::try_from(limit).map_err(ApiError::internal)?;
    Ok(Page { limit, offset: u64::try_from(offset).map_err(ApiError::internal)? })
}

async fn list(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let who = app.identify(&headers).await?;
        let page = page_of(&read_query(&uri))?;
        let files = app.files(&who, page).await?;
        Ok(wire::List::new(&files, page))
    };
    answer(list.await)
}

async fn metadata(State(app): State<Arc<App>>, file_id: Segment, headers: HeaderMap) -> Response {
    let metadata = async {
        let who = app.identify(&headers).await?;
        let file = app.file(&who, file_ref(&file_id)?).await?;
        Ok(wire::Metadata::new(&file))
    };
    answer(metadata.await)
}

async fn delete(State(app): State<Arc<App>>, file_id: Segment, headers: HeaderMap) -> Response {
    let delete = async {
        let who = app.identify(&headers).await?;
        app.delete_file(&who, file_ref(&file_id)?, app.now()).await?;
        Ok(wire::Deleted::new())
    };
    answer(delete.await)
}

async fn download(
    State(app): State<Arc<App>>,
    file_id: Segment,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let download = async {
        let who = app.identify(&headers).await?;
        refuse_prefetch(&headers)?;
        let secs = read_query(&uri).integer("expires_in", DOWNLOAD_SECS_DEFAULT, DOWNLOAD_SECS);
        let lifetime = u64::try_from(secs?).map_err(ApiError::internal)?;
        let lifetime = Lifetime::from_secs(lifetime).map_err(ApiError::internal)?;
        let now = app.now();
        let (file, url) = app.download_file(&who, file_ref(&file_id)?, lifetime, now).await?;
        Ok(wire::Link::new(&file, &url, now))
    };
    answer(download.await)
}
