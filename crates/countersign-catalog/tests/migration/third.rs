//! From the third version.

use std::path::Path;

use countersign_catalog::{
    Catalog, CatalogError, DataSourceFilter, DataSourceRef, DatasetChange, NewDataSource,
    SqliteCatalog, TargetDataset, TeamName, UserId,
};
use sqlx::{SqliteConnection, migrate::Migrator};
use uuid::Uuid;

use crate::{
    ALL, NOW, assert_sound, dump, first_migration, schema,
    second::{dumps, second_version},
    second_migration, strings, third_migration, upload_id,
};

/// Beside the records of the versions before: a job of the first dataset that is committed, with its
/// data source, and one that waits.
const RECORDS: &[&str] = &[
    "INSERT INTO uploads (id, team_id, user_id, state, staging_key, object_key, content_type,
                          not_after, created_at, purpose) VALUES
         (x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, 'ada', 'ready', 'sa1', 'oa1', 'x', 1, 2, 'job'),
         (x'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', 1, 'ada', 'pending', 'sa2', 'oa2', 'x', 1, 2, 'job')",
    "INSERT INTO objects VALUES
         ('oa1', 1, x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 9, 'e', zeroblob(32), 33)",
    "INSERT INTO jobs VALUES
         (x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'v.csv', 70, 71),
         (x'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'w.csv', 72,
          NULL)",
    "INSERT INTO data_sources VALUES
         (9, x'e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3', 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'v.csv',
          'ready', NULL, x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 73, 1)",
    "UPDATE datasets SET version = 1 WHERE number = 4",
];

const MORE_DUMPS: &[&str] = &[
    "SELECT 'job', quote(upload_id), team_id || quote(dataset_id), quote(name),
            created_at || quote(committed_at) FROM jobs",
    "SELECT 'version', quote(id), quote(version), 0, 0 FROM data_sources",
];

/// A file as the third version leaves it.
async fn third_version(path: &Path) -> SqliteConnection {
    let mut raw = second_version(path).await;
    let migrations = vec![first_migration(), second_migration(), third_migration()];
    Migrator::with_migrations(migrations).run(&mut raw).await.unwrap();
    for records in RECORDS {
        sqlx::query(*records).execute(&mut raw).await.unwrap();
    }
    raw
}

fn all_dumps() -> Vec<&'static str> {
    [&dumps(), MORE_DUMPS].concat()
}

#[tokio::test]
async fn every_row_is_unchanged_and_a_data_source_has_the_name_of_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = third_version(&path).await;
    let before = dump(&mut raw, &all_dumps()).await;
    drop(raw);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, ada) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let team = catalog.ensure_user(&acme, &ada, NOW).await.unwrap().team;
    let filter = DataSourceFilter { team, dataset: upload_id(0xd1), states: None };
    let sources = catalog.data_sources(filter, ALL).await.unwrap().data_sources;
    let names: Vec<_> = sources.iter().map(|source| (&*source.name, &*source.file_name)).collect();
    assert_eq!(names, ["v.csv", "b.csv", "a.csv"].map(|name| (name, name)));
    catalog.close().await;

    let mut raw = crate::raw(&path).await;
    assert_eq!(dump(&mut raw, &all_dumps()).await, before);
    let kept = "SELECT DISTINCT quote(file_name) FROM data_sources";
    assert_eq!(strings(&mut raw, kept).await, ["NULL"]);
    assert_sound(&mut raw).await;
}

#[tokio::test]
async fn it_has_the_schema_of_a_file_that_was_empty() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    drop(third_version(&old).await);
    for path in [&old, &new] {
        SqliteCatalog::open(path).await.unwrap().close().await;
    }
    assert_eq!(schema(&old).await, schema(&new).await);
}

#[tokio::test]
async fn a_migration_that_cannot_be_finished_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = third_version(&path).await;
    let (before, schema_before) = (dump(&mut raw, &all_dumps()).await, schema(&path).await);
    sqlx::query("CREATE INDEX jobs_of_dataset ON teams (name)").execute(&mut raw).await.unwrap();
    let error = SqliteCatalog::open(&path).await.unwrap_err();
    assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
    sqlx::query("DROP INDEX jobs_of_dataset").execute(&mut raw).await.unwrap();
    assert_eq!(schema(&path).await, schema_before);
    SqliteCatalog::open(&path).await.unwrap();
    assert_eq!(dump(&mut raw, &all_dumps()).await, before);
}

#[tokio::test]
async fn the_old_datasets_are_changed_and_deleted_as_new_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(third_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, ada) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let team = catalog.ensure_user(&acme, &ada, NOW).await.unwrap().team;
    let id = upload_id(0xd1);
    let new = NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(id),
        name: "Sales".into(),
        file_name: "c.csv".into(),
        upload: upload_id(0x88),
        failure: None,
    };
    let added = catalog.add_data_source(team, &new, NOW).await.unwrap();
    assert_eq!((&*added.name, &*added.file_name), ("Sales", "c.csv"));
    let change = DatasetChange { name: Some("new".into()), description: None };
    let changed = catalog.change_dataset(team, id, &change, NOW).await.unwrap().unwrap();
    assert_eq!((&*changed.name, changed.version), ("new", 1));

    let deleted = catalog.delete_dataset(team, id, NOW).await.unwrap().unwrap();
    let uploads: Vec<_> = deleted.uploads.iter().map(|upload| upload.id).collect();
    assert_eq!(uploads, [0x77, 0x88, 0x99, 0xa1, 0xa2].map(upload_id));
    for upload in [0x77, 0x88, 0x99, 0xa1] {
        let reference = DataSourceRef::Upload(upload_id(upload));
        assert_eq!(catalog.data_source(team, reference).await.unwrap(), None);
    }
    assert!(!catalog.object_exists("oa1").await.unwrap());
    catalog.close().await;
    assert_sound(&mut crate::raw(&path).await).await;
}
