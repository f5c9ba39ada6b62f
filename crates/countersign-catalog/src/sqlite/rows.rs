//! What `SQLite` says, in the words of the catalog.

use countersign::Timestamp;
use sqlx::{
    Decode, Row as _, Sqlite, Type,
    error::{DatabaseError, ErrorKind},
    sqlite::SqliteRow,
};
use uuid::Uuid;

use crate::{CatalogError, Identity, Page, TeamId, UserId};

/// The index of the log is memory for all processes, so it lies on the disk, and found no room there.
const IOERR_SHMSIZE: u32 = 4_874;

/// The reason behind an error of the driver.
pub(super) fn failure(error: sqlx::Error) -> CatalogError {
    match error {
        sqlx::Error::Database(error) => database_failure(error),
        sqlx::Error::PoolTimedOut => CatalogError::Busy,
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            CatalogError::Full
        }
        error => CatalogError::Backend { source: error.into() },
    }
}

fn database_failure(error: Box<dyn DatabaseError>) -> CatalogError {
    match error.kind() {
        ErrorKind::UniqueViolation => return CatalogError::Conflict,
        ErrorKind::ForeignKeyViolation => return CatalogError::OwnerUnknown,
        ErrorKind::CheckViolation => return CatalogError::OutOfRange,
        _ => {}
    }
    // What the trigger says, word for word.
    if error.message() == "over quota" {
        return CatalogError::OverQuota;
    }
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    if code == Some(IOERR_SHMSIZE) {
        return CatalogError::Full;
    }
    // The low byte is the primary code: <https://sqlite.org/rescode.html>.
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => CatalogError::Busy,
        Some(11 | 26) => CatalogError::Damaged { place: "the file" },
        Some(13) => CatalogError::Full,
        Some(18) => CatalogError::OutOfRange,
        _ => CatalogError::Backend { source: sqlx::Error::Database(error).into() },
    }
}

/// A column as `T`.
pub(super) fn column<'r, T>(row: &'r SqliteRow, name: &'static str) -> Result<T, CatalogError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(name).map_err(|_| CatalogError::Damaged { place: name })
}

/// A column of whole seconds.
pub(super) fn timestamp(row: &SqliteRow, name: &'static str) -> Result<Timestamp, CatalogError> {
    Timestamp::from_unix_secs(column(row, name)?).map_err(|_| CatalogError::Damaged { place: name })
}

/// A column of whole seconds, or of nothing.
pub(super) fn optional_timestamp(
    row: &SqliteRow,
    name: &'static str,
) -> Result<Option<Timestamp>, CatalogError> {
    column::<Option<i64>>(row, name)?
        .map(Timestamp::from_unix_secs)
        .transpose()
        .map_err(|_| CatalogError::Damaged { place: name })
}

/// A column of sixteen bytes.
pub(super) fn uuid(row: &SqliteRow, name: &'static str) -> Result<Uuid, CatalogError> {
    Uuid::from_slice(column(row, name)?).map_err(|_| CatalogError::Damaged { place: name })
}

/// A column of sixteen bytes, or of nothing.
pub(super) fn optional_uuid(
    row: &SqliteRow,
    name: &'static str,
) -> Result<Option<Uuid>, CatalogError> {
    column::<Option<&[u8]>>(row, name)?
        .map(Uuid::from_slice)
        .transpose()
        .map_err(|_| CatalogError::Damaged { place: name })
}

/// A column of a size in bytes.
pub(super) fn size(row: &SqliteRow, name: &'static str) -> Result<Option<u64>, CatalogError> {
    column::<Option<i64>>(row, name)?
        .map(u64::try_from)
        .transpose()
        .map_err(|_| CatalogError::Damaged { place: name })
}

/// How long a whole list is.
pub(super) fn total(count: i64) -> Result<u64, CatalogError> {
    u64::try_from(count).map_err(|_| CatalogError::Damaged { place: "total" })
}

/// No list is that long, so the last offset that fits is as empty as any beyond it.
pub(super) fn offset(page: Page) -> i64 {
    i64::try_from(page.offset).unwrap_or(i64::MAX)
}

/// The columns `team_id` and `user_id`.
pub(super) fn identity(row: &SqliteRow) -> Result<Identity, CatalogError> {
    let user = UserId::new(column::<Box<str>>(row, "user_id")?)
        .map_err(|_| CatalogError::Damaged { place: "user_id" })?;
    Ok(Identity { team: TeamId::new(column(row, "team_id")?), user })
}
