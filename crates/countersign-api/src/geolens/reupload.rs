//! Jobs that bring a dataset its next version.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::post,
};
use countersign_storage::{CompletedPart, PartNumber};
use serde_json::Value;

use super::{answer, error::refuse, form, ids::PathIds, preview::Preview, wire};
use crate::{
    App,
    error::ApiError,
    fields::{Body, Invalid, Reason, invalid, noted},
    file_name::FileName,
    http::{BODY_LEN_MAX, read_json, read_optional_json},
    jobs::JobFile,
    media_type::MediaType,
    multipart::completed_part,
};

/// What is said of a file that is there.
const UPLOADED: &str = "File uploaded for re-upload preview";

/// The media type of a file whose client says none.
const CONTENT_TYPE_DEFAULT: &str = "application/octet-stream";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/{dataset_id}/reupload", post(upload))
        .route("/{dataset_id}/reupload/", post(upload))
        .route("/{dataset_id}/reupload/{job_id}/preview", post(preview))
        .route("/{dataset_id}/reupload/{job_id}/preview/", post(preview))
        .route("/{dataset_id}/reupload/presigned", post(begin))
        .route("/{dataset_id}/reupload/presigned/", post(begin))
        .route("/{dataset_id}/reupload/presigned/{job_id}/complete", post(complete))
        .route("/{dataset_id}/reupload/presigned/{job_id}/complete/", post(complete))
        .route("/{dataset_id}/reupload/{job_id}/commit", post(commit))
        .route("/{dataset_id}/reupload/{job_id}/commit/", post(commit))
}

async fn begin(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let begin = async {
        let who = app.identify(&headers).await?;
        let dataset = ids.dataset()?;
        let file = file_of(&read_json(body, BODY_LEN_MAX).await?)?;
        let begun = app.begin_job(who, Some(dataset), &file, app.now()).await?;
        Ok(wire::Begun::new(begun))
    };
    answer(StatusCode::CREATED, begin.await)
}

async fn upload(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let may = async {
        let who = app.identify(&headers).await?;
        let dataset = ids.dataset()?;
        // Of a body that is for nothing not a byte is read.
        app.own_dataset(&who, dataset).await?;
        Ok((who, Some(dataset)))
    };
    match may.await {
        Ok(whose) => form::take(&app, whose, (&headers, body), UPLOADED).await,
        Err(error) => refuse(error),
    }
}

/// The file that a body announces, or all that is wrong with it.
pub(super) fn file_of(body: &Body) -> Result<JobFile, ApiError> {
    let mut faults = Vec::new();
    let name = noted(&mut faults, body.text("filename", FileName::parse));
    let size = noted(&mut faults, body.integer("file_size", (1, i64::MAX)));
    let content_type = body.optional_text("content_type", MediaType::parse);
    let content_type = noted(&mut faults, content_type);
    let (Some(name), Some(size), Some(content_type)) = (name, size, content_type) else {
        return Err(ApiError::Invalid(faults));
    };
    let size = u64::try_from(size).map_err(ApiError::internal)?;
    let content_type = match content_type {
        Some(content_type) => content_type,
        None => MediaType::parse(CONTENT_TYPE_DEFAULT).map_err(ApiError::internal)?,
    };
    JobFile::new(name, size, content_type)
}

async fn complete(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let complete = async {
        let who = app.identify(&headers).await?;
        let which = (Some(ids.dataset()?), ids.job()?);
        let parts = parts_of(&read_optional_json(body).await?)?;
        let job = app.complete_job(&who, which, parts, app.now()).await?;
        Ok(wire::Progress::new(&job, UPLOADED))
    };
    answer(StatusCode::OK, complete.await)
}

/// The parts that were uploaded; none, where the file came in one piece.
pub(super) fn parts_of(body: &Body) -> Result<Vec<CompletedPart>, Invalid> {
    Ok(body.optional_objects("parts", part)?.unwrap_or_default())
}

fn part(item: &Body) -> Result<CompletedPart, Invalid> {
    completed_part(item, item.integer("part_number", (1, PartNumber::MAX.into()))?)
}

async fn preview(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let preview = async {
        let who = app.identify(&headers).await?;
        let which = (ids.dataset()?, ids.job()?);
        check_as_is(&read_optional_json(body).await?)?;
        let (job, table, diff) = app.preview_next(&who, which).await?;
        Ok(Preview::of_next(&job, &table, &diff))
    };
    answer(StatusCode::OK, preview.await)
}

async fn commit(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let commit = async {
        let who = app.identify(&headers).await?;
        let which = (Some(ids.dataset()?), ids.job()?);
        check_as_is(&read_optional_json(body).await?)?;
        let job = app.commit_job(&who, which, None, app.now()).await?;
        Ok(wire::Progress::new(&job, "Re-upload queued"))
    };
    answer(StatusCode::ACCEPTED, commit.await)
}

/// What would be made of a file.
const MADE_BY: [&str; 8] = [
    "srid_override",
    "layer_name",
    "compression",
    "resampling",
    "nodata_override",
    "x_column",
    "y_column",
    "geom_column",
];

pub(super) const AS_IS: Reason = Reason::Rule("it is not supported: a file is taken as it is");

/// A file becomes a version as it is. Whoever wants another one made of it is told, before it is the
/// current one. A `token` is for the source of a service, of which there is none here.
pub(super) fn check_as_is(body: &Body) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    for field in MADE_BY.into_iter().filter(|field| body.has(field)) {
        faults.push(invalid(field, AS_IS, Value::Null));
    }
    if faults.is_empty() { Ok(()) } else { Err(ApiError::Invalid(faults)) }
}
