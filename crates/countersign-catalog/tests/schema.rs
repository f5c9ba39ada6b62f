//! The rules hold in the schema itself, whatever a program writes.

use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, CatalogError, DataSourceFilter, FileRef, Identity, Intake,
    NewDataSource, NewDataset, NewFile, NewUpload, Page, Slug, SqliteCatalog, Stored,
    TargetDataset, TeamId, TeamName, UploadRef, UserId,
};
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqliteConnection, error::ErrorKind,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;
use uuid::Uuid;

const NOW: Timestamp = match Timestamp::from_unix_secs(1_369_353_600) {
    Ok(now) => now,
    Err(_) => panic!("the year is 2013"),
};

struct Filled {
    catalog: SqliteCatalog,
    raw: SqliteConnection,
    _directory: TempDir,
}

/// Team 1 has the users ada and eve and the files 1 (ready), 2 (pending) and 3 (failed), whose uploads
/// are `x'11…'`, `x'22…'` and `x'33…'`. Team 2 has the user bob, the file 1 and the upload `x'44…'`,
/// which is pending. Each team has the schema `sales`, an API key and an access key.
///
/// Team 1 has the dataset `x'66…'` with the data sources `x'77…'`, which is ready, over the upload
/// `x'88…'`, and `x'99…'`, which failed, over `x'aa…'`; and the uploads in parts `x'bb…'`, which is
/// ready, and `x'cc…'`, which is pending: nobody has them. Team 2 has the dataset `x'dd…'`.
async fn filled() -> Filled {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    for (team, user, first_byte, uploads) in [("acme", "ada", 0x11, 3), ("zenith", "bob", 0x44, 1)]
    {
        let (name, user) = (TeamName::new(team).unwrap(), UserId::new(user).unwrap());
        let owner = catalog.ensure_user(&name, &user, NOW).await.unwrap();
        catalog.add_api_key(&ApiKeyHash::of(team), &owner, NOW).await.unwrap();
        let key = AccessKey { id: team.into(), team: owner.team, bucket: "uploads".into() };
        catalog.add_access_key(&key, NOW).await.unwrap();
        catalog.add_schema(owner.team, &Slug::new("sales").unwrap(), NOW).await.unwrap();
        for nth in 0..uploads {
            let id = Uuid::from_bytes([first_byte + 0x11 * nth; 16]);
            let upload = NewUpload {
                id,
                owner: owner.clone(),
                intake: Intake::Single { staging_key: format!("staging/{team}/{nth}").into() },
                object_key: format!("objects/{team}/{nth}").into(),
                content_type: "text/csv".into(),
                declared_size: None,
                not_after: NOW,
            };
            catalog.add_file(&NewFile { name: "a".into(), upload }, NOW).await.unwrap();
        }
    }
    let eve = UserId::new("eve").unwrap();
    catalog.ensure_user(&TeamName::new("acme").unwrap(), &eve, NOW).await.unwrap();
    let stored = Stored { size: 1, etag: "e".into(), sha256: None };
    catalog.accept_upload(Uuid::from_bytes([0x11; 16]), &stored, NOW).await.unwrap();
    catalog.fail_upload(Uuid::from_bytes([0x33; 16]), "why", NOW).await.unwrap();
    fill_datasets(&catalog).await;
    let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let raw = SqliteConnection::connect_with(&options).await.unwrap();
    Filled { catalog, raw, _directory: directory }
}

async fn fill_datasets(catalog: &SqliteCatalog) {
    let id = |byte| Uuid::from_bytes([byte; 16]);
    let [ada, bob] = [(1, "ada"), (2, "bob")]
        .map(|(team, user)| Identity { team: TeamId::new(team), user: UserId::new(user).unwrap() });
    for (owner, byte) in [(&ada, 0x66), (&bob, 0xdd)] {
        let (id, owner) = (id(byte), owner.clone());
        let dataset = NewDataset { id, owner, name: "sales".into(), description: "".into() };
        catalog.add_dataset(&dataset, NOW).await.unwrap();
    }
    let stored = Stored { size: 1, etag: "e".into(), sha256: None };
    for (byte, is_in_parts) in [(0x88, false), (0xaa, false), (0xbb, true), (0xcc, true)] {
        let parts = Intake::Multipart { upload_id: format!("{byte}").into(), part_size: 1 };
        let upload = NewUpload {
            id: id(byte),
            owner: ada.clone(),
            intake: if is_in_parts { parts } else { Intake::Direct },
            object_key: format!("objects/acme/{byte}").into(),
            content_type: "text/csv".into(),
            declared_size: Some(1),
            not_after: NOW,
        };
        catalog.add_upload(&upload, NOW).await.unwrap();
        if byte != 0xcc {
            catalog.accept_upload(id(byte), &stored, NOW).await.unwrap();
        }
    }
    for (byte, upload, failure) in [(0x77, 0x88, None), (0x99, 0xaa, Some("why"))] {
        let new = NewDataSource {
            id: id(byte),
            dataset: TargetDataset::Existing(id(0x66)),
            name: "a".into(),
            upload: id(upload),
            failure: failure.map(Box::from),
        };
        catalog.add_data_source(ada.team, &new, NOW).await.unwrap();
    }
}

/// Writes `{22}` for `x'22222222222222222222222222222222'`.
fn sql(text: &str) -> AssertSqlSafe<String> {
    let ids = ["11", "22", "33", "44", "55", "66", "77", "88", "99", "aa", "bb", "cc", "dd", "ee"];
    AssertSqlSafe(ids.iter().fold(text.to_owned(), |text, byte| {
        text.replace(&format!("{{{byte}}}"), &format!("x'{}'", byte.repeat(16)))
    }))
}

async fn assert_refused(raw: &mut SqliteConnection, cases: &[(&str, ErrorKind)]) {
    for (text, expected) in cases {
        let error = sqlx::query(sql(text)).execute(&mut *raw).await.expect_err(text);
        let found = error.as_database_error().expect(text).kind();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}: {error}");
    }
}

#[tokio::test]
async fn no_record_points_into_another_tenant() {
    use ErrorKind::ForeignKeyViolation as Foreign;
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            // A user, a key or an upload of a team, or of a user, that is not there.
            ("INSERT INTO users VALUES (3, 'ada', 0)", Foreign),
            ("INSERT INTO api_keys VALUES (zeroblob(32), 2, 'ada', 0)", Foreign),
            ("UPDATE api_keys SET team_id = 2 WHERE user_id = 'ada'", Foreign),
            ("INSERT INTO access_keys VALUES ('k', 3, 'b', 0)", Foreign),
            ("INSERT INTO schemas VALUES (9, 3, 'a', 0)", Foreign),
            ("UPDATE uploads SET user_id = 'bob' WHERE id = {22}", Foreign),
            ("UPDATE uploads SET team_id = 2, user_id = 'bob' WHERE id = {22}", Foreign),
            // A file with the upload of another team, or with none.
            ("UPDATE files SET team_id = 2, number = 9 WHERE upload_id = {22}", Foreign),
            ("INSERT INTO files VALUES (1, 9, 'abcdefghjk', 'a', {55}, 0)", Foreign),
            // An object of another team, of another key, of no upload.
            ("INSERT INTO objects VALUES ('objects/acme/1', 2, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('objects/zenith/0', 1, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('staging/acme/1', 1, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('objects/acme/1', 1, {55}, 0, '', NULL, 0)", Foreign),
            // A dataset of a user of another team, or of none.
            ("INSERT INTO datasets VALUES (9, {ee}, 1, 'bob', 'a', '', 0)", Foreign),
            ("INSERT INTO datasets VALUES (9, {ee}, 3, 'ada', 'a', '', 0)", Foreign),
            ("UPDATE datasets SET team_id = 2, user_id = 'bob' WHERE id = {66}", Foreign),
            // A data source with the dataset or the upload of another team, or with none.
            ("UPDATE data_sources SET dataset_id = {dd} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET dataset_id = {ee} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET upload_id = {ee} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET team_id = 2 WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET team_id = 2, dataset_id = {dd} WHERE id = {77}", Foreign),
            (
                "INSERT INTO data_sources VALUES (9, {ee}, 2, {dd}, 'a', 'ready', NULL, {bb}, 0)",
                Foreign,
            ),
            // What is pointed to stays.
            ("DELETE FROM datasets WHERE id = {66}", Foreign),
            ("DELETE FROM uploads WHERE id = {88}", Foreign),
            ("DELETE FROM teams WHERE id = 1", Foreign),
            ("DELETE FROM users WHERE user_id = 'ada'", Foreign),
            ("DELETE FROM uploads WHERE id = {11}", Foreign),
            ("DELETE FROM uploads WHERE id = {22}", Foreign),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_unique_is_unique() {
    use ErrorKind::UniqueViolation as Unique;
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("INSERT INTO teams (name, created_at) VALUES ('acme', 0)", Unique),
            ("INSERT INTO users VALUES (1, 'ada', 0)", Unique),
            ("UPDATE api_keys SET hash = (SELECT min(hash) FROM api_keys)", Unique),
            ("UPDATE access_keys SET id = 'same'", Unique),
            ("INSERT INTO schemas (team_id, slug, created_at) VALUES (1, 'sales', 0)", Unique),
            ("UPDATE uploads SET staging_key = 'same'", Unique),
            ("UPDATE uploads SET object_key = 'same' WHERE id IN ({22}, {33})", Unique),
            ("UPDATE files SET number = 1 WHERE upload_id = {22}", Unique),
            ("UPDATE files SET hash_id = 'abcdefghjk'", Unique),
            ("UPDATE files SET upload_id = {11} WHERE upload_id = {22}", Unique),
            ("INSERT INTO objects VALUES ('objects/acme/0', 1, {11}, 0, '', NULL, 0)", Unique),
            ("INSERT INTO doomed_objects VALUES (9, 'objects/acme/2', 0)", Unique),
            ("UPDATE uploads SET multipart_id = 'same' WHERE id IN ({bb}, {cc})", Unique),
            ("UPDATE datasets SET id = {dd} WHERE id = {66}", Unique),
            ("UPDATE data_sources SET id = {77} WHERE id = {99}", Unique),
            ("UPDATE data_sources SET upload_id = {88} WHERE id = {99}", Unique),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE uploads SET state = 'done' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = 'Ready' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = NULL WHERE id = {22}", NotNull),
            ("UPDATE uploads SET state = 'failed' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = 'pending' WHERE id = {33}", Check),
            ("UPDATE uploads SET failure = 'why' WHERE id = {22}", Check),
            ("UPDATE uploads SET failure = NULL WHERE id = {33}", Check),
            ("UPDATE uploads SET id = x'22' WHERE id = {33}", Check),
            ("UPDATE uploads SET id = NULL WHERE id = {33}", NotNull),
            ("UPDATE uploads SET staging_key = '' WHERE id = {22}", Check),
            ("UPDATE uploads SET staging_key = printf('%1025s', '') WHERE id = {22}", Check),
            // In parts and to a staging key, or half in parts.
            ("UPDATE uploads SET staging_key = 'a' WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = 'a', part_size = 1 WHERE id = {22}", Check),
            ("UPDATE uploads SET multipart_id = 'a' WHERE id = {88}", Check),
            ("UPDATE uploads SET multipart_id = NULL WHERE id = {bb}", Check),
            ("UPDATE uploads SET part_size = 1 WHERE id = {88}", Check),
            ("UPDATE uploads SET part_size = 1 WHERE id = {22}", Check),
            ("UPDATE uploads SET part_size = NULL WHERE id = {bb}", Check),
            ("UPDATE uploads SET part_size = 0 WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = '' WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = printf('%1025s', '') WHERE id = {bb}", Check),
            ("UPDATE uploads SET declared_size = -1 WHERE id = {bb}", Check),
            ("UPDATE uploads SET object_key = '' WHERE id = {cc}", Check),
            ("UPDATE uploads SET object_key = NULL WHERE id = {cc}", NotNull),
            ("UPDATE uploads SET content_type = printf('%1025s', '') WHERE id = {22}", Check),
            ("UPDATE uploads SET failure = printf('%4097s', '') WHERE id = {33}", Check),
            ("UPDATE uploads SET not_after = 253402300800", Check),
            ("UPDATE uploads SET created_at = -62135596801", Check),
            ("UPDATE teams SET name = ''", Check),
            ("UPDATE teams SET files_numbered = -1", Check),
            ("UPDATE users SET user_id = '' WHERE user_id = 'eve'", Check),
            ("UPDATE api_keys SET hash = zeroblob(31)", Check),
            ("UPDATE api_keys SET hash = NULL", NotNull),
            ("UPDATE schemas SET slug = 'Sales' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = '-sales' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = 'sa/les' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = '' WHERE team_id = 1", Check),
            ("UPDATE files SET number = 0 WHERE upload_id = {22}", Check),
            ("UPDATE files SET hash_id = '1234567890' WHERE upload_id = {22}", Check),
            ("UPDATE files SET hash_id = 'abc' WHERE upload_id = {22}", Check),
            ("UPDATE files SET name = NULL", NotNull),
            ("UPDATE objects SET size = -1", Check),
            ("UPDATE objects SET sha256 = zeroblob(31)", Check),
            ("UPDATE doomed_objects SET key = '' WHERE id = 1", Check),
            ("UPDATE doomed_objects SET due_at = 253402300800", Check),
            ("UPDATE doomed_objects SET due_at = -62135596801", Check),
            ("UPDATE doomed_objects SET due_at = NULL", NotNull),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_dataset_and_no_data_source_that_cannot_be() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE datasets SET id = x'66' WHERE id = {dd}", Check),
            ("UPDATE datasets SET id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET team_id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET user_id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET name = '' WHERE id = {dd}", Check),
            ("UPDATE datasets SET name = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET name = printf('%4097s', '') WHERE id = {dd}", Check),
            ("UPDATE datasets SET description = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET description = printf('%200001s', '') WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = 253402300800 WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = -62135596801 WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = NULL WHERE id = {dd}", NotNull),
            ("UPDATE data_sources SET id = x'77' WHERE id = {77}", Check),
            ("UPDATE data_sources SET id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET team_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET dataset_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET upload_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET name = '' WHERE id = {77}", Check),
            ("UPDATE data_sources SET name = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET name = printf('%4097s', '') WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'Ready' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'pending' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET state = 'failed' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'ready' WHERE id = {99}", Check),
            ("UPDATE data_sources SET state = 'importing' WHERE id = {99}", Check),
            ("UPDATE data_sources SET failure = 'why' WHERE id = {77}", Check),
            ("UPDATE data_sources SET failure = NULL WHERE id = {99}", Check),
            ("UPDATE data_sources SET failure = printf('%4097s', '') WHERE id = {99}", Check),
            ("UPDATE data_sources SET created_at = 253402300800 WHERE id = {77}", Check),
            ("UPDATE data_sources SET created_at = -62135596801 WHERE id = {77}", Check),
            ("UPDATE data_sources SET created_at = NULL WHERE id = {77}", NotNull),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_upload_is_a_files_or_a_data_sources() {
    let mut filled = filled().await;
    for (text, whose) in [
        ("INSERT INTO data_sources VALUES (9, {ee}, 1, {66}, 'a', 'ready', NULL, {11}, 0)", "file"),
        ("UPDATE data_sources SET upload_id = {11} WHERE id = {77}", "file"),
        ("INSERT INTO files VALUES (1, 9, 'abcdefghjk', 'a', {88}, 0)", "data source"),
        ("UPDATE files SET upload_id = {88} WHERE upload_id = {22}", "data source"),
    ] {
        let error = sqlx::query(sql(text)).execute(&mut filled.raw).await.expect_err(text);
        let message = error.as_database_error().expect(text).message().to_owned();
        assert_eq!(message, format!("the upload is a {whose}'s"), "{text}");
    }
    // What nobody has may become either.
    for text in [
        "INSERT INTO data_sources VALUES (9, {ee}, 1, {66}, 'a', 'ready', NULL, {bb}, 0)",
        "UPDATE data_sources SET upload_id = {cc} WHERE id = {ee}",
        "INSERT INTO files VALUES (1, 9, 'abcdefghjk', 'a', {bb}, 0)",
    ] {
        sqlx::query(sql(text)).execute(&mut filled.raw).await.expect(text);
    }
}

#[tokio::test]
async fn every_table_is_strict_and_sound() {
    let mut filled = filled().await;
    let tables = sqlx::query("SELECT name, strict FROM pragma_table_list WHERE type = 'table'")
        .fetch_all(&mut filled.raw)
        .await
        .unwrap();
    let mut strict = vec![];
    for table in tables {
        let name: String = table.get("name");
        if !name.starts_with("sqlite_") && name != "_sqlx_migrations" {
            assert_eq!(table.get::<i64, _>("strict"), 1, "{name}");
            strict.push(name);
        }
    }
    assert_eq!(strict.len(), 11, "{strict:?}");
    let sound: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut filled.raw).await.unwrap();
    assert_eq!(sound, "ok");
    let dangling =
        sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut filled.raw).await.unwrap();
    assert!(dangling.is_empty());
}

#[tokio::test]
async fn what_was_found_in_storage_is_kept() {
    let mut filled = filled().await;
    let stored = Stored { size: 5, etag: "\"e\"".into(), sha256: Some([9; 32]) };
    filled.catalog.accept_upload(Uuid::from_bytes([0x22; 16]), &stored, NOW).await.unwrap();
    let row = sqlx::query(sql("SELECT * FROM objects WHERE upload_id = {22}"))
        .fetch_one(&mut filled.raw)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>("object_key"), "objects/acme/1");
    assert_eq!(row.get::<i64, _>("size"), 5);
    assert_eq!(row.get::<String, _>("etag"), "\"e\"");
    assert_eq!(row.get::<Vec<u8>, _>("sha256"), [9; 32]);
    assert_eq!(row.get::<i64, _>("created_at"), NOW.unix_secs());
}

#[tokio::test]
async fn when_a_doomed_key_is_due_is_kept() {
    let mut filled = filled().await;
    let found: Vec<(String, i64)> =
        sqlx::query_as("SELECT key, due_at FROM doomed_objects ORDER BY id")
            .fetch_all(&mut filled.raw)
            .await
            .unwrap();
    let at_once = NOW.unix_secs();
    let expected = [
        ("staging/acme/0", at_once + 86_400),
        ("staging/acme/2", at_once + 86_400),
        ("objects/acme/2", at_once),
        // Of the data source that failed.
        ("objects/acme/170", at_once),
    ];
    assert_eq!(found, expected.map(|(key, due_at)| (key.to_owned(), due_at)));
}

#[tokio::test]
async fn an_api_key_is_kept_as_its_digest() {
    let mut filled = filled().await;
    let found: Vec<u8> = sqlx::query_scalar("SELECT hash FROM api_keys WHERE team_id = 1")
        .fetch_one(&mut filled.raw)
        .await
        .unwrap();
    assert_eq!(found, ApiKeyHash::of("acme").as_bytes());
}

#[tokio::test]
async fn a_row_that_the_types_refuse_is_damage() {
    let mut filled = filled().await;
    let catalog = &filled.catalog;
    let raw = &mut filled.raw;
    for damage in [
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA foreign_keys = OFF",
        "UPDATE api_keys SET user_id = 'a' || char(10) || 'b' WHERE user_id = 'ada'",
        "UPDATE uploads SET state = 'done' WHERE id = {22}",
        "UPDATE uploads SET not_after = 253402300800 WHERE id = {33}",
        "UPDATE objects SET size = -1",
        "UPDATE uploads SET part_size = NULL WHERE id = {bb}",
        "UPDATE uploads SET part_size = -1 WHERE id = {cc}",
        "UPDATE datasets SET id = x'dd' WHERE id = {dd}",
        "UPDATE data_sources SET state = 'done' WHERE id = {77}",
    ] {
        sqlx::query(sql(damage)).execute(&mut *raw).await.unwrap();
    }
    let team = TeamId::new(1);
    let upload = |byte| catalog.upload(UploadRef::Id(Uuid::from_bytes([byte; 16])));
    let all = Page { limit: 9, offset: 0 };
    let dataset = Uuid::from_bytes([0x66; 16]);
    let filter = DataSourceFilter { team, dataset, states: None };
    for (error, expected) in [
        (catalog.api_key_owner(&ApiKeyHash::of("acme")).await.unwrap_err(), "user_id"),
        (upload(0x22).await.unwrap_err(), "state"),
        (catalog.file(team, FileRef::Number(3)).await.unwrap_err(), "not_after"),
        (catalog.file(team, FileRef::Number(1)).await.unwrap_err(), "size"),
        (upload(0xbb).await.unwrap_err(), "multipart_id"),
        (upload(0xcc).await.unwrap_err(), "part_size"),
        (catalog.datasets(TeamId::new(2), None, all).await.unwrap_err(), "id"),
        (catalog.data_sources(filter, all).await.unwrap_err(), "data_source_state"),
    ] {
        let CatalogError::Damaged { place } = error else { panic!("{error:?}") };
        assert_eq!(place, expected);
    }
}
