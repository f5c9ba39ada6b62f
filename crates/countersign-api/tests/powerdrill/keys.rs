//! Who asks: one key, in any of three headers, before anything is read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures_util::stream;
use serde_json::json;

use crate::{
    client::{Client, INVALID, NOT_FOUND, data, refused},
    common::House,
};

const MISSING: (u16, u32) = (403, 1_003);
const WRONG: (u16, u32) = (403, 1_004);

#[tokio::test]
async fn each_header_identifies_and_nothing_else_does() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let other = house.key("acme", "ann").await;
    let ask = async |fields: &[(&str, &str)]| {
        let request = Request::get("/api/v2/team/datasets?user_id=ann");
        let request =
            fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        house.send(request.body(Body::empty()).unwrap()).await
    };
    let (key, bearer) = (&*ann.key, format!("Bearer {}", ann.key));
    for fields in [
        &[("x-pd-api-key", key)][..],
        &[("x-api-key", key)],
        &[("authorization", &bearer)],
        &[("x-pd-api-key", key), ("x-api-key", key), ("authorization", &bearer)],
        &[("x-pd-api-key", key), ("x-pd-api-key", key)],
    ] {
        data(&ask(fields).await);
    }
    for fields in [&[][..], &[("cookie", "x-pd-api-key=k")], &[("x-pd-api-keys", key)]] {
        let answer = ask(fields).await;
        refused(&answer, MISSING);
        assert_eq!(answer.body, json!({ "code": 1003, "msg": "insufficient.authentication" }));
    }
    let (upper, long) = (key.to_uppercase(), "k".repeat(10_000));
    for fields in [
        &[("x-pd-api-key", "")][..],
        &[("x-pd-api-key", &*upper)],
        &[("x-pd-api-key", &key[1..])],
        &[("x-pd-api-key", &*long)],
        &[("x-pd-api-key", "csk_000000000000000000000000000000000000000000000000")],
        &[("x-pd-api-key", key), ("x-api-key", &*other)],
        &[("x-pd-api-key", key), ("x-pd-api-key", &*other)],
        &[("x-pd-api-key", key), ("authorization", "Basic eDp5")],
        &[("authorization", key)],
    ] {
        let answer = ask(fields).await;
        refused(&answer, WRONG);
        assert_eq!(answer.body, json!({ "code": 1004, "msg": "bad.credentials" }));
    }
}

/// Every route.
const ROUTES: [(&str, &str); 32] = [
    ("POST", "/v2/team/datasets"),
    ("GET", "/v2/team/datasets"),
    ("POST", "/v2/team/datasets/d/datasources"),
    ("GET", "/v2/team/datasets/d/datasources"),
    ("GET", "/v2/team/datasets/d/datasources/s"),
    ("DELETE", "/v2/team/datasets/d/datasources/s"),
    ("POST", "/v2/team/datasets/d/datasources/s/presign"),
    ("POST", "/v2/team/datasources"),
    ("POST", "/v2/team/file/upload-datasource"),
    ("POST", "/v2/team/file/init-multipart-upload"),
    ("POST", "/v2/team/file/complete-multipart-upload"),
    ("POST", "/v2/team/datasets/d"),
    ("DELETE", "/v2/team/datasets/d"),
    ("GET", "/v2/team/datasets/d/status"),
    ("GET", "/v2/team/datasets/d/overview"),
    ("POST", "/v2/team/jobs"),
    ("POST", "/v1/team/datasets"),
    ("GET", "/v1/team/datasets"),
    ("POST", "/v1/team/datasets/d"),
    ("DELETE", "/v1/team/datasets/d"),
    ("GET", "/v1/team/datasets/d/status"),
    ("GET", "/v1/team/datasets/d/overview"),
    ("POST", "/v1/team/datasets/d/datasources"),
    ("GET", "/v1/team/datasets/d/datasources"),
    ("GET", "/v1/team/datasets/d/datasources/s"),
    ("DELETE", "/v1/team/datasets/d/datasources/s"),
    ("POST", "/v1/team/datasets/d/datasources/s/presign"),
    ("POST", "/v1/team/datasources"),
    ("POST", "/v1/team/file/upload-datasource"),
    ("POST", "/v1/team/file/upload_datasource"),
    ("POST", "/v1/file/upload_datasource"),
    ("POST", "/v1/team/sessions"),
];

#[tokio::test]
async fn no_byte_of_a_stranger_is_read() {
    let house = House::new().await;
    house.key("acme", "ann").await;
    for (method, path) in ROUTES {
        for (key, refusal) in [(None, MISSING), (Some("csk_wrong"), WRONG)] {
            let asked = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&asked);
            let body = stream::repeat_with(move || {
                count.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 1024]))
            });
            let content_type = "multipart/form-data; boundary=X-BOUNDARY";
            let mut request = Request::builder().method(method).uri(path);
            request = request.header("content-type", content_type);
            if let Some(key) = key {
                request = request.header("x-pd-api-key", key);
            }
            let answer = house.send(request.body(Body::from_stream(body)).unwrap()).await;
            refused(&answer, refusal);
            assert_eq!(asked.load(Ordering::Relaxed), 0, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_user_has_to_be_named_and_of_the_team() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    Client::new(&house, "acme", "bob").await;
    Client::new(&house, "evil", "eve").await;
    let make = async |user: &str| {
        let body = format!("{{\"name\":\"d\",\"user_id\":{user}}}");
        ann.call("POST", "/datasets", &body).await
    };
    for known in ["\"ann\"", "\"bob\""] {
        data(&make(known).await);
    }
    for wrong in ["null", "7", "true", "[]", "[\"ann\"]", "{}"] {
        refused(&make(wrong).await, INVALID);
    }
    let long = format!("\"{}\"", "a".repeat(129));
    for unknown in ["\"eve\"", "\"\"", "\" ann\"", "\"ANN\"", "\"a\\u0000nn\"", "\"%61nn\"", &long]
    {
        let answer = make(unknown).await;
        refused(&answer, NOT_FOUND);
        assert_eq!(answer.body["msg"], "user not found");
    }
    refused(&ann.call("POST", "/datasets", "{\"name\":\"d\"}").await, INVALID);
    for query in ["", "?user_id=ann&user_id=ann", "?user_id=ann&user_id=bob", "?USER_ID=ann"] {
        refused(&ann.call("GET", &format!("/datasets{query}"), "").await, INVALID);
    }
    for query in ["?user_id=", "?user_id", "?user_id=eve", "?user_id=%ff", "?user_id=ann%00"] {
        refused(&ann.call("GET", &format!("/datasets{query}"), "").await, NOT_FOUND);
    }
    data(&ann.call("GET", "/datasets?user%5Fid=%61nn", "").await);
    assert_eq!(ann.datasets_total().await, 2);
}
