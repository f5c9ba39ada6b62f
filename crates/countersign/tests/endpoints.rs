//! Proves that a bucket is sent to where botocore sends it (S-02), and that the same input gives the
//! same URL (S-01).

use std::{collections::BTreeSet, thread};

use countersign::{
    Addressing, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region, Scope, SecretKey,
    Service, SigningKey, Timestamp,
};
use serde_json::Value;

fn now() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}

fn key() -> SigningKey {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)
        .unwrap()
        .with_session_token("IQoJb3JpZ2luX2Vj//+=")
        .unwrap();
    let region = Region::new("us-east-1").unwrap();
    SigningKey::derive(&credentials, Scope::new(now().date(), region, Service::S3))
}

/// Host and path of the URL of an object.
fn place(endpoint: &str, addressing: &str, bucket: &str, key: &str) -> (String, String) {
    let addressing =
        if addressing == "virtual" { Addressing::VirtualHost } else { Addressing::Path };
    let endpoint = Endpoint::parse(endpoint, addressing).unwrap();
    let bucket = endpoint.bucket(bucket).unwrap();
    let request = PresignRequest::new(Method::GET, bucket.object(key).unwrap(), Lifetime::MAX);
    let url = self::key().at(now()).unwrap().presign(&request).unwrap();
    let (scheme, rest) = url.as_str().split_once("://").unwrap();
    let (host, target) = rest.split_at(rest.find('/').unwrap());
    // What is signed as the host is what the URL has as its host.
    assert_eq!(host, bucket.authority());
    assert_eq!(format!("{scheme}://{host}"), bucket.origin());
    let (path, _) = target.split_once('?').unwrap();
    (host.to_owned(), path.to_owned())
}

#[test]
fn s_02_a_bucket_is_sent_to_where_botocore_sends_it() {
    let table = include_str!("data/endpoints/endpoints.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let key = table["key"].as_str().unwrap();
    let mut endpoints = BTreeSet::new();
    for case in table["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let found = place(text("endpoint"), text("addressing"), text("bucket"), key);
        let expected = (text("host").to_owned(), text("path").to_owned());
        assert_eq!(found, expected, "{case}");
        endpoints.insert((text("endpoint"), text("addressing"), text("bucket")));
    }
    assert_eq!(endpoints.len(), 86);
}

/// Where botocore has no rule, or one that nothing else follows.
#[test]
fn s_02_a_base_path_is_encoded_once_and_a_host_may_have_an_underscore() {
    for (endpoint, addressing, host, path) in [
        ("https://h_1.example", "path", "h_1.example", "/my-bucket/k"),
        ("https://h_1.example", "virtual", "my-bucket.h_1.example", "/k"),
        ("https://h.example/b%20c", "path", "h.example", "/b%20c/my-bucket/k"),
        ("https://h.example/b%20c", "virtual", "my-bucket.h.example", "/b%20c/k"),
        ("https://h.example/%c3%bc/", "path", "h.example", "/%C3%BC/my-bucket/k"),
        ("https://h.example/b%2525", "path", "h.example", "/b%2525/my-bucket/k"),
        ("https://h.example//b//", "path", "h.example", "//b/my-bucket/k"),
        ("https://H.EXAMPLE.:443/", "virtual", "my-bucket.h.example.", "/k"),
        ("https://h.example:0443", "path", "h.example", "/my-bucket/k"),
        ("http://h.example:09000", "path", "h.example:9000", "/my-bucket/k"),
    ] {
        let found = place(endpoint, addressing, "my-bucket", "k");
        assert_eq!(found, (host.to_owned(), path.to_owned()), "{endpoint} {addressing}");
    }
}

#[test]
fn s_01_ten_thousand_runs_in_four_threads_give_the_same_bytes() {
    let presign = || {
        let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost);
        let bucket = endpoint.unwrap().bucket("examplebucket").unwrap();
        let request =
            PresignRequest::new(Method::PUT, bucket.object("a b").unwrap(), Lifetime::MAX)
                .with_signed_header("Content-Type", "text/csv")
                .and_then(|request| request.with_query("partNumber", "1"))
                .and_then(|request| request.with_query("uploadId", "Up/+ é"));
        let key = key();
        let url = key.at(now()).unwrap().presign(&request.unwrap()).unwrap();
        (url.as_str().to_owned(), url.expires_at())
    };
    let first = presign();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_500 {
                    assert_eq!(presign(), first);
                }
            });
        }
    });
}
