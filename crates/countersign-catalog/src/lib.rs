//! The records of Countersign: teams, keys, uploads, files, datasets, data sources, jobs, schemas.
//!
//! [`Catalog`] says what is recorded and which steps are one step; [`SqliteCatalog`] keeps it in one
//! file. Nothing here touches the bytes of an object: a key whose bytes are no longer wanted is
//! *doomed*, and whoever has the storage asks for [`Catalog::doomed`] and deletes them. A key is due
//! only when no URL can bring it new bytes any more.
//!
//! ```
//! use countersign::Timestamp;
//! use countersign_catalog::{
//!     Catalog, Intake, NewFile, NewUpload, SqliteCatalog, Stored, TeamName, UploadState, UserId,
//! };
//! use uuid::Uuid;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("catalog.db");
//! let now = Timestamp::parse("20130524T000000Z")?;
//! let catalog = SqliteCatalog::open(&path).await?;
//! let owner = catalog.ensure_user(&TeamName::new("acme")?, &UserId::new("ada")?, now).await?;
//!
//! let id = Uuid::new_v4();
//! let staging_key = format!("staging/{id}");
//! let upload = NewUpload {
//!     id,
//!     owner: owner.clone(),
//!     intake: Intake::Single { staging_key: staging_key.as_str().into() },
//!     object_key: format!("objects/{id}").into(),
//!     content_type: "text/csv".into(),
//!     declared_size: None,
//!     not_after: now.checked_add_secs(3_600).ok_or("the year 9999 is over")?,
//! };
//! let file = catalog.add_file(&NewFile { name: "sales.csv".into(), upload }, now).await?;
//! assert_eq!((file.number, file.upload.state), (1, UploadState::Pending));
//!
//! // The bytes have come, were checked and moved to `object_key`.
//! let stored = Stored { size: 12, etag: "1b2cf535f27731c9".into(), sha256: None };
//! catalog.accept_upload(id, &stored, now).await?;
//! assert!(catalog.object_exists(&file.upload.object_key).await?);
//!
//! // The URL for `staging_key` still holds, so what is there is swept a day after its end.
//! assert!(catalog.doomed(100, now).await?.is_empty());
//! let due_at = file.upload.not_after.checked_add_secs(86_400).ok_or("the year 9999 is over")?;
//! assert_eq!(catalog.doomed(100, due_at).await?, [staging_key.into()]);
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate does not do
//!
//! - It has no clock: the time is an argument, the last one.
//! - It keeps no secret: an API key is kept as its digest, and of a signing key pair only the
//!   public half.
//! - It decides nothing about bytes: what was found in storage is an argument too.

mod api_key;
mod catalog;
mod column;
mod data_source;
mod dataset;
mod download_token;
mod error;
mod file;
mod hash_id;
mod identity;
mod import;
mod job;
mod quota;
mod schema;
mod schema_file;
mod schemas;
mod sqlite;
mod upload;
mod upload_token;

pub use api_key::{AccessKey, ApiKeyHash};
pub use catalog::Catalog;
pub use column::{Column, ColumnKind};
pub use data_source::{
    DataSource, DataSourceCounts, DataSourceFilter, DataSourcePage, DataSourceRef, DataSourceState,
    NewDataSource, TargetDataset,
};
pub use dataset::{
    CurrentVersion, Dataset, DatasetChange, DatasetPage, DeletedDataset, NewDataset,
};
pub use download_token::{DownloadToken, DownloadTokenHash, DownloadTokens};
pub use error::{CatalogError, InvalidName};
pub use file::{File, FilePage, FileRef, NewFile, Page};
pub use identity::{Identity, TeamId, TeamName, UserId};
pub use import::{Imports, NewImport};
pub use job::{Job, NewJob, NewVersion};
pub use quota::{TeamLimits, TeamUsage};
pub use schema::{Schema, SchemaPage, Slug};
pub use schema_file::{
    NewSchemaFile, SchemaFile, SchemaFileFilter, SchemaFileOrder, SchemaFilePage,
};
pub use schemas::Schemas;
pub use sqlite::SqliteCatalog;
pub use upload::{Acceptance, Intake, NewUpload, Purpose, Stored, Upload, UploadRef, UploadState};
pub use upload_token::{NewUploadToken, UploadToken};
