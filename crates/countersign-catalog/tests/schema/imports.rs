//! What is on its way, and how it ends.

use countersign_catalog::{Catalog, Imports, NewImport, TargetDataset};
use sqlx::SqliteConnection;

use crate::{Filled, NOW, ada_and_bob, direct, filled, id, sql};

/// As filled, and the data source `x'ee…'` is on its way, over the upload `x'55…'`.
async fn importing() -> Filled {
    let filled = filled().await;
    let [ada, _] = ada_and_bob();
    let (dataset, upload) = (TargetDataset::Existing(id(0x66)), direct(&ada, 0x55));
    filled.catalog.doom(&upload.object_key, NOW).await.unwrap();
    let new = NewImport {
        id: id(0xee),
        dataset,
        name: "a.csv".into(),
        file_name: "a.csv".into(),
        upload,
        lease_ends_at: NOW,
    };
    filled.catalog.add_import(&new, NOW).await.unwrap();
    filled
}

async fn told(raw: &mut SqliteConnection, text: &str) -> Option<String> {
    let done = sqlx::query(sql(text)).execute(raw).await;
    done.err().map(|error| error.as_database_error().expect(text).message().to_owned())
}

#[tokio::test]
async fn an_upload_is_settled_with_its_data_source_and_once() {
    let mut filled = importing().await;
    let raw = &mut filled.raw;
    let on_its_way = Some("the data source of the upload is on its way".to_owned());
    let ready = "UPDATE uploads SET state = 'ready' WHERE id = {55}";
    assert_eq!(told(raw, ready).await, on_its_way);
    let failed = "UPDATE uploads SET state = 'failed', failure = 'why' WHERE id = {55}";
    assert_eq!(told(raw, failed).await, on_its_way);

    let settled = "UPDATE data_sources SET state = 'ready', lease_ends_at = NULL WHERE id = {ee}";
    assert_eq!(told(raw, settled).await, None);
    assert_eq!(told(raw, ready).await, None);
    let again = "UPDATE data_sources SET state = 'importing', lease_ends_at = 0 WHERE id = {ee}";
    assert_eq!(told(raw, again).await, Some("the data source is settled".to_owned()));
    let delete = "DELETE FROM data_sources WHERE id = {ee}";
    assert_eq!(told(raw, delete).await, None);
    let insert = "INSERT INTO data_sources
            (id, team_id, dataset_id, name, state, upload_id, created_at, lease_ends_at)
            VALUES ({ee}, 1, {66}, 'a', 'importing', {55}, 0, 0)";
    assert_eq!(told(raw, insert).await, Some("the upload is settled".to_owned()));
}

#[tokio::test]
async fn what_is_deleted_may_lose_its_upload_first() {
    let mut filled = importing().await;
    let raw = &mut filled.raw;
    for text in [
        "UPDATE uploads SET state = 'aborted' WHERE id = {55}",
        "DELETE FROM data_sources WHERE id = {ee}",
    ] {
        assert_eq!(told(raw, text).await, None, "{text}");
    }
}
