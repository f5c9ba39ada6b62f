//! What an old version of the schema holds is there in the newest one.

mod first;
mod second;
mod third;

use std::{fmt::Write as _, path::Path};

use countersign::Timestamp;
use countersign_catalog::{Identity, Intake, NewUpload, Page};
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
    let sql = include_str!("../../migrations/0001_records.sql").into_sql_str();
    Migration::new(1, "records".into(), MigrationType::Simple, sql, false)
}

fn second_migration() -> Migration {
    let sql = include_str!("../../migrations/0002_datasets.sql").into_sql_str();
    Migration::new(2, "datasets".into(), MigrationType::Simple, sql, false)
}

fn third_migration() -> Migration {
    let sql = include_str!("../../migrations/0003_jobs_and_tokens.sql").into_sql_str();
    Migration::new(3, "jobs and tokens".into(), MigrationType::Simple, sql, false)
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

async fn dump(raw: &mut SqliteConnection, selects: &[&str]) -> Vec<[String; 5]> {
    let mut rows = vec![];
    for select in selects {
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

/// Where something is missing that has to be there, or too much is.
async fn assert_sound(raw: &mut SqliteConnection) {
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *raw).await.unwrap();
    assert!(dangling.is_empty());
    assert_eq!(strings(raw, "PRAGMA integrity_check").await, ["ok"]);
}

/// The schema in one text for each thing in it.
async fn schema(path: &Path) -> Vec<String> {
    let sql = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name";
    strings(&mut raw(path).await, sql).await
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

#[test]
fn the_migrations_are_those_that_were_deployed() {
    for (migration, expected) in [
        (
            first_migration(),
            "96c568d46d66c1ce40aa350a328168cb18914ab02bb259eb51cee679af91912d5ad2d15208557852c735d855d4170e05",
        ),
        (
            second_migration(),
            "00cab9e15bb8195d6ffbc04acdc22f3708ee582017d59159bf0a9b85b43ebc1ed05938873aa636b06b39ab9fd808f182",
        ),
        (
            third_migration(),
            "76f1e8881f21c6bfcf7f69b51bc949330d80272733b4982c729a3cb9955b0658f6d5d99025dbaa0455719fbfdb8ef60d",
        ),
    ] {
        let mut checksum = String::new();
        for byte in &*migration.checksum {
            write!(checksum, "{byte:02x}").unwrap();
        }
        assert_eq!(checksum, expected, "{}", migration.description);
    }
}
