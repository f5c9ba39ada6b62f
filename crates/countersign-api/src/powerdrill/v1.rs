//! Datasets, data sources and files in the first generation: in camel case, and without a user where
//! something is only read. There the key's own asks.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
    routing::{get, post},
};

use super::{
    answer,
    error::Version,
    forms::{Unnamed, uploaded},
    ids::PathIds,
    requests::{
        Words, asked_in_either, change_of, check_type, described, lifetime_of, origin_of, page_of,
        search_of, states_of,
    },
    wire_v1 as wire,
};
use crate::{
    App,
    data_sources::SourceWish,
    error::ApiError,
    fields::Body,
    http::{read_optional_json, read_query},
    source_name::{PlainName, SourceName},
};

const WORDS: Words = Words::V1;

pub(super) fn router() -> Router<Arc<App>> {
    let files = upload_routes(Unnamed::Nobodys);
    Router::new()
        .route("/datasets", post(create_dataset).get(list_datasets))
        .route("/datasets/{dataset}", post(change_dataset).delete(delete_dataset))
        .route("/datasets/{dataset}/status", get(status))
        .route("/datasets/{dataset}/overview", get(overview))
        .route("/datasets/{dataset}/datasources", post(create_in_dataset).get(list))
        .route("/datasets/{dataset}/datasources/{data_source}", get(read).delete(delete))
        .route("/datasets/{dataset}/datasources/{data_source}/presign", post(presign))
        .route("/datasources", post(create))
        .nest("/file", files)
}

/// The uploads of the older guide, which names no user.
pub(super) fn older_files() -> Router<Arc<App>> {
    upload_routes(Unnamed::Holders)
}

/// The reference has the one spelling, the guides have the other.
fn upload_routes(unnamed: Unnamed) -> Router<Arc<App>> {
    let upload = async move |State(app): State<Arc<App>>,
                             uri: Uri,
                             headers: HeaderMap,
                             body: RequestBody| {
        let uploaded = uploaded(&app, (&uri, &headers, body), (&WORDS, unnamed)).await;
        answer_v1(uploaded.map(|upload| wire::Uploaded::new(&upload)))
    };
    Router::new()
        .route("/upload-datasource", post(upload))
        .route("/upload_datasource", post(upload))
}

fn answer_v1<T: serde::Serialize>(outcome: Result<T, ApiError>) -> Response {
    answer(Version::V1, outcome)
}

async fn create_dataset(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let create = async {
        let (who, body) = asked_in_either(&app, &headers, (&uri, body), &WORDS).await?;
        let (name, description) = described(&body)?;
        let described = (&name, &description);
        let made = app.create_dataset(who, described, Vec::new(), app.now()).await?;
        Ok(wire::Created::new(made.id))
    };
    answer_v1(create.await)
}

async fn list_datasets(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let who = app.identify(&headers).await?;
        let query = read_query(&uri);
        let (page, number) = page_of(&query, &WORDS)?;
        let found = app.datasets(&who, search_of(&query, &WORDS)?, page).await?;
        Ok(wire::List::datasets(&found, number))
    };
    answer_v1(list.await)
}

async fn change_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let change = async {
        let (who, body) = asked_in_either(&app, &headers, (&uri, body), &WORDS).await?;
        app.change_dataset(&who, ids.dataset()?, change_of(&body)?, app.now()).await?;
        Ok(wire::Nothing)
    };
    answer_v1(change.await)
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
        Ok(wire::Nothing)
    };
    answer_v1(delete.await)
}

async fn status(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let count = async {
        let who = app.identify(&headers).await?;
        Ok(wire::Counts::new(app.data_source_counts(&who, ids.dataset()?).await?))
    };
    answer_v1(count.await)
}

async fn overview(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let read = async {
        let who = app.identify(&headers).await?;
        Ok(wire::Overview::new(&app.dataset(&who, ids.dataset()?).await?))
    };
    answer_v1(read.await)
}

async fn create_in_dataset(
    State(app): State<Arc<App>>,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    answer_v1(make(&app, Some(ids), &headers, (&uri, body)).await)
}

async fn create(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    answer_v1(make(&app, None, &headers, (&uri, body)).await)
}

/// Makes a data source, in the dataset of the path where there is one.
async fn make(
    app: &Arc<App>,
    ids: Option<PathIds>,
    headers: &HeaderMap,
    request: (&Uri, RequestBody),
) -> Result<wire::DataSourceRecord, ApiError> {
    let (who, body) = asked_in_either(app, headers, request, &WORDS).await?;
    let wish = wish_of(&body)?;
    let dataset = ids.map(|ids| ids.dataset()).transpose()?;
    let made = app.create_data_source(&who, dataset, &wish, app.now()).await?;
    Ok(wire::DataSourceRecord::new(&made))
}

/// A data source is called as its file is, where it is not called otherwise.
fn wish_of(body: &Body) -> Result<SourceWish, ApiError> {
    let file_name = body.text("fileName", PlainName::parse)?;
    let name = body.optional_text("name", PlainName::parse)?;
    check_type(body)?;
    let name = name.unwrap_or_else(|| file_name.clone());
    let file_name = SourceName::new(file_name)?;
    let origin = origin_of(body, &WORDS)?;
    Ok(SourceWish { name, file_name, origin })
}

async fn list(State(app): State<Arc<App>>, ids: PathIds, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let who = app.identify(&headers).await?;
        let query = read_query(&uri);
        let (page, number) = page_of(&query, &WORDS)?;
        let states = states_of(&query)?;
        let found = app.data_sources(&who, ids.dataset()?, states.as_deref(), page).await?;
        Ok(wire::List::data_sources(&found, number))
    };
    answer_v1(list.await)
}

async fn read(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let read = async {
        let who = app.identify(&headers).await?;
        let (dataset, id) = ids.data_source()?;
        Ok(wire::DataSourceRecord::new(&app.data_source(&who, dataset, id).await?))
    };
    answer_v1(read.await)
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
        Ok(wire::Nothing)
    };
    answer_v1(delete.await)
}

async fn presign(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let presign = async {
        let who = app.identify(&headers).await?;
        let lifetime = lifetime_of(&read_optional_json(body).await?, &WORDS)?;
        let url = app.presign_data_source(&who, ids.data_source()?, lifetime, app.now()).await?;
        Ok(wire::Link::new(&url))
    };
    answer_v1(presign.await)
}
