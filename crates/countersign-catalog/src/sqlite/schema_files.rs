//! Schema files.

use countersign::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::{rows::failure, upload_tokens, uploads};
use crate::{CatalogError, NewSchemaFile, Purpose, SchemaFile, Stored};

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewSchemaFile,
    stored: &Stored,
    now: Timestamp,
) -> Result<SchemaFile, CatalogError> {
    let token = upload_tokens::find(&mut *connection, new.token).await?;
    let token = token.filter(|token| token.owner.team == new.upload.owner.team);
    let token = token.ok_or(CatalogError::OwnerUnknown)?;
    let (purpose, upload) = (Purpose::SchemaFile, &new.upload);
    let upload = uploads::add_stored(connection, upload, purpose, stored, now).await?;
    sqlx::query(
        "INSERT INTO schema_files (schema_id, name, team_id, token_id, upload_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(token.schema)
    .bind(&*new.name)
    .bind(token.owner.team.as_i64())
    .bind(token.id.as_bytes().as_slice())
    .bind(upload.id.as_bytes().as_slice())
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    let (schema, name, size) = (token.schema, new.name.clone(), stored.size);
    Ok(SchemaFile { schema, name, upload, size, created_at: now })
}

pub(super) async fn exists(
    readers: &SqlitePool,
    schema: i64,
    name: &str,
) -> Result<bool, CatalogError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM schema_files WHERE schema_id = ?1 AND name = ?2)",
    )
    .bind(schema)
    .bind(name)
    .fetch_one(readers)
    .await
    .map_err(failure)
}
