//! Downloads of the current version.

use axum::{body::Body, http::Request};
use countersign_storage::ObjectKey;
use serde_json::json;

use crate::{
    client::{Client, NOBODYS, done, end_of, faults, refused},
    common::{Answer, House, now, wait_secs},
};

const WRONG: &str = "Could not validate credentials";

/// Asks without a key.
async fn open(house: &House, path: &str) -> Answer {
    house.send(Request::get(format!("/api{path}")).body(Body::empty()).unwrap()).await
}

/// The key that an answer leads to.
fn target(house: &House, answer: &Answer) -> ObjectKey {
    assert_eq!(answer.status, 302, "{:?}", answer.body);
    let url = answer.headers["location"].to_str().unwrap();
    assert_eq!(end_of(url), now().unix_secs() + 3_600);
    house.verified("GET", url, &[])
}

async fn token(ann: &Client<'_>, dataset: &str) -> String {
    let told = ann.call("POST", &format!("/auth/download-token/{dataset}"), "").await;
    let told = done(&told, 200);
    let token = told["token"].as_str().unwrap();
    assert_eq!(told, json!({ "token": token, "expires_in": 120 }));
    token.into()
}

#[tokio::test]
async fn a_token_or_a_key_leads_to_the_current_version() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}/download/cog");
    let token = token(&ann, &dataset).await;
    let with_token = format!("{path}?token={token}");
    let none = "The dataset has no current version.";
    refused(&open(&house, &with_token).await, 404, none);
    for bytes in [&b"a,b\n"[..], b"c,d\n"] {
        let begun = ann.completed(Some(&dataset), bytes).await;
        done(&ann.commit(&begun).await, 202);
        for answer in [
            open(&house, &with_token).await,
            open(&house, &with_token).await,
            ann.get(&path).await,
            // Who has a key needs no token, and a wrong one is not looked at.
            ann.get(&format!("{path}?token=x")).await,
        ] {
            assert_eq!(house.stored(&target(&house, &answer)).await.unwrap(), bytes);
            let url = answer.headers["location"].to_str().unwrap();
            assert!(url.contains("response-content-disposition=attachment"), "{url}");
            assert!(url.contains("a.csv"), "{url}");
        }
    }
    let newest = ann.versions(&dataset).await.remove(0);
    let id = newest["id"].as_str().unwrap();
    ann.powerdrill("DELETE", &format!("/datasets/dataset-{dataset}/datasources/{id}"), json!({}))
        .await;
    refused(&open(&house, &with_token).await, 404, none);
}

#[tokio::test]
async fn a_token_is_for_one_dataset_for_two_minutes_and_for_nothing_else() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (dataset, other) = (ann.dataset("d").await, ann.dataset("e").await);
    for dataset in [&dataset, &other] {
        let begun = ann.completed(Some(dataset), b"a,b\n").await;
        done(&ann.commit(&begun).await, 202);
    }
    let token = token(&ann, &dataset).await;
    let path =
        |dataset: &str, token: &str| format!("/datasets/{dataset}/download/cog?token={token}");
    let right = path(&dataset, &token);
    for wrong in [
        path(&other, &token),
        path(NOBODYS, &token),
        path(&dataset, &token[1..]),
        path(&dataset, &token.to_uppercase()),
        path(&dataset, &format!("{token}0")),
        path(&dataset, ""),
        path(&dataset, &ann.key),
        format!("/datasets/{dataset}/download/cog"),
    ] {
        let answer = open(&house, &wrong).await;
        refused(&answer, 401, WRONG);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    let twice = open(&house, &format!("{right}&token={token}")).await;
    assert_eq!(faults(&twice), ["query.token value_error"]);
    // It is no key, and a wrong key is not mended by a token.
    refused(&house.call(&token, "GET", "/api/datasets/", "").await, 401, WRONG);
    refused(&house.call("csk_wrong", "GET", &format!("/api{right}"), "").await, 401, WRONG);
    refused(&open(&house, &format!("/datasets/{dataset}?token={token}")).await, 401, WRONG);
    for header in ["sec-purpose", "purpose"] {
        let request = Request::get(format!("/api{right}")).header(header, "prefetch");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 403);
    }
    wait_secs(119);
    target(&house, &open(&house, &right).await);
    wait_secs(1);
    refused(&open(&house, &right).await, 401, WRONG);
}

#[tokio::test]
async fn a_head_leads_to_a_head() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.completed(Some(&dataset), b"a,b\n").await;
    done(&ann.commit(&begun).await, 202);
    let path = format!("/api/datasets/{dataset}/download/cog");
    let request = Request::head(path).header("x-api-key", &ann.key);
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 302);
    let key = house.verified("HEAD", answer.headers["location"].to_str().unwrap(), &[]);
    assert_eq!(key, begun.object_key(&house).await);
}
