//! The catalog in one `SQLite` file.

mod columns;
mod data_sources;
mod dataset_deletion;
mod datasets;
mod download_tokens;
mod files;
mod imports;
mod jobs;
mod keys;
mod migrations;
mod objects;
mod open;
mod reserve;
mod rows;
mod schema_files;
mod schemas;
mod teams;
#[cfg(test)]
mod tests;
mod upload_tokens;
mod uploads;
mod version;

use std::path::Path;

use async_trait::async_trait;
use countersign::Timestamp;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::Mutex;
use uuid::Uuid;

use self::reserve::Reserve;
use crate::{
    Acceptance, AccessKey, ApiKeyHash, Catalog, CatalogError, Column, DataSource, DataSourceCounts,
    DataSourceFilter, DataSourcePage, DataSourceRef, Dataset, DatasetChange, DatasetPage,
    DeletedDataset, File, FilePage, FileRef, Identity, Job, NewDataSource, NewDataset, NewFile,
    NewJob, NewUpload, NewVersion, Page, Purpose, Stored, TeamId, TeamLimits, TeamName, TeamUsage,
    Upload, UploadRef, UserId,
};

/// The records in one `SQLite` file.
///
/// - Write-ahead log, `synchronous = FULL`, foreign keys, no memory map.
/// - One connection writes, four read. Nothing is cached between calls, so another process may write
///   to the same file.
/// - The file is made readable by its owner only. One that is there keeps its mode.
/// - `<file>-reserve`, of 2 MiB, lies beside it. Where the disk is full, it is removed to make room for
///   what frees space: [`fail_upload`](Catalog::fail_upload), [`delete_file`](Catalog::delete_file),
///   [`delete_dataset`](Catalog::delete_dataset), [`delete_data_source`](Catalog::delete_data_source),
///   [`fail_import`](crate::Imports::fail_import), [`lapse_imports`](crate::Imports::lapse_imports),
///   [`forget_doomed`](Catalog::forget_doomed) and [`open`](Self::open). It is put back once there is
///   room. Nothing depends on it.
///
/// The example is at the [head of the crate](crate).
#[derive(Debug)]
pub struct SqliteCatalog {
    writer: SqlitePool,
    readers: SqlitePool,
    reserve: Mutex<Reserve>,
}

impl SqliteCatalog {
    /// Opens the file, makes it when missing, and brings its schema up to date.
    ///
    /// Several processes may do so at once: one of them does the work, the others wait.
    ///
    /// ```
    /// use countersign_catalog::{Catalog, SqliteCatalog};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("catalog.db");
    /// let catalog = SqliteCatalog::open(&path).await?;
    /// assert!(!catalog.has_api_keys().await?);
    /// catalog.close().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`CatalogError::SqliteTooOld`], before the file is touched.
    /// - [`CatalogError::Damaged`], when the file is no `SQLite` database.
    /// - [`CatalogError::Busy`], when another process holds the file for longer than 30 s.
    /// - [`CatalogError::Backend`], when the file cannot be made or read, when its path is not
    ///   UTF-8, or when a newer version of this crate wrote its schema.
    pub async fn open(path: &Path) -> Result<Self, CatalogError> {
        open::open(path).await
    }

    /// Waits for what is under way, writes the log back into the file, and closes it.
    ///
    /// Nothing is lost without it: the next to open the file reads the log.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that holds the write lock from its first statement on.
    ///
    /// A deferred one would read first, and then fail instead of wait when somebody else wrote in
    /// between (`SQLITE_BUSY_SNAPSHOT`).
    async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(rows::failure)
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn ensure_user(
        &self,
        team: &TeamName,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Identity, CatalogError> {
        teams::ensure_user(self, team, user, now).await
    }

    async fn has_user(&self, who: &Identity) -> Result<bool, CatalogError> {
        teams::has_user(&self.readers, who).await
    }

    async fn team(&self, name: &TeamName) -> Result<Option<TeamId>, CatalogError> {
        teams::find(&self.readers, name).await
    }

    async fn limit_team(&self, team: TeamId, limits: &TeamLimits) -> Result<(), CatalogError> {
        teams::limit(&self.writer, team, limits).await
    }

    async fn team_usage(&self, team: TeamId) -> Result<TeamUsage, CatalogError> {
        teams::usage(&self.readers, team).await
    }

    async fn add_api_key(
        &self,
        hash: &ApiKeyHash,
        owner: &Identity,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        keys::add_api_key(&self.writer, hash, owner, now).await
    }

    async fn api_key_owner(&self, hash: &ApiKeyHash) -> Result<Option<Identity>, CatalogError> {
        keys::api_key_owner(&self.readers, hash).await
    }

    async fn has_api_keys(&self) -> Result<bool, CatalogError> {
        keys::has_api_keys(&self.readers).await
    }

    async fn add_access_key(&self, key: &AccessKey, now: Timestamp) -> Result<(), CatalogError> {
        keys::add_access_key(&self.writer, key, now).await
    }

    async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, CatalogError> {
        keys::access_key(&self.readers, id).await
    }

    async fn add_file(&self, new: &NewFile, now: Timestamp) -> Result<File, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let file = files::add(&mut transaction, new, crate::hash_id::random, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(file)
    }

    async fn file(&self, team: TeamId, file: FileRef<'_>) -> Result<Option<File>, CatalogError> {
        files::find(&self.readers, team, file).await
    }

    async fn files(&self, team: TeamId, page: Page) -> Result<FilePage, CatalogError> {
        // Both reads of a transaction see the same moment.
        let mut transaction = self.readers.begin().await.map_err(rows::failure)?;
        let page = files::page(&mut transaction, team, page).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(page)
    }

    async fn add_upload(&self, new: &NewUpload, now: Timestamp) -> Result<Upload, CatalogError> {
        uploads::add(&self.writer, new, Purpose::DataSource, now).await
    }

    async fn add_stored_upload(
        &self,
        new: &NewUpload,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Upload, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let upload =
            uploads::add_stored(&mut transaction, new, Purpose::DataSource, stored, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(upload)
    }

    async fn upload(&self, upload: UploadRef<'_>) -> Result<Option<Upload>, CatalogError> {
        uploads::find(&self.readers, upload).await
    }

    async fn accept_upload(
        &self,
        id: Uuid,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Acceptance, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let settled = uploads::accept(&mut transaction, id, stored, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        settled.into_result()
    }

    async fn fail_upload(
        &self,
        id: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let settled = uploads::fail(&mut transaction, id, reason, now).await?;
            transaction.commit().await.map_err(rows::failure)?;
            settled.into_result()
        })
        .await
    }

    async fn abandoned_uploads(
        &self,
        limit: u32,
        ended_by: Timestamp,
    ) -> Result<Vec<Upload>, CatalogError> {
        uploads::abandoned(&self.readers, limit, ended_by).await
    }

    async fn delete_file(
        &self,
        team: TeamId,
        file: FileRef<'_>,
        now: Timestamp,
    ) -> Result<Option<File>, CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let deleted = files::delete(&mut transaction, team, file, now).await?;
            transaction.commit().await.map_err(rows::failure)?;
            Ok(deleted)
        })
        .await
    }

    async fn add_dataset(&self, new: &NewDataset, now: Timestamp) -> Result<Dataset, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let dataset = datasets::add(&mut transaction, new, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(dataset)
    }

    async fn dataset(&self, team: TeamId, id: Uuid) -> Result<Option<Dataset>, CatalogError> {
        datasets::find(&self.readers, team, id).await
    }

    async fn columns(&self, team: TeamId, dataset: Uuid) -> Result<Vec<Column>, CatalogError> {
        columns::of_dataset(&self.readers, team, dataset).await
    }

    async fn datasets(
        &self,
        team: TeamId,
        search: Option<&str>,
        page: Page,
    ) -> Result<DatasetPage, CatalogError> {
        let mut transaction = self.readers.begin().await.map_err(rows::failure)?;
        let page = datasets::page(&mut transaction, team, search, page).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(page)
    }

    async fn change_dataset(
        &self,
        team: TeamId,
        id: Uuid,
        change: &DatasetChange,
        now: Timestamp,
    ) -> Result<Option<Dataset>, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let changed = datasets::change(&mut transaction, (team, id), change, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(changed)
    }

    async fn delete_dataset(
        &self,
        team: TeamId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<DeletedDataset>, CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let deleted = dataset_deletion::delete(&mut transaction, team, id, now).await?;
            transaction.commit().await.map_err(rows::failure)?;
            Ok(deleted)
        })
        .await
    }

    async fn versions(
        &self,
        team: TeamId,
        dataset: Uuid,
        page: Page,
    ) -> Result<DataSourcePage, CatalogError> {
        let mut transaction = self.readers.begin().await.map_err(rows::failure)?;
        let page = data_sources::versions(&mut transaction, (team, dataset), page).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(page)
    }

    async fn dataset_count(&self, who: &Identity) -> Result<u64, CatalogError> {
        datasets::count_of(&self.readers, who).await
    }

    async fn add_data_source(
        &self,
        team: TeamId,
        new: &NewDataSource,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let data_source = data_sources::add(&mut transaction, team, new, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(data_source)
    }

    async fn data_source(
        &self,
        team: TeamId,
        data_source: DataSourceRef,
    ) -> Result<Option<DataSource>, CatalogError> {
        data_sources::find(&self.readers, team, data_source).await
    }

    async fn data_sources(
        &self,
        filter: DataSourceFilter<'_>,
        page: Page,
    ) -> Result<DataSourcePage, CatalogError> {
        let mut transaction = self.readers.begin().await.map_err(rows::failure)?;
        let page = data_sources::page(&mut transaction, filter, page).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(page)
    }

    async fn data_source_counts(
        &self,
        team: TeamId,
        dataset: Uuid,
    ) -> Result<DataSourceCounts, CatalogError> {
        data_sources::counts(&self.readers, team, dataset).await
    }

    async fn delete_data_source(
        &self,
        team: TeamId,
        data_source: DataSourceRef,
        now: Timestamp,
    ) -> Result<Option<DataSource>, CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let deleted = data_sources::delete(&mut transaction, team, data_source, now).await?;
            transaction.commit().await.map_err(rows::failure)?;
            Ok(deleted)
        })
        .await
    }

    async fn add_job(&self, new: &NewJob, now: Timestamp) -> Result<Job, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let upload = uploads::add(&mut *transaction, &new.upload, Purpose::Job, now).await?;
        let job = jobs::add(&mut transaction, new, (upload, None), now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(job)
    }

    async fn add_stored_job(
        &self,
        new: &NewJob,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Job, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let upload =
            uploads::add_stored(&mut transaction, &new.upload, Purpose::Job, stored, now).await?;
        let found = (upload, Some(stored.size));
        let job = jobs::add(&mut transaction, new, found, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(job)
    }

    async fn latest_job(&self, team: TeamId, dataset: Uuid) -> Result<Option<Job>, CatalogError> {
        jobs::latest(&self.readers, team, dataset).await
    }

    async fn job(&self, team: TeamId, id: Uuid) -> Result<Option<Job>, CatalogError> {
        jobs::find(&self.readers, team, id).await
    }

    async fn commit_job(
        &self,
        team: TeamId,
        id: Uuid,
        new: &NewVersion,
        now: Timestamp,
    ) -> Result<Job, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let job = jobs::commit(&mut transaction, (team, id), new, now).await?;
        transaction.commit().await.map_err(rows::failure)?;
        Ok(job)
    }

    async fn object_exists(&self, object_key: &str) -> Result<bool, CatalogError> {
        objects::exists(&self.readers, object_key).await
    }

    async fn doom(&self, key: &str, due_at: Timestamp) -> Result<(), CatalogError> {
        objects::doom(&self.writer, key, due_at).await
    }

    async fn doomed(&self, limit: u32, now: Timestamp) -> Result<Vec<Box<str>>, CatalogError> {
        objects::doomed(&self.readers, limit, now).await
    }

    async fn forget_doomed(&self, key: &str) -> Result<(), CatalogError> {
        self.freeing(move || objects::forget_doomed(&self.writer, key)).await?;
        // The bytes are gone, so there may be room now.
        self.replenish().await;
        Ok(())
    }
}
