//! Schemas.

use countersign::Timestamp;
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::rows::{column, failure, offset, timestamp, total};
use crate::{CatalogError, Page, Schema, SchemaPage, Slug, TeamId};

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
    let id = done.last_insert_rowid();
    Ok(Schema { id, team, slug: slug.clone(), created_at: now })
}

pub(super) async fn find(
    readers: &SqlitePool,
    team: TeamId,
    slug: &Slug,
) -> Result<Option<Schema>, CatalogError> {
    sqlx::query(
        "SELECT id, team_id, slug, created_at FROM schemas WHERE team_id = ?1 AND slug = ?2",
    )
    .bind(team.as_i64())
    .bind(slug.as_str())
    .fetch_optional(readers)
    .await
    .map_err(failure)?
    .map(|row| read(&row))
    .transpose()
}

pub(super) async fn page(
    connection: &mut SqliteConnection,
    team: TeamId,
    page: Page,
) -> Result<SchemaPage, CatalogError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM schemas WHERE team_id = ?1")
        .bind(team.as_i64())
        .fetch_one(&mut *connection)
        .await
        .map_err(failure)?;
    let rows = sqlx::query(
        "SELECT id, team_id, slug, created_at FROM schemas WHERE team_id = ?1
         ORDER BY slug LIMIT ?2 OFFSET ?3",
    )
    .bind(team.as_i64())
    .bind(i64::from(page.limit))
    .bind(offset(page))
    .fetch_all(connection)
    .await
    .map_err(failure)?;
    let schemas = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(SchemaPage { schemas, total: total(count)? })
}

fn read(row: &SqliteRow) -> Result<Schema, CatalogError> {
    let slug = Slug::new(column::<Box<str>>(row, "slug")?)
        .map_err(|_| CatalogError::Damaged { place: "slug" })?;
    Ok(Schema {
        id: column(row, "id")?,
        team: TeamId::new(column(row, "team_id")?),
        slug,
        created_at: timestamp(row, "created_at")?,
    })
}
