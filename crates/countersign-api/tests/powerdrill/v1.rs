//! The first generation: what all of it has in common, and links.

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::{
    client::{Client, IMPOSSIBLE, INVALID_V1, NOT_FOUND, data, members, parameter, refused},
    common::House,
};

const V1: [&str; 2] = ["/api/v1/team", "/v1/team"];

/// The path of a data source, below the root.
async fn source(ann: &Client<'_>, name: &str, bytes: &str) -> String {
    let dataset = ann.dataset("d").await;
    let made = ann.source(&dataset, name, bytes).await;
    format!("/datasets/{dataset}/datasources/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_link_has_camel_case_and_needs_no_body() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let path = source(&ann, "Zahlen.csv", "a,b\n").await;
    for root in V1 {
        for (body, secs, at) in [
            ("", "600", "2026-11-18T11:16:40.000Z"),
            ("{}", "600", "2026-11-18T11:16:40.000Z"),
            ("{\"expireIn\":60}", "60", "2026-11-18T11:07:40.000Z"),
            // Names of the other generation mean nothing here.
            ("{\"expires_in\":60,\"user_id\":7}", "600", "2026-11-18T11:16:40.000Z"),
        ] {
            let answer = house.call(&ann.key, "POST", &format!("{root}{path}/presign"), body).await;
            let link = data(&answer);
            assert_eq!(members(&link), ["expireAt", "presignedUrl"]);
            assert_eq!(link["expireAt"], at, "{body}");
            let url = link["presignedUrl"].as_str().unwrap();
            assert_eq!(parameter(url, "X-Amz-Expires"), secs, "{body}");
            assert!(url.contains("Zahlen.csv"), "{url}");
            let object = house.verified("GET", url, &[]);
            assert_eq!(house.stored(&object).await.unwrap(), b"a,b\n");
        }
    }
}

#[tokio::test]
async fn the_whole_team_may_have_a_link_and_nobody_else() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let path = format!("/api/v1/team{}/presign", source(&ann, "a.csv", "a").await);
    data(&house.call(&bob.key, "POST", &path, "").await);
    refused(&house.call(&eve.key, "POST", &path, "").await, IMPOSSIBLE);
}

#[tokio::test]
async fn a_bad_request_is_100_and_what_cannot_be_done_is_100001() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let path = source(&ann, "a.csv", "a").await;
    let invalid = format!("{}/presign", source(&ann, "a.pdf", "MZ").await);
    let path = format!("{path}/presign");
    let ask = async |path: &str, body: &str| {
        house.call(&ann.key, "POST", &format!("/api/v1/team{path}"), body).await
    };
    for body in ["x", "[]", "null", "{", " ", "{\"expireIn\":59}", "{\"expireIn\":\"600\"}"] {
        refused(&ask(&path, body).await, INVALID_V1);
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024));
    refused(&ask(&path, &large).await, (413, 100));
    refused(&ask(&invalid, "").await, IMPOSSIBLE);
    let unknown = path.replacen("/datasets/dataset-", "/datasets/dataset-0", 1);
    refused(&ask(&unknown, "").await, IMPOSSIBLE);
    refused(&ask(&path.replacen("datasource-", "datasource-0", 1), "").await, IMPOSSIBLE);
    refused(&ask("/datasets/x/datasources/y/presign", "").await, IMPOSSIBLE);

    let deleted = ann.delete(path.trim_end_matches("/presign")).await;
    assert_eq!(data(&deleted), json!({}));
    refused(&ask(&path, "").await, IMPOSSIBLE);
    // The same in the second generation.
    refused(&ann.post(&path, json!({})).await, NOT_FOUND);
}

#[tokio::test]
async fn credentials_are_refused_as_in_the_second_generation() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let path = format!("/v1/team{}/presign", source(&ann, "a.csv", "a").await);
    let none = Request::post(&path).body(Body::empty()).unwrap();
    let answer = house.send(none).await;
    refused(&answer, (403, 1_003));
    assert_eq!(answer.body["msg"], "insufficient.authentication");
    refused(&house.call("csk_wrong", "POST", &path, "").await, (403, 1_004));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_the_same_shape() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let path = format!("{}/presign", source(&ann, "a.csv", "a").await);
    for root in V1 {
        for (method, known) in [
            ("GET", &*path),
            ("PATCH", "/datasets"),
            ("GET", "/datasets/x"),
            ("POST", "/datasets/x/status"),
            ("DELETE", "/datasets/x/overview"),
            ("PUT", "/datasets/x/datasources"),
            ("POST", "/datasets/x/datasources/y"),
            ("GET", "/datasources"),
            ("GET", "/file/upload-datasource"),
            ("PUT", "/file/upload_datasource"),
        ] {
            let answer = house.call(&ann.key, method, &format!("{root}{known}"), "").await;
            refused(&answer, (405, 100));
        }
        // What is of the second generation alone is none of these.
        for other in
            ["/nothing", "/datasets/x/y", "/datasources/x", "/file", "/file/init-multipart-upload"]
        {
            let answer = house.call(&ann.key, "POST", &format!("{root}{other}"), "{}").await;
            refused(&answer, (404, 100_001));
        }
    }
}

/// What the vendor has beside its data.
const NO_DATA: [(&str, &str); 9] = [
    ("POST", "/sessions"),
    ("GET", "/sessions?user_id=ann&userId=ann"),
    ("POST", "/sessions/session-1"),
    ("GET", "/sessions/session-1"),
    ("DELETE", "/sessions/session-1"),
    ("GET", "/sessions/session-1/history"),
    ("POST", "/jobs"),
    ("GET", "/jobs/job-1"),
    ("PATCH", "/jobs"),
];

#[tokio::test]
async fn what_is_no_data_is_said_not_to_be_provided() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (roots, code) in
        [(&V1[..], 100_001), (&["/api/v2/team", "/v2/team", "/app/api/v2/team"], 300_002)]
    {
        for root in roots {
            for (method, path) in NO_DATA {
                let path = format!("{root}{path}");
                let answer = house.call(&ann.key, method, &path, "{\"question\":\"?\"}").await;
                refused(&answer, (200, code));
                let said = "No permissions: sessions and jobs are not provided here";
                assert_eq!(answer.body["msg"], said);
                refused(&house.call("csk_wrong", method, &path, "").await, (403, 1_004));
            }
            let none = Request::post(format!("{root}/jobs")).body(Body::empty()).unwrap();
            refused(&house.send(none).await, (403, 1_003));
        }
    }
}
