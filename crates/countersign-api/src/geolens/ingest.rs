//! Jobs that bring a new dataset.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
    routing::{get, post},
};

use super::{
    answer,
    error::refuse,
    form,
    ids::PathIds,
    preview::Preview,
    reupload::{AS_IS, check_as_is, file_of, parts_of},
    title, wire,
};
use crate::{
    App,
    dataset_name::Description,
    error::ApiError,
    fields::{Reason, invalid_text, noted},
    http::{BODY_LEN_MAX, read_json, read_optional_json, read_query},
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/upload", post(upload))
        .route("/upload/", post(upload))
        .route("/upload/config", get(config))
        .route("/upload/config/", get(config))
        .route("/preview/{job_id}", post(preview))
        .route("/preview/{job_id}/", post(preview))
        .route("/upload/presigned", post(begin))
        .route("/upload/presigned/", post(begin))
        .route("/upload/presigned/{job_id}/complete", post(complete))
        .route("/upload/presigned/{job_id}/complete/", post(complete))
        .route("/commit/{job_id}", post(commit))
        .route("/commit/{job_id}/", post(commit))
}

/// What is said of a file that is there.
const UPLOADED: &str = "File uploaded and ready for preview";

async fn config(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let config = async {
        app.identify(&headers).await?;
        Ok(wire::UploadConfig::new())
    };
    answer(StatusCode::OK, config.await)
}

async fn upload(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    match app.identify(&headers).await {
        Ok(who) => form::take(&app, (who, None), (&headers, body), UPLOADED).await,
        Err(error) => refuse(error),
    }
}

async fn preview(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let preview = async {
        let who = app.identify(&headers).await?;
        let job = ids.job()?;
        if let Some(layer) = read_query(&uri).text("layer_name")? {
            return Err(invalid_text("layer_name", AS_IS, layer).into());
        }
        let (job, table) = app.preview_new(&who, job).await?;
        Ok(Preview::of_new(&job, &table))
    };
    answer(StatusCode::OK, preview.await)
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
        Ok(wire::Progress::new(&job, UPLOADED))
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
        let visibility = noted(&mut faults, body.optional_text("visibility", Visibility::parse));
        let (Some(title), Some(summary), true) = (title, summary, faults.is_empty()) else {
            return Err(ApiError::Invalid(faults));
        };
        check_as_is(&body)?;
        let new = (&title, &summary.unwrap_or_default());
        let job = app.commit_job(&who, which, Some(new), app.now()).await?;
        let message = match visibility.flatten() {
            Some(Visibility::Other) => QUEUED_FOR_TEAM,
            Some(Visibility::Internal) | None => "Ingestion queued",
        };
        Ok(wire::Progress::new(&job, message))
    };
    answer(StatusCode::ACCEPTED, commit.await)
}

const QUEUED_FOR_TEAM: &str =
    "Ingestion queued. The dataset is internal: its whole team reads it, and nobody else.";

/// Whom a dataset is to be shown to.
///
/// It is its team, whatever is asked for: the vendor's client asks for `private` unless it is told
/// otherwise, so that is no wish that could be refused. What holds is answered, here and with the
/// dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visibility {
    /// Its team.
    Internal,
    /// What the vendor has besides.
    Other,
}

impl Visibility {
    fn parse(text: &str) -> Result<Self, Reason> {
        match text {
            wire::VISIBILITY => Ok(Self::Internal),
            "private" | "restricted" | "public" => Ok(Self::Other),
            _ => Err(Reason::Rule("it is one of private, restricted, internal and public")),
        }
    }
}
