//! C-05: a file is there whole or not at all, and never replaced.

use std::sync::Arc;

use countersign_api::TokenRefusal;
use countersign_catalog::{Catalog, Schemas};
use uuid::Uuid;

use crate::{
    client::{Client, put, store},
    common::{House, wait_secs},
};

const DAY_SECS: i64 = 86_400;

#[tokio::test]
async fn a_file_is_there_once_all_of_it_is() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let schema = ann.schema("s").await;
    let token = ann.token("s").await;
    let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    let has_file = async || house.catalog.has_schema_file(schema.id, "a.jsonl").await.unwrap();
    let has_object = async || house.catalog.object_exists(berth.key.as_str()).await.unwrap();
    assert!(!has_file().await && !has_object().await);
    let info = store(&berth, "{\"a\":1}\n").await;
    assert!(!has_file().await && !has_object().await);
    // What has begun takes no name from others.
    house.app.begin_token_upload(token, "a.jsonl").await.unwrap();

    let what = (token, "a.jsonl");
    house.app.finish_token_upload(what, &berth.key, &info).await.unwrap();
    assert!(has_file().await && has_object().await);
    let again = house.app.begin_token_upload(token, "a.jsonl").await.unwrap_err();
    assert_eq!(again, TokenRefusal::Exists);
    assert_eq!(house.stored(&berth.key).await.unwrap(), b"{\"a\":1}\n");
}

#[tokio::test]
async fn what_is_in_a_file_is_not_looked_at() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    for (name, bytes) in
        [("1.jsonl", ""), ("2.jsonl", "no json"), ("3.jsonl", "\0"), ("4.jsonl", "é")]
    {
        let berth = put(&house, token, name, bytes).await.unwrap();
        assert_eq!(house.stored(&berth.key).await.unwrap(), bytes.as_bytes());
    }
}

#[tokio::test]
async fn an_unknown_token_is_none_whatever_is_asked_of_it() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    let info = store(&berth, "{}\n").await;
    for unknown in [Uuid::nil(), Uuid::from_u128(token.as_u128() ^ 1)] {
        for name in ["a.jsonl", "a.exe", ""] {
            let refusal = house.app.begin_token_upload(unknown, name).await.unwrap_err();
            assert_eq!(refusal, TokenRefusal::UnknownToken, "{name}");
        }
    }
    let what = (Uuid::nil(), "a.jsonl");
    let refusal = house.app.finish_token_upload(what, &berth.key, &info).await.unwrap_err();
    assert_eq!(refusal, TokenRefusal::UnknownToken);
    assert_eq!(house.stored(&berth.key).await, None);
}

#[tokio::test]
async fn the_first_to_finish_has_the_name_and_the_bytes_of_others_are_gone() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let first = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    let second = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    assert_ne!(first.key, second.key);
    let (of_first, of_second) = (store(&first, "first").await, store(&second, "second").await);
    let what = (token, "a.jsonl");
    house.app.finish_token_upload(what, &second.key, &of_second).await.unwrap();
    let refusal = house.app.finish_token_upload(what, &first.key, &of_first).await.unwrap_err();
    assert_eq!(refusal, TokenRefusal::Exists);
    assert_eq!(house.stored(&first.key).await, None);
    assert_eq!(house.stored(&second.key).await.unwrap(), b"second");
}

#[tokio::test]
async fn what_is_given_up_is_gone_and_leaves_its_name() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let schema = ann.schema("s").await;
    let token = ann.token("s").await;
    for is_stored in [false, true] {
        let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
        if is_stored {
            store(&berth, "part of i").await;
        }
        house.app.abandon_token_upload(&berth.key).await;
        house.app.abandon_token_upload(&berth.key).await;
        assert_eq!(house.stored(&berth.key).await, None);
        assert!(!house.catalog.has_schema_file(schema.id, "a.jsonl").await.unwrap());
        // What a slow store shows for it later is swept.
        store(&berth, "late").await;
        wait_secs(DAY_SECS);
        house.app.sweep_doomed().await;
        assert_eq!(house.stored(&berth.key).await, None);
        let info = store(&berth, "later").await;
        let late = house.app.finish_token_upload((token, "a.jsonl"), &berth.key, &info).await;
        assert_eq!(late, Err(TokenRefusal::Unavailable), "nobody would sweep it");
    }
    put(&house, token, "a.jsonl", "all of it").await.unwrap();
}

/// A caller that does not know whether it finished may ask again: what is recorded keeps its bytes.
#[tokio::test]
async fn finishing_again_is_refused_and_takes_nothing_from_the_file() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let berth = house.app.begin_token_upload(token, "a.jsonl").await.unwrap();
    let info = store(&berth, "right").await;
    house.app.finish_token_upload((token, "a.jsonl"), &berth.key, &info).await.unwrap();
    for name in ["a.jsonl", "b.jsonl"] {
        let again = house.app.finish_token_upload((token, name), &berth.key, &info).await;
        assert_eq!(again, Err(TokenRefusal::Exists), "{name}");
        let found = house.stored(&berth.key).await;
        assert_eq!(found.as_deref(), Some(&b"right"[..]), "{name}");
    }
    wait_secs(2 * DAY_SECS);
    house.app.sweep_doomed().await;
    assert_eq!(house.stored(&berth.key).await.unwrap(), b"right");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_finish_at_once_one_has_the_name() {
    const AT_ONCE: usize = 32;
    let house = Arc::new(House::new().await);
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let tokens = [ann.token("s").await, ann.token("s").await];
    for round in 0..4 {
        let name = format!("{round}.jsonl");
        let mut begun = Vec::new();
        for number in 0..AT_ONCE {
            let token = tokens[number % 2];
            let berth = house.app.begin_token_upload(token, &name).await.unwrap();
            let info = store(&berth, &number.to_string()).await;
            begun.push((token, berth.key, info, number.to_string()));
        }
        let finish = |(token, key, info, bytes)| {
            let (house, name) = (Arc::clone(&house), name.clone());
            tokio::spawn(async move {
                let what = (token, &*name);
                (house.app.finish_token_upload(what, &key, &info).await, key, bytes)
            })
        };
        let running: Vec<_> = begun.into_iter().map(finish).collect();
        let mut won = 0;
        for finished in running {
            let (finished, key, bytes) = finished.await.unwrap();
            let stored = house.stored(&key).await;
            if finished.is_ok() {
                won += 1;
                assert_eq!(stored.unwrap(), bytes.as_bytes());
            } else {
                assert_eq!((finished, stored), (Err(TokenRefusal::Exists), None));
            }
        }
        assert_eq!(won, 1);
    }
}
