//! The bodies of the answers.

use countersign::PresignedUrl;
use countersign_catalog::{
    ColumnKind, DataSource, DataSourcePage, DatasetPage, Job, TeamUsage, UploadState,
};
use serde::Serialize;

use crate::{
    downloads::{IssuedDownloadToken, TOKEN_SECS},
    file_name::extension_of,
    http::rfc3339,
    jobs::{BegunJob, EXTENSIONS, SINGLE_SIZE_MAX, SIZE_MAX},
};

/// Whom a dataset is shown to: its team.
pub(super) const VISIBILITY: &str = "internal";

/// What a job is said to be before it is committed, and while it was to be worked on: what there is
/// to do is done at once.
const PENDING: &str = "pending";

/// Why a job that has failed is not done again.
pub(super) const GONE: &str =
    "This job cannot be retried: its file was refused, and is gone. Start a new upload.";

#[derive(Serialize)]
pub(super) struct Begun {
    job_id: String,
    urls: Vec<String>,
    s3_key: String,
    upload_id: Option<String>,
    part_size: Option<u64>,
}

impl Begun {
    pub(super) fn new(begun: BegunJob) -> Self {
        let (upload_id, part_size) = match begun.parts {
            Some((id, part_size)) => (Some(id.as_str().into()), Some(part_size)),
            None => (None, None),
        };
        Self {
            job_id: begun.id.to_string(),
            urls: begun.urls.into_iter().map(PresignedUrl::into_string).collect(),
            s3_key: begun.key.as_str().into(),
            upload_id,
            part_size,
        }
    }
}

/// What a call did for a job.
#[derive(Serialize)]
pub(super) struct Progress {
    job_id: String,
    status: &'static str,
    message: &'static str,
}

impl Progress {
    pub(super) fn new(job: &Job, message: &'static str) -> Self {
        Self { job_id: job.upload.id.to_string(), status: PENDING, message }
    }
}

#[derive(Serialize)]
pub(super) struct JobStatus {
    id: String,
    status: &'static str,
    dataset_id: Option<String>,
    source_filename: String,
    error_message: Option<String>,
    can_retry: bool,
    retry_reason: Option<&'static str>,
    warning_message: Option<&'static str>,
    warnings: [&'static str; 0],
    progress: Option<f64>,
    current_step: Option<&'static str>,
    rows_processed: Option<u64>,
    rows_failed: Option<u64>,
    started_at: Option<String>,
    completed_at: Option<String>,
    created_at: String,
}

impl JobStatus {
    pub(super) fn new(job: &Job) -> Self {
        let committed_at = job.committed_at.map(rfc3339);
        let is_complete = committed_at.is_some();
        let has_failed = !matches!(job.upload.state, UploadState::Pending | UploadState::Ready);
        let failure = job.upload.failure.as_deref();
        Self {
            id: job.upload.id.to_string(),
            status: match (is_complete, has_failed) {
                (true, _) => "complete",
                (false, true) => "failed",
                (false, false) => PENDING,
            },
            dataset_id: job.dataset.map(|id| id.to_string()),
            source_filename: job.name.as_ref().into(),
            // What a complete job made may be refused or deleted later: that is no fault of the job.
            error_message: failure.filter(|_| !is_complete).map(Into::into),
            can_retry: false,
            retry_reason: (has_failed && !is_complete).then_some(GONE),
            warning_message: None,
            warnings: [],
            progress: is_complete.then_some(1.0),
            current_step: is_complete.then_some("complete"),
            rows_processed: None,
            rows_failed: None,
            started_at: committed_at.clone(),
            completed_at: committed_at,
            created_at: rfc3339(job.created_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct List {
    datasets: Vec<Dataset>,
    total: u64,
}

impl List {
    pub(super) fn new(found: &DatasetPage) -> Self {
        Self { datasets: found.datasets.iter().map(Dataset::new).collect(), total: found.total }
    }
}

#[derive(Serialize)]
pub(super) struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Column {
    pub(super) fn new(column: &countersign_catalog::Column) -> Self {
        Self { name: column.name.as_ref().into(), kind: kind_of(column.kind) }
    }
}

/// The name of a kind.
pub(super) fn kind_of(kind: ColumnKind) -> &'static str {
    COLUMN_KINDS.iter().find(|(_, found)| *found == kind).map_or("text", |(name, _)| name)
}

/// The kinds of columns, by their names.
pub(super) const COLUMN_KINDS: [(&str, ColumnKind); 5] = [
    ("text", ColumnKind::Text),
    ("integer", ColumnKind::Integer),
    ("float", ColumnKind::Float),
    ("date", ColumnKind::Date),
    ("boolean", ColumnKind::Boolean),
];

/// A dataset, with the members that the published client cannot do without. It is no table here, so
/// nothing is known of rows and geometries.
#[derive(Serialize)]
pub(super) struct Dataset {
    id: String,
    record_id: String,
    table_name: String,
    title: String,
    summary: Option<String>,
    feature_count: Option<u64>,
    /// Not in a list: there may be many of them in each of its datasets.
    #[serde(skip_serializing_if = "Option::is_none")]
    column_info: Option<Vec<Column>>,
    source_filename: Option<String>,
    current_version: u64,
    visibility: &'static str,
    /// The client wants a UUID here, and users are not named so.
    created_by: Option<String>,
    created_by_display: String,
    created_at: String,
    updated_at: String,
}

impl Dataset {
    pub(super) fn new(found: &countersign_catalog::Dataset) -> Self {
        let current = found.current.as_ref();
        let updates = [current.map(|current| current.created_at), found.changed_at];
        let updated_at = updates.into_iter().flatten().fold(found.created_at, Ord::max);
        Self {
            id: found.id.to_string(),
            record_id: found.id.to_string(),
            table_name: format!("dataset_{}", found.id.simple()),
            title: found.name.as_ref().into(),
            summary: Some(&*found.description).filter(|text| !text.is_empty()).map(Into::into),
            feature_count: None,
            column_info: None,
            source_filename: current.map(|current| current.name.as_ref().into()),
            current_version: found.version,
            visibility: VISIBILITY,
            created_by: None,
            created_by_display: found.owner.user.as_str().into(),
            created_at: rfc3339(found.created_at),
            updated_at: rfc3339(updated_at),
        }
    }

    pub(super) fn with_columns(self, columns: &[countersign_catalog::Column]) -> Self {
        Self { column_info: Some(columns.iter().map(Column::new).collect()), ..self }
    }
}

#[derive(Serialize)]
pub(super) struct Versions {
    versions: Vec<Version>,
    total: u64,
}

impl Versions {
    pub(super) fn new(found: &DataSourcePage) -> Self {
        let versions = found.data_sources.iter().map(Version::new).collect();
        Self { versions, total: found.total }
    }
}

/// A version, with the members that the published client cannot do without. What is in a file is not
/// kept, so nothing is known of its rows and geometries.
#[derive(Serialize)]
struct Version {
    id: String,
    dataset_id: String,
    #[serde(rename = "version_number")]
    number: Option<u64>,
    source_filename: String,
    source_format: Option<String>,
    feature_count: Option<u64>,
    srid: Option<u32>,
    geometry_type: Option<&'static str>,
    file_hash: Option<String>,
    /// The client wants a UUID here, and users are not named so.
    uploaded_by: Option<String>,
    uploaded_at: String,
}

impl Version {
    fn new(found: &DataSource) -> Self {
        Self {
            id: found.id.to_string(),
            dataset_id: found.dataset.to_string(),
            number: found.version,
            source_filename: found.name.as_ref().into(),
            source_format: extension_of(&found.name).map(|extension| extension.to_uppercase()),
            feature_count: None,
            srid: None,
            geometry_type: None,
            file_hash: None,
            uploaded_by: None,
            uploaded_at: rfc3339(found.created_at),
        }
    }
}

/// What an upload may be. There is no quota of datasets.
#[derive(Serialize)]
pub(super) struct UploadConfig {
    presigned_uploads: bool,
    presigned_threshold_bytes: u64,
    max_file_size_bytes: u64,
    allowed_extensions: String,
    remaining_dataset_quota: Option<u64>,
}

impl UploadConfig {
    pub(super) fn new() -> Self {
        Self {
            presigned_uploads: true,
            presigned_threshold_bytes: SINGLE_SIZE_MAX,
            max_file_size_bytes: SIZE_MAX,
            allowed_extensions: EXTENSIONS.map(|extension| format!(".{extension}")).join(","),
            remaining_dataset_quota: None,
        }
    }
}

/// What the team has stored, and the user made. A cap of 0 is none, as the vendor has it.
#[derive(Serialize)]
pub(super) struct Usage {
    bytes_used: u64,
    dataset_count: u64,
    storage_cap: u64,
    count_cap: u64,
}

impl Usage {
    pub(super) fn new(usage: &TeamUsage, dataset_count: u64) -> Self {
        let storage_cap = usage.limits.bytes_max.unwrap_or_default();
        Self { bytes_used: usage.bytes, dataset_count, storage_cap, count_cap: 0 }
    }
}

#[derive(Serialize)]
pub(super) struct Token {
    token: String,
    expires_in: u32,
}

impl Token {
    pub(super) fn new(issued: &IssuedDownloadToken) -> Self {
        Self { token: issued.reveal().into(), expires_in: TOKEN_SECS }
    }
}
