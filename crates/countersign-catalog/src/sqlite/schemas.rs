//! Schemas.

use countersign::Timestamp;
use sqlx::SqlitePool;

use super::rows::{column, failure};
use crate::{CatalogError, Schema, Slug, TeamId};

pub(super) async fn add(
    writer: &SqlitePool,
    team: TeamId,
    slug: &Slug,
    now: Timestamp,
) -> Result<Schema, CatalogError> {
    let done = sqlx::query("INSERT INTO schemas (team_id, slug, created_at) VALUES (?1, ?2, ?3)")
        .bind(team.as_i64())
        .bind(slug.as_str())
        .bind(now.unix_secs())
        .execute(writer)
        .await
        .map_err(failure)?;
    Ok(Schema { id: done.last_insert_rowid(), team, slug: slug.clone() })
}

pub(super) async fn find(
    readers: &SqlitePool,
    team: TeamId,
    slug: &Slug,
) -> Result<Option<Schema>, CatalogError> {
    let row = sqlx::query("SELECT id FROM schemas WHERE team_id = ?1 AND slug = ?2")
        .bind(team.as_i64())
        .bind(slug.as_str())
        .fetch_optional(readers)
        .await
        .map_err(failure)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Schema { id: column(&row, "id")?, team, slug: slug.clone() }))
}
