//! The bodies of the answers; what both generations have in common is here as well.

use std::sync::Arc;

use axum::body::Body;
use countersign::{PresignedUrl, Timestamp};
use countersign_catalog::{
    DataSource, DataSourceCounts, DataSourcePage, DataSourceState, Dataset, DatasetPage, Upload,
};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    ids::{data_source_id, dataset_id},
    requests::TYPE,
};
use crate::{App, error::ApiError, http::rfc3339, multipart::BegunMultipart};

/// The most characters of a name that is shown.
const NAME_CHARS_MAX: usize = 128;

/// What wraps every answer that is no error.
#[derive(Serialize)]
pub(super) struct Envelope<T> {
    code: u32,
    data: T,
}

impl<T> Envelope<T> {
    pub(super) const fn new(data: T) -> Self {
        Self { code: 0, data }
    }
}

fn shown(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// A time with the milliseconds that this dialect has, and that a URL does not.
pub(super) fn millis(at: Timestamp) -> String {
    rfc3339(at).replace('Z', ".000Z")
}

/// `{}`
#[derive(Serialize)]
pub(super) struct Nothing {}

#[derive(Serialize)]
pub(super) struct Created {
    id: String,
}

impl Created {
    pub(super) fn new(id: Uuid) -> Self {
        Self { id: dataset_id(id) }
    }
}

/// One page of a list.
#[derive(Serialize)]
pub(super) struct List<T> {
    total_items: u64,
    page_size: u32,
    page_number: u64,
    records: Vec<T>,
}

/// Which page of a list was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageNumber {
    pub(super) number: u64,
    pub(super) size: u32,
}

impl<T> List<T> {
    fn new(total_items: u64, page: PageNumber, records: impl Iterator<Item = T>) -> Self {
        let PageNumber { number: page_number, size: page_size } = page;
        Self { total_items, page_size, page_number, records: records.collect() }
    }
}

impl List<DatasetRecord> {
    pub(super) fn datasets(found: &DatasetPage, page: PageNumber) -> Self {
        Self::new(found.total, page, found.datasets.iter().map(DatasetRecord::new))
    }
}

impl List<DataSourceRecord> {
    pub(super) fn data_sources(found: &DataSourcePage, page: PageNumber) -> Self {
        Self::new(found.total, page, found.data_sources.iter().map(DataSourceRecord::new))
    }
}

#[derive(Serialize)]
pub(super) struct DatasetRecord {
    id: String,
    name: String,
    description: String,
}

impl DatasetRecord {
    fn new(found: &Dataset) -> Self {
        Self {
            id: dataset_id(found.id),
            name: shown(&found.name),
            description: found.description.as_ref().into(),
        }
    }
}

/// How far the data sources of a dataset have come.
#[derive(Serialize)]
pub(super) struct Counts {
    #[serde(rename = "synched_count")]
    synched: u64,
    #[serde(rename = "invalid_count")]
    invalid: u64,
    #[serde(rename = "synching_count")]
    synching: u64,
}

impl Counts {
    pub(super) fn new(counts: DataSourceCounts) -> Self {
        Self { synched: counts.ready, invalid: counts.failed, synching: counts.importing }
    }
}

/// What is known of a dataset without reading it: nothing here understands data.
#[derive(Serialize)]
pub(super) struct Overview {
    #[serde(flatten)]
    dataset: DatasetRecord,
    summary: &'static str,
    exploration_questions: [String; 0],
    keywords: [String; 0],
}

impl Overview {
    pub(super) fn new(found: &Dataset) -> Self {
        let dataset = DatasetRecord::new(found);
        Self { dataset, summary: "", exploration_questions: [], keywords: [] }
    }
}

#[derive(Serialize)]
pub(super) struct DataSourceRecord {
    id: String,
    dataset_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    size: Option<u64>,
    /// Why it is `invalid`: a member of ours, which the documents do not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl DataSourceRecord {
    pub(super) fn new(found: &DataSource) -> Self {
        Self {
            id: data_source_id(found.id),
            dataset_id: dataset_id(found.dataset),
            name: shown(&found.name),
            kind: TYPE,
            status: status_of(found.state),
            size: found.size,
            reason: found.failure.as_deref().map(Into::into),
        }
    }
}

/// The status as it is shown, and asked for in a list.
pub(super) const fn status_of(state: DataSourceState) -> &'static str {
    match state {
        DataSourceState::Ready => "synched",
        DataSourceState::Failed => "invalid",
        // What is not ready and has not failed is on its way.
        _ => "synching",
    }
}

#[derive(Serialize)]
pub(super) struct Link {
    presigned_url: String,
    expires_at: String,
}

impl Link {
    pub(super) fn new(url: &PresignedUrl) -> Self {
        Self { presigned_url: url.as_str().into(), expires_at: millis(url.expires_at()) }
    }
}

#[derive(Serialize)]
pub(super) struct Uploaded {
    file_object_key: String,
}

impl Uploaded {
    pub(super) fn new(upload: &Upload) -> Self {
        Self { file_object_key: upload.object_key.as_ref().into() }
    }
}

#[derive(Serialize)]
struct PartItem {
    number: u16,
    /// The official client of Powerdrill takes part `n` from `(n - 1) * size` on, and to the end of
    /// the file at most. So the last part says the size of the others, however short it is: with its
    /// own, that client would send other bytes, of the right length.
    size: u64,
    upload_url: String,
}

/// Parts that are signed for, and written, in one go.
const PARTS_AT_ONCE: u16 = 64;

/// The answer with the URLs of all parts, written as it is read: it may have 5 MB, and its reader
/// may be slow.
pub(super) fn begun(app: Arc<App>, begun: BegunMultipart) -> Body {
    let head = json!({
        "code": 0,
        "data": { "upload_id": begun.upload_id.as_str(), "file_object_key": begun.object_key.as_str() },
    });
    // Without the two braces that the parts come before.
    let head = head.to_string().trim_end_matches('}').to_owned() + r#","part_items":["#;
    let last = begun.count();
    let batches = (1..=last).step_by(PARTS_AT_ONCE.into()).map(move |first| {
        let mut text = String::new();
        for number in first..=last.min(first.saturating_add(PARTS_AT_ONCE - 1)) {
            let part = begun.part(&app, number)?;
            let item = PartItem {
                number: part.number.as_u16(),
                size: part.stride,
                upload_url: part.url.into_string(),
            };
            text.push_str(if number == 1 { "" } else { "," });
            text.push_str(&serde_json::to_string(&item).map_err(ApiError::internal)?);
        }
        Ok::<_, ApiError>(text)
    });
    let ends = |text: &str| stream::iter([Ok(text.to_owned())]);
    Body::from_stream(ends(&head).chain(stream::iter(batches)).chain(ends("]}}")))
}
