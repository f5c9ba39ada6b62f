//! Uploads that become versions of a dataset.

use countersign::Timestamp;
use uuid::Uuid;

use crate::{NewDataset, NewUpload, Upload};

/// An upload on its way to be the next version of a dataset. Its id is that of the upload.
///
/// ```text
/// add_job ──▶ accept_upload ──▶ commit_job ──▶ a data source with a version
/// ```
///
/// - Once it is committed it stays so, also when that data source is deleted.
///
/// ```
/// # use countersign::Timestamp;
/// # use countersign_catalog::{SqliteCatalog, TeamName, UserId};
/// use countersign_catalog::{
///     Catalog, Intake, NewDataset, NewJob, NewUpload, NewVersion, Stored,
/// };
/// use uuid::Uuid;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let owner = catalog.ensure_user(&TeamName::new("acme")?, &UserId::new("ada")?, now).await?;
/// # let upload = NewUpload {
/// #     id: Uuid::new_v4(),
/// #     owner: owner.clone(),
/// #     intake: Intake::Single { staging_key: "staging/1".into() },
/// #     object_key: "objects/1".into(),
/// #     content_type: "text/csv".into(),
/// #     declared_size: None,
/// #     not_after: now,
/// # };
/// # let dataset = NewDataset {
/// #     id: Uuid::new_v4(),
/// #     owner: owner.clone(),
/// #     name: "sales".into(),
/// #     description: "".into(),
/// #     columns: vec![],
/// # };
/// let job = NewJob { dataset: None, name: "sales.csv".into(), upload };
/// let id = catalog.add_job(&job, now).await?.upload.id;
///
/// // The bytes have come, were checked and moved.
/// let stored = Stored { size: 12, etag: "1b2cf535f27731c9".into(), sha256: None };
/// catalog.accept_upload(id, &stored, now).await?;
///
/// let version = NewVersion { data_source: Uuid::new_v4(), dataset: Some(dataset) };
/// let job = catalog.commit_job(owner.team, id, &version, now).await?;
/// let made = job.dataset.ok_or("it is committed")?;
/// let made = catalog.dataset(owner.team, made).await?.ok_or("and has a dataset")?;
/// assert_eq!(made.version, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The dataset that gets the version: always there once it is committed, and before that where
    /// the dataset was there before the job.
    pub dataset: Option<Uuid>,
    /// The name that the client gave, verbatim. No key is ever made from it.
    pub name: Box<str>,
    /// Where its bytes come from.
    pub upload: Upload,
    /// Bytes: there when, and only when, the upload is ready.
    pub size: Option<u64>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it became a version.
    pub committed_at: Option<Timestamp>,
}

/// A job to be recorded, with the upload that brings its bytes.
///
/// - `name` is 1 to 4,096 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The dataset that gets the version; `None` for one that is still to be made.
    pub dataset: Option<Uuid>,
    /// The name that the client gives.
    pub name: Box<str>,
    /// The upload.
    pub upload: NewUpload,
}

/// What a job becomes.
///
/// - `data_source` was never used before.
/// - `dataset` is there when, and only when, the job has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// The id of the data source, chosen by the caller.
    pub data_source: Uuid,
    /// The dataset that is recorded in the same step.
    pub dataset: Option<NewDataset>,
}
