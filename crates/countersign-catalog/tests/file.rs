//! The file: who may read it, how it is opened, what is in it after it was closed.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use countersign::Timestamp;
use countersign_catalog::{ApiKeyHash, Catalog, CatalogError, SqliteCatalog, TeamName, UserId};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

fn new_path() -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (directory.path().join("catalog.db"), directory)
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Writes something, and returns what reads it back.
async fn add_key(catalog: &SqliteCatalog) -> ApiKeyHash {
    let (team, user) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let owner = catalog.ensure_user(&team, &user, Timestamp::MIN).await.unwrap();
    let hash = ApiKeyHash::of("key");
    catalog.add_api_key(&hash, &owner, Timestamp::MIN).await.unwrap();
    hash
}

fn mode(path: &Path, suffix: &str) -> u32 {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    fs::metadata(name).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let (path, _directory) = new_path();
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    add_key(&catalog).await;
    for suffix in ["", "-wal", "-shm", "-reserve"] {
        assert_eq!(mode(&path, suffix), 0o600, "{suffix}");
    }
    // Whoever lets a group read it means it.
    catalog.close().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    SqliteCatalog::open(&path).await.unwrap();
    assert_eq!(mode(&path, ""), 0o640);
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let (path, _directory) = new_path();
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let hash = add_key(&catalog).await;
    catalog.close().await;
    let error = catalog.api_key_owner(&hash).await.unwrap_err();
    assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
    assert!(!path.with_extension("db-wal").exists(), "the log was written back");

    let again = SqliteCatalog::open(&path).await.unwrap();
    assert!(again.api_key_owner(&hash).await.unwrap().is_some());
    // The schema was not made a second time.
    let mut raw = raw(&path).await;
    let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
        .fetch_all(&mut raw)
        .await
        .unwrap();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn it_does_without_a_reserve_that_cannot_be_made() {
    let (path, _directory) = new_path();
    let reserve = path.with_extension("db-reserve");
    fs::create_dir(&reserve).unwrap();
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    add_key(&catalog).await;
    catalog.forget_doomed("any").await.unwrap();
    catalog.close().await;
    assert!(reserve.is_dir(), "what is not ours stays");
    // One that is there stays when the catalog is closed: the disk may be full when it is opened.
    fs::remove_dir(&reserve).unwrap();
    SqliteCatalog::open(&path).await.unwrap().close().await;
    assert!(reserve.is_file());
}

#[tokio::test]
async fn it_is_whole_when_it_was_not_closed() {
    let (path, _directory) = new_path();
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let hash = add_key(&catalog).await;
    // A copy at this moment is what a crash would leave.
    let (copy, _directory_of_copy) = new_path();
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        fs::copy(name(&path), name(&copy)).unwrap();
    }
    let copy = SqliteCatalog::open(&copy).await.unwrap();
    assert!(copy.api_key_owner(&hash).await.unwrap().is_some());
}

/// Opens the file while somebody else holds what `begin` locks for 300 ms.
async fn open_beside(path: &Path, begin: &'static [&'static str]) -> SqliteCatalog {
    let mut other = raw(path).await;
    for sql in begin {
        sqlx::query(*sql).fetch_all(&mut other).await.unwrap();
    }
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    };
    let (catalog, ()) = tokio::join!(SqliteCatalog::open(path), release);
    catalog.unwrap()
}

#[tokio::test]
async fn it_waits_for_whoever_else_opens_it() {
    // Before the log is switched on: a reader, and a writer.
    for begin in [&["BEGIN", "SELECT * FROM sqlite_schema"][..], &["BEGIN IMMEDIATE"]] {
        let (path, _directory) = new_path();
        sqlx::query("CREATE TABLE t (x)").execute(&mut raw(&path).await).await.unwrap();
        add_key(&open_beside(&path, begin).await).await;
    }
    // While the schema is made: with and without the first table of it.
    let migrations =
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
        checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
    for first in ["CREATE TABLE t (x)", migrations] {
        let (path, _directory) = new_path();
        let mut raw = raw(&path).await;
        sqlx::query("PRAGMA journal_mode = WAL").execute(&mut raw).await.unwrap();
        sqlx::query(first).execute(&mut raw).await.unwrap();
        add_key(&open_beside(&path, &["BEGIN IMMEDIATE"]).await).await;
    }
}

#[tokio::test]
async fn a_schema_that_cannot_be_finished_is_not_begun() {
    let (path, _directory) = new_path();
    let mut raw = raw(&path).await;
    sqlx::query("CREATE TABLE objects (x)").execute(&mut raw).await.unwrap();
    let error = SqliteCatalog::open(&path).await.unwrap_err();
    assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the store of the catalog failed");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&mut raw)
            .await
            .unwrap();
    assert_eq!(tables, ["objects"]);

    sqlx::query("DROP TABLE objects").execute(&mut raw).await.unwrap();
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    add_key(&catalog).await;
}

#[tokio::test]
async fn the_schema_of_a_newer_version_is_left_alone() {
    let (path, _directory) = new_path();
    SqliteCatalog::open(&path).await.unwrap().close().await;
    let mut raw = raw(&path).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    let error = SqliteCatalog::open(&path).await.unwrap_err();
    assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let (path, _directory) = new_path();
    let text = "date,amount\n".repeat(1_000);
    fs::write(&path, &text).unwrap();
    let error = SqliteCatalog::open(&path).await.unwrap_err();
    assert!(matches!(error, CatalogError::Damaged { place: "the file" }), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(!path.with_extension("db-reserve").exists());
}

#[tokio::test]
async fn a_path_that_cannot_be_made_is_an_error() {
    let (path, directory) = new_path();
    for wrong in [path.join("below"), directory.path().to_owned(), PathBuf::new()] {
        let error = SqliteCatalog::open(&wrong).await.unwrap_err();
        assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_name_with_the_signs_of_a_uri_is_a_name() {
    let (path, directory) = new_path();
    for name in ["a?mode=memory", "a%41#b", "'; DROP TABLE teams; --", "ü 🦀"] {
        let path = path.with_file_name(name);
        let catalog = SqliteCatalog::open(&path).await.unwrap();
        add_key(&catalog).await;
        assert!(path.exists(), "{name}");
    }
    assert!(directory.path().exists());
}
