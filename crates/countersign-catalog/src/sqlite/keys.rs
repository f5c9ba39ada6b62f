//! API keys and signing key pairs.

use countersign::Timestamp;
use sqlx::SqlitePool;

use super::rows::{column, failure, identity};
use crate::{AccessKey, ApiKeyHash, CatalogError, Identity, TeamId};

pub(super) async fn add_api_key(
    writer: &SqlitePool,
    hash: &ApiKeyHash,
    owner: &Identity,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO api_keys (hash, team_id, user_id, created_at) VALUES (?1, ?2, ?3, ?4)",
    )
    .bind(hash.as_bytes().as_slice())
    .bind(owner.team.as_i64())
    .bind(owner.user.as_str())
    .bind(now.unix_secs())
    .execute(writer)
    .await
    .map_err(failure)?;
    Ok(())
}

pub(super) async fn api_key_owner(
    readers: &SqlitePool,
    hash: &ApiKeyHash,
) -> Result<Option<Identity>, CatalogError> {
    sqlx::query("SELECT team_id, user_id FROM api_keys WHERE hash = ?1")
        .bind(hash.as_bytes().as_slice())
        .fetch_optional(readers)
        .await
        .map_err(failure)?
        .map(|row| identity(&row))
        .transpose()
}

pub(super) async fn has_api_keys(readers: &SqlitePool) -> Result<bool, CatalogError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM api_keys)")
        .fetch_one(readers)
        .await
        .map_err(failure)
}

pub(super) async fn add_access_key(
    writer: &SqlitePool,
    key: &AccessKey,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO access_keys (id, team_id, bucket, created_at) VALUES (?1, ?2, ?3, ?4)",
    )
    .bind(&*key.id)
    .bind(key.team.as_i64())
    .bind(&*key.bucket)
    .bind(now.unix_secs())
    .execute(writer)
    .await
    .map_err(failure)?;
    Ok(())
}

pub(super) async fn access_key(
    readers: &SqlitePool,
    id: &str,
) -> Result<Option<AccessKey>, CatalogError> {
    let row = sqlx::query("SELECT id, team_id, bucket FROM access_keys WHERE id = ?1")
        .bind(id)
        .fetch_optional(readers)
        .await
        .map_err(failure)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(AccessKey {
        id: column(&row, "id")?,
        team: TeamId::new(column(&row, "team_id")?),
        bucket: column(&row, "bucket")?,
    }))
}
