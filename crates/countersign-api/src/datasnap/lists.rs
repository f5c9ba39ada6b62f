//! Schemas and their files, as they are listed.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use countersign::Timestamp;
use countersign_catalog::{Page, SchemaFileFilter, SchemaFileOrder};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{answer, wire};
use crate::{
    App,
    error::ApiError,
    fields::{Invalid, Query, Reason, invalid_text},
    http::{Segment, read_query},
};

/// So many, and the default: of files, of the latest of them, and of schemas, which the vendor's
/// client takes without asking for a second page.
const FILES: (u32, u32) = (50, 100);
const LATEST: (u32, u32) = (10, 100);
const SCHEMAS: (u32, u32) = (1_000, 1_000);

/// The longest text that is searched for, in characters: no name is longer.
const SEARCH_CHARS_MAX: usize = 255;

const DAY_SECS: i64 = 86_400;

/// What there is to know of a file that is listed: it is whole, or it is not there.
const STATUSES: [&str; 4] = ["pending", "processing", wire::COMPLETED, "failed"];

pub(super) async fn schemas(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let schemas = async {
        let who = app.identify(&headers).await?;
        let (page, number) = page_of(&read_query(&uri), SCHEMAS)?;
        let found = app.schemas(&who, page).await?;
        let items = found.schemas.iter().map(wire::Schema::new).collect();
        Ok(wire::List::new(items, found.total, page, number))
    };
    answer(schemas.await)
}

pub(super) async fn schema(
    State(app): State<Arc<App>>,
    slug: Segment,
    headers: HeaderMap,
) -> Response {
    let schema = async {
        let who = app.identify(&headers).await?;
        Ok(wire::Schema::new(&app.schema(&who, &slug.0).await?))
    };
    answer(schema.await)
}

pub(super) async fn files(
    State(app): State<Arc<App>>,
    slug: Segment,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let files = async {
        let who = app.identify(&headers).await?;
        let query = read_query(&uri);
        let (page, number) = page_of(&query, FILES)?;
        let wish = Wish::read(&query)?;
        let schema = app.schema(&who, &slug.0).await?;
        let (items, total) = match wish.filter(schema.id) {
            Some(filter) => {
                let found = app.schema_files(filter, page).await?;
                let items =
                    found.files.iter().map(|file| wire::Listed::new(file, &schema)).collect();
                (items, found.total)
            }
            None => (Vec::new(), 0),
        };
        Ok(wire::List::new(items, total, page, number))
    };
    answer(files.await)
}

pub(super) async fn uploads(
    State(app): State<Arc<App>>,
    slug: Segment,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let uploads = async {
        let who = app.identify(&headers).await?;
        let (limit, limit_max) = LATEST;
        let limit = read_query(&uri).integer("limit", limit.into(), (1, limit_max.into()))?;
        let limit = u32::try_from(limit).map_err(ApiError::internal)?;
        let schema = app.schema(&who, &slug.0).await?;
        let page = Page { limit, offset: 0 };
        let found = app.schema_files(Wish::default().newest(schema.id), page).await?;
        let items = found.files.iter().map(|file| wire::Listed::new(file, &schema)).collect();
        Ok(wire::List::new(items, found.total, page, 1))
    };
    answer(uploads.await)
}

/// The page of a list, and its number.
fn page_of(query: &Query, (default, limit_max): (u32, u32)) -> Result<(Page, u64), ApiError> {
    query.page(("page", "per_page"), default.into(), (1, limit_max.into()))
}

/// Which files are asked for.
#[derive(Debug, Default)]
struct Wish {
    search: Option<String>,
    /// Whether files may have the status that is asked for.
    is_empty: bool,
    from: Option<Timestamp>,
    before: Option<Timestamp>,
    is_by_size: bool,
    is_ascending: bool,
}

impl Wish {
    fn read(query: &Query) -> Result<Self, ApiError> {
        let one_of = |field, choices: &[&str]| match query.text(field)? {
            None => Ok(None),
            Some(text) => match choices.iter().position(|choice| *choice == text) {
                Some(place) => Ok(Some(place)),
                None => Err(invalid_text(field, Reason::Rule("it is none of the choices"), text)),
            },
        };
        let status = one_of("processing_status", &STATUSES)?;
        let search = query.search("search", SEARCH_CHARS_MAX)?;
        let until = time_of(query, "date_to")?;
        // A day is meant to its end, and a moment as a part of what is asked for.
        let before = until.map(|(at, is_day)| later(at, if is_day { DAY_SECS } else { 1 }));
        Ok(Self {
            search: search.map(Into::into),
            is_empty: status.is_some_and(|place| STATUSES.get(place) != Some(&wire::COMPLETED)),
            from: time_of(query, "date_from")?.map(|(at, _)| at),
            before,
            is_by_size: one_of("sort_by", &["created_at", "size_bytes"])? == Some(1),
            is_ascending: one_of("sort_direction", &["desc", "asc"])? == Some(1),
        })
    }

    /// `None`, where no file can be what is asked for.
    fn filter(&self, schema: i64) -> Option<SchemaFileFilter<'_>> {
        (!self.is_empty).then(|| self.newest(schema)).map(|filter| SchemaFileFilter {
            order: match (self.is_by_size, self.is_ascending) {
                (false, false) => SchemaFileOrder::Newest,
                (false, true) => SchemaFileOrder::Oldest,
                (true, false) => SchemaFileOrder::Largest,
                (true, true) => SchemaFileOrder::Smallest,
            },
            ..filter
        })
    }

    fn newest(&self, schema: i64) -> SchemaFileFilter<'_> {
        SchemaFileFilter {
            schema,
            search: self.search.as_deref(),
            created_from: self.from,
            created_before: self.before,
            order: SchemaFileOrder::Newest,
        }
    }
}

/// A day or a moment, in UTC where nothing else is said; and whether it is a day.
fn time_of(query: &Query, field: &'static str) -> Result<Option<(Timestamp, bool)>, Invalid> {
    let Some(text) = query.text(field)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_day = text.len() == "2026-11-22".len();
    let midnight = format!("{text}T00:00:00Z");
    let at = OffsetDateTime::parse(if is_day { &midnight } else { text }, &Rfc3339);
    let at = at.ok().and_then(|at| Timestamp::from_unix_secs(at.unix_timestamp()).ok());
    let rule = Reason::Rule("it is no day, such as 2026-11-22, and no moment of RFC 3339");
    at.map(|at| Some((at, is_day))).ok_or_else(|| invalid_text(field, rule, text))
}

/// So many seconds later, or the end of time.
fn later(at: Timestamp, secs: i64) -> Timestamp {
    let later = at.unix_secs().saturating_add(secs);
    Timestamp::from_unix_secs(later).unwrap_or(Timestamp::MAX)
}
