//! What was begun and never completed ends, and its bytes go.

#[expect(dead_code, reason = "nothing is downloaded here")]
mod common;

use common::{House, wait_secs};
use countersign_catalog::{Catalog, UploadRef, UploadState};
use countersign_storage::{ObjectKey, StoreError, UploadId};
use serde_json::{Value, json};

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

async fn post(house: &House, key: &str, path: &str, body: &Value) -> Value {
    house.call(key, "POST", path, &body.to_string()).await.body
}

async fn sweep(house: &House) {
    house.app.sweep_abandoned().await;
    house.app.sweep_doomed().await;
}

#[tokio::test]
async fn a_file_may_be_confirmed_for_a_day_after_its_url_and_not_later() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let body = json!({ "filename": "a.csv", "content_type": "text/csv" });
    let mut files = Vec::new();
    for _ in 0..2 {
        let begun = post(&house, &key, "/v1/files/upload", &body).await;
        let url = begun["upload_url"].as_str().unwrap().to_owned();
        let staged = house.verified("PUT", &url, &[("content-type", "text/csv")]);
        house.store(&staged, b"a,b\n").await;
        files.push((format!("/v1/files/{}", begun["file_id"]), staged));
    }
    let [(kept, _), (left, staged)] = &files[..] else { panic!("there are two") };
    wait_secs(HOUR_SECS + DAY_SECS - 1);
    sweep(&house).await;
    let confirmed = house.call(&key, "GET", &format!("{kept}/confirm"), "").await;
    assert_eq!(confirmed.status, 200);
    assert!(house.stored(staged).await.is_some());
    wait_secs(1);
    sweep(&house).await;
    assert_eq!(house.stored(staged).await, None);
    let shown = house.call(&key, "GET", left, "").await.body;
    assert_eq!(shown["upload_status"], "failed");
    assert_eq!(house.call(&key, "GET", &format!("{left}/confirm"), "").await.status, 422);
    let shown = house.call(&key, "GET", kept, "").await.body;
    assert_eq!((&shown["upload_status"], &shown["file_size"]), (&json!("completed"), &json!(4)));
}

#[tokio::test]
async fn an_upload_in_parts_is_ended_in_the_storage() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let body = json!({ "file_name": "a.csv", "file_size": 6_000_000, "user_id": "ann" });
    let path = "/v2/team/file/init-multipart-upload";
    let begun = post(&house, &key, path, &body).await["data"].clone();
    let object = ObjectKey::new(begun["file_object_key"].as_str().unwrap()).unwrap();
    let id = UploadId::new(begun["upload_id"].as_str().unwrap()).unwrap();
    wait_secs(2 * DAY_SECS - 1);
    sweep(&house).await;
    assert!(house.backend.parts().list(&object, &id).await.is_ok());
    wait_secs(1);
    sweep(&house).await;
    let listed = house.backend.parts().list(&object, &id).await;
    assert!(matches!(listed, Err(StoreError::NoSuchUpload)), "{listed:?}");
    let upload =
        house.catalog.upload(UploadRef::ObjectKey(object.as_str())).await.unwrap().unwrap();
    assert_eq!(upload.state, UploadState::Failed);
    assert_eq!(upload.failure.as_deref(), Some("it was not completed"));
}

#[tokio::test]
async fn a_job_that_was_left_has_failed() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let body = json!({ "filename": "a.csv", "file_size": 4 });
    let mut jobs = Vec::new();
    // More than are ended in one go.
    for _ in 0..101 {
        let begun = post(&house, &key, "/api/ingest/upload/presigned", &body).await;
        jobs.push(format!("/api/jobs/{}", begun["job_id"].as_str().unwrap()));
    }
    wait_secs(HOUR_SECS + DAY_SECS);
    sweep(&house).await;
    for job in &jobs {
        let shown = house.call(&key, "GET", job, "").await.body;
        assert_eq!(shown["status"], "failed");
        assert_eq!(shown["error_message"], "it was not completed");
    }
}
