//! F-11: what nobody finished is swept after a day, and what was finished never is.

use countersign_api::TokenRefusal;
use countersign_catalog::{Catalog, Schemas};

use crate::{
    client::{Client, put, store},
    common::{House, wait_secs},
};

const DAY_SECS: i64 = 86_400;

#[tokio::test]
async fn what_was_begun_and_left_is_swept_after_a_day() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let left = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    store(&left, "left").await;
    let recorded = put(&house, token, "b.jsonl", "recorded").await.unwrap();
    wait_secs(DAY_SECS - 1);
    house.app.sweep_doomed().await;
    assert_eq!(house.stored(&left.key).await.unwrap(), b"left");
    wait_secs(1);
    house.app.sweep_doomed().await;
    assert_eq!(house.stored(&left.key).await, None);
    for _ in 0..3 {
        wait_secs(100 * DAY_SECS);
        house.app.sweep_doomed().await;
        assert_eq!(house.stored(&recorded.key).await.unwrap(), b"recorded");
    }
    // Its name was never taken.
    put(&house, token, "a.jsonl", "again").await.unwrap();
}

#[tokio::test]
async fn what_comes_within_the_day_is_recorded_though_its_token_has_ended() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    wait_secs(DAY_SECS - 1);
    let info = store(&berth, "slow").await;
    house.app.finish_token_upload((token, "a.jsonl"), &berth.key, &info).await.unwrap();
    wait_secs(DAY_SECS);
    house.app.sweep_doomed().await;
    assert_eq!(house.stored(&berth.key).await.unwrap(), b"slow");
}

#[tokio::test]
async fn what_is_due_is_not_recorded_any_more() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let schema = ann.schema("s").await;
    let token = ann.token("s").await;
    for is_swept in [false, true] {
        let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
        let info = store(&berth, "too slow").await;
        wait_secs(DAY_SECS);
        if is_swept {
            house.app.sweep_doomed().await;
        }
        let what = (token, "a.jsonl");
        let refusal = house.app.finish_token_upload(what, &berth.key, &info).await.unwrap_err();
        assert_eq!(refusal, TokenRefusal::Unavailable);
        assert!(!house.catalog.has_schema_file(schema.id, "a.jsonl").await.unwrap());
        assert!(!house.catalog.object_exists(berth.key.as_str()).await.unwrap());
        house.app.sweep_doomed().await;
        assert_eq!(house.stored(&berth.key).await, None);
    }
    put(&house, token, "a.jsonl", "in time").await.unwrap();
}

#[tokio::test]
async fn what_the_catalog_cannot_hold_is_not_recorded_and_not_kept() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    // The gateway takes no name of more than 255 bytes.
    let name = format!("{}.jsonl", "a".repeat(250));
    let berth = house.app.begin_token_upload(token, &name).await.unwrap();
    let info = store(&berth, "{}\n").await;
    let refusal = house.app.finish_token_upload((token, &name), &berth.key, &info).await;
    assert_eq!(refusal, Err(TokenRefusal::Unavailable));
    wait_secs(DAY_SECS);
    house.app.sweep_doomed().await;
    assert_eq!(house.stored(&berth.key).await, None);
}
