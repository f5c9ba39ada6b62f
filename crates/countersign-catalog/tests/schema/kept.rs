//! What is kept, and how.

use countersign_catalog::{
    ApiKeyHash, Catalog, CatalogError, DataSourceFilter, FileRef, Page, Schemas, Stored, TeamId,
    UploadRef,
};
use sqlx::Row as _;

use crate::{NOW, filled, id, sql};

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
    assert_eq!(strict.len(), 16, "{strict:?}");
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
    filled.catalog.accept_upload(id(0x22), &stored, NOW).await.unwrap();
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
        "UPDATE objects SET size = -1 WHERE upload_id = {11}",
        "UPDATE uploads SET part_size = NULL WHERE id = {bb}",
        "UPDATE uploads SET part_size = -1 WHERE id = {cc}",
        "UPDATE datasets SET id = x'dd' WHERE id = {dd}",
        "DROP TRIGGER data_source_is_settled_once",
        "UPDATE data_sources SET state = 'done' WHERE id = {77}",
        "UPDATE dataset_columns SET kind = 'blob' WHERE dataset_id = {66}",
        "UPDATE jobs SET committed_at = 253402300800 WHERE upload_id = {a3}",
        "UPDATE jobs SET dataset_id = x'66' WHERE upload_id = {a1}",
        "UPDATE upload_tokens SET not_after = 253402300800 WHERE id = {b1}",
    ] {
        sqlx::query(sql(damage)).execute(&mut *raw).await.unwrap();
    }
    let team = TeamId::new(1);
    let upload = |byte| catalog.upload(UploadRef::Id(id(byte)));
    let all = Page { limit: 9, offset: 0 };
    let dataset = id(0x66);
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
        (catalog.columns(team, dataset).await.unwrap_err(), "kind"),
        (catalog.job(team, id(0xa3)).await.unwrap_err(), "committed_at"),
        (catalog.job(team, id(0xa1)).await.unwrap_err(), "dataset_id"),
        (catalog.upload_token(id(0xb1)).await.unwrap_err(), "not_after"),
    ] {
        let CatalogError::Damaged { place } = error else { panic!("{error:?}") };
        assert_eq!(place, expected);
    }
}
