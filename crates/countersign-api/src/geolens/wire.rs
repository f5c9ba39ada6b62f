//! The bodies of the answers.

use countersign::PresignedUrl;
use countersign_catalog::{ColumnKind, DatasetPage, Job, UploadState};
use serde::Serialize;

use crate::{http::rfc3339, jobs::BegunJob};

/// Whom a dataset is shown to: its team.
pub(super) const VISIBILITY: &str = "internal";

/// What a job is said to be before it is committed, and while it was to be worked on: what there is
/// to do is done at once.
const PENDING: &str = "pending";

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
            retry_reason: None,
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
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
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
        let updated_at = current.map_or(found.created_at, |current| current.created_at);
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
        let name_of = |kind| COLUMN_KINDS.iter().find(|(_, found)| *found == kind);
        let column = |column: &countersign_catalog::Column| Column {
            name: column.name.as_ref().into(),
            kind: name_of(column.kind).map_or("text", |(name, _)| name),
        };
        Self { column_info: Some(columns.iter().map(column).collect()), ..self }
    }
}
