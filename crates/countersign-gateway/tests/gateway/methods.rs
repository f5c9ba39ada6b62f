//! Which method a URL serves, and what needs none: C-01, V-02, X-05.

use axum::{Router, body::Body, routing::get};
use countersign::{Addressing, Endpoint, Lifetime, Region};
use countersign_storage::{Backend, Bound, ObjectKey, UrlSigner};
use object_store::Attributes;

use crate::{
    client::{Call, Sign},
    world::{ID, REGION, World, credentials, now},
};

const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

/// C-01
#[tokio::test]
async fn a_url_serves_what_it_was_signed_for() {
    for (minted, served) in [("GET", &["GET", "HEAD"][..]), ("PUT", &["PUT"]), ("part", &["PUT"])] {
        for method in METHODS {
            let world = World::new();
            let key = ObjectKey::new("k").unwrap();
            let upload = world.backend.parts().create(&key, Attributes::new()).await.unwrap();
            let part = [("partNumber", "1"), ("uploadId", upload.as_str())];
            let sign = match minted {
                "part" => Sign::new("PUT", "k").query(&part),
                minted => Sign::new(minted, "k"),
            };
            if minted == "GET" {
                assert_eq!(Call::put("k", "abc").send(&world).await.verdict(), "200");
            }
            let before = (world.stored("k").await, world.asked());
            let answer = sign.sign().method(method).body("xyz").send(&world).await;
            let expected = match method {
                "OPTIONS" => 204,
                "GET" | "HEAD" | "PUT" if served.contains(&method) => 200,
                "GET" | "HEAD" | "PUT" => 403,
                _ => 405,
            };
            assert_eq!(answer.status, expected, "{method} by a URL for {minted}");
            if expected != 200 {
                assert_eq!((world.stored("k").await, world.asked()), before);
                let parts = world.backend.parts().list(&key, &upload).await.unwrap();
                assert_eq!(parts, [], "{method} by a URL for {minted}");
            }
        }
    }
}

#[tokio::test]
async fn a_url_for_head_serves_no_bytes() {
    let world = World::new();
    Call::put("k", "abc").send(&world).await;
    let head = Sign::new("HEAD", "k").sign();
    assert_eq!(head.send(&world).await.verdict(), "200");
    assert_eq!(head.method("GET").send(&world).await.verdict(), "403 SignatureDoesNotMatch");
}

#[tokio::test]
async fn other_methods_are_refused_before_anything_is_read() {
    let world = World::new();
    for method in ["POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"] {
        for target in ["/s3", "/s3/", "/s3/data/k", "/s3/data/k?X-Amz-Signature=%", "http://x/s3/a"]
        {
            let call = Call {
                method: method.into(),
                target: target.into(),
                headers: Vec::new(),
                body: Vec::new(),
            };
            let answer = call.send(&world).await;
            assert_eq!(answer.verdict(), "405 MethodNotAllowed", "{method} {target}");
            assert_eq!(answer.header("allow"), "GET, HEAD, PUT, OPTIONS");
        }
    }
}

///
#[tokio::test]
async fn a_page_may_ask_what_it_may_send() {
    let world = World::new();
    for origin in ["https://a.example", "null", "http://localhost:8080"] {
        let call = Sign::new("PUT", "k").sign().method("OPTIONS").header("origin", origin);
        let answer = call.header("access-control-request-method", "PUT").send(&world).await;
        assert_eq!(answer.verdict(), "204");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD, PUT");
        assert_eq!(answer.header("access-control-allow-headers"), "*");
        assert_eq!(answer.header("access-control-max-age"), "3600");
        assert!(!answer.headers.contains_key("content-length"));
    }
    assert_eq!(world.asked(), 0);
}

/// V-02
#[tokio::test]
async fn only_the_query_signs() {
    let world = World::new();
    Call::put("k", "abc").send(&world).await;
    let aws4 = "AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
    for method in ["GET", "HEAD", "PUT", "DELETE", "POST"] {
        for (authorization, by_query, anonymous) in [
            (None, 200, 403),
            (Some("Bearer token"), 200, 403),
            (Some("Basic dTpw"), 200, 403),
            (Some(aws4), 400, 403),
            (Some("AWS id:signature"), 400, 403),
        ] {
            for is_signed in [true, false] {
                let mut call = Sign::new(method, "k").sign();
                if !is_signed {
                    call = call.target(|target| target.split('?').next().unwrap().into());
                }
                if let Some(value) = authorization {
                    call = call.header("authorization", value);
                }
                let call = if method == "PUT" { call.body("abc") } else { call };
                let expected = match method {
                    "DELETE" | "POST" => 405,
                    _ if is_signed => by_query,
                    _ => anonymous,
                };
                let answer = call.send(&world).await;
                assert_eq!(answer.status, expected, "{method} {authorization:?} {is_signed}");
                if method == "GET" && expected >= 400 {
                    let code = if expected == 400 { "InvalidArgument" } else { "AccessDenied" };
                    assert_eq!(answer.verdict(), format!("{expected} {code}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn it_may_be_one_of_many_routes() {
    let world = World::new();
    let merged = Router::new().route("/health", get(|| async { "ok" })).merge(world.router.clone());
    let answer = Call::put("k", "abc").send_body(&merged, Body::from("abc")).await;
    assert_eq!(answer.verdict(), "200");
    assert_eq!(world.stored("k").await.unwrap(), b"abc");
}

/// A router around it may cut a prefix off: that is not what was signed.
#[tokio::test]
async fn the_target_is_verified_as_received() {
    let world = World::new();
    let nested = Router::new().nest("/outer", world.router.clone());
    let cut = Call::put("k", "abc").target(|target| format!("/outer{target}"));
    let answer = cut.send_body(&nested, Body::from("abc")).await;
    assert_eq!(answer.verdict(), "403 SignatureDoesNotMatch");

    let outer = Endpoint::parse("http://localhost:8080/outer/s3", Addressing::Path).unwrap();
    let signed = signed_at(&outer, "k");
    let answer = signed.send_body(&nested, Body::from("abc")).await;
    assert_eq!(answer.verdict(), "400 InvalidURI");
    assert_eq!((world.stored("k").await, world.asked()), (None, 0));
}

#[tokio::test]
async fn it_answers_where_its_endpoint_is() {
    for (url, addressing) in [
        ("http://localhost:8080", Addressing::Path),
        ("http://localhost:8080/a%20b/{c}/:d/*e", Addressing::Path),
        ("http://s3.localhost", Addressing::VirtualHost),
        ("http://s3.localhost/base", Addressing::VirtualHost),
    ] {
        let endpoint = Endpoint::parse(url, addressing).unwrap();
        let world = World::at(endpoint.clone(), Backend::memory());
        for key in ["k", "a/b c"] {
            let answer = signed_at(&endpoint, key).body("abc").send(&world).await;
            assert_eq!(answer.verdict(), "200", "{url} {key}");
            assert_eq!(world.stored(key).await.unwrap(), b"abc");
        }
    }
}

fn signed_at(endpoint: &Endpoint, key: &str) -> Call {
    let bucket = endpoint.bucket("data").unwrap();
    let (origin, host) = (bucket.origin().to_owned(), bucket.authority().to_owned());
    let region = Region::new(REGION).unwrap();
    let signer = UrlSigner::new(credentials(ID), region, bucket, now());
    let key = ObjectKey::new(key).unwrap();
    let url = signer.put(&key, &Bound::default(), Lifetime::MIN, now()).unwrap();
    let target = url.as_str().strip_prefix(&origin).unwrap().to_owned();
    Call { method: "PUT".into(), target, headers: vec![("host".into(), host)], body: Vec::new() }
}
