//! Who asks, and what is answered before anything is done: keys, bodies, paths, methods.

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::{
    client::{BASES, Client, grant_of, put, refused},
    common::House,
};

#[tokio::test]
async fn each_header_identifies_and_nothing_else_does() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let other = house.key("acme", "ann").await;
    let ask = async |base: &str, fields: &[(&str, &str)]| {
        let path = format!("{base}/s/generate-upload-token");
        let request = fields
            .iter()
            .fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        house.send(request.body(Body::from(r#"{"minutes":1}"#)).unwrap()).await
    };
    let (key, bearer) = (&*ann.key, format!("Bearer {}", ann.key));
    let (upper, of_other) = (key.to_uppercase(), format!("Bearer {other}"));
    for base in BASES {
        for fields in [
            &[("authorization", &*bearer)][..],
            &[("x-api-key", key)],
            &[("x-pd-api-key", key)],
            &[("x-api-key", key), ("authorization", &bearer)],
        ] {
            assert_eq!(ask(base, fields).await.status, 200);
        }
        for fields in [
            &[][..],
            &[("cookie", "token=k")],
            &[("authorization", "Bearer ")],
            &[("authorization", key)],
            &[("authorization", "Basic eDp5")],
            &[("authorization", "Bearer SEU_TOKEN_AQUI")],
            &[("x-api-key", &upper)],
            &[("x-api-key", key), ("authorization", &of_other)],
            &[("authorization", &bearer), ("authorization", &of_other)],
        ] {
            refused(&ask(base, fields).await, 401, "Unauthenticated.");
        }
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    for slug in ["s", "absent", "S", "%ff"] {
        for body in [r#"{"minutes":15}"#, r#"{"minutes":0}"#, "x", &"x".repeat(100_000)] {
            let path = format!("/api/v1/schemas/{slug}/generate-upload-token");
            let answer = house.call("csk_wrong", "POST", &path, body).await;
            refused(&answer, 401, "Unauthenticated.");
        }
    }
}

#[tokio::test]
async fn a_body_is_a_json_object_of_64_kib() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let deep = format!("{{\"minutes\":15,\"a\":{}1{}}}", "[".repeat(32), "]".repeat(32));
    for body in ["", "[]", "null", "15", "\"15\"", "x", "{\"minutes\":15", "minutes=15", &deep] {
        let answer = ann.ask(0, "s", body).await;
        refused(&answer, 422, "The body must be a JSON object.");
    }
    let padded = |len: usize| format!("{{\"minutes\":15,\"x\":\"{}\"}}", "x".repeat(len - 21));
    assert_eq!(padded(100).len(), 100);
    refused(&ann.ask(0, "s", &padded(65_537)).await, 413, "The body is too large.");
    assert_eq!(ann.ask(0, "s", &padded(65_536)).await.status, 200);
}

#[tokio::test]
async fn another_path_or_method_is_answered_in_the_same_shape() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    for base in BASES {
        for path in ["/s/", "/s/t/generate-upload-token", "/s/generate", "/s/files/1"] {
            for method in ["GET", "POST"] {
                let path = format!("{base}{path}");
                refused(&house.call(&ann.key, method, &path, "{}").await, 404, "Not Found.");
            }
        }
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let path = format!("{base}/s/generate-upload-token");
            let answer = house.call(&ann.key, method, &path, r#"{"minutes":15}"#).await;
            refused(&answer, 405, "The method is not supported for this route.");
            assert_eq!(answer.headers["allow"], "POST");
        }
    }
}

#[tokio::test]
async fn what_comes_by_a_token_is_no_file_and_no_handle_of_another_dialect() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let answer = ann.ask(0, "s", r#"{"minutes":15}"#).await;
    let berth = put(&house, grant_of(&answer.body), "a.jsonl", "{}\n").await.unwrap();

    let file = json!({ "filename": "b.csv", "content_type": "text/csv" }).to_string();
    let begun = house.call(&ann.key, "POST", "/api/v1/files/upload", &file).await.body;
    house.put(begun["upload_url"].as_str().unwrap(), "text/csv", b"a,b\n").await;
    let files = house.call(&ann.key, "GET", "/api/v1/files", "").await.body;
    assert_eq!(files["total"], 1);
    assert_eq!(files["files"][0]["original_filename"], "b.csv");

    for name in ["a.jsonl", "a.json", "a.csv"] {
        let wish = json!({
            "name": name, "type": "FILE", "file_object_key": berth.key.as_str(), "user_id": "ann",
        });
        let path = "/api/v2/team/datasources";
        let answer = house.call(&ann.key, "POST", path, &wish.to_string()).await;
        assert_ne!(answer.body["code"], 0, "{name}");
    }
    let path = "/api/v2/team/datasets?user_id=ann";
    let datasets = house.call(&ann.key, "GET", path, "").await.body;
    assert_eq!(datasets["data"]["total_items"], 0);
    assert_eq!(house.stored(&berth.key).await.unwrap(), b"{}\n");
}
