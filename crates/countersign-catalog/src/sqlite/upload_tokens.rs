//! Upload tokens.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::rows::{column, failure, identity, timestamp, uuid};
use crate::{CatalogError, NewUploadToken, TeamId, UploadToken};

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewUploadToken,
    now: Timestamp,
) -> Result<UploadToken, CatalogError> {
    let number = next_number(connection, new.owner.team).await?;
    sqlx::query(
        "INSERT INTO upload_tokens
             (id, team_id, user_id, number, schema_id, not_after, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(new.id.as_bytes().as_slice())
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(number)
    .bind(new.schema)
    .bind(new.not_after.unix_secs())
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    let NewUploadToken { id, owner, schema, not_after } = new.clone();
    Ok(UploadToken { id, number, owner, schema, not_after, created_at: now })
}

/// Counts in the row of the team, as the numbers of files do.
async fn next_number(connection: &mut SqliteConnection, team: TeamId) -> Result<i64, CatalogError> {
    let number = sqlx::query_scalar(
        "UPDATE teams SET upload_tokens_numbered = upload_tokens_numbered + 1 WHERE id = ?1
         RETURNING upload_tokens_numbered",
    )
    .bind(team.as_i64())
    .fetch_optional(connection)
    .await
    .map_err(failure)?;
    number.ok_or(CatalogError::OwnerUnknown)
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<UploadToken>, CatalogError> {
    let row = sqlx::query(
        "SELECT id, team_id, user_id, number, schema_id, not_after, created_at
         FROM upload_tokens WHERE id = ?1",
    )
    .bind(id.as_bytes().as_slice())
    .fetch_optional(executor)
    .await
    .map_err(failure)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(UploadToken {
        id: uuid(&row, "id")?,
        number: column(&row, "number")?,
        owner: identity(&row)?,
        schema: column(&row, "schema_id")?,
        not_after: timestamp(&row, "not_after")?,
        created_at: timestamp(&row, "created_at")?,
    }))
}
