//! From the second version.

use std::path::Path;

use countersign::Timestamp;
use countersign_catalog::{
    Catalog, CatalogError, CurrentVersion, DataSourceFilter, DataSourceRef, FileRef, Intake,
    NewDataSource, NewJob, NewSchemaFile, NewUploadToken, NewVersion, Schemas, Slug, SqliteCatalog,
    Stored, TargetDataset, TeamName, UserId,
};
use sqlx::{SqliteConnection, migrate::Migrator};
use uuid::Uuid;

use crate::{
    ALL, DUMPS, NOW, assert_sound, dump, first_migration, first_version, new_upload, schema,
    second_migration, strings, upload_id,
};

/// Beside the records of the first version: a dataset with a data source that is ready and one that
/// failed, and an upload that is ready and nobody's; and a dataset of the other team.
const RECORDS: &[&str] = &[
    "INSERT INTO uploads (id, team_id, user_id, state, staging_key, multipart_id, part_size,
                          object_key, content_type, declared_size, not_after, failure, created_at)
         VALUES
         (x'77777777777777777777777777777777', 1, 'ada', 'ready', NULL, 'm7', 5, 'o7', 'x', 9, 1, NULL, 2),
         (x'88888888888888888888888888888888', 1, 'eve', 'ready', NULL, NULL, NULL, 'o8', '', NULL,
          253402300799, NULL, 3),
         (x'99999999999999999999999999999999', 1, 'ada', 'failed', NULL, NULL, NULL, 'o9', 'x', 0, 4,
          'why', 5)",
    "INSERT INTO objects VALUES
         ('o7', 1, x'77777777777777777777777777777777', 9, 'e', zeroblob(32), 33),
         ('o8', 1, x'88888888888888888888888888888888', 8, '', NULL, 34)",
    "INSERT INTO datasets VALUES
         (4, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1, 'ada', 'nul' || char(0) || 'tail', '', 50),
         (9, x'd2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2', 7, 'ada', '007', 'all' || char(10) || 'of it', 51)",
    "INSERT INTO data_sources VALUES
         (3, x'e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1', 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'a.csv',
          'ready', NULL, x'77777777777777777777777777777777', 60),
         (8, x'e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2', 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'b.csv',
          'failed', 'why', x'99999999999999999999999999999999', 61)",
];

const MORE_DUMPS: &[&str] = &[
    "SELECT 'in parts', quote(id), quote(multipart_id), quote(part_size), quote(declared_size)
     FROM uploads",
    "SELECT 'dataset', number || '/' || quote(id), team_id || quote(user_id),
            hex(name) || typeof(name) || hex(description), created_at FROM datasets",
    "SELECT 'data source', number || '/' || quote(id), team_id || quote(dataset_id) || quote(name),
            state || quote(failure), quote(upload_id) || created_at FROM data_sources",
];

/// A file as the second version leaves it.
pub(crate) async fn second_version(path: &Path) -> SqliteConnection {
    let mut raw = first_version(path).await;
    let migrations = vec![first_migration(), second_migration()];
    Migrator::with_migrations(migrations).run(&mut raw).await.unwrap();
    for records in RECORDS {
        sqlx::query(*records).execute(&mut raw).await.unwrap();
    }
    raw
}

pub(crate) fn dumps() -> Vec<&'static str> {
    [DUMPS, MORE_DUMPS].concat()
}

#[tokio::test]
async fn every_row_is_unchanged_and_what_is_new_is_at_its_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = second_version(&path).await;
    let before = dump(&mut raw, &dumps()).await;
    assert_eq!(before.len(), 27 + 5 + 9 + 4);
    drop(raw);
    SqliteCatalog::open(&path).await.unwrap().close().await;

    let mut raw = crate::raw(&path).await;
    assert_eq!(dump(&mut raw, &dumps()).await, before);
    assert_sound(&mut raw).await;
    for (sql, expected) in [
        ("SELECT DISTINCT quote(version) FROM datasets", "0"),
        ("SELECT DISTINCT quote(version) FROM data_sources", "NULL"),
        ("SELECT DISTINCT quote(upload_tokens_numbered) FROM teams", "0"),
        (
            "SELECT lower(substr(hex(id), 1, 2)) FROM uploads WHERE purpose = 'file' ORDER BY 1",
            "11 22 33 55 66",
        ),
        (
            // Of the fourth only the upload was left, which nobody can have any more.
            "SELECT lower(substr(hex(id), 1, 2)) FROM uploads WHERE purpose = 'data source'
             ORDER BY 1",
            "44 77 88 99",
        ),
    ] {
        assert_eq!(strings(&mut raw, sql).await.join(" "), expected, "{sql}");
    }
}

#[tokio::test]
async fn it_has_the_schema_of_a_file_that_was_empty() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    drop(second_version(&old).await);
    for path in [&old, &new] {
        SqliteCatalog::open(path).await.unwrap().close().await;
    }
    assert_eq!(schema(&old).await, schema(&new).await);
}

#[tokio::test]
async fn a_migration_that_cannot_be_finished_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = second_version(&path).await;
    let (before, schema_before) = (dump(&mut raw, &dumps()).await, schema(&path).await);
    // In the way at the beginning, in the middle and at the end.
    for (make, drop) in [
        ("CREATE INDEX versions_of_dataset ON teams (name)", "DROP INDEX versions_of_dataset"),
        ("CREATE TABLE jobs (x)", "DROP TABLE jobs"),
        (
            "CREATE TRIGGER data_source_becomes_of_its_upload AFTER DELETE ON teams
             BEGIN SELECT 1; END",
            "DROP TRIGGER data_source_becomes_of_its_upload",
        ),
    ] {
        sqlx::query(make).execute(&mut raw).await.unwrap();
        let error = SqliteCatalog::open(&path).await.unwrap_err();
        assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
        assert_eq!(dump(&mut raw, &dumps()).await, before);
        sqlx::query(drop).execute(&mut raw).await.unwrap();
        assert_eq!(schema(&path).await, schema_before);
    }
    SqliteCatalog::open(&path).await.unwrap();
    assert_eq!(dump(&mut raw, &dumps()).await, before);
}

#[tokio::test]
async fn the_old_records_are_used_as_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(second_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, ada) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let team = catalog.ensure_user(&acme, &ada, NOW).await.unwrap().team;
    let dataset = catalog.dataset(team, upload_id(0xd1)).await.unwrap().unwrap();
    assert_eq!((&*dataset.name, dataset.version, &dataset.current), ("nul\0tail", 0, &None));
    assert!(catalog.columns(dataset.owner.team, dataset.id).await.unwrap().is_empty());
    assert_eq!(catalog.datasets(team, Some("TAIL"), ALL).await.unwrap().datasets, [dataset]);
    let filter = DataSourceFilter { team, dataset: upload_id(0xd1), states: None };
    let sources = catalog.data_sources(filter, ALL).await.unwrap().data_sources;
    let found: Vec<_> =
        sources.iter().map(|source| (source.id, source.version, source.size)).collect();
    assert_eq!(found, [(upload_id(0xe2), None, None), (upload_id(0xe1), None, Some(9))]);

    let new = |upload| NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(upload_id(0xd1)),
        name: "c.csv".into(),
        file_name: "c.csv".into(),
        upload,
        failure: None,
    };
    // Whoever had an upload has it still.
    for taken in [0x11, 0x22, 0x33, 0x77, 0x99] {
        let refused = catalog.add_data_source(team, &new(upload_id(taken)), NOW).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{taken:x}: {refused:?}");
    }
    let closed = catalog.add_data_source(team, &new(upload_id(0x44)), NOW).await;
    assert!(matches!(closed, Err(CatalogError::UploadClosed)), "{closed:?}");
    catalog.add_data_source(team, &new(upload_id(0x88)), NOW).await.unwrap();
    for upload in [0x77, 0x88, 0x99] {
        let reference = DataSourceRef::Upload(upload_id(upload));
        catalog.delete_data_source(team, reference, NOW).await.unwrap().unwrap();
    }
    assert!(catalog.delete_file(team, FileRef::Number(1), NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn the_new_records_stand_beside_the_old_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(second_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, eve) = (TeamName::new("acme").unwrap(), UserId::new("eve").unwrap());
    let eve = catalog.ensure_user(&acme, &eve, NOW).await.unwrap();
    let stored = Stored { size: 3, etag: "e".into(), sha256: None };

    let dataset = Some(upload_id(0xd1));
    let upload = new_upload(&eve, Intake::Direct);
    let new = NewJob { dataset, name: "c.csv".into(), upload };
    let job = catalog.add_job(&new, NOW).await.unwrap();
    catalog.accept_upload(job.upload.id, &stored, NOW).await.unwrap();
    let version = NewVersion { data_source: Uuid::new_v4(), dataset: None };
    catalog.commit_job(eve.team, job.upload.id, &version, NOW).await.unwrap();
    let dataset = catalog.dataset(eve.team, upload_id(0xd1)).await.unwrap().unwrap();
    let current = CurrentVersion { name: "c.csv".into(), created_at: NOW };
    assert_eq!((dataset.version, dataset.current), (1, Some(current)));
    let of_others = NewJob {
        dataset: Some(upload_id(0xd2)),
        name: "c.csv".into(),
        upload: new_upload(&eve, Intake::Direct),
    };
    let refused = catalog.add_job(&of_others, NOW).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");

    let schema = catalog.schema(eve.team, &Slug::new("sales").unwrap()).await.unwrap().unwrap();
    assert_eq!(schema.id, 3);
    let (id, owner, not_after) = (Uuid::new_v4(), eve.clone(), NOW);
    let token = NewUploadToken { id, owner, schema: schema.id, not_after };
    assert_eq!(catalog.add_upload_token(&token, NOW).await.unwrap().number, 1);
    let upload = new_upload(&eve, Intake::Direct);
    catalog.doom(&upload.object_key, Timestamp::MAX).await.unwrap();
    let new = NewSchemaFile { token: id, name: "d.csv".into(), upload };
    catalog.add_schema_file(&new, &stored, NOW).await.unwrap();
    assert!(catalog.has_schema_file(schema.id, "d.csv").await.unwrap());
    catalog.close().await;
    assert_sound(&mut crate::raw(&path).await).await;
}
