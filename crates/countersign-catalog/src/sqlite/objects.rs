//! Accepted objects, and the keys whose bytes are to go.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::rows::failure;
use crate::{CatalogError, Intake, Stored, Upload};

pub(super) async fn record(
    connection: &mut SqliteConnection,
    upload: &Upload,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let size = i64::try_from(stored.size).map_err(|_| CatalogError::OutOfRange)?;
    sqlx::query(
        "INSERT INTO objects (object_key, team_id, upload_id, size, etag, sha256, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(&*upload.object_key)
    .bind(upload.owner.team.as_i64())
    .bind(upload.id.as_bytes().as_slice())
    .bind(size)
    .bind(&*stored.etag)
    .bind(stored.sha256.as_ref().map(<[u8; 32]>::as_slice))
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

pub(super) async fn exists(readers: &SqlitePool, object_key: &str) -> Result<bool, CatalogError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM objects WHERE object_key = ?1)")
        .bind(object_key)
        .fetch_one(readers)
        .await
        .map_err(failure)
}

pub(super) async fn remove(
    connection: &mut SqliteConnection,
    upload: Uuid,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM objects WHERE upload_id = ?1")
        .bind(upload.as_bytes().as_slice())
        .execute(connection)
        .await
        .map_err(failure)?;
    Ok(())
}

/// Takes the object key of this upload off the doomed. `false`, where it is not among them, or is
/// due: somebody may be deleting its bytes.
pub(super) async fn spare(
    connection: &mut SqliteConnection,
    upload: &Upload,
    now: Timestamp,
) -> Result<bool, CatalogError> {
    let done = sqlx::query("DELETE FROM doomed_objects WHERE key = ?1 AND due_at > ?2")
        .bind(&*upload.object_key)
        .bind(now.unix_secs())
        .execute(connection)
        .await
        .map_err(failure)?;
    Ok(done.rows_affected() == 1)
}

/// Nobody but us ever puts bytes at an object key, so it is due at once.
pub(super) async fn doom_object(
    connection: &mut SqliteConnection,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), CatalogError> {
    doom(connection, &upload.object_key, now).await
}

pub(super) async fn doom_staging(
    connection: &mut SqliteConnection,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), CatalogError> {
    match &upload.intake {
        Intake::Single { staging_key } => {
            doom(connection, staging_key, upload.staging_due_at(now)).await
        }
        Intake::Multipart { .. } | Intake::Direct => Ok(()),
    }
}

/// The staging key as well, where there is one.
pub(super) async fn doom_all(
    connection: &mut SqliteConnection,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), CatalogError> {
    doom_staging(&mut *connection, upload, now).await?;
    doom_object(connection, upload, now).await
}

/// A key that is doomed already keeps its place, and the later due time counts.
pub(super) async fn doom(
    executor: impl Executor<'_, Database = Sqlite>,
    key: &str,
    due_at: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO doomed_objects (key, due_at) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET due_at = max(due_at, excluded.due_at)",
    )
    .bind(key)
    .bind(due_at.unix_secs())
    .execute(executor)
    .await
    .map_err(failure)?;
    Ok(())
}

pub(super) async fn doomed(
    readers: &SqlitePool,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Box<str>>, CatalogError> {
    sqlx::query_scalar("SELECT key FROM doomed_objects WHERE due_at <= ?2 ORDER BY id LIMIT ?1")
        .bind(i64::from(limit))
        .bind(now.unix_secs())
        .fetch_all(readers)
        .await
        .map_err(failure)
}

pub(super) async fn forget_doomed(
    executor: impl Executor<'_, Database = Sqlite>,
    key: &str,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM doomed_objects WHERE key = ?1")
        .bind(key)
        .execute(executor)
        .await
        .map_err(failure)?;
    Ok(())
}
