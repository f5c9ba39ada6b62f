//! Datasets and data sources in the second generation.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
    routing::{get, post},
};
use countersign_catalog::Identity;

use super::{
    answer,
    error::Version,
    ids::PathIds,
    requests::{
        Words, asked_in_either, change_of, check_type, described, lifetime_of, origin_of, page_of,
        search_of, states_of,
    },
    wire,
};
use crate::{
    App,
    data_sources::SourceWish,
    error::ApiError,
    fields::{Body, Query, Reason, invalid_text},
    http::{BODY_LEN_MAX, read_json, read_query},
    source_name::{PlainName, SourceName},
};

const WORDS: Words = Words::V2;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/datasets", post(create_dataset).get(list_datasets))
        .route("/datasets/{dataset}", post(change_dataset).delete(delete_dataset))
        .route("/datasets/{dataset}/status", get(status))
        .route("/datasets/{dataset}/overview", get(overview))
        .route("/datasets/{dataset}/datasources", post(create_in_dataset).get(list))
        .route("/datasets/{dataset}/datasources/{data_source}", get(read).delete(delete))
        .route("/datasets/{dataset}/datasources/{data_source}/presign", post(presign))
        .route("/datasources", post(create))
}

fn answer_v2<T: serde::Serialize>(outcome: Result<T, ApiError>) -> Response {
    answer(Version::V2, outcome)
}

/// Who asks, and for what: the user that a JSON body names, of the team of the key, and the body.
pub(super) async fn asked(
    app: &App,
    headers: &HeaderMap,
    body: RequestBody,
    len_max: usize,
) -> Result<(Identity, Body), ApiError> {
    let holder = app.identify(headers).await?;
    let body = read_json(body, len_max).await?;
    let user = body.text(WORDS.user, |user| Ok(user.to_owned()))?;
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
    let missing = || invalid_text(WORDS.user, Reason::Missing, "");
    let user = query.text(WORDS.user)?.ok_or_else(missing)?;
    let who = app.act_as(&holder, user).await?;
    Ok((who, query))
}

async fn create_dataset(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let create = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        let (name, description) = described(&body)?;
        let described = (&name, &description);
        let made = app.create_dataset(who, described, Vec::new(), app.now()).await?;
        Ok(wire::Created::new(made.id))
    };
    answer_v2(create.await)
}

async fn list_datasets(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let (who, query) = asked_by_query(&app, &headers, &uri).await?;
        let (page, number) = page_of(&query, &WORDS)?;
        let found = app.datasets(&who, search_of(&query, &WORDS)?, page).await?;
        Ok(wire::List::datasets(&found, number))
    };
    answer_v2(list.await)
}

async fn change_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let change = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        app.change_dataset(&who, ids.dataset()?, change_of(&body)?, app.now()).await?;
        Ok(wire::Nothing {})
    };
    answer_v2(change.await)
}

async fn delete_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let delete = async {
        let (who, _) = asked_in_either(&app, &headers, (&uri, body), &WORDS).await?;
        app.delete_dataset(&who, ids.dataset()?, app.now()).await?;
        Ok(wire::Nothing {})
    };
    answer_v2(delete.await)
}

async fn status(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let count = async {
        let (who, _) = asked_by_query(&app, &headers, &uri).await?;
        Ok(wire::Counts::new(app.data_source_counts(&who, ids.dataset()?).await?))
    };
    answer_v2(count.await)
}

async fn overview(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let read = async {
        let (who, _) = asked_by_query(&app, &headers, &uri).await?;
        Ok(wire::Overview::new(&app.dataset(&who, ids.dataset()?).await?))
    };
    answer_v2(read.await)
}

async fn create_in_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    answer_v2(make(&app, Some(ids), headers, body).await)
}

async fn create(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    answer_v2(make(&app, None, headers, body).await)
}

/// Makes a data source, in the dataset of the path where there is one.
async fn make(
    app: &Arc<App>,
    ids: Option<PathIds>,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<wire::DataSourceRecord, ApiError> {
    let (who, body) = asked(app, &headers, body, BODY_LEN_MAX).await?;
    let wish = wish_of(&body)?;
    let dataset = ids.map(|ids| ids.dataset()).transpose()?;
    let made = app.create_data_source(&who, dataset, &wish, app.now()).await?;
    Ok(wire::DataSourceRecord::new(&made))
}

fn wish_of(body: &Body) -> Result<SourceWish, ApiError> {
    let name = body.text("name", PlainName::parse)?;
    check_type(body)?;
    let file_name = SourceName::new(name.clone())?;
    let origin = origin_of(body, &WORDS)?;
    Ok(SourceWish { name, file_name, origin })
}

async fn list(State(app): State<Arc<App>>, ids: PathIds, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let (who, query) = asked_by_query(&app, &headers, &uri).await?;
        let (page, number) = page_of(&query, &WORDS)?;
        let states = states_of(&query)?;
        let found = app.data_sources(&who, ids.dataset()?, states.as_deref(), page).await?;
        Ok(wire::List::data_sources(&found, number))
    };
    answer_v2(list.await)
}

async fn read(State(app): State<Arc<App>>, ids: PathIds, uri: Uri, headers: HeaderMap) -> Response {
    let read = async {
        let (who, _) = asked_by_query(&app, &headers, &uri).await?;
        let (dataset, id) = ids.data_source()?;
        let found = app.data_source(&who, dataset, id).await?;
        Ok(wire::DataSourceRecord::new(&found))
    };
    answer_v2(read.await)
}

async fn delete(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let delete = async {
        let (who, _) = asked_in_either(&app, &headers, (&uri, body), &WORDS).await?;
        let (dataset, id) = ids.data_source()?;
        app.delete_data_source(&who, dataset, id, app.now()).await?;
        Ok(wire::Nothing {})
    };
    answer_v2(delete.await)
}

async fn presign(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let presign = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        let lifetime = lifetime_of(&body, &WORDS)?;
        let url = app.presign_data_source(&who, ids.data_source()?, lifetime, app.now()).await?;
        Ok(wire::Link::new(&url))
    };
    answer_v2(presign.await)
}
