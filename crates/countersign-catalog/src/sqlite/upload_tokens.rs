//! Upload tokens.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::rows::{column, failure, identity, timestamp, uuid};
use crate::{CatalogError, NewUploadToken, TeamId, UploadToken};

/// One statement, without building it at run time.
macro_rules! select_tokens {
    ($rest:literal) => {
        concat!(
            "SELECT id, team_id, user_id, number, schema_id, not_after, created_at
             FROM upload_tokens ",
            $rest
        )
    };
}

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
    sqlx::query(select_tokens!("WHERE id = ?1"))
        .bind(id.as_bytes().as_slice())
        .fetch_optional(executor)
        .await
        .map_err(failure)?
        .map(|row| read(&row))
        .transpose()
}

pub(super) async fn numbered(
    readers: &SqlitePool,
    team: TeamId,
    number: i64,
) -> Result<Option<UploadToken>, CatalogError> {
    sqlx::query(select_tokens!("WHERE team_id = ?1 AND number = ?2"))
        .bind(team.as_i64())
        .bind(number)
        .fetch_optional(readers)
        .await
        .map_err(failure)?
        .map(|row| read(&row))
        .transpose()
}

fn read(row: &SqliteRow) -> Result<UploadToken, CatalogError> {
    Ok(UploadToken {
        id: uuid(row, "id")?,
        number: column(row, "number")?,
        owner: identity(row)?,
        schema: column(row, "schema_id")?,
        not_after: timestamp(row, "not_after")?,
        created_at: timestamp(row, "created_at")?,
    })
}
