//! Schema files.

use countersign::Timestamp;
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::{
    rows::{column, failure, offset, size, timestamp, total},
    upload_tokens, uploads,
};
use crate::{
    CatalogError, NewSchemaFile, Page, Purpose, SchemaFile, SchemaFileFilter, SchemaFileOrder,
    SchemaFilePage, Stored,
};

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

/// `?1` is the schema, `?2` what to search for, as in a list of datasets, `?3` and `?4` from when on
/// and before when.
macro_rules! listed {
    () => {
        "WHERE f.schema_id = ?1 AND (?2 IS NULL OR instr(lower(f.name), lower(?2)) > 0)
             AND (?3 IS NULL OR f.created_at >= ?3) AND (?4 IS NULL OR f.created_at < ?4) "
    };
}

/// One statement, without building it at run time.
macro_rules! select_files {
    ($order:literal) => {
        concat!(
            "SELECT f.schema_id, f.name, f.created_at, o.size, ",
            uploads::columns!(),
            " FROM schema_files f JOIN uploads u ON u.id = f.upload_id
                 JOIN objects o ON o.upload_id = f.upload_id ",
            listed!(),
            "ORDER BY ",
            $order,
            " LIMIT ?5 OFFSET ?6"
        )
    };
}

pub(super) async fn page(
    connection: &mut SqliteConnection,
    filter: SchemaFileFilter<'_>,
    page: Page,
) -> Result<SchemaFilePage, CatalogError> {
    let (from, before) = (filter.created_from, filter.created_before);
    let (from, before) = (from.map(Timestamp::unix_secs), before.map(Timestamp::unix_secs));
    let count = sqlx::query_scalar(concat!("SELECT count(*) FROM schema_files f ", listed!()))
        .bind(filter.schema)
        .bind(filter.search)
        .bind(from)
        .bind(before)
        .fetch_one(&mut *connection)
        .await
        .map_err(failure)?;
    let select = match filter.order {
        SchemaFileOrder::Newest => select_files!("f.created_at DESC, f.name DESC"),
        SchemaFileOrder::Oldest => select_files!("f.created_at, f.name"),
        SchemaFileOrder::Largest => select_files!("o.size DESC, f.name DESC"),
        SchemaFileOrder::Smallest => select_files!("o.size, f.name"),
    };
    let rows = sqlx::query(select)
        .bind(filter.schema)
        .bind(filter.search)
        .bind(from)
        .bind(before)
        .bind(i64::from(page.limit))
        .bind(offset(page))
        .fetch_all(connection)
        .await
        .map_err(failure)?;
    let files = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(SchemaFilePage { files, total: total(count)? })
}

fn read(row: &SqliteRow) -> Result<SchemaFile, CatalogError> {
    Ok(SchemaFile {
        schema: column(row, "schema_id")?,
        name: column(row, "name")?,
        upload: uploads::read(row)?,
        size: size(row, "size")?.ok_or(CatalogError::Damaged { place: "size" })?,
        created_at: timestamp(row, "created_at")?,
    })
}
