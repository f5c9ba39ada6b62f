//! Data sources whose bytes are on their way, and how that ends.

use async_trait::async_trait;
use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::{
    SqliteCatalog,
    data_sources::{self, Beginning, Record},
    datasets, objects,
    rows::failure,
    uploads,
};
use crate::{
    CatalogError, DataSource, DataSourceRef, Imports, NewImport, Purpose, Stored, TargetDataset,
    Upload, UploadRef, UploadState,
};

#[async_trait]
impl Imports for SqliteCatalog {
    async fn add_import(
        &self,
        new: &NewImport,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let data_source = add(&mut transaction, new, now).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(data_source)
    }

    async fn renew_import(
        &self,
        upload: Uuid,
        lease_ends_at: Timestamp,
    ) -> Result<(), CatalogError> {
        renew(&self.writer, upload, lease_ends_at).await
    }

    async fn finish_import(
        &self,
        upload: Uuid,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let data_source = finish(&mut transaction, upload, stored, now).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(data_source)
    }

    async fn fail_import(
        &self,
        upload: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let data_source = fail(&mut transaction, upload, reason, now).await?;
            transaction.commit().await.map_err(failure)?;
            Ok(data_source)
        })
        .await
    }

    async fn lapse_imports(
        &self,
        limit: u32,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<DataSource>, CatalogError> {
        self.freeing(move || async move {
            let mut transaction = self.begin_write().await?;
            let lapsed = lapse(&mut transaction, limit, reason, now).await?;
            transaction.commit().await.map_err(failure)?;
            Ok(lapsed)
        })
        .await
    }
}

async fn add(
    connection: &mut SqliteConnection,
    new: &NewImport,
    now: Timestamp,
) -> Result<DataSource, CatalogError> {
    let upload = uploads::add(&mut *connection, &new.upload, Purpose::DataSource, now).await?;
    let dataset = match &new.dataset {
        TargetDataset::Existing(id) => *id,
        // One of another team is recorded, refused by the foreign key below, and rolled back.
        TargetDataset::New(dataset) => datasets::add(connection, dataset, now).await?.id,
    };
    let record = Record {
        id: new.id,
        team: upload.owner.team,
        dataset,
        name: &new.name,
        file_name: &new.file_name,
        beginning: Beginning::Importing { lease_ends_at: new.lease_ends_at },
        upload: upload.id,
        version: None,
    };
    data_sources::insert(connection, &record, now).await?;
    find(connection, &upload).await
}

async fn renew(
    executor: impl Executor<'_, Database = Sqlite>,
    upload: Uuid,
    lease_ends_at: Timestamp,
) -> Result<(), CatalogError> {
    let renewed = sqlx::query(
        "UPDATE data_sources SET lease_ends_at = max(lease_ends_at, ?2)
         WHERE upload_id = ?1 AND state = 'importing'",
    )
    .bind(upload.as_bytes().as_slice())
    .bind(lease_ends_at.unix_secs())
    .execute(executor)
    .await
    .map_err(failure)?;
    if renewed.rows_affected() == 1 { Ok(()) } else { Err(CatalogError::UploadClosed) }
}

async fn finish(
    connection: &mut SqliteConnection,
    id: Uuid,
    stored: &Stored,
    now: Timestamp,
) -> Result<DataSource, CatalogError> {
    let upload = settle(connection, id, None).await?;
    uploads::make_ready(connection, &upload, stored, now).await?;
    // Else the bytes may be gone. Who returns an error here rolls all of it back.
    if !objects::spare(connection, &upload, now).await? {
        return Err(CatalogError::UploadClosed);
    }
    find(connection, &upload).await
}

async fn fail(
    connection: &mut SqliteConnection,
    id: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<DataSource, CatalogError> {
    let upload = settle(connection, id, Some(reason)).await?;
    uploads::make_failed(connection, &upload, reason, now).await?;
    find(connection, &upload).await
}

async fn lapse(
    connection: &mut SqliteConnection,
    limit: u32,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<DataSource>, CatalogError> {
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT upload_id FROM data_sources WHERE lease_ends_at <= ?2 ORDER BY lease_ends_at LIMIT ?1",
    )
    .bind(i64::from(limit))
    .bind(now.unix_secs())
    .fetch_all(&mut *connection)
    .await
    .map_err(failure)?;
    let mut lapsed = Vec::with_capacity(ids.len());
    for id in ids {
        let damaged = |_| CatalogError::Damaged { place: "upload_id" };
        let id = Uuid::from_slice(&id).map_err(damaged)?;
        lapsed.push(fail(connection, id, reason, now).await?);
    }
    Ok(lapsed)
}

/// Ends an import, with a reason where it failed. The data source comes before its upload: so the
/// schema wants it.
async fn settle(
    connection: &mut SqliteConnection,
    id: Uuid,
    reason: Option<&str>,
) -> Result<Upload, CatalogError> {
    let settled = sqlx::query(
        "UPDATE data_sources SET state = iif(?2 IS NULL, 'ready', 'failed'), failure = ?2,
                lease_ends_at = NULL
         WHERE upload_id = ?1 AND state = 'importing'",
    )
    .bind(id.as_bytes().as_slice())
    .bind(reason)
    .execute(&mut *connection)
    .await
    .map_err(failure)?;
    if settled.rows_affected() == 0 {
        return Err(CatalogError::UploadClosed);
    }
    let upload = uploads::find(connection, UploadRef::Id(id)).await?;
    let upload = upload.ok_or(CatalogError::Damaged { place: "upload_id" })?;
    // Who returns an error here rolls the rest back.
    if upload.state == UploadState::Pending { Ok(upload) } else { Err(CatalogError::UploadClosed) }
}

async fn find(
    connection: &mut SqliteConnection,
    upload: &Upload,
) -> Result<DataSource, CatalogError> {
    let by_upload = DataSourceRef::Upload(upload.id);
    let found = data_sources::find(connection, upload.owner.team, by_upload).await?;
    found.ok_or(CatalogError::Damaged { place: "upload_id" })
}
