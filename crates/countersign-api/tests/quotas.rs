//! What a team may store: said before the bytes come where it is known, and kept when they do.

#[expect(dead_code, reason = "no time passes here")]
mod common;

use common::{Answer, House};
use countersign::Timestamp;
use countersign_api::TokenRefusal;
use countersign_catalog::{Catalog, Schemas, Slug, TeamId, TeamLimits, TeamName};
use countersign_storage::{PutRequest, bytes_of};
use serde_json::{Value, json};

/// A house where `acme` may have so much, and the key of somebody there.
async fn limited(bytes_max: u64, objects_max: u64) -> (House, String, TeamId) {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let team = house.catalog.team(&TeamName::new("acme").unwrap()).await.unwrap().unwrap();
    let limits = TeamLimits { bytes_max: Some(bytes_max), objects_max: Some(objects_max) };
    house.catalog.limit_team(team, &limits).await.unwrap();
    (house, key, team)
}

async fn post(house: &House, key: &str, path: &str, body: &Value) -> Answer {
    house.call(key, "POST", path, &body.to_string()).await
}

/// Begins a file of Datalab and puts its bytes.
async fn put_file(house: &House, key: &str, bytes: &'static [u8]) -> String {
    let body = json!({ "filename": "a.csv", "content_type": "text/csv" });
    let begun = post(house, key, "/v1/files/upload", &body).await;
    assert_eq!(begun.status, 200, "{:?}", begun.body);
    house.put(begun.body["upload_url"].as_str().unwrap(), "text/csv", bytes).await;
    format!("/v1/files/{}", begun.body["file_id"])
}

async fn confirm(house: &House, key: &str, file: &str) -> Answer {
    house.call(key, "GET", &format!("{file}/confirm"), "").await
}

#[tokio::test]
async fn a_file_that_is_too_much_waits_for_room() {
    let (house, key, team) = limited(10, 9).await;
    let first = put_file(&house, &key, b"12345678").await;
    let second = put_file(&house, &key, b"123").await;
    assert_eq!(confirm(&house, &key, &first).await.status, 200);
    for _ in 0..2 {
        let answer = confirm(&house, &key, &second).await;
        assert_eq!(answer.status, 413);
        assert_eq!(answer.body, json!({ "detail": "Storage quota exceeded." }));
    }
    let shown = house.call(&key, "GET", &second, "").await.body;
    assert_eq!(shown["upload_status"], "pending");
    assert_eq!(house.call(&key, "DELETE", &first, "").await.status, 200);
    assert_eq!(confirm(&house, &key, &second).await.status, 200);
    let usage = house.catalog.team_usage(team).await.unwrap();
    assert_eq!((usage.bytes, usage.objects), (3, 1));
    assert_eq!(house.call(&key, "GET", &second, "").await.body["file_size"], 3);
}

#[tokio::test]
async fn who_has_no_room_is_told_before_the_bytes_come() {
    let (house, key, _) = limited(10_000_000, 1).await;
    let bob = house.key("other", "bob").await;
    let multipart =
        |size: u64| json!({ "file_name": "a.csv", "file_size": size, "user_id": "ann" });
    let job = |size: u64| json!({ "filename": "a.csv", "file_size": size });
    let init = "/v2/team/file/init-multipart-upload";
    let ingest = "/api/ingest/upload/presigned";
    let answer = post(&house, &key, init, &multipart(10_000_001)).await;
    let message = "Insufficient storage space: the storage quota of the team is exceeded";
    assert_eq!(answer.body, json!({ "code": 300_006, "msg": message }));
    assert_eq!(answer.status, 200);
    let answer = post(&house, &key, ingest, &job(10_000_001)).await;
    let detail = "Storage quota exceeded: used 0 of 10000000 bytes (adding 10000001 bytes)";
    assert_eq!((answer.status.as_u16(), &answer.body["detail"]), (413, &json!(detail)));
    assert_eq!(post(&house, &key, init, &multipart(10_000_000)).await.body["code"], 0);
    assert_eq!(post(&house, &key, ingest, &job(10_000_000)).await.status, 201);

    let file = put_file(&house, &key, b"1").await;
    assert_eq!(confirm(&house, &key, &file).await.status, 200);
    // As many objects as there may be.
    assert_eq!(post(&house, &key, init, &multipart(1)).await.body["code"], 300_006);
    assert_eq!(post(&house, &key, ingest, &job(1)).await.status, 413);
    let body = json!({ "filename": "a.csv", "content_type": "text/csv" });
    assert_eq!(post(&house, &key, "/v1/files/upload", &body).await.status, 413);
    // Another team has room.
    assert_eq!(post(&house, &bob, "/v1/files/upload", &body).await.status, 200);
}

#[tokio::test]
async fn a_form_that_is_too_much_leaves_nothing() {
    let (house, key, team) = limited(3, 9).await;
    let form = "--B\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\nann\r\n--B\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n1234\r\n--B--";
    let request = axum::http::Request::post("/v2/team/file/upload-datasource")
        .header("x-api-key", &key)
        .header("content-type", "multipart/form-data; boundary=B");
    let answer = house.send(request.body(form.into()).unwrap()).await;
    assert_eq!(answer.body["code"], 300_006, "{:?}", answer.body);
    assert_eq!(house.catalog.team_usage(team).await.unwrap().bytes, 0);
    // A key is no longer doomed only once what was there is deleted.
    assert_eq!(house.catalog.doomed(9, Timestamp::MAX).await.unwrap(), [] as [Box<str>; 0]);
}

#[tokio::test]
async fn an_upload_token_brings_no_more_than_may_be() {
    let (house, key, team) = limited(5, 9).await;
    house.catalog.add_schema(team, &Slug::new("s").unwrap(), common::now()).await.unwrap();
    let path = "/v1/schemas/s/generate-upload-token";
    let answer = post(&house, &key, path, &json!({ "minutes": 5 })).await;
    let url = answer.body["upload_url"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    let verified = common::prefix_token_key().verify(token, common::now()).unwrap();
    let token = uuid::Uuid::from_bytes(verified.grant());
    let put = async |name: &str, bytes: &'static str| {
        let berth = house.app.begin_token_upload(token, name).await?;
        let put = PutRequest::new(bytes.len() as u64).with_content_type(berth.media_type);
        let objects = berth.backend.objects();
        let info = objects.put(&berth.key, bytes_of(bytes), put).await.unwrap();
        house.app.finish_token_upload((token, name), &berth.key, &info).await
    };
    assert_eq!(put("a.jsonl", "123").await, Ok(()));
    assert_eq!(put("b.jsonl", "456").await, Err(TokenRefusal::OverQuota));
    assert_eq!(house.catalog.doomed(9, Timestamp::MAX).await.unwrap(), [] as [Box<str>; 0]);
    assert_eq!(put("b.jsonl", "45").await, Ok(()));
    // Not a byte more, and then nobody is let in.
    assert_eq!(put("c.jsonl", "6").await, Err(TokenRefusal::OverQuota));
    house
        .catalog
        .limit_team(team, &TeamLimits { bytes_max: Some(4), objects_max: None })
        .await
        .unwrap();
    assert!(matches!(
        house.app.begin_token_upload(token, "d.jsonl").await,
        Err(TokenRefusal::OverQuota)
    ));
    let answer = post(&house, &key, path, &json!({ "minutes": 5 })).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body),
        (413, json!({ "message": "Storage quota exceeded." }))
    );
}
