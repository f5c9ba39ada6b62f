//! Jobs.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    data_sources::{self, Beginning, Record},
    datasets,
    rows::{column, failure, optional_timestamp, optional_uuid, size, timestamp},
    uploads,
};
use crate::{CatalogError, Job, NewJob, NewVersion, TeamId, Upload, UploadState};

/// One statement, without building it at run time: `?1` is the team.
macro_rules! select_jobs {
    ($rest:literal) => {
        concat!(
            "SELECT j.dataset_id, j.name, j.created_at, j.committed_at, o.size, ",
            uploads::columns!(),
            " FROM jobs j JOIN uploads u ON u.id = j.upload_id
                 LEFT JOIN objects o ON o.upload_id = j.upload_id
             WHERE j.team_id = ?1 ",
            $rest
        )
    };
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewJob,
    (upload, size): (Upload, Option<u64>),
    now: Timestamp,
) -> Result<Job, CatalogError> {
    sqlx::query(
        "INSERT INTO jobs (upload_id, team_id, dataset_id, name, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(upload.id.as_bytes().as_slice())
    .bind(upload.owner.team.as_i64())
    .bind(new.dataset.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(&*new.name)
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    let NewJob { dataset, name, .. } = new.clone();
    Ok(Job { dataset, name, upload, size, created_at: now, committed_at: None })
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    team: TeamId,
    id: Uuid,
) -> Result<Option<Job>, CatalogError> {
    sqlx::query(select_jobs!("AND j.upload_id = ?2"))
        .bind(team.as_i64())
        .bind(id.as_bytes().as_slice())
        .fetch_optional(executor)
        .await
        .map_err(failure)?
        .map(|row| read(&row))
        .transpose()
}

/// Uploads are recorded in the order of their rows, and jobs with them.
pub(super) async fn latest(
    readers: &SqlitePool,
    team: TeamId,
    dataset: Uuid,
) -> Result<Option<Job>, CatalogError> {
    sqlx::query(select_jobs!("AND j.dataset_id = ?2 ORDER BY u.rowid DESC LIMIT 1"))
        .bind(team.as_i64())
        .bind(dataset.as_bytes().as_slice())
        .fetch_optional(readers)
        .await
        .map_err(failure)?
        .map(|row| read(&row))
        .transpose()
}

pub(super) async fn commit(
    connection: &mut SqliteConnection,
    (team, id): (TeamId, Uuid),
    new: &NewVersion,
    now: Timestamp,
) -> Result<Job, CatalogError> {
    let job = find(&mut *connection, team, id).await?.ok_or(CatalogError::UploadClosed)?;
    // Comes first: the data source may be deleted, and the upload with it.
    if job.committed_at.is_some() {
        return Err(CatalogError::Conflict);
    }
    if job.upload.state != UploadState::Ready {
        return Err(CatalogError::UploadClosed);
    }
    let dataset = match (job.dataset, &new.dataset) {
        (Some(dataset), None) => dataset,
        // One of another team is recorded, not found below, and rolled back.
        (None, Some(dataset)) => datasets::add(connection, dataset, now).await?.id,
        _ => return Err(CatalogError::Conflict),
    };
    let version = datasets::next_version(connection, team, dataset).await?;
    let version = version.ok_or(CatalogError::OwnerUnknown)?;
    // Comes before the data source: the schema lets no job become one that is not committed.
    mark_committed(connection, id, dataset, now).await?;
    let record = Record {
        id: new.data_source,
        team,
        dataset,
        name: &job.name,
        file_name: &job.name,
        beginning: Beginning::Ready,
        upload: id,
        version: Some(version),
    };
    data_sources::insert(connection, &record, now).await?;
    Ok(Job { dataset: Some(dataset), committed_at: Some(now), ..job })
}

async fn mark_committed(
    connection: &mut SqliteConnection,
    id: Uuid,
    dataset: Uuid,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("UPDATE jobs SET dataset_id = ?2, committed_at = ?3 WHERE upload_id = ?1")
        .bind(id.as_bytes().as_slice())
        .bind(dataset.as_bytes().as_slice())
        .bind(now.unix_secs())
        .execute(connection)
        .await
        .map_err(failure)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Job, CatalogError> {
    Ok(Job {
        dataset: optional_uuid(row, "dataset_id")?,
        name: column(row, "name")?,
        upload: uploads::read(row)?,
        size: size(row, "size")?,
        created_at: timestamp(row, "created_at")?,
        committed_at: optional_timestamp(row, "committed_at")?,
    })
}
