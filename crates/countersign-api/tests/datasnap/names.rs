//! C-04: the name of a file is a name, of one format, and nothing of it is in a key.

use countersign_api::TokenRefusal;

use crate::{
    client::{Client, put},
    common::House,
};

#[tokio::test]
async fn a_name_ends_in_jsonl_to_the_letter() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    for name in [
        "",
        "a",
        "jsonl",
        ".jsonl",
        "a.json",
        "a.jsonl.gz",
        "a.jsonl ",
        "a.jsonl.",
        "a.jsonll",
        "a.JSONL",
        "a.Jsonl",
        "a.jsonL",
        "ajsonl",
        "a.jsоnl",
        "a.csv",
    ] {
        let refusal = put(&house, token, name, "{}\n").await.unwrap_err();
        assert_eq!(refusal, TokenRefusal::InvalidName, "{name:?}");
    }
    let longest = format!("{}.jsonl", "a".repeat(249));
    for name in ["a.jsonl", "A.jsonl", "..jsonl", "a.b.jsonl", "Bücher 🦀.jsonl", &longest] {
        let berth = put(&house, token, name, "{}\n").await.unwrap();
        assert_eq!(berth.media_type, "application/x-ndjson");
        // Nothing of the key is the name.
        let id = berth.key.as_str().strip_prefix("objects/").unwrap();
        let id = id.strip_suffix(".jsonl").unwrap();
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        assert!(id.len() == 36 && id.bytes().all(is_digit), "{id}");
    }
}

#[tokio::test]
async fn names_are_told_apart_to_the_byte() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    let names = ["é.jsonl", "e\u{301}.jsonl", "a.jsonl", "A.jsonl", "a%2ejsonl.jsonl", " a.jsonl"];
    let mut keys = std::collections::HashSet::new();
    for name in names {
        let berth = put(&house, token, name, name).await.unwrap();
        assert!(keys.insert(berth.key.as_str().to_owned()));
        assert_eq!(house.stored(&berth.key).await.unwrap(), name.as_bytes());
    }
    for name in names {
        let refusal = house.app.begin_token_upload(token, name).await.unwrap_err();
        assert_eq!(refusal, TokenRefusal::Exists, "{name}");
    }
}

#[tokio::test]
async fn a_name_is_taken_in_its_schema_whichever_token_it_came_by() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let mut tokens = Vec::new();
    for (client, slug) in [(&ann, "s"), (&ann, "t"), (&eve, "s")] {
        client.schema(slug).await;
        tokens.push(client.token(slug).await);
    }
    let mut berths = Vec::new();
    for (number, token) in tokens.into_iter().enumerate() {
        let bytes = format!("{number}\n");
        berths.push((put(&house, token, "a.jsonl", &bytes).await.unwrap(), bytes));
    }
    for (client, slug) in [(&ann, "s"), (&bob, "s"), (&bob, "t"), (&eve, "s")] {
        let token = client.token(slug).await;
        let refusal = put(&house, token, "a.jsonl", "other").await.unwrap_err();
        assert_eq!(refusal, TokenRefusal::Exists, "{slug}");
    }
    for (berth, bytes) in &berths {
        assert_eq!(house.stored(&berth.key).await.unwrap(), bytes.as_bytes());
    }
}
