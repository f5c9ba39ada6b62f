//! One dataset: read, changed, deleted, and its versions.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

use super::{answer, error::refuse, ids::PathIds, page_of, title, wire};
use crate::{
    App,
    dataset_name::Description,
    error::ApiError,
    fields::{Reason, invalid, noted},
    http::{BODY_LEN_MAX, read_json, read_query},
};

pub(super) fn router() -> Router<Arc<App>> {
    let dataset = get(read).patch(change).delete(delete);
    Router::new()
        .route("/{dataset_id}", dataset.clone())
        .route("/{dataset_id}/", dataset)
        .route("/{dataset_id}/versions", get(versions))
        .route("/{dataset_id}/versions/", get(versions))
}

async fn read(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let read = async {
        let who = app.identify(&headers).await?;
        let (found, columns) = app.dataset_with_columns(&who, ids.dataset()?).await?;
        Ok(wire::Dataset::new(&found).with_columns(&columns))
    };
    answer(StatusCode::OK, read.await)
}

/// What the vendor keeps of a dataset, and this server does not: whoever gives it is told.
const NOT_KEPT: [&str; 20] = [
    "license",
    "attribution",
    "source_organization",
    "data_vintage_start",
    "data_vintage_end",
    "lineage_summary",
    "update_frequency",
    "usage_constraints",
    "access_constraints",
    "sensitivity_classification",
    "theme_category",
    "record_status",
    "owner_org",
    "quality_statement",
    "source_url",
    "language",
    "is_dem",
    "tile_columns",
    "owner_id",
    "expected_updated_at",
];

async fn change(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let change = async {
        let who = app.identify(&headers).await?;
        let id = ids.dataset()?;
        let body = read_json(body, BODY_LEN_MAX).await?;
        let mut faults = Vec::new();
        let title = noted(&mut faults, body.optional_text("title", title));
        let summary = noted(&mut faults, body.optional_text("summary", Description::parse));
        noted(&mut faults, body.optional_text("visibility", same_visibility));
        for field in NOT_KEPT.into_iter().filter(|field| body.has(field)) {
            let rule = Reason::Rule("it is not supported: it is not kept here");
            faults.push(invalid(field, rule, Value::Null));
        }
        let (Some(title), Some(summary), true) = (title, summary, faults.is_empty()) else {
            return Err(ApiError::Invalid(faults));
        };
        app.change_dataset(&who, id, (title, summary), app.now()).await?;
        let (found, columns) = app.dataset_with_columns(&who, id).await?;
        Ok(wire::Dataset::new(&found).with_columns(&columns))
    };
    answer(StatusCode::OK, change.await)
}

/// Who changes what a dataset is says what is meant, so what cannot be had is refused.
fn same_visibility(text: &str) -> Result<(), Reason> {
    match text {
        wire::VISIBILITY => Ok(()),
        _ => Err(Reason::Rule("it is not supported: a dataset is `internal` to its team")),
    }
}

async fn delete(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let delete = async {
        let who = app.identify(&headers).await?;
        let id = ids.dataset()?;
        let body = read_json(body, BODY_LEN_MAX).await?;
        let confirmed = body.text("confirm_title", |title| Ok(title.to_owned()))?;
        if *app.own_dataset(&who, id).await?.name != *confirmed {
            return Err(ApiError::Unconfirmed);
        }
        app.delete_dataset(&who, id, app.now()).await
    };
    match delete.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refuse(error),
    }
}

async fn versions(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let versions = async {
        let who = app.identify(&headers).await?;
        let id = ids.dataset()?;
        let page = page_of(&read_query(&uri))?;
        Ok(wire::Versions::new(&app.versions(&who, id, page).await?))
    };
    answer(StatusCode::OK, versions.await)
}
