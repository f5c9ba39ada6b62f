//! Uploads and their states.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    objects,
    rows::{column, failure, identity, size, timestamp, uuid},
};
use crate::{
    Acceptance, CatalogError, Intake, NewUpload, Purpose, Stored, Upload, UploadRef, UploadState,
};

/// The columns that [`read`] takes, out of `uploads u`.
macro_rules! columns {
    () => {
        "u.id AS upload_id, u.team_id, u.user_id, u.state, u.staging_key, u.multipart_id,
         u.part_size, u.object_key, u.content_type, u.declared_size, u.not_after, u.failure, u.purpose"
    };
}
pub(super) use columns;

/// What became of a wish to settle an upload. Both are committed: a refusal may have doomed a key.
#[derive(Debug)]
pub(super) enum Settled<T> {
    Done(T),
    Closed,
}

impl<T> Settled<T> {
    pub(super) fn into_result(self) -> Result<T, CatalogError> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Closed => Err(CatalogError::UploadClosed),
        }
    }
}

fn name_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::File => "file",
        Purpose::DataSource => "data source",
        Purpose::Job => "job",
        Purpose::SchemaFile => "schema file",
    }
}

pub(super) async fn add(
    executor: impl Executor<'_, Database = Sqlite>,
    new: &NewUpload,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Upload, CatalogError> {
    let (staging_key, multipart_id, part_size) = match &new.intake {
        Intake::Single { staging_key } => (Some(&**staging_key), None, None),
        Intake::Multipart { upload_id, part_size } => (None, Some(&**upload_id), Some(*part_size)),
        Intake::Direct => (None, None, None),
    };
    sqlx::query(
        "INSERT INTO uploads
             (id, team_id, user_id, state, staging_key, multipart_id, part_size, object_key,
              content_type, declared_size, not_after, purpose, created_at)
         VALUES (?1, ?2, ?3, 'pending', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(new.id.as_bytes().as_slice())
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(staging_key)
    .bind(multipart_id)
    .bind(part_size.map(in_range).transpose()?)
    .bind(&*new.object_key)
    .bind(&*new.content_type)
    .bind(new.declared_size.map(in_range).transpose()?)
    .bind(new.not_after.unix_secs())
    .bind(name_of(purpose))
    .bind(now.unix_secs())
    .execute(executor)
    .await
    .map_err(failure)?;
    let NewUpload { id, owner, intake, object_key, content_type, declared_size, not_after } =
        new.clone();
    Ok(Upload {
        id,
        owner,
        purpose,
        state: UploadState::Pending,
        intake,
        object_key,
        content_type,
        declared_size,
        not_after,
        failure: None,
    })
}

fn in_range(size: u64) -> Result<i64, CatalogError> {
    i64::try_from(size).map_err(|_| CatalogError::OutOfRange)
}

pub(super) async fn add_stored(
    connection: &mut SqliteConnection,
    new: &NewUpload,
    purpose: Purpose,
    stored: &Stored,
    now: Timestamp,
) -> Result<Upload, CatalogError> {
    let upload = add(&mut *connection, new, purpose, now).await?;
    make_ready(connection, &upload, stored, now).await?;
    // Else the bytes may be gone. Who returns an error here rolls all of it back.
    if !objects::spare(connection, &upload, now).await? {
        return Err(CatalogError::UploadClosed);
    }
    Ok(Upload { state: UploadState::Ready, ..upload })
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    upload: UploadRef<'_>,
) -> Result<Option<Upload>, CatalogError> {
    let query = match &upload {
        UploadRef::Id(id) => {
            sqlx::query(concat!("SELECT ", columns!(), " FROM uploads u WHERE u.id = ?1"))
                .bind(id.as_bytes().as_slice())
        }
        UploadRef::ObjectKey(key) => {
            sqlx::query(concat!("SELECT ", columns!(), " FROM uploads u WHERE u.object_key = ?1"))
                .bind(*key)
        }
    };
    let row = query.fetch_optional(executor).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

/// Those without a URL are imports, which end by their leases.
pub(super) async fn abandoned(
    readers: &SqlitePool,
    limit: u32,
    ended_by: Timestamp,
) -> Result<Vec<Upload>, CatalogError> {
    sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM uploads u WHERE u.state = 'pending' AND u.not_after <= ?2
              AND (u.staging_key IS NOT NULL OR u.multipart_id IS NOT NULL)
          ORDER BY u.not_after LIMIT ?1"
    ))
    .bind(i64::from(limit))
    .bind(ended_by.unix_secs())
    .fetch_all(readers)
    .await
    .map_err(failure)?
    .iter()
    .map(read)
    .collect()
}

/// Reads the [columns](columns!) of an upload, also out of a wider row.
pub(super) fn read(row: &SqliteRow) -> Result<Upload, CatalogError> {
    let state = match column(row, "state")? {
        "pending" => UploadState::Pending,
        "ready" => UploadState::Ready,
        "failed" => UploadState::Failed,
        "aborted" => UploadState::Aborted,
        _ => return Err(CatalogError::Damaged { place: "state" }),
    };
    let purpose = match column(row, "purpose")? {
        "file" => Purpose::File,
        "data source" => Purpose::DataSource,
        "job" => Purpose::Job,
        "schema file" => Purpose::SchemaFile,
        _ => return Err(CatalogError::Damaged { place: "purpose" }),
    };
    Ok(Upload {
        id: uuid(row, "upload_id")?,
        owner: identity(row)?,
        purpose,
        state,
        intake: intake(row)?,
        object_key: column(row, "object_key")?,
        content_type: column(row, "content_type")?,
        declared_size: size(row, "declared_size")?,
        not_after: timestamp(row, "not_after")?,
        failure: column(row, "failure")?,
    })
}

fn intake(row: &SqliteRow) -> Result<Intake, CatalogError> {
    let staging_key: Option<Box<str>> = column(row, "staging_key")?;
    let multipart_id: Option<Box<str>> = column(row, "multipart_id")?;
    match (staging_key, multipart_id, size(row, "part_size")?) {
        (Some(staging_key), None, None) => Ok(Intake::Single { staging_key }),
        (None, Some(upload_id), Some(part_size)) => Ok(Intake::Multipart { upload_id, part_size }),
        (None, None, None) => Ok(Intake::Direct),
        _ => Err(CatalogError::Damaged { place: "multipart_id" }),
    }
}

pub(super) async fn accept(
    connection: &mut SqliteConnection,
    id: Uuid,
    stored: &Stored,
    now: Timestamp,
) -> Result<Settled<Acceptance>, CatalogError> {
    let upload = find(&mut *connection, UploadRef::Id(id)).await?;
    let Some(upload) = upload else { return Ok(Settled::Closed) };
    match upload.state {
        UploadState::Pending => {
            make_ready(connection, &upload, stored, now).await?;
            Ok(Settled::Done(Acceptance::Now))
        }
        UploadState::Ready => Ok(Settled::Done(Acceptance::Before)),
        UploadState::Failed | UploadState::Aborted => {
            // The key was doomed before, but its bytes may have been put there since it was swept.
            objects::doom_object(connection, &upload, now).await?;
            Ok(Settled::Closed)
        }
    }
}

pub(super) async fn make_ready(
    connection: &mut SqliteConnection,
    upload: &Upload,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("UPDATE uploads SET state = 'ready' WHERE id = ?1")
        .bind(upload.id.as_bytes().as_slice())
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    objects::record(connection, upload, stored, now).await?;
    // The URL may still hold, and where freezing is a copy, the original is still there.
    objects::doom_staging(connection, upload, now).await
}

pub(super) async fn fail(
    connection: &mut SqliteConnection,
    id: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<Settled<()>, CatalogError> {
    let upload = find(&mut *connection, UploadRef::Id(id)).await?;
    let Some(upload) = upload else { return Ok(Settled::Closed) };
    match upload.state {
        UploadState::Pending => {
            make_failed(connection, &upload, reason, now).await?;
            Ok(Settled::Done(()))
        }
        UploadState::Ready => Ok(Settled::Closed),
        // As in `accept`: whoever calls may have put bytes there since it was swept.
        UploadState::Failed => {
            objects::doom_object(connection, &upload, now).await?;
            Ok(Settled::Done(()))
        }
        UploadState::Aborted => {
            objects::doom_object(connection, &upload, now).await?;
            Ok(Settled::Closed)
        }
    }
}

/// Whoever makes a ready one failed [removes](objects::remove) the record of its object.
pub(super) async fn make_failed(
    connection: &mut SqliteConnection,
    upload: &Upload,
    reason: &str,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("UPDATE uploads SET state = 'failed', failure = ?2 WHERE id = ?1")
        .bind(upload.id.as_bytes().as_slice())
        .bind(reason)
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    objects::doom_all(connection, upload, now).await
}

/// Aborts the upload of what was deleted, also a ready one, so that nobody can accept it again.
pub(super) async fn abort(connection: &mut SqliteConnection, id: Uuid) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE uploads SET state = 'aborted' WHERE id = ?1 AND state IN ('pending', 'ready')",
    )
    .bind(id.as_bytes().as_slice())
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}
