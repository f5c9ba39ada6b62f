//! Files that come by a form, to jobs that are completed with them.

use std::sync::Arc;

use axum::{
    body::Body as RequestBody,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use countersign_catalog::{Identity, Job};
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::{answer, wire};
use crate::{
    App,
    direct::REQUEST_MAX,
    error::ApiError,
    fields::{Reason, invalid, missing},
    file_name::FileName,
    form::{Form, FormField},
    job_forms::JobDeposit,
    shared_body::SharedBody,
};

/// Takes the file of a form, for a dataset or for a new one, of who may bring one.
pub(super) async fn take(
    app: &Arc<App>,
    (who, dataset): (Identity, Option<Uuid>),
    (headers, body): (&HeaderMap, RequestBody),
    message: &'static str,
) -> Response {
    let body = SharedBody::new(body);
    let taken = read(app, (who, dataset), headers, &body).await;
    if taken.is_err() {
        body.drain(headers).await;
    }
    answer(StatusCode::CREATED, taken.map(|job| wire::Progress::new(&job, message)))
}

async fn read(
    app: &App,
    (who, dataset): (Identity, Option<Uuid>),
    headers: &HeaderMap,
    body: &SharedBody,
) -> Result<Job, ApiError> {
    app.admit(who.team, 0).await?;
    let form = Form::new(headers, body.stream())?;
    let mut file = None;
    let begun = match timeout(REQUEST_MAX, read_fields(app, form, &mut file)).await {
        Ok(Ok(())) => match &file {
            Some(file) => app.begin_with(who, dataset, file, app.now()).await,
            None => Err(missing("file").into()),
        },
        Ok(Err(error)) => Err(error),
        Err(_elapsed) => Err(ApiError::Closed),
    };
    if begun.is_err()
        && let Some(file) = file.take()
    {
        app.refuse(file.deposit).await;
    }
    begun
}

/// Stores the one file of a form. What nobody asked for is passed over.
async fn read_fields(
    app: &App,
    mut form: Form,
    file: &mut Option<JobDeposit>,
) -> Result<(), ApiError> {
    let refused = |field, reason| ApiError::from(invalid(field, reason, Value::Null));
    while let Some((field, value)) = form.next().await? {
        match (&*field, value) {
            ("file", FormField::File { name, bytes }) => {
                if file.is_some() {
                    return Err(refused("file", Reason::Repeated));
                }
                let name = FileName::parse(&name).map_err(|reason| refused("file", reason))?;
                *file = Some(app.deposit_for_job(name, bytes, app.now()).await?);
            }
            ("file", FormField::Text(_)) => {
                let rule = Reason::Rule("it is no file: it has no file name");
                return Err(refused("file", rule));
            }
            // Of tilesets and point clouds, which would be made something of.
            ("kind", FormField::Text(kind)) if !kind.is_empty() => {
                let rule = Reason::Rule("it is not supported: a file is taken as it is");
                return Err(refused("kind", rule));
            }
            (_, FormField::File { mut bytes, .. }) => {
                while bytes.try_next().await.map_err(|_| ApiError::NotForm)?.is_some() {}
            }
            (_, FormField::Text(_)) => {}
        }
    }
    Ok(())
}
