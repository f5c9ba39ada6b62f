//! Files.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    objects,
    rows::{column, failure, offset, size, timestamp, total},
    uploads,
};
use crate::{CatalogError, File, FilePage, FileRef, NewFile, Page, Purpose, TeamId, Upload};

/// Even with a billion files, one collision is improbable and a second one does not happen.
const HASH_ID_ATTEMPTS_MAX: usize = 4;

/// One statement, without building it at run time: `?1` is the team.
macro_rules! select_files {
    ($rest:literal) => {
        concat!(
            "SELECT f.number, f.hash_id, f.name, f.created_at, o.size, ",
            uploads::columns!(),
            " FROM files f JOIN uploads u ON u.id = f.upload_id
                 LEFT JOIN objects o ON o.upload_id = f.upload_id
             WHERE f.team_id = ?1 ",
            $rest
        )
    };
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewFile,
    hash_ids: impl FnMut() -> Result<Box<str>, CatalogError>,
    now: Timestamp,
) -> Result<File, CatalogError> {
    let upload = uploads::add(&mut *connection, &new.upload, Purpose::File, now).await?;
    let number = next_number(connection, upload.owner.team).await?;
    let unnamed = Unnamed { number, name: &new.name, upload: &upload };
    let hash_id = insert(connection, &unnamed, hash_ids, now).await?;
    Ok(File { number, hash_id, name: new.name.clone(), upload, size: None, created_at: now })
}

/// Counts in the row of the team, not in its files: a deleted file keeps its number.
async fn next_number(connection: &mut SqliteConnection, team: TeamId) -> Result<i64, CatalogError> {
    sqlx::query_scalar(
        "UPDATE teams SET files_numbered = files_numbered + 1 WHERE id = ?1
         RETURNING files_numbered",
    )
    .bind(team.as_i64())
    .fetch_one(connection)
    .await
    .map_err(failure)
}

/// A file that has no hash id yet.
struct Unnamed<'a> {
    number: i64,
    name: &'a str,
    upload: &'a Upload,
}

/// Draws hash ids until one is free.
async fn insert(
    connection: &mut SqliteConnection,
    file: &Unnamed<'_>,
    mut hash_ids: impl FnMut() -> Result<Box<str>, CatalogError>,
    now: Timestamp,
) -> Result<Box<str>, CatalogError> {
    for _ in 0..HASH_ID_ATTEMPTS_MAX {
        let hash_id = hash_ids()?;
        let done = sqlx::query(
            "INSERT INTO files (team_id, number, hash_id, name, upload_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (hash_id) DO NOTHING",
        )
        .bind(file.upload.owner.team.as_i64())
        .bind(file.number)
        .bind(&*hash_id)
        .bind(file.name)
        .bind(file.upload.id.as_bytes().as_slice())
        .bind(now.unix_secs())
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
        if done.rows_affected() == 1 {
            return Ok(hash_id);
        }
    }
    Err(CatalogError::Conflict)
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    team: TeamId,
    file: FileRef<'_>,
) -> Result<Option<File>, CatalogError> {
    let query = match file {
        FileRef::Number(number) => {
            sqlx::query(select_files!("AND f.number = ?2")).bind(team.as_i64()).bind(number)
        }
        FileRef::HashId(hash_id) => {
            sqlx::query(select_files!("AND f.hash_id = ?2")).bind(team.as_i64()).bind(hash_id)
        }
    };
    let row = query.fetch_optional(executor).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn page(
    connection: &mut SqliteConnection,
    team: TeamId,
    page: Page,
) -> Result<FilePage, CatalogError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM files WHERE team_id = ?1")
        .bind(team.as_i64())
        .fetch_one(&mut *connection)
        .await
        .map_err(failure)?;
    let rows = sqlx::query(select_files!("ORDER BY f.number DESC LIMIT ?2 OFFSET ?3"))
        .bind(team.as_i64())
        .bind(i64::from(page.limit))
        .bind(offset(page))
        .fetch_all(connection)
        .await
        .map_err(failure)?;
    let files = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(FilePage { files, total: total(count)? })
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    team: TeamId,
    file: FileRef<'_>,
    now: Timestamp,
) -> Result<Option<File>, CatalogError> {
    let Some(file) = find(&mut *connection, team, file).await? else { return Ok(None) };
    sqlx::query("DELETE FROM files WHERE team_id = ?1 AND number = ?2")
        .bind(team.as_i64())
        .bind(file.number)
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    objects::remove(connection, file.upload.id).await?;
    uploads::abort(connection, file.upload.id).await?;
    objects::doom_all(connection, &file.upload, now).await?;
    Ok(Some(file))
}

fn read(row: &SqliteRow) -> Result<File, CatalogError> {
    Ok(File {
        number: column(row, "number")?,
        hash_id: column(row, "hash_id")?,
        name: column(row, "name")?,
        upload: uploads::read(row)?,
        size: size(row, "size")?,
        created_at: timestamp(row, "created_at")?,
    })
}
