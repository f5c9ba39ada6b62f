//! What a catalog does, whichever store is behind it.

use std::fmt::Debug;

use async_trait::async_trait;
use countersign::Timestamp;
use uuid::Uuid;

use crate::{
    Acceptance, AccessKey, ApiKeyHash, CatalogError, Column, DataSource, DataSourceCounts,
    DataSourceFilter, DataSourcePage, DataSourceRef, Dataset, DatasetChange, DatasetPage,
    DeletedDataset, DownloadTokens, File, FilePage, FileRef, Identity, Imports, Job, NewDataSource,
    NewDataset, NewFile, NewJob, NewUpload, NewVersion, Page, Schemas, Stored, TeamId, TeamLimits,
    TeamName, TeamUsage, Upload, UploadRef, UserId,
};

/// The records. The example is at the [head of the crate](crate).
///
/// - What one method writes is written whole or not at all, also when its future is dropped or the
///   power fails, and is on the disk before the method returns.
/// - Another process may use the same catalog at the same time.
/// - Where a team is an argument, what another team has is as good as not there.
/// - Text is kept verbatim.
///
/// # Errors
///
/// Every method may return [`CatalogError::Busy`], [`CatalogError::Full`],
/// [`CatalogError::Damaged`] and [`CatalogError::Backend`], and every method that records an object
/// [`CatalogError::OverQuota`]. What else a method returns stands there.
#[async_trait]
pub trait Catalog: DownloadTokens + Imports + Schemas + Debug + Send + Sync + 'static {
    /// The user in the team. Both are made when missing.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn ensure_user(
        &self,
        team: &TeamName,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Identity, CatalogError>;

    /// Whether the team has the user.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn has_user(&self, who: &Identity) -> Result<bool, CatalogError>;

    /// The team of this name.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn team(&self, name: &TeamName) -> Result<Option<TeamId>, CatalogError>;

    /// Sets what the objects of a team may take.
    ///
    /// # Errors
    ///
    /// [`CatalogError::OwnerUnknown`], when there is no such team; [`CatalogError::OutOfRange`].
    async fn limit_team(&self, team: TeamId, limits: &TeamLimits) -> Result<(), CatalogError>;

    /// What the objects of a team take, and may.
    ///
    /// # Errors
    ///
    /// [`CatalogError::OwnerUnknown`], when there is no such team.
    async fn team_usage(&self, team: TeamId) -> Result<TeamUsage, CatalogError>;

    /// Gives the user an API key.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when somebody has the key; [`CatalogError::OwnerUnknown`].
    async fn add_api_key(
        &self,
        hash: &ApiKeyHash,
        owner: &Identity,
        now: Timestamp,
    ) -> Result<(), CatalogError>;

    /// Whose API key it is.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn api_key_owner(&self, hash: &ApiKeyHash) -> Result<Option<Identity>, CatalogError>;

    /// Whether anybody has an API key.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn has_api_keys(&self) -> Result<bool, CatalogError>;

    /// Records the public half of a signing key pair.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id is taken; [`CatalogError::OwnerUnknown`];
    /// [`CatalogError::OutOfRange`].
    async fn add_access_key(&self, key: &AccessKey, now: Timestamp) -> Result<(), CatalogError>;

    /// The signing key pair of this access key id.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, CatalogError>;

    /// Records a file and its pending upload.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id of the upload or one of its keys was ever used;
    /// [`CatalogError::OwnerUnknown`]; [`CatalogError::OutOfRange`].
    async fn add_file(&self, new: &NewFile, now: Timestamp) -> Result<File, CatalogError>;

    /// A file of the team.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn file(&self, team: TeamId, file: FileRef<'_>) -> Result<Option<File>, CatalogError>;

    /// The files of the team, the newest first. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn files(&self, team: TeamId, page: Page) -> Result<FilePage, CatalogError>;

    /// Records a pending upload that may become a data source.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when one of its ids or keys was ever used;
    /// [`CatalogError::OwnerUnknown`]; [`CatalogError::OutOfRange`].
    async fn add_upload(&self, new: &NewUpload, now: Timestamp) -> Result<Upload, CatalogError>;

    /// Records an upload whose bytes are there already: it is ready, its object exists, and its
    /// object key is not doomed any more. A staging key is doomed, if it has one.
    ///
    /// Whoever puts bytes where no record says so [dooms](Self::doom) the key first.
    ///
    /// # Errors
    ///
    /// Those of [`add_upload`](Self::add_upload); [`CatalogError::UploadClosed`], when the key is not
    /// doomed, or is due, for its bytes may be gone. The key stays doomed then.
    async fn add_stored_upload(
        &self,
        new: &NewUpload,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Upload, CatalogError>;

    /// An upload, whichever team has it.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn upload(&self, upload: UploadRef<'_>) -> Result<Option<Upload>, CatalogError>;

    /// Makes a pending upload ready, records its object and dooms its staging key, if it has one: a
    /// late request may put bytes there again, and where freezing is a copy, the original stays
    /// there. A ready one stays as it is, and nothing is doomed again. Of many calls at once, one is
    /// told [`Acceptance::Now`].
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when it is failed, aborted or unknown. Its object key is
    /// doomed then, where it is known, as the caller may just have put bytes there.
    /// [`CatalogError::OutOfRange`].
    async fn accept_upload(
        &self,
        id: Uuid,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Acceptance, CatalogError>;

    /// Makes a pending upload failed and dooms the keys that it has. A failed one stays as it is, and
    /// its object key is doomed again: the caller may just have put bytes there.
    ///
    /// The reason is at most 4,096 bytes.
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when it is ready, aborted or unknown; the object key of an
    /// aborted one is doomed again. [`CatalogError::OutOfRange`].
    async fn fail_upload(&self, id: Uuid, reason: &str, now: Timestamp)
    -> Result<(), CatalogError>;

    /// Pending uploads by URLs that ended by this time, the oldest first: what was begun and never
    /// completed. An [import](crate::Imports) is none of them.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn abandoned_uploads(
        &self,
        limit: u32,
        ended_by: Timestamp,
    ) -> Result<Vec<Upload>, CatalogError>;

    /// Deletes a file and the record of its object, dooms its keys, and aborts its upload unless
    /// that failed. Returns the file as it was, or `None` where the team has no such file.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn delete_file(
        &self,
        team: TeamId,
        file: FileRef<'_>,
        now: Timestamp,
    ) -> Result<Option<File>, CatalogError>;

    /// Records a dataset.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id is taken; [`CatalogError::OwnerUnknown`];
    /// [`CatalogError::OutOfRange`].
    async fn add_dataset(&self, new: &NewDataset, now: Timestamp) -> Result<Dataset, CatalogError>;

    /// A dataset of the team.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn dataset(&self, team: TeamId, id: Uuid) -> Result<Option<Dataset>, CatalogError>;

    /// The columns of a dataset, in their order; none, where the team has no such dataset. They are
    /// apart from it, for there may be many, and few who ask for a dataset want them.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn columns(&self, team: TeamId, dataset: Uuid) -> Result<Vec<Column>, CatalogError>;

    /// The datasets of the team, the newest first; with `search`, those whose names or descriptions
    /// contain it, in either case where it is ASCII. Nothing in it is a wildcard, and every name
    /// contains the empty text. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn datasets(
        &self,
        team: TeamId,
        search: Option<&str>,
        page: Page,
    ) -> Result<DatasetPage, CatalogError>;

    /// Changes what is said of a dataset, and returns it as it is then; `None` where the team has no
    /// such dataset.
    ///
    /// # Errors
    ///
    /// [`CatalogError::OutOfRange`].
    async fn change_dataset(
        &self,
        team: TeamId,
        id: Uuid,
        change: &DatasetChange,
        now: Timestamp,
    ) -> Result<Option<Dataset>, CatalogError>;

    /// Deletes a dataset with all that it has: its columns, data sources and jobs, and the records
    /// of their objects. Their keys are doomed, and their uploads aborted unless they failed.
    /// Returns what there was, or `None` where the team has no such dataset.
    ///
    /// Who has a data source or a job in hand is answered from then on as if it was never there; an
    /// upload of a job that is completed then is [closed](CatalogError::UploadClosed).
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn delete_dataset(
        &self,
        team: TeamId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<DeletedDataset>, CatalogError>;

    /// The data sources that are versions of a dataset, the newest first; none, where the team has no
    /// such dataset. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn versions(
        &self,
        team: TeamId,
        dataset: Uuid,
        page: Page,
    ) -> Result<DataSourcePage, CatalogError>;

    /// How many datasets a user has made and not deleted.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn dataset_count(&self, who: &Identity) -> Result<u64, CatalogError>;

    /// Records a data source over an upload of its team that is ready, and the dataset, where that
    /// is new. Where its bytes are refused, the upload becomes failed in the same step, the record
    /// of its object is gone, and its keys are doomed.
    ///
    /// # Errors
    ///
    /// - [`CatalogError::UploadClosed`], when the upload is not of this team; or when it is not
    ///   ready, and nobody's.
    /// - [`CatalogError::Conflict`], when the upload is a file's, another data source's, a job's or a
    ///   schema file's, whatever its state; or when an id is taken.
    /// - [`CatalogError::OwnerUnknown`], when the team has no such dataset, or is not the team of
    ///   the owner of a new one, or has no such user.
    /// - [`CatalogError::OutOfRange`].
    async fn add_data_source(
        &self,
        team: TeamId,
        new: &NewDataSource,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError>;

    /// A data source of the team.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn data_source(
        &self,
        team: TeamId,
        data_source: DataSourceRef,
    ) -> Result<Option<DataSource>, CatalogError>;

    /// The data sources of a dataset, the newest first; none, where the team has no such dataset.
    /// Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn data_sources(
        &self,
        filter: DataSourceFilter<'_>,
        page: Page,
    ) -> Result<DataSourcePage, CatalogError>;

    /// How many data sources of a dataset have come how far; none, where the team has no such
    /// dataset.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn data_source_counts(
        &self,
        team: TeamId,
        dataset: Uuid,
    ) -> Result<DataSourceCounts, CatalogError>;

    /// Deletes a data source and the record of its object, dooms its keys, and aborts its upload
    /// unless that failed. Returns the data source as it was, or `None` where the team has none.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn delete_data_source(
        &self,
        team: TeamId,
        data_source: DataSourceRef,
        now: Timestamp,
    ) -> Result<Option<DataSource>, CatalogError>;

    /// Records a job and its pending upload.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when one of the ids or keys of the upload was ever used;
    /// [`CatalogError::OwnerUnknown`], also when the team of the upload has no such dataset;
    /// [`CatalogError::OutOfRange`].
    async fn add_job(&self, new: &NewJob, now: Timestamp) -> Result<Job, CatalogError>;

    /// Records a job whose bytes are there already: its upload is as
    /// [`add_stored_upload`](Self::add_stored_upload) records one.
    ///
    /// # Errors
    ///
    /// Those of [`add_job`](Self::add_job); [`CatalogError::UploadClosed`], when the key is not
    /// doomed, or is due. The key stays doomed then.
    async fn add_stored_job(
        &self,
        new: &NewJob,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Job, CatalogError>;

    /// The job for a dataset that was recorded last; `None` where there is none, or the team has no
    /// such dataset.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn latest_job(&self, team: TeamId, dataset: Uuid) -> Result<Option<Job>, CatalogError>;

    /// The job of the team whose upload has this id.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn job(&self, team: TeamId, id: Uuid) -> Result<Option<Job>, CatalogError>;

    /// Makes the bytes of a job the next version of its dataset: a data source that is ready, with
    /// the name and the upload of the job. Where the dataset is new, it is recorded before, and this
    /// is its version 1.
    ///
    /// A number is never given to two versions, also when the data source of one is deleted.
    ///
    /// # Errors
    ///
    /// - [`CatalogError::Conflict`], when the job is committed already, whatever became of it; when
    ///   it has a dataset and is given a new one, or has none and is given none; or when an id is
    ///   taken.
    /// - [`CatalogError::UploadClosed`], when the team has no such job, or its upload is not ready.
    /// - [`CatalogError::OwnerUnknown`], when the team is not that of the owner of the new dataset,
    ///   or has no such user.
    /// - [`CatalogError::OutOfRange`].
    async fn commit_job(
        &self,
        team: TeamId,
        id: Uuid,
        new: &NewVersion,
        now: Timestamp,
    ) -> Result<Job, CatalogError>;

    /// Whether an accepted object of this key is there to be read.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn object_exists(&self, object_key: &str) -> Result<bool, CatalogError>;

    /// Dooms a key whose bytes no record has yet: what is put there is deleted once it is due, unless
    /// [`add_stored_upload`](Self::add_stored_upload), [`add_schema_file`](Schemas::add_schema_file) or
    /// [`finish_import`](Imports::finish_import) takes it before. A key that is doomed already keeps its place, and the later due time counts.
    ///
    /// # Errors
    ///
    /// [`CatalogError::OutOfRange`], when the key is not 1 to 1,024 bytes.
    async fn doom(&self, key: &str, due_at: Timestamp) -> Result<(), CatalogError>;

    /// Keys whose bytes are to be deleted and that are due, in the order in which they were doomed.
    ///
    /// - The object key of an upload is due at once.
    /// - A staging key is due a day after [`Upload::not_after`], or at once where that is later: a
    ///   URL may put bytes there until then, and an upload that began through it may still be
    ///   streaming. Bytes that arrive after a sweep would stay for ever.
    /// - A key that is doomed again keeps its place, and the later due time counts.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn doomed(&self, limit: u32, now: Timestamp) -> Result<Vec<Box<str>>, CatalogError>;

    /// Strikes a key from the doomed once its bytes are gone. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn forget_doomed(&self, key: &str) -> Result<(), CatalogError>;
}
