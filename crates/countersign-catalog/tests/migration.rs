//! What the first version of the schema holds is there after the second.

use std::{fmt::Write as _, path::Path};

use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, CatalogError, DataSourceFilter, DataSourceRef, FileRef,
    Identity, Intake, NewDataSource, NewDataset, NewFile, NewUpload, Page, Slug, SqliteCatalog,
    Stored, TargetDataset, TeamId, TeamName, UploadRef, UploadState, UserId,
};
use sqlx::{
    AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};
use uuid::Uuid;

const NOW: Timestamp = match Timestamp::from_unix_secs(1_369_353_600) {
    Ok(now) => now,
    Err(_) => panic!("the year is 2013"),
};
const ALL: Page = Page { limit: 100, offset: 0 };

/// Two teams with files in every state: pending (2), ready (1 and 5), failed (3), and of 4 only the
/// aborted upload is left. Ids and keys have gaps, and texts have what texts may have.
const RECORDS: &[&str] = &[
    "INSERT INTO teams VALUES (1, 'acme', 5, 10), (7, 'O''Brien 🦀', 1, 11)",
    "INSERT INTO users VALUES (1, 'ada', 12), (1, 'eve', 13), (7, 'ada', -62135596800)",
    "INSERT INTO api_keys VALUES (randomblob(32), 1, 'ada', 14), (randomblob(32), 7, 'ada', 15)",
    "INSERT INTO access_keys VALUES ('CSAK1', 1, 'uploads', 16)",
    "INSERT INTO schemas VALUES (3, 1, 'sales', 17), (9, 7, 'sales', 18)",
    "INSERT INTO uploads (rowid, id, team_id, user_id, state, staging_key, object_key, content_type,
                          not_after, failure, created_at) VALUES
         (40, x'11111111111111111111111111111111', 1, 'ada', 'ready', 's1', 'o1', 'text/csv', 1, NULL, 2),
         (30, x'22222222222222222222222222222222', 1, 'eve', 'pending', 's2', 'o2', '', 253402300799,
          NULL, -62135596800),
         (20, x'33333333333333333333333333333333', 1, 'ada', 'failed', 's3', 'o3', 'a' || char(0) || 'b',
          3, '', 4),
         (10, x'44444444444444444444444444444444', 1, 'ada', 'aborted', 's4', 'o4', 'x', 5, NULL, 6),
         (5, x'55555555555555555555555555555555', 1, 'ada', 'ready', 's5', 'o5', 'x', 7, NULL, 8),
         (50, x'66666666666666666666666666666666', 7, 'ada', 'ready', 'NULL', '123', 'x', 9, NULL, 1)",
    "INSERT INTO files VALUES
         (1, 1, 'abcdefghjk', 'sales.csv', x'11111111111111111111111111111111', 20),
         (1, 2, 'bbcdefghjk', '', x'22222222222222222222222222222222', 21),
         (1, 3, 'cbcdefghjk', 'nul' || char(0) || 'tail', x'33333333333333333333333333333333', 22),
         (1, 5, 'dbcdefghjk', '007', x'55555555555555555555555555555555', 23),
         (7, 1, 'ebcdefghjk', '''; DROP TABLE files; --', x'66666666666666666666666666666666', 24)",
    "INSERT INTO objects VALUES
         ('o1', 1, x'11111111111111111111111111111111', 0, '', NULL, 30),
         ('o5', 1, x'55555555555555555555555555555555', 9223372036854775807, '1e5', zeroblob(32), 31),
         ('123', 7, x'66666666666666666666666666666666', 6, '\"e\"', randomblob(32), 32)",
    "INSERT INTO doomed_objects VALUES (3, 's1', 40), (8, 'o4', 41), (9, 's4', 253402300799)",
];

/// One row of text for each row of a table, so that types and values are compared.
const DUMPS: &[&str] = &[
    "SELECT 'team', id, quote(name), files_numbered, created_at FROM teams",
    "SELECT 'user', team_id, quote(user_id), created_at, 0 FROM users",
    "SELECT 'api key', quote(hash), team_id, quote(user_id), created_at FROM api_keys",
    "SELECT 'access key', quote(id), team_id, quote(bucket), created_at FROM access_keys",
    "SELECT 'schema', id, team_id, quote(slug), created_at FROM schemas",
    "SELECT 'upload', quote(id) || team_id || quote(user_id) || quote(state),
            quote(staging_key) || quote(object_key), hex(content_type) || typeof(content_type),
            quote(not_after) || quote(failure) || quote(created_at) FROM uploads",
    "SELECT 'file', team_id || '/' || number, quote(hash_id) || hex(name) || typeof(name),
            quote(upload_id), created_at FROM files",
    "SELECT 'object', quote(object_key) || team_id, quote(upload_id), size || typeof(size),
            quote(etag) || quote(sha256) || created_at FROM objects",
    "SELECT 'doomed', id, quote(key), due_at, 0 FROM doomed_objects",
];

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options.foreign_keys(true)).await.unwrap()
}

fn first_migration() -> Migration {
    let sql = include_str!("../migrations/0001_records.sql").into_sql_str();
    Migration::new(1, "records".into(), MigrationType::Simple, sql, false)
}

/// A file as the first version leaves it.
async fn first_version(path: &Path) -> SqliteConnection {
    let mut raw = raw(path).await;
    Migrator::with_migrations(vec![first_migration()]).run(&mut raw).await.unwrap();
    for records in RECORDS {
        sqlx::query(*records).execute(&mut raw).await.unwrap();
    }
    raw
}

async fn dump(raw: &mut SqliteConnection) -> Vec<[String; 5]> {
    let mut rows = vec![];
    for select in DUMPS {
        let sql = format!(
            "WITH t(a, b, c, d, e) AS ({select})
             SELECT a, CAST(b AS TEXT), CAST(c AS TEXT), CAST(d AS TEXT), CAST(e AS TEXT) FROM t
             ORDER BY 2, 3"
        );
        let found: Vec<(String, String, String, String, String)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *raw).await.unwrap();
        assert!(!found.is_empty(), "{select}");
        rows.extend(found.into_iter().map(|(a, b, c, d, e)| [a, b, c, d, e]));
    }
    rows
}

async fn strings(raw: &mut SqliteConnection, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(raw).await.unwrap()
}

#[test]
fn the_first_migration_is_the_one_that_was_deployed() {
    let mut checksum = String::new();
    for byte in &*first_migration().checksum {
        write!(checksum, "{byte:02x}").unwrap();
    }
    assert_eq!(
        checksum,
        "96c568d46d66c1ce40aa350a328168cb18914ab02bb259eb51cee679af91912d5ad2d15208557852c735d855d4170e05"
    );
}

#[tokio::test]
async fn every_row_is_unchanged_and_every_key_points_where_it_did() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = first_version(&path).await;
    let before = dump(&mut raw).await;
    assert_eq!(before.len(), 27);
    drop(raw);
    SqliteCatalog::open(&path).await.unwrap().close().await;

    let mut raw = self::raw(&path).await;
    assert_eq!(dump(&mut raw).await, before);
    let singles: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM uploads
         WHERE coalesce(multipart_id, part_size, declared_size) IS NULL AND staging_key NOT NULL",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert_eq!(singles, 6);
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut raw).await.unwrap();
    assert!(dangling.is_empty());
    assert_eq!(strings(&mut raw, "PRAGMA integrity_check").await, ["ok"]);
    for (sql, expected) in [
        (
            r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('files') ORDER BY 1"#,
            "teams uploads",
        ),
        (r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('objects')"#, "uploads"),
        (r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('uploads')"#, "users"),
        (
            r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('data_sources') ORDER BY 1"#,
            "datasets uploads",
        ),
    ] {
        assert_eq!(strings(&mut raw, sql).await.join(" "), expected, "{sql}");
    }
    let left_over =
        "SELECT name FROM sqlite_schema WHERE name LIKE 'kept%' OR sql LIKE '%new_uploads%'
         OR sql LIKE '%kept_%'";
    assert!(strings(&mut raw, left_over).await.is_empty());
}

#[tokio::test]
async fn a_file_that_was_empty_and_one_that_was_not_have_one_schema() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    drop(first_version(&old).await);
    let mut schemas = vec![];
    for path in [old, new] {
        SqliteCatalog::open(&path).await.unwrap().close().await;
        let sql = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name";
        schemas.push(strings(&mut raw(&path).await, sql).await);
    }
    assert_eq!(schemas[0], schemas[1]);
}

#[tokio::test]
async fn a_migration_that_cannot_be_finished_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = first_version(&path).await;
    let before = dump(&mut raw).await;
    // In the way at the beginning, in the middle and at the end.
    for (make, drop) in [
        ("CREATE TABLE kept_files (x)", "DROP TABLE kept_files"),
        ("CREATE TABLE datasets (x)", "DROP TABLE datasets"),
        (
            "CREATE TRIGGER file_becomes_no_data_sources AFTER DELETE ON teams BEGIN SELECT 1; END",
            "DROP TRIGGER file_becomes_no_data_sources",
        ),
    ] {
        sqlx::query(make).execute(&mut raw).await.unwrap();
        let error = SqliteCatalog::open(&path).await.unwrap_err();
        assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
        assert_eq!(dump(&mut raw).await, before);
        let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
            .fetch_all(&mut raw)
            .await
            .unwrap();
        assert_eq!(versions, [1]);
        sqlx::query(drop).execute(&mut raw).await.unwrap();
    }
    SqliteCatalog::open(&path).await.unwrap();
    assert_eq!(dump(&mut raw).await, before);
}

fn upload_id(byte: u8) -> Uuid {
    Uuid::from_bytes([byte; 16])
}

fn new_upload(owner: &Identity, intake: Intake) -> NewUpload {
    let id = Uuid::new_v4();
    NewUpload {
        id,
        owner: owner.clone(),
        intake,
        object_key: id.to_string().into(),
        content_type: "text/csv".into(),
        declared_size: Some(7),
        not_after: NOW,
    }
}

#[tokio::test]
async fn the_old_records_are_used_as_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(first_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, ada) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let ada = catalog.ensure_user(&acme, &ada, NOW).await.unwrap();
    assert_eq!((ada.team, catalog.team(&acme).await.unwrap()), (TeamId::new(1), Some(ada.team)));
    assert!(catalog.has_user(&ada).await.unwrap() && catalog.has_api_keys().await.unwrap());
    assert!(catalog.access_key("CSAK1").await.unwrap().is_some());
    let again = catalog.add_schema(ada.team, &Slug::new("sales").unwrap(), NOW).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");

    let page = catalog.files(ada.team, ALL).await.unwrap();
    let found: Vec<_> =
        page.files.iter().map(|file| (file.number, file.upload.state, file.size)).collect();
    let expected = [
        (5, UploadState::Ready, Some(i64::MAX.unsigned_abs())),
        (3, UploadState::Failed, None),
        (2, UploadState::Pending, None),
        (1, UploadState::Ready, Some(0)),
    ];
    assert_eq!(found, expected);
    let single = Intake::Single { staging_key: "s2".into() };
    assert_eq!((&page.files[2].upload.intake, page.files[2].upload.declared_size), (&single, None));
    let found = catalog.upload(UploadRef::ObjectKey("o4")).await.unwrap().unwrap();
    assert_eq!((found.id, found.state), (upload_id(0x44), UploadState::Aborted));

    let stored = Stored { size: 3, etag: "e".into(), sha256: None };
    catalog.accept_upload(upload_id(0x22), &stored, NOW).await.unwrap();
    let closed = catalog.accept_upload(upload_id(0x33), &stored, NOW).await;
    assert!(matches!(closed, Err(CatalogError::UploadClosed)), "{closed:?}");
    let file = catalog.file(ada.team, FileRef::HashId("bbcdefghjk")).await.unwrap().unwrap();
    assert_eq!((file.number, file.size), (2, Some(3)));
    for number in [1, 2, 3, 5] {
        let deleted = catalog.delete_file(ada.team, FileRef::Number(number), NOW).await.unwrap();
        assert_eq!(deleted.unwrap().number, number);
    }
    let doomed = catalog.doomed(100, Timestamp::MAX).await.unwrap();
    // In their old order, those of the migrated ones first.
    let expected = ["s1", "o4", "s4", "s2", "o3", "o1", "o2", "s3", "s5", "o5"];
    assert_eq!(doomed, expected.map(Box::from));
    // What was used before the migration is still used.
    let (name, upload) =
        ("a".into(), new_upload(&ada, Intake::Single { staging_key: "s4".into() }));
    let again = catalog.add_file(&NewFile { name, upload }, NOW).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    let (name, upload) =
        ("a".into(), new_upload(&ada, Intake::Single { staging_key: "s6".into() }));
    assert_eq!(catalog.add_file(&NewFile { name, upload }, NOW).await.unwrap().number, 6);
}

#[tokio::test]
async fn the_new_records_stand_beside_the_old_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(first_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, eve) = (TeamName::new("acme").unwrap(), UserId::new("eve").unwrap());
    let eve = catalog.ensure_user(&acme, &eve, NOW).await.unwrap();
    let hash = ApiKeyHash::of("new");
    catalog.add_api_key(&hash, &eve, NOW).await.unwrap();
    assert_eq!(catalog.api_key_owner(&hash).await.unwrap().as_ref(), Some(&eve));
    let key = AccessKey { id: "CSAK2".into(), team: eve.team, bucket: "uploads".into() };
    catalog.add_access_key(&key, NOW).await.unwrap();

    let (id, name, description) = (Uuid::new_v4(), "sales".into(), "".into());
    let dataset = NewDataset { id, owner: eve.clone(), name, description };
    let dataset = catalog.add_dataset(&dataset, NOW).await.unwrap();
    assert_eq!(catalog.dataset(eve.team, id).await.unwrap().as_ref(), Some(&dataset));
    assert_eq!(catalog.datasets(eve.team, Some("SALES"), ALL).await.unwrap().total, 1);
    let stored = Stored { size: 3, etag: "e".into(), sha256: None };
    let direct = new_upload(&eve, Intake::Direct);
    let due_at = NOW.checked_add_secs(1).unwrap();
    catalog.doom(&direct.object_key, due_at).await.unwrap();
    catalog.add_stored_upload(&direct, &stored, NOW).await.unwrap();
    let parts = Intake::Multipart { upload_id: "1".into(), part_size: 5 << 20 };
    let (parts, lost) = (new_upload(&eve, parts), new_upload(&eve, Intake::Direct));
    for new in [&parts, &lost] {
        catalog.add_upload(new, NOW).await.unwrap();
    }
    catalog.accept_upload(parts.id, &stored, NOW).await.unwrap();
    catalog.fail_upload(lost.id, "why", NOW).await.unwrap();
    let new = |upload, failure: Option<&str>| NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(dataset.id),
        name: "a".into(),
        upload,
        failure: failure.map(Box::from),
    };
    catalog.add_data_source(eve.team, &new(direct.id, None), NOW).await.unwrap();
    catalog.add_data_source(eve.team, &new(parts.id, Some("why")), NOW).await.unwrap();
    // The bytes of an old file are no data source's.
    let taken = catalog.add_data_source(eve.team, &new(upload_id(0x11), None), NOW).await;
    assert!(matches!(taken, Err(CatalogError::Conflict)), "{taken:?}");
    let filter = DataSourceFilter { team: eve.team, dataset: dataset.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().total, 2);
    let reference = DataSourceRef::Upload(direct.id);
    assert!(catalog.data_source(eve.team, reference).await.unwrap().is_some());
    assert!(catalog.delete_data_source(eve.team, reference, NOW).await.unwrap().is_some());
    assert!(!catalog.object_exists(&direct.object_key).await.unwrap());
    assert!(catalog.object_exists("o1").await.unwrap());
    catalog.forget_doomed("s1").await.unwrap();
    let doomed = catalog.doomed(100, Timestamp::MAX).await.unwrap();
    let new = [&lost.object_key, &parts.object_key, &direct.object_key].map(Clone::clone);
    assert_eq!(doomed, [&["o4", "s4"].map(Box::from)[..], &new[..]].concat());
}
