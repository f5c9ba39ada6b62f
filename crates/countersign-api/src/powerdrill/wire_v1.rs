//! The bodies of the answers of the first generation. It shows names whole.

use countersign::PresignedUrl;
use countersign_catalog::{
    DataSource, DataSourceCounts, DataSourcePage, Dataset, DatasetPage, Upload,
};
use serde::Serialize;

pub(super) use super::wire::Created;
use super::{
    ids::{data_source_id, dataset_id},
    requests::TYPE,
    wire::{PageNumber, millis, status_of},
};

/// `null`
#[derive(Serialize)]
pub(super) struct Nothing;

/// One page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    total: u64,
    page_size: u32,
    page_number: u64,
    records: Vec<T>,
}

impl<T> List<T> {
    fn new(total: u64, page: PageNumber, records: impl Iterator<Item = T>) -> Self {
        let PageNumber { number: page_number, size: page_size } = page;
        Self { total, page_size, page_number, records: records.collect() }
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
    name: Box<str>,
    description: Box<str>,
}

impl DatasetRecord {
    fn new(found: &Dataset) -> Self {
        let Dataset { id, name, description, .. } = found;
        Self { id: dataset_id(*id), name: name.clone(), description: description.clone() }
    }
}

/// How far the data sources of a dataset have come.
#[derive(Serialize)]
pub(super) struct Counts {
    #[serde(rename = "synchedCount")]
    synched: u64,
    #[serde(rename = "invalidCount")]
    invalid: u64,
    #[serde(rename = "synchingCount")]
    synching: u64,
}

impl Counts {
    pub(super) fn new(counts: DataSourceCounts) -> Self {
        Self { synched: counts.ready, invalid: counts.failed, synching: counts.importing }
    }
}

/// What is known of a dataset without reading it: nothing here understands data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
pub(super) struct DataSourceRecord {
    id: String,
    dataset_id: String,
    name: Box<str>,
    file_name: Box<str>,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    user_id: String,
    /// As in the second generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Box<str>>,
}

impl DataSourceRecord {
    pub(super) fn new(found: &DataSource) -> Self {
        Self {
            id: data_source_id(found.id),
            dataset_id: dataset_id(found.dataset),
            name: found.name.clone(),
            file_name: found.file_name.clone(),
            kind: TYPE,
            status: status_of(found.state),
            // Who made it: nobody else could have.
            user_id: found.upload.owner.user.as_str().into(),
            reason: found.failure.clone(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    presigned_url: String,
    expire_at: String,
}

impl Link {
    pub(super) fn new(url: &PresignedUrl) -> Self {
        Self { presigned_url: url.as_str().into(), expire_at: millis(url.expires_at()) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Uploaded {
    file_key: Box<str>,
}

impl Uploaded {
    pub(super) fn new(upload: &Upload) -> Self {
        Self { file_key: upload.object_key.clone() }
    }
}
