//! H-12: what a token is, how long it holds, and whose it is.

use countersign::PrefixTokenError;
use countersign_catalog::{Catalog, Schemas};
use serde_json::json;
use uuid::Uuid;

use crate::{
    client::{BASES, Client, grant_of, invalid, put, refused, token_of},
    common::{House, now, prefix_token_key, wait_secs},
};

#[tokio::test]
async fn a_token_says_what_it_has_to_and_no_more() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let schema = ann.schema("seu-schema").await;
    for (base, number) in [(0, 1), (1, 2)] {
        let answer = ann.ask(base, "seu-schema", r#"{"minutes":15}"#).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        let expected = json!({
            "id": number,
            "upload_url": answer.body["upload_url"],
            "expires_at": "2026-11-18T11:21:40.000000Z",
            "success": true,
        });
        assert_eq!(answer.body, expected);
        let token = token_of(&answer.body);
        assert!(token.starts_with("CS01-") && token.len() == 119, "{token}");
        assert!(!token.contains('/') && !token.contains("seu-schema"), "{token}");

        let record = house.catalog.upload_token(grant_of(&answer.body)).await.unwrap().unwrap();
        assert_eq!((record.number, record.schema), (number, schema.id));
        assert_eq!((record.owner.team, record.owner.user.as_str()), (schema.team, "ann"));
        assert_eq!(record.created_at.unix_secs(), 1_795_000_000);
        assert_eq!(record.not_after.unix_secs(), 1_795_000_900);
    }
}

const BETWEEN: &str = "The minutes field must be between 1 and 60.";
const INTEGER: &str = "The minutes field must be an integer.";
const REQUIRED: &str = "The minutes field is required.";

/// What is asked for, as it stands in the JSON; and when a token of it ends, or why there is none.
const MINUTES: [(&str, Result<&str, &str>); 34] = [
    ("", Err(REQUIRED)),
    ("null", Err(REQUIRED)),
    ("1", Ok("2026-11-18T11:07:40.000000Z")),
    ("2", Ok("2026-11-18T11:08:40.000000Z")),
    ("30", Ok("2026-11-18T11:36:40.000000Z")),
    ("59", Ok("2026-11-18T12:05:40.000000Z")),
    ("60", Ok("2026-11-18T12:06:40.000000Z")),
    ("0", Err(BETWEEN)),
    ("61", Err(BETWEEN)),
    ("-1", Err(BETWEEN)),
    ("-60", Err(BETWEEN)),
    ("600", Err(BETWEEN)),
    ("2147483648", Err(BETWEEN)),
    ("4294967297", Err(BETWEEN)),
    ("4294967326", Err(BETWEEN)),
    ("9223372036854775807", Err(BETWEEN)),
    ("9223372036854775808", Err(BETWEEN)),
    ("18446744073709551615", Err(BETWEEN)),
    ("-9223372036854775808", Err(BETWEEN)),
    ("-9223372036854775809", Err(INTEGER)),
    ("18446744073709551617", Err(INTEGER)),
    ("-0", Err(INTEGER)),
    ("1.5", Err(INTEGER)),
    ("1.0", Err(INTEGER)),
    ("1e1", Err(INTEGER)),
    ("1E1", Err(INTEGER)),
    ("\"15\"", Err(INTEGER)),
    ("\"\"", Err(INTEGER)),
    ("\"15m\"", Err(INTEGER)),
    ("true", Err(INTEGER)),
    ("false", Err(INTEGER)),
    ("[]", Err(INTEGER)),
    ("[15]", Err(INTEGER)),
    ("{}", Err(INTEGER)),
];

#[tokio::test]
async fn minutes_are_granted_in_their_range_or_refused() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let mut granted = 0;
    for (minutes, expected) in MINUTES {
        for base in 0..BASES.len() {
            let member =
                if minutes.is_empty() { String::new() } else { format!("\"minutes\":{minutes}") };
            let answer = ann.ask(base, "s", &format!("{{{member}}}")).await;
            let expires_at = match expected {
                Ok(expires_at) => expires_at,
                Err(message) => {
                    invalid(&answer, message);
                    continue;
                }
            };
            granted += 1;
            assert_eq!(answer.status, 200, "{minutes}");
            assert_eq!(answer.body["expires_at"], expires_at);
            // A refusal uses up no number.
            assert_eq!(answer.body["id"], granted);
            let verified = prefix_token_key().verify(token_of(&answer.body), now()).unwrap();
            let secs = verified.not_after().unix_secs() - 1_795_000_000;
            assert_eq!(secs, 60 * minutes.parse::<i64>().unwrap());
        }
    }
    assert_eq!(granted, 10);
}

#[tokio::test]
async fn a_token_holds_up_to_its_instant_and_not_at_it() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    wait_secs(7);
    let answer = ann.ask(0, "s", r#"{"minutes":1}"#).await;
    assert_eq!(answer.body["expires_at"], "2026-11-18T11:07:47.000000Z");
    let token = token_of(&answer.body);
    wait_secs(59);
    prefix_token_key().verify(token, now()).unwrap();
    wait_secs(1);
    let late = prefix_token_key().verify(token, now()).unwrap_err();
    assert_eq!(late, PrefixTokenError::Expired { now: now(), not_after: now() });
    assert_eq!(now().unix_secs(), 1_795_000_067);
}

#[tokio::test]
async fn what_the_vendors_client_says_besides_is_ignored() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let body = json!({
        "mapping_name": "sales", "timestamp": "2026-11-18T11:06:40", "minutes": 30, "id": 9, "slug": "t",
    });
    let answer = ann.ask(1, "s", &body.to_string()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body["id"], 1);
    assert_eq!(answer.body["expires_at"], "2026-11-18T11:36:40.000000Z");
}

#[tokio::test]
async fn ids_count_for_each_team_from_1_and_tokens_are_all_others() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let eve = Client::new(&house, "evil", "eve").await;
    ann.schema("s").await;
    ann.schema("t").await;
    eve.schema("s").await;
    let mut seen = std::collections::HashSet::new();
    for (client, slug, id) in [
        (&ann, "s", 1),
        (&ann, "s", 2),
        (&eve, "s", 1),
        (&bob, "t", 3),
        (&eve, "s", 2),
        (&ann, "t", 4),
    ] {
        let answer = client.ask(0, slug, r#"{"minutes":1}"#).await;
        assert_eq!(answer.body["id"], id);
        assert!(seen.insert(token_of(&answer.body).to_owned()));
        assert!(seen.insert(grant_of(&answer.body).to_string()));
    }
}

/// What is no schema of the team.
fn no_slugs() -> Vec<String> {
    let slugs = [
        "nothing", "theirs", "S", "s%20", "%20s", ".", "..", "%2e%2e", "s%2f", "s%2Ft", "..%2fs",
        "s%00", "%ff", "%c3%28", "%", "%zz", "s%0a", "-s", "_s", "s.t", "%c3%a9", "s'--", "*", "1",
    ];
    let long = ["a".repeat(65), "a".repeat(5_000)];
    slugs.into_iter().map(Into::into).chain(long).collect()
}

#[tokio::test]
async fn what_is_no_schema_of_the_team_is_not_found_to_the_byte() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    ann.schema("s").await;
    eve.schema("theirs").await;
    let longest = "a".repeat(64);
    ann.schema(&longest).await;
    for base in 0..BASES.len() {
        let absent = ann.ask(base, "absent", r#"{"minutes":15}"#).await;
        for slug in no_slugs() {
            let answer = ann.ask(base, &slug, r#"{"minutes":15}"#).await;
            refused(&answer, 404, "Schema not found.");
            assert_eq!(answer.headers, absent.headers, "{slug}");
            // Minutes that are none tell nothing of the schema.
            invalid(&ann.ask(base, &slug, r#"{"minutes":0}"#).await, BETWEEN);
        }
        for slug in ["s", "%73", &longest] {
            assert_eq!(ann.ask(base, slug, r#"{"minutes":15}"#).await.status, 200, "{slug}");
        }
    }
    assert_eq!(ann.ask(0, "s", r#"{"minutes":15}"#).await.body["id"], 7);
    assert_eq!(eve.ask(0, "theirs", r#"{"minutes":15}"#).await.body["id"], 1);
}

#[tokio::test]
async fn any_user_of_the_team_puts_files_and_each_puts_their_own() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    ann.schema("s").await;
    for (client, user, name) in [(&ann, "ann", "a.jsonl"), (&bob, "bob", "b.jsonl")] {
        let berth = put(&house, client.token("s").await, name, "{}\n").await.unwrap();
        let key = countersign_catalog::UploadRef::ObjectKey(berth.key.as_str());
        let upload = house.catalog.upload(key).await.unwrap().unwrap();
        assert_eq!(upload.owner.user.as_str(), user);
    }
    let unknown = Uuid::from_u128(1);
    assert!(house.catalog.upload_token(unknown).await.unwrap().is_none());
}
