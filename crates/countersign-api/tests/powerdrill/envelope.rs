//! What every answer has, and the name that a client may give its request.

use std::collections::HashSet;

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use serde_json::json;
use tower::ServiceExt;

use crate::{
    client::{Client, INVALID, NOT_FOUND, data, refused, trace_id},
    common::{Answer, House},
};

const V2: [&str; 3] = ["/api/v2/team", "/v2/team", "/app/api/v2/team"];
const V1: [&str; 2] = ["/api/v1/team", "/v1/team"];

const EXTERNAL: &str = "x-pd-external-trace-id";

/// Answers of every kind, below one root.
async fn answers(ann: &Client<'_>, mount: &str, version: u32) -> Vec<Answer> {
    let ask = async |key: &str, method: &str, path: &str, body: &str| {
        ann.house.call(key, method, &format!("{mount}{path}"), body).await
    };
    let presign = "/datasets/x/datasources/y/presign";
    let large = "x".repeat(64 * 1024 + 1);
    let (invalid, impossible) = if version == 1 { (100, 100_001) } else { (300_001, 300_003) };
    let mut all = Vec::new();
    for (key, method, path, body, expected) in [
        (&*ann.key, "POST", presign, "{\"user_id\":\"ann\"}", (200, impossible)),
        (&ann.key, "POST", presign, "[", (400, invalid)),
        (&ann.key, "POST", presign, &large, (413, invalid)),
        (&ann.key, "PATCH", presign, "", (405, invalid)),
        (&ann.key, "OPTIONS", presign, "", (405, invalid)),
        (&ann.key, "GET", "", "", (404, impossible)),
        (&ann.key, "GET", "//", "", (404, impossible)),
        (&ann.key, "POST", "?x", "", (404, impossible)),
        (&ann.key, "GET", "/nothing", "", (404, impossible)),
        (&ann.key, "GET", "//datasets?user_id=ann", "", (404, impossible)),
        (&ann.key, "POST", "/datasets/", "{}", (404, impossible)),
        (&ann.key, "GET", "/datasets/a/b/c/d/e/f", "", (404, impossible)),
        ("csk_nobodys", "POST", presign, "", (403, 1_004)),
        ("", "POST", presign, "", (403, 1_004)),
    ] {
        let answer = ask(key, method, path, body).await;
        refused(&answer, expected);
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        all.push(answer);
    }
    let keyless = Request::post(format!("{mount}{presign}")).body(Body::empty()).unwrap();
    let keyless = ann.house.send(keyless).await;
    refused(&keyless, (403, 1_003));
    all.push(keyless);
    all
}

#[tokio::test]
async fn every_answer_of_every_mount_has_a_name_of_its_own() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let mut all = Vec::new();
    for mount in V1 {
        all.extend(answers(&ann, mount, 1).await);
    }
    for mount in V2 {
        all.extend(answers(&ann, mount, 2).await);
        let list = house.call(&ann.key, "GET", &format!("{mount}/datasets?user_id=ann"), "").await;
        data(&list);
        all.push(list);
        // A GET without its body.
        let head = Request::head(format!("{mount}/datasets?user_id=ann"));
        let head = head.header("x-pd-api-key", &ann.key).body(Body::empty()).unwrap();
        let head = house.router.clone().oneshot(head).await.unwrap();
        assert_eq!(head.status(), 200);
        assert!(head.headers().contains_key("x-pd-trace-id"));
    }
    let names: HashSet<_> = all.iter().map(trace_id).collect();
    assert_eq!(names.len(), all.len());
    assert!(names.iter().all(|name| name.len() == 36), "{names:?}");
}

#[tokio::test]
async fn the_root_with_a_slash_is_of_the_dialect_as_well() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (mounts, code) in [(&V1[..], 100_001), (&V2, 300_003)] {
        for mount in mounts {
            let answer = house.call(&ann.key, "GET", &format!("{mount}/"), "").await;
            refused(&answer, (404, code));
        }
    }
}

/// Values of the header, and whether they are names.
fn names() -> Vec<(Vec<Vec<u8>>, bool)> {
    let one = |value: &[u8], is_name| (vec![value.to_vec()], is_name);
    vec![
        (vec![], true),
        one(b"", true),
        one(b"a", true),
        one(b"7f3c2a10-0000-4000-8000-000000000000", true),
        one("a".repeat(128).as_bytes(), true),
        one("a".repeat(129).as_bytes(), false),
        one("ü".repeat(128).as_bytes(), true),
        one("ü".repeat(129).as_bytes(), false),
        one("🦀".repeat(128).as_bytes(), true),
        one("🦀".repeat(129).as_bytes(), false),
        one(&[b'a'; 8_192], false),
        one(b"a\xffb", false),
        one(b"\xc3", false),
        one(b"\xed\xa0\x80", false),
        one(b"a\tb", false),
        one("a\u{85}b".as_bytes(), false),
        one(b"\\x1b[31m", true),
        (vec![b"a".to_vec(), b"a".to_vec()], false),
        (vec![b"a".to_vec(), b"b".to_vec()], false),
        (vec![b"".to_vec(), b"".to_vec()], false),
    ]
}

async fn send_named(
    ann: &Client<'_>,
    (method, path): (&str, &str),
    names: &[Vec<u8>],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("x-pd-api-key", &ann.key);
    for name in names {
        request = request.header(EXTERNAL, HeaderValue::from_bytes(name).unwrap());
    }
    ann.house.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_request_with_a_bad_name_is_refused_and_nothing_is_done() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let body = json!({ "name": "d", "user_id": "ann" }).to_string();
    let mut made = 0;
    for mount in V2 {
        for (names, is_name) in names() {
            let request = ("POST", &*format!("{mount}/datasets"));
            let answer = send_named(&ann, request, &names, &body).await;
            if is_name {
                data(&answer);
                made += 1;
            } else {
                refused(&answer, INVALID);
                assert!(answer.body["msg"].as_str().unwrap().contains(EXTERNAL));
            }
            // It is never said again, whatever it is.
            assert!(!answer.headers.contains_key(EXTERNAL));
            assert!(names.iter().all(|name| *name != trace_id(&answer).as_bytes()));
            let text = answer.body.to_string();
            let said =
                |name: &Vec<u8>| name.len() > 4 && text.contains(&*String::from_utf8_lossy(name));
            assert!(!names.iter().any(said), "{text}");
        }
    }
    assert_eq!(ann.datasets_total().await, made);
}

#[tokio::test]
async fn a_bad_name_is_refused_in_each_generation_and_before_anything_else() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (names, is_name) in names() {
        for mount in V1 {
            let path = format!("{mount}/datasets/x/datasources/y/presign");
            let answer = send_named(&ann, ("POST", &path), &names, "").await;
            refused(&answer, if is_name { (200, 100_001) } else { (400, 100) });
            let answer = send_named(&ann, ("POST", &format!("{mount}/x")), &names, "").await;
            refused(&answer, if is_name { (404, 100_001) } else { (400, 100) });
        }
        for mount in V2 {
            let path = format!("{mount}/datasets/x/datasources/y?user_id=ann");
            let answer = send_named(&ann, ("GET", &path), &names, "").await;
            refused(&answer, if is_name { NOT_FOUND } else { INVALID });
            let answer = send_named(&ann, ("PUT", &path), &names, "").await;
            refused(&answer, if is_name { (405, 300_001) } else { INVALID });
        }
    }
}

#[tokio::test]
async fn a_client_that_knows_our_name_of_before_does_not_get_it_again() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let mut seen = HashSet::new();
    let mut name = String::from("0");
    for _ in 0..100 {
        let names = [name.clone().into_bytes()];
        let answer = send_named(&ann, ("GET", "/v2/team/nothing"), &names, "").await;
        name = trace_id(&answer);
        assert!(seen.insert(name.clone()));
    }
}
