//! What only the inside of the catalog shows.

use std::{cell::Cell, fs};

use sqlx::Connection as _;
use tempfile::TempDir;

use super::*;
use crate::{Intake, NewUpload};

const NOW: Timestamp = Timestamp::MIN;

async fn open() -> (SqliteCatalog, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await.unwrap();
    (catalog, directory)
}

async fn owner(catalog: &SqliteCatalog) -> Identity {
    let (team, user) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    catalog.ensure_user(&team, &user, NOW).await.unwrap()
}

fn new_file(owner: &Identity, name: &str) -> NewFile {
    let id = Uuid::new_v4();
    let upload = NewUpload {
        id,
        owner: owner.clone(),
        intake: Intake::Single { staging_key: format!("staging/{id}").into() },
        object_key: format!("objects/{id}").into(),
        content_type: "text/csv".into(),
        declared_size: None,
        not_after: NOW,
    };
    NewFile { name: name.into(), upload }
}

#[tokio::test]
async fn a_taken_hash_id_is_drawn_again_and_not_for_ever() {
    let (catalog, _directory) = open().await;
    let owner = owner(&catalog).await;
    let taken = catalog.add_file(&new_file(&owner, "a"), NOW).await.unwrap().hash_id;

    let draws = Cell::new(0);
    let taken_twice = || {
        draws.set(draws.get() + 1);
        Ok(if draws.get() < 3 { taken.clone() } else { "a234567892".into() })
    };
    let mut transaction = catalog.begin_write().await.unwrap();
    let file = files::add(&mut transaction, &new_file(&owner, "b"), taken_twice, NOW).await;
    transaction.commit().await.unwrap();
    assert_eq!((file.unwrap().hash_id.as_ref(), draws.get()), ("a234567892", 3));

    let mut transaction = catalog.begin_write().await.unwrap();
    let always_taken = || Ok(taken.clone());
    let file = files::add(&mut transaction, &new_file(&owner, "c"), always_taken, NOW).await;
    assert!(matches!(file, Err(CatalogError::Conflict)));
    drop(transaction);
    let third = catalog.add_file(&new_file(&owner, "d"), NOW).await.unwrap();
    assert_eq!(third.number, 3, "the attempt that was given up left no trace");
}

#[tokio::test]
async fn a_transaction_that_sqlite_rolled_back_itself_does_not_end_the_writer() {
    let (catalog, _directory) = open().await;
    let mut transaction = catalog.begin_write().await.unwrap();
    // Behind the back of sqlx, as SQLite does when the disk is full.
    sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    owner(&catalog).await;
}

#[tokio::test]
async fn a_full_disk_is_told_changes_nothing_and_passes() {
    let (catalog, _directory) = open().await;
    let owner = owner(&catalog).await;
    limit_pages(&catalog, 1).await;
    let name = "x".repeat(4_096);
    let mut added = 0;
    let error = loop {
        match catalog.add_file(&new_file(&owner, &name), NOW).await {
            Ok(_) => added += 1,
            Err(error) => break error,
        }
        assert!(added < 100, "the limit does not limit");
    };
    assert!(matches!(error, CatalogError::Full), "{error:?}");
    assert_eq!(error.to_string(), "the disk of the catalog is full");
    let page = Page { limit: 1, offset: 0 };
    assert_eq!(catalog.files(owner.team, page).await.unwrap().total, added);

    limit_pages(&catalog, 1_000_000).await;
    let next = catalog.add_file(&new_file(&owner, &name), NOW).await.unwrap();
    assert_eq!(u64::try_from(next.number).unwrap(), added + 1);
}

#[tokio::test]
async fn only_what_frees_space_takes_the_reserve() {
    let (catalog, directory) = open().await;
    let owner = owner(&catalog).await;
    // To doom its key takes a page.
    let mut new = new_file(&owner, "a");
    new.upload.object_key = "x".repeat(1_000).into();
    let file = catalog.add_file(&new, NOW).await.unwrap();
    // Its bytes are random: a new one is another one.
    let reserve = || fs::read(directory.path().join("catalog.db-reserve")).unwrap();
    let at_first = reserve();
    limit_pages(&catalog, 1).await;
    let mut doomed = 0;
    let error = loop {
        match catalog.doom(&format!("{doomed:01000}"), NOW).await {
            Ok(()) => doomed += 1,
            Err(error) => break error,
        }
        assert!(doomed < 100, "the limit does not limit");
    };
    assert!(matches!(error, CatalogError::Full), "{error:?}");
    assert!(reserve() == at_first);

    limit_pages(&catalog, 1).await;
    // The limit is one of the connection, and with the transaction that failed that has gone.
    let which = FileRef::Number(file.number);
    catalog.delete_file(owner.team, which, NOW).await.unwrap().unwrap();
    assert!(reserve() != at_first);
}

/// A limit below the present size is the present size.
async fn limit_pages(catalog: &SqliteCatalog, pages: i64) {
    let mut writer = catalog.writer.acquire().await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(sql).execute(&mut *writer).await.unwrap();
}

/// What the lists ask for, with the same conditions and the same order.
#[tokio::test]
async fn no_list_is_sorted_or_read_whole() {
    let (catalog, _directory) = open().await;
    for (plan, index) in [
        (
            "EXPLAIN QUERY PLAN SELECT d.name, c.name FROM datasets d
                 LEFT JOIN data_sources c ON c.dataset_id = d.id AND c.version = d.version
             WHERE d.team_id = 1 AND (NULL IS NULL OR instr(lower(d.name), lower(NULL)) > 0)
             ORDER BY d.number DESC LIMIT 1",
            "datasets_of_team (team_id=?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT c.name, c.kind FROM dataset_columns c
                 JOIN datasets d ON d.id = c.dataset_id
             WHERE d.team_id = 1 AND d.id = x'00' ORDER BY c.place",
            "(id=? AND team_id=?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT d.name, o.size, u.state
             FROM data_sources d JOIN uploads u ON u.id = d.upload_id
                 LEFT JOIN objects o ON o.upload_id = d.upload_id
             WHERE d.team_id = 1 AND d.dataset_id = x'00' AND (FALSE OR d.state IN ('ready', NULL))
             ORDER BY d.number DESC LIMIT 1",
            "data_sources_of_dataset (dataset_id=?)",
        ),
    ] {
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(plan).fetch_all(&catalog.readers).await.unwrap();
        let steps: Vec<_> = steps.into_iter().map(|(_, _, _, step)| step).collect();
        assert!(steps[0].ends_with(index), "{steps:?}");
        let is_whole = |step: &String| step.contains("SCAN") || step.contains("TEMP B-TREE");
        assert!(!steps.iter().any(is_whole), "{steps:?}");
    }
}

#[tokio::test]
async fn readers_cannot_write() {
    let (catalog, _directory) = open().await;
    let error = sqlx::query("DELETE FROM teams").execute(&catalog.readers).await.unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
}

#[tokio::test]
async fn every_connection_has_the_pragmas() {
    let (catalog, _directory) = open().await;
    for pool in [&catalog.writer, &catalog.readers] {
        let mut connection = pool.acquire().await.unwrap();
        for (pragma, expected) in [
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
            ("PRAGMA mmap_size", 0),
            ("PRAGMA wal_autocheckpoint", 256),
            ("PRAGMA busy_timeout", 10_000),
        ] {
            let found: Option<i64> =
                sqlx::query_scalar(pragma).fetch_optional(&mut *connection).await.unwrap();
            assert_eq!(found, Some(expected), "{pragma}");
        }
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
        assert_eq!(mode, "wal");
    }
}

#[tokio::test]
async fn somebody_else_who_holds_the_lock_for_too_long_is_busy() {
    let (catalog, directory) = open().await;
    let path = directory.path().join("catalog.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    // Nobody wants to wait for ten seconds.
    let mut writer = catalog.writer.acquire().await.unwrap();
    sqlx::query("PRAGMA busy_timeout = 10").execute(&mut *writer).await.unwrap();
    drop(writer);
    let user = UserId::new("ada").unwrap();
    let error = catalog.ensure_user(&TeamName::new("acme").unwrap(), &user, NOW).await.unwrap_err();
    assert!(matches!(error, CatalogError::Busy), "{error:?}");
    held.rollback().await.unwrap();
    owner(&catalog).await;
}
