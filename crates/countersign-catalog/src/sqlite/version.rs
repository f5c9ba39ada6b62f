//! Which `SQLite` is new enough.

use sqlx::{Connection, SqliteConnection};

use super::rows::failure;
use crate::CatalogError;

/// From here on a checkpoint and a commit at the same moment lose nothing: the "WAL-reset bug" of
/// all versions since 3.7.0, <https://sqlite.org/wal.html#walresetbug>.
const OLDEST: [u32; 3] = [3, 51, 3];

/// Asks the library for its version, without opening any file.
pub(super) async fn check() -> Result<(), CatalogError> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.map_err(failure)?;
    let found: Box<str> = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut connection)
        .await
        .map_err(failure)?;
    connection.close().await.map_err(failure)?;
    require(&found)
}

fn require(found: &str) -> Result<(), CatalogError> {
    match parse(found) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => Err(CatalogError::SqliteTooOld { found: found.into() }),
    }
}

fn parse(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.splitn(3, '.').map(str::parse);
    Some([parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for new_enough in ["3.51.3", "3.51.10", "3.52.0", "3.100.0", "4.0.0"] {
            assert!(require(new_enough).is_ok(), "{new_enough}");
        }
        for wrong in ["3.51.2", "3.9.99", "2.99.99", "3.51", "", "3.51.3.1", "3.51.x", "newest"] {
            let error = require(wrong).unwrap_err();
            let CatalogError::SqliteTooOld { found } = error else { panic!("{error}") };
            assert_eq!(*found, *wrong);
        }
    }
}
