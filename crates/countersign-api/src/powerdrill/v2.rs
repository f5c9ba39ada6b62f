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
use countersign_catalog::{DataSourceState, Page};

use super::{
    TYPE, USER_ID, answer, asked, asked_by_query,
    error::Version,
    ids::PathIds,
    lifetime_of,
    wire::{self, PageNumber, status_of},
};
use crate::{
    App,
    dataset_name::{DatasetName, Description},
    error::ApiError,
    fields::{Body, Invalid, Query, Reason, invalid, invalid_text, missing},
    http::{BODY_LEN_MAX, read_optional_json, read_query},
    source_name::{PlainName, SourceName},
};

const PAGE_SIZE_DEFAULT: i64 = 10;
const PAGE_SIZE: (i64, i64) = (1, 100);
const PAGE_NUMBER: (i64, i64) = (1, i64::MAX);

/// The longest text that is searched for, in characters.
const SEARCH_CHARS_MAX: usize = 128;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/datasets", post(create_dataset).get(list_datasets))
        .route("/datasets/{dataset}/datasources", post(create_in_dataset).get(list))
        .route("/datasets/{dataset}/datasources/{data_source}", get(read).delete(delete))
        .route("/datasets/{dataset}/datasources/{data_source}/presign", post(presign))
        .route("/datasources", post(create))
}

fn answer_v2<T: serde::Serialize>(outcome: Result<T, ApiError>) -> Response {
    answer(Version::V2, outcome)
}

async fn create_dataset(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let create = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        let name = body.text("name", DatasetName::parse)?;
        let description = body.optional_text("description", Description::parse)?;
        let described = (&name, &description.unwrap_or_default());
        let made = app.create_dataset(who, described, Vec::new(), app.now()).await?;
        Ok(wire::Created::new(made.id))
    };
    answer_v2(create.await)
}

fn page_of(query: &Query) -> Result<(Page, PageNumber), ApiError> {
    let size = query.integer("page_size", PAGE_SIZE_DEFAULT, PAGE_SIZE)?;
    let number = query.integer("page_number", 1, PAGE_NUMBER)?;
    let limit = u32::try_from(size).map_err(ApiError::internal)?;
    let number = u64::try_from(number).map_err(ApiError::internal)?;
    let offset = (number - 1).saturating_mul(limit.into());
    Ok((Page { limit, offset }, PageNumber { number, size: limit }))
}

async fn list_datasets(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let (who, query) = asked_by_query(&app, &headers, &uri).await?;
        let (page, number) = page_of(&query)?;
        let search = query.text("search")?.filter(|search| !search.is_empty());
        if let Some(text) = search.filter(|text| text.chars().count() > SEARCH_CHARS_MAX) {
            let reason = Reason::TooLong { chars_max: SEARCH_CHARS_MAX };
            return Err(invalid_text("search", reason, text).into());
        }
        let found = app.datasets(&who, search, page).await?;
        Ok(wire::List::datasets(&found, number))
    };
    answer_v2(list.await)
}

/// What a data source is to be made of.
struct Wish {
    name: SourceName,
    origin: Origin,
}

/// Where its bytes come from.
enum Origin {
    /// From an upload, by its `file_object_key`.
    Upload(String),
    Url(String),
}

impl Wish {
    fn read(body: &Body) -> Result<Self, ApiError> {
        let any = |text: &str| Ok(text.to_owned());
        let name = body.text("name", PlainName::parse)?;
        let is_file = |kind: &str| match kind {
            TYPE => Ok(()),
            _ => Err(Reason::Rule("it has to be FILE")),
        };
        body.text("type", is_file)?;
        let url = body.optional_text("url", any)?;
        let file_object_key = body.optional_text("file_object_key", any)?;
        let name = SourceName::new(name)?;
        match (url, file_object_key) {
            (None, Some(key)) => Ok(Self { name, origin: Origin::Upload(key) }),
            (Some(url), None) => Ok(Self { name, origin: Origin::Url(url) }),
            (url, _) => {
                let field = if url.is_some() { "url" } else { "file_object_key" };
                let rule = Reason::Rule("exactly one of url and file_object_key is required");
                Err(invalid(field, rule, serde_json::Value::Null).into())
            }
        }
    }
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
    let wish = Wish::read(&body)?;
    let dataset = ids.map(|ids| ids.dataset()).transpose()?;
    let made = match &wish.origin {
        Origin::Upload(key) => {
            app.create_data_source(&who, dataset, (&wish.name, key), app.now()).await
        }
        Origin::Url(url) => {
            app.import_data_source(&who, dataset, (&wish.name, url), app.now()).await
        }
    }?;
    Ok(wire::DataSourceRecord::new(&made))
}

/// The states of a comma-separated list; `None` for all.
fn states_of(query: &Query) -> Result<Option<Vec<DataSourceState>>, Invalid> {
    const STATES: [DataSourceState; 3] =
        [DataSourceState::Importing, DataSourceState::Ready, DataSourceState::Failed];
    let Some(text) = query.text("status")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let state = |name: &str| {
        let found = STATES.into_iter().find(|state| status_of(*state) == name.trim());
        let rule = Reason::Rule("it is a list of synching, synched and invalid");
        found.ok_or_else(|| invalid_text("status", rule, text))
    };
    text.split(',').map(state).collect::<Result<_, _>>().map(Some)
}

async fn list(State(app): State<Arc<App>>, ids: PathIds, uri: Uri, headers: HeaderMap) -> Response {
    let list = async {
        let (who, query) = asked_by_query(&app, &headers, &uri).await?;
        let (page, number) = page_of(&query)?;
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
        let holder = app.identify(&headers).await?;
        let user = deleting_user(&read_optional_json(body).await?, &read_query(&uri))?;
        let who = app.act_as(&holder, &user).await?;
        let (dataset, id) = ids.data_source()?;
        app.delete_data_source(&who, dataset, id, app.now()).await?;
        Ok(wire::Nothing {})
    };
    answer_v2(delete.await)
}

/// The user out of the body, or out of the query: there are proxies that drop the body of a DELETE.
fn deleting_user(body: &Body, query: &Query) -> Result<String, Invalid> {
    let in_body = body.optional_text(USER_ID, |user| Ok(user.to_owned()))?;
    match (in_body, query.text(USER_ID)?) {
        (Some(one), Some(other)) if one != other => {
            Err(invalid_text(USER_ID, Reason::Rule("body and query name two"), other))
        }
        (Some(user), _) => Ok(user),
        (None, Some(user)) => Ok(user.to_owned()),
        (None, None) => Err(missing(USER_ID)),
    }
}

async fn presign(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let presign = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        let lifetime = lifetime_of(&body, "expires_in")?;
        let url = app.presign_data_source(&who, ids.data_source()?, lifetime, app.now()).await?;
        Ok(wire::Link::new(&url))
    };
    answer_v2(presign.await)
}
