//! Jobs that bring a new dataset.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::post,
};

use super::{
    answer,
    ids::PathIds,
    reupload::{check_as_is, file_of, parts_of},
    title, wire,
};
use crate::{
    App,
    dataset_name::Description,
    error::ApiError,
    fields::{Reason, noted},
    http::{BODY_LEN_MAX, read_json, read_optional_json},
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/upload/presigned", post(begin))
        .route("/upload/presigned/", post(begin))
        .route("/upload/presigned/{job_id}/complete", post(complete))
        .route("/upload/presigned/{job_id}/complete/", post(complete))
        .route("/commit/{job_id}", post(commit))
        .route("/commit/{job_id}/", post(commit))
}

async fn begin(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    let begin = async {
        let who = app.identify(&headers).await?;
        let file = file_of(&read_json(body, BODY_LEN_MAX).await?)?;
        Ok(wire::Begun::new(app.begin_job(who, None, &file, app.now()).await?))
    };
    answer(StatusCode::CREATED, begin.await)
}

async fn complete(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let complete = async {
        let who = app.identify(&headers).await?;
        let which = (None, ids.job()?);
        let parts = parts_of(&read_optional_json(body).await?)?;
        let job = app.complete_job(&who, which, parts, app.now()).await?;
        Ok(wire::Progress::new(&job, "File uploaded and ready for preview"))
    };
    answer(StatusCode::OK, complete.await)
}

async fn commit(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let commit = async {
        let who = app.identify(&headers).await?;
        let which = (None, ids.job()?);
        let body = read_json(body, BODY_LEN_MAX).await?;
        let mut faults = Vec::new();
        let title = noted(&mut faults, body.text("title", title));
        let summary = noted(&mut faults, body.optional_text("summary", Description::parse));
        noted(&mut faults, body.optional_text("visibility", visibility));
        let (Some(title), Some(summary), true) = (title, summary, faults.is_empty()) else {
            return Err(ApiError::Invalid(faults));
        };
        check_as_is(&body)?;
        let new = (&title, &summary.unwrap_or_default());
        let job = app.commit_job(&who, which, Some(new), app.now()).await?;
        Ok(wire::Progress::new(&job, "Ingestion queued"))
    };
    answer(StatusCode::ACCEPTED, commit.await)
}

/// A dataset is read by its team, and by nobody else: whoever wants less or more is told.
fn visibility(text: &str) -> Result<(), Reason> {
    match text {
        wire::VISIBILITY => Ok(()),
        _ => Err(Reason::Rule("it is not supported: a dataset is `internal` to its team")),
    }
}
