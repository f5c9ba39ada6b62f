//! What requests ask for, and who asks: the same in both generations, in other words.

use axum::{
    body::Body as RequestBody,
    http::{HeaderMap, Uri},
};
use countersign::Lifetime;
use countersign_catalog::{DataSourceState, Identity, Page};
use serde_json::Value;

use super::wire::{PageNumber, status_of};
use crate::{
    App,
    data_sources::Origin,
    dataset_name::{DatasetName, Description},
    error::ApiError,
    fields::{Body, Invalid, Query, Reason, invalid, invalid_text, missing},
    http::{read_optional_json, read_query},
};

/// What a generation calls the members and parameters that both have.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) user: &'static str,
    pub(super) page_number: &'static str,
    pub(super) page_size: &'static str,
    /// The text that is searched for.
    pub(super) search: &'static str,
    /// How long a URL lives.
    pub(super) lifetime: &'static str,
    /// The handle of a file that was uploaded.
    pub(super) file: &'static str,
}

impl Words {
    pub(super) const V1: Self = Self {
        user: "userId",
        page_number: "pageNumber",
        page_size: "pageSize",
        search: "name",
        lifetime: "expireIn",
        file: "fileKey",
    };

    pub(super) const V2: Self = Self {
        user: "user_id",
        page_number: "page_number",
        page_size: "page_size",
        search: "search",
        lifetime: "expires_in",
        file: "file_object_key",
    };
}

/// The one type of data sources.
pub(super) const TYPE: &str = "FILE";

/// How long a URL lives, in seconds: the default, and the range.
const LIFETIME_SECS_DEFAULT: i64 = 600;
const LIFETIME_SECS: (i64, i64) = (60, 604_800);

const PAGE_SIZE_DEFAULT: i64 = 10;
const PAGE_SIZE: (i64, i64) = (1, 100);

/// The longest text that is searched for, in characters.
const SEARCH_CHARS_MAX: usize = 128;

/// Who asks, and for what: a user of the team of the key, whom the body names, or the query. It may be
/// either, for there are proxies that drop the body of a `DELETE`. No body is one without members.
pub(super) async fn asked_in_either(
    app: &App,
    headers: &HeaderMap,
    (uri, body): (&Uri, RequestBody),
    words: &Words,
) -> Result<(Identity, Body), ApiError> {
    let holder = app.identify(headers).await?;
    let body = read_optional_json(body).await?;
    let user = user_of(&body, &read_query(uri), words.user)?;
    Ok((app.act_as(&holder, &user).await?, body))
}

fn user_of(body: &Body, query: &Query, field: &'static str) -> Result<String, Invalid> {
    let in_body = body.optional_text(field, |user| Ok(user.to_owned()))?;
    match (in_body, query.text(field)?) {
        (Some(one), Some(other)) if one != other => {
            Err(invalid_text(field, Reason::Rule("body and query name two"), other))
        }
        (Some(user), _) => Ok(user),
        (None, Some(user)) => Ok(user.to_owned()),
        (None, None) => Err(missing(field)),
    }
}

/// Which page of a list is asked for.
pub(super) fn page_of(query: &Query, words: &Words) -> Result<(Page, PageNumber), ApiError> {
    let names = (words.page_number, words.page_size);
    let (page, number) = query.page(names, PAGE_SIZE_DEFAULT, PAGE_SIZE)?;
    Ok((page, PageNumber { number, size: page.limit }))
}

/// What is searched for; `None` for everything.
pub(super) fn search_of<'q>(query: &'q Query, words: &Words) -> Result<Option<&'q str>, Invalid> {
    query.search(words.search, SEARCH_CHARS_MAX)
}

/// The states of a comma-separated list; `None` for all.
pub(super) fn states_of(query: &Query) -> Result<Option<Vec<DataSourceState>>, Invalid> {
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

/// A new dataset: its name, and what is said of it.
pub(super) fn described(body: &Body) -> Result<(DatasetName, Description), Invalid> {
    let name = body.text("name", DatasetName::parse)?;
    let description = body.optional_text("description", Description::parse)?;
    Ok((name, description.unwrap_or_default()))
}

/// How a dataset is to be called from now on, and what is to be said of it. The vendor has that the two
/// "cannot be both blank". So a blank name is none, and a blank description, beside a name, empties it.
pub(super) fn change_of(
    body: &Body,
) -> Result<(Option<DatasetName>, Option<Description>), Invalid> {
    let or_none = |name: &str| match name {
        "" => Ok(None),
        name => DatasetName::parse(name).map(Some),
    };
    let name = body.optional_text("name", or_none)?.flatten();
    let description = body.optional_text("description", Description::parse)?;
    if name.is_none() && description.as_ref().is_none_or(|text| text.as_str().is_empty()) {
        let rule = Reason::Rule("name and description cannot be both blank");
        return Err(invalid("name", rule, Value::Null));
    }
    Ok((name, description))
}

/// A URL's lifetime out of a body.
pub(super) fn lifetime_of(body: &Body, words: &Words) -> Result<Lifetime, ApiError> {
    let secs = body.optional_integer(words.lifetime, LIFETIME_SECS)?;
    let secs = u64::try_from(secs.unwrap_or(LIFETIME_SECS_DEFAULT)).map_err(ApiError::internal)?;
    Lifetime::from_secs(secs).map_err(ApiError::internal)
}

/// Whether it says that it is of the one type there is.
pub(super) fn check_type(body: &Body) -> Result<(), Invalid> {
    let is_file = |kind: &str| match kind {
        TYPE => Ok(()),
        _ => Err(Reason::Rule("it has to be FILE")),
    };
    body.text("type", is_file)
}

/// Where the bytes of a data source are to come from: the handle of a file that was uploaded, or a URL.
pub(super) fn origin_of(body: &Body, words: &Words) -> Result<Origin, Invalid> {
    let any = |text: &str| Ok(text.to_owned());
    let url = body.optional_text("url", any)?;
    match (url, body.optional_text(words.file, any)?) {
        (None, Some(file_object_key)) => Ok(Origin::Upload(file_object_key)),
        (Some(url), None) => Ok(Origin::Url(url)),
        (url, _) => {
            let field = if url.is_some() { "url" } else { words.file };
            let rule = Reason::Rule("exactly one of a url and an uploaded file is required");
            Err(invalid(field, rule, Value::Null))
        }
    }
}
