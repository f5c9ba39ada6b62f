//! Jobs: how they go.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};

use super::{answer, ids::PathIds, wire};
use crate::App;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/{job_id}", get(read))
        .route("/{job_id}/", get(read))
        .route("/by-dataset/{dataset_id}", get(read_of_dataset))
        .route("/by-dataset/{dataset_id}/", get(read_of_dataset))
        .route("/{job_id}/retry", post(retry))
        .route("/{job_id}/retry/", post(retry))
}

async fn read(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let job = async {
        let who = app.identify(&headers).await?;
        Ok(wire::JobStatus::new(&app.job(&who, ids.job()?).await?))
    };
    answer(StatusCode::OK, job.await)
}

/// The newest, or `null`: one, as the vendor answers, and no list.
async fn read_of_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
) -> Response {
    let job = async {
        let who = app.identify(&headers).await?;
        let found = app.latest_job(&who, ids.dataset()?).await?;
        Ok(found.as_ref().map(wire::JobStatus::new))
    };
    answer(StatusCode::OK, job.await)
}

async fn retry(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let retry = async {
        let who = app.identify(&headers).await?;
        let job = app.retry_job(&who, ids.job()?).await?;
        Ok(wire::Progress::new(&job, "Job re-queued for ingestion"))
    };
    answer(StatusCode::ACCEPTED, retry.await)
}
