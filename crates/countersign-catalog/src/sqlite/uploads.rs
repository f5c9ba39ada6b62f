//! Uploads and their states.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    objects,
    rows::{column, failure, identity, timestamp},
};
use crate::{CatalogError, NewUpload, Stored, Upload, UploadState};

/// What became of a wish to settle an upload. Both are committed: a refusal may have doomed a key.
#[derive(Debug)]
pub(super) enum Settled {
    Done,
    Closed,
}

impl Settled {
    pub(super) fn into_result(self) -> Result<(), CatalogError> {
        match self {
            Self::Done => Ok(()),
            Self::Closed => Err(CatalogError::UploadClosed),
        }
    }
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewUpload,
    now: Timestamp,
) -> Result<Upload, CatalogError> {
    sqlx::query(
        "INSERT INTO uploads
             (id, team_id, user_id, state, staging_key, object_key, content_type, not_after,
              created_at)
         VALUES (?1, ?2, ?3, 'pending', ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(new.id.as_bytes().as_slice())
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(&*new.staging_key)
    .bind(&*new.object_key)
    .bind(&*new.content_type)
    .bind(new.not_after.unix_secs())
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    let NewUpload { id, owner, staging_key, object_key, content_type, not_after } = new.clone();
    let state = UploadState::Pending;
    Ok(Upload { id, owner, state, staging_key, object_key, content_type, not_after, failure: None })
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<Upload>, CatalogError> {
    sqlx::query(
        "SELECT id AS upload_id, team_id, user_id, state, staging_key, object_key, content_type,
                not_after, failure
         FROM uploads WHERE id = ?1",
    )
    .bind(id.as_bytes().as_slice())
    .fetch_optional(executor)
    .await
    .map_err(failure)?
    .map(|row| read(&row))
    .transpose()
}

/// Reads the columns of an upload, also out of a wider row.
pub(super) fn read(row: &SqliteRow) -> Result<Upload, CatalogError> {
    let id = Uuid::from_slice(column(row, "upload_id")?)
        .map_err(|_| CatalogError::Damaged { place: "upload_id" })?;
    let state = match column(row, "state")? {
        "pending" => UploadState::Pending,
        "ready" => UploadState::Ready,
        "failed" => UploadState::Failed,
        "aborted" => UploadState::Aborted,
        _ => return Err(CatalogError::Damaged { place: "state" }),
    };
    Ok(Upload {
        id,
        owner: identity(row)?,
        state,
        staging_key: column(row, "staging_key")?,
        object_key: column(row, "object_key")?,
        content_type: column(row, "content_type")?,
        not_after: timestamp(row, "not_after")?,
        failure: column(row, "failure")?,
    })
}

pub(super) async fn accept(
    connection: &mut SqliteConnection,
    id: Uuid,
    stored: &Stored,
    now: Timestamp,
) -> Result<Settled, CatalogError> {
    let Some(upload) = find(&mut *connection, id).await? else { return Ok(Settled::Closed) };
    match upload.state {
        UploadState::Pending => {
            sqlx::query("UPDATE uploads SET state = 'ready' WHERE id = ?1")
                .bind(id.as_bytes().as_slice())
                .execute(&mut *connection)
                .await
                .map_err(failure)?;
            objects::record(connection, &upload, stored, now).await?;
            // The URL may still hold, and where freezing is a copy, the original is still there.
            objects::doom_staging(connection, &upload, now).await?;
            Ok(Settled::Done)
        }
        UploadState::Ready => Ok(Settled::Done),
        UploadState::Failed | UploadState::Aborted => {
            // The key was doomed before, but its bytes may have been put there since it was swept.
            objects::doom_object(connection, &upload, now).await?;
            Ok(Settled::Closed)
        }
    }
}

pub(super) async fn fail(
    connection: &mut SqliteConnection,
    id: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<Settled, CatalogError> {
    let Some(upload) = find(&mut *connection, id).await? else { return Ok(Settled::Closed) };
    match upload.state {
        UploadState::Pending => {
            sqlx::query("UPDATE uploads SET state = 'failed', failure = ?2 WHERE id = ?1")
                .bind(id.as_bytes().as_slice())
                .bind(reason)
                .execute(&mut *connection)
                .await
                .map_err(failure)?;
            objects::doom_both(connection, &upload, now).await?;
            Ok(Settled::Done)
        }
        UploadState::Failed => Ok(Settled::Done),
        UploadState::Ready | UploadState::Aborted => Ok(Settled::Closed),
    }
}

/// Aborts the upload of a deleted file, also a ready one, so that nobody can accept it again.
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
