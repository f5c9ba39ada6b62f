//! Who asks, and what is answered before anything is done: keys, paths, methods, ids.

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
use tower::ServiceExt;

use crate::{
    client::{Client, NOBODYS, done, faults, refused},
    common::House,
};

/// Every route, with `{}` for an id.
const ROUTES: [(&str, &str); 22] = [
    ("GET", "/api/datasets"),
    ("POST", "/api/datasets/create"),
    ("GET", "/api/datasets/{}"),
    ("POST", "/api/datasets/{}/reupload/presigned"),
    ("POST", "/api/datasets/{}/reupload/presigned/{}/complete"),
    ("POST", "/api/datasets/{}/reupload/{}/commit"),
    ("POST", "/api/ingest/upload/presigned"),
    ("POST", "/api/ingest/upload/presigned/{}/complete"),
    ("POST", "/api/ingest/commit/{}"),
    ("GET", "/api/jobs/{}"),
    ("PATCH", "/api/datasets/{}"),
    ("DELETE", "/api/datasets/{}"),
    ("GET", "/api/datasets/{}/versions"),
    ("GET", "/api/datasets/{}/download/cog"),
    ("POST", "/api/datasets/{}/reupload"),
    ("POST", "/api/datasets/{}/reupload/{}/preview"),
    ("POST", "/api/ingest/upload"),
    ("GET", "/api/ingest/upload/config"),
    ("POST", "/api/ingest/preview/{}"),
    ("GET", "/api/jobs/by-dataset/{}"),
    ("POST", "/api/jobs/{}/retry"),
    ("POST", "/api/auth/download-token/{}"),
];

/// Every path, with a slash at its end and without.
fn routes(id: &str) -> Vec<(&'static str, String)> {
    let spelt = |(method, path): (&'static str, &str)| {
        let path = path.replace("{}", id);
        [(method, format!("{path}/")), (method, path)]
    };
    ROUTES.into_iter().flat_map(spelt).collect()
}

#[tokio::test]
async fn each_header_identifies_and_nothing_else_does() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let other = house.key("acme", "ann").await;
    let ask = async |path: &str, fields: &[(&str, &str)]| {
        let request = fields
            .iter()
            .fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        house.send(request.body(Body::empty()).unwrap()).await
    };
    let (key, bearer) = (&*ann.key, format!("Bearer {}", ann.key));
    let lower = format!("bearer {key}");
    for fields in [
        &[("authorization", &*bearer)][..],
        &[("authorization", &lower)],
        &[("x-api-key", key)],
        &[("x-pd-api-key", key)],
        &[("x-pd-api-key", key), ("x-api-key", key), ("authorization", &bearer)],
    ] {
        done(&ask("/api/datasets/", fields).await, 200);
    }
    let (upper, long, of_other) =
        (key.to_uppercase(), "k".repeat(10_000), format!("Bearer {other}"));
    for fields in [
        &[][..],
        &[("cookie", "access_token=k")],
        &[("authorization", "")],
        &[("authorization", "Bearer ")],
        &[("authorization", key)],
        &[("authorization", "Basic eDp5")],
        &[("authorization", "Bearer csk_000000000000000000000000000000000000000000000000")],
        &[("x-api-key", "")],
        &[("x-api-key", &upper)],
        &[("x-api-key", &key[1..])],
        &[("x-api-key", &long)],
        &[("x-api-key", key), ("x-api-key", &other)],
        &[("x-api-key", key), ("authorization", &of_other)],
        &[("authorization", &bearer), ("authorization", &of_other)],
        &[("x-api-key", key), ("authorization", "Basic eDp5")],
    ] {
        for path in ["/api/datasets/", &format!("/api/datasets/?api_key={key}")] {
            let answer = ask(path, fields).await;
            refused(&answer, 401, "Could not validate credentials");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn no_byte_of_a_stranger_is_read_and_no_id_is_looked_at() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for id in [&*dataset, NOBODYS, "garbage"] {
        for (method, path) in routes(id) {
            for key in [None, Some("csk_wrong")] {
                let asked = Arc::new(AtomicUsize::new(0));
                let count = Arc::clone(&asked);
                let body = stream::repeat_with(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 1024]))
                });
                let mut request = Request::builder().method(method).uri(&path);
                if let Some(key) = key {
                    request = request.header("authorization", format!("Bearer {key}"));
                }
                let answer = house.send(request.body(Body::from_stream(body)).unwrap()).await;
                refused(&answer, 401, "Could not validate credentials");
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
                assert_eq!(asked.load(Ordering::Relaxed), 0, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn another_method_is_not_allowed_and_the_right_one_is_said() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (right, path) in routes(NOBODYS) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if routes(NOBODYS).contains(&(method, path.clone())) {
                continue;
            }
            let answer = house.call(&ann.key, method, &path, "").await;
            refused(&answer, 405, "Method Not Allowed");
            let allowed = answer.headers.get("allow").map(|value| value.to_str().unwrap());
            let allowed = allowed.unwrap_or_else(|| panic!("{method} {path} says nothing of it"));
            assert!(allowed.split(',').any(|it| it == right), "{method} {path}: {allowed}");
        }
    }
}

#[tokio::test]
async fn a_path_that_there_is_none_of_is_not_found() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for path in [
        "/api/datasets/create/x",
        "/api/datasets/x/reupload/presigned/y",
        "/api/datasets/x/reupload/presigned/y/complete/z",
        "/api/datasets/x/reupload/y/previews",
        "/api/datasets/x/download",
        "/api/ingest",
        "/api/ingest/",
        "/api/ingest/preview",
        "/api/ingest/upload/presigned/x",
        "/api/ingest/commit/",
        "/api/ingest/commit",
        "/api/jobs",
        "/api/jobs/",
        "/api/jobs/x/y",
        "/api/jobs/by-dataset/x/y",
        "/api/auth",
        "/api/auth/download-token",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            refused(&house.call(&ann.key, method, path, "{}").await, 404, "Not Found");
            refused(&house.call("csk_wrong", method, path, "{}").await, 404, "Not Found");
        }
    }
}

#[tokio::test]
async fn what_is_no_uuid_is_not_valid() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let short = &dataset[..35];
    let with_space = format!("{dataset}%20");
    let wrong_digit = format!("g{}", &dataset[1..]);
    for id in [
        "x",
        "1",
        "%20",
        "..%2f",
        "%00",
        short,
        &with_space,
        &wrong_digit,
        "dataset-00000000-0000-4000-8000-000000000000",
        "00000000-0000-4000-8000-0000000000000",
    ] {
        let refusal = ann.get(&format!("/datasets/{id}")).await;
        assert_eq!(faults(&refusal), ["path.dataset_id uuid_parsing"], "{id}");
        for (method, path) in [
            ("PATCH", format!("/datasets/{id}")),
            ("DELETE", format!("/datasets/{id}")),
            ("GET", format!("/datasets/{id}/versions/")),
            ("GET", format!("/datasets/{id}/download/cog")),
            ("GET", format!("/jobs/by-dataset/{id}")),
        ] {
            let refusal = ann.call(method, &path, "{}").await;
            assert_eq!(faults(&refusal), ["path.dataset_id uuid_parsing"], "{path}");
        }
        let begin = format!("/datasets/{id}/reupload/presigned");
        let file = json!({ "filename": "a.csv", "file_size": 1 });
        let refusal = ann.post(&begin, &file).await;
        assert_eq!(faults(&refusal), ["path.dataset_id uuid_parsing"], "{id}");
        for path in [
            format!("{begin}/{NOBODYS}/complete"),
            format!("/datasets/{id}/reupload/{NOBODYS}/commit"),
            format!("/datasets/{id}/reupload/{NOBODYS}/preview"),
            format!("/datasets/{id}/reupload"),
            format!("/auth/download-token/{id}"),
        ] {
            let refusal = ann.post(&path, &json!({})).await;
            assert_eq!(faults(&refusal), ["path.dataset_id uuid_parsing"], "{path}");
        }
        for (method, path) in [
            ("POST", format!("/datasets/{dataset}/reupload/presigned/{id}/complete")),
            ("POST", format!("/datasets/{dataset}/reupload/{id}/commit")),
            ("POST", format!("/ingest/upload/presigned/{id}/complete")),
            ("POST", format!("/ingest/commit/{id}")),
            ("POST", format!("/datasets/{dataset}/reupload/{id}/preview")),
            ("POST", format!("/ingest/preview/{id}")),
            ("POST", format!("/jobs/{id}/retry")),
            ("GET", format!("/jobs/{id}")),
        ] {
            let refusal = ann.call(method, &path, "{}").await;
            assert_eq!(faults(&refusal), ["path.job_id uuid_parsing"], "{path}");
        }
    }
    // What is no UTF-8 is nothing that can be shown.
    assert_eq!(faults(&ann.get("/jobs/%ff").await), ["path.job_id uuid_parsing"]);
    let refusal = ann.get("/jobs/x").await;
    let expected = json!([{
        "type": "uuid_parsing",
        "loc": ["path", "job_id"],
        "msg": "Input should be a valid UUID",
        "input": "x",
    }]);
    assert_eq!(refusal.body["detail"], expected);
}

#[tokio::test]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (path, status) in [("/api/datasets/", 200), ("/api/jobs/x", 422)] {
        let request = Request::head(path).header("x-api-key", &ann.key);
        let response =
            house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        assert!(body.is_empty(), "{path}");
    }
}
