//! PUT of an object.

use std::{collections::BTreeSet, io};

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use countersign_storage::StoreError;
use futures_util::{StreamExt, stream};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::{
    broken::{Broken, End},
    client::{Call, Sign},
    world::World,
};

const GIB: u64 = 1024 * 1024 * 1024;

fn sha256(body: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(body))
}

fn md5(body: &str) -> String {
    BASE64_STANDARD.encode(Md5::digest(body))
}

#[tokio::test]
async fn what_is_put_is_what_is_got() {
    let world = World::new();
    let signed =
        [("content-type", "text/csv"), ("content-length", "5"), ("x-amz-meta-color", "blue")];
    let answer = Sign::new("PUT", "k").headers(&signed).sign().body("a,b\n1").send(&world).await;
    assert_eq!((answer.verdict().as_str(), answer.body.len()), ("200", 0));
    let found = Call::get("k").send(&world).await;
    assert_eq!(found.body, "a,b\n1");
    assert_eq!(found.header("etag"), answer.header("etag"));
    assert_eq!(found.header("content-type"), "text/csv");
    assert_eq!(found.header("x-amz-meta-color"), "blue");
}

#[tokio::test]
async fn an_upload_does_not_say_how_it_is_shown() {
    let world = World::new();
    let call = Call::put("k", "x")
        .header("content-disposition", "inline")
        .header("cache-control", "public")
        .header("content-encoding", "gzip")
        .header("content-language", "de");
    assert_eq!(call.send(&world).await.verdict(), "200");
    let found = Call::get("k").send(&world).await;
    assert_eq!(found.header("content-disposition"), "attachment");
    assert_eq!(found.header("cache-control"), "private, no-store");
    assert_eq!(found.header("content-encoding"), "gzip");
    assert_eq!(found.header("content-language"), "de");
    assert_eq!(found.header("content-type"), "binary/octet-stream");
}

#[tokio::test]
async fn parameters_that_mean_nothing_here_are_ignored() {
    let world = World::new();
    let query = [("x-id", "PutObject"), ("response-content-type", "text/html"), ("a", "")];
    let call = Sign::new("PUT", "k").query(&query).sign().body("abc");
    assert_eq!(call.send(&world).await.verdict(), "200");
    assert_eq!(Call::get("k").send(&world).await.header("content-type"), "binary/octet-stream");
}

#[tokio::test]
async fn a_large_body_and_an_empty_one_are_taken() {
    let world = World::new();
    let chunk = Bytes::from(vec![7; 64 * 1024]);
    let chunks = stream::iter((0..160).map(move |_| Ok::<_, io::Error>(chunk.clone())));
    let call = Sign::new("PUT", "large").sign().header("content-length", "10485760");
    let answer = call.send_body(&world.router, Body::from_stream(chunks)).await;
    assert_eq!(answer.verdict(), "200");
    assert_eq!(world.stored("large").await.unwrap().len(), 10_485_760);
    assert_eq!(Call::put("empty", "").send(&world).await.verdict(), "200");
    assert_eq!(world.stored("empty").await.unwrap(), b"");
}

#[tokio::test]
async fn a_body_is_held_to_its_digests() {
    let body = "a body";
    let hex = hex::encode(Sha256::digest(body));
    let other_hex = hex::encode(Sha256::digest("another"));
    let (right_md5, right_sha256) = (md5(body), sha256(body));
    let (wrong_md5, wrong_sha256) = (md5("another"), sha256("another"));
    for (name, value, verdict) in [
        ("content-md5", right_md5.as_str(), "200"),
        ("content-md5", &wrong_md5, "400 BadDigest"),
        ("content-md5", "x", "400 InvalidDigest"),
        ("content-md5", &right_sha256, "400 InvalidDigest"),
        ("x-amz-checksum-sha256", &right_sha256, "200"),
        ("x-amz-checksum-sha256", &wrong_sha256, "400 BadDigest"),
        ("x-amz-checksum-sha256", &right_md5, "400 InvalidDigest"),
        ("x-amz-content-sha256", &hex, "200"),
        ("x-amz-content-sha256", &other_hex, "400 XAmzContentSHA256Mismatch"),
    ] {
        let world = World::new();
        let call = Sign::new("PUT", "k").headers(&[(name, value)]).sign().body(body);
        assert_eq!(call.send(&world).await.verdict(), verdict, "{name}: {value}");
        assert_eq!(world.stored("k").await.is_some(), verdict == "200", "{name}: {value}");
    }
    let world = World::new();
    let two = [("x-amz-content-sha256", hex.as_str()), ("x-amz-checksum-sha256", &wrong_sha256)];
    let call = Sign::new("PUT", "k").headers(&two).sign().body(body);
    assert_eq!(call.send(&world).await.verdict(), "400 BadDigest");
    assert_eq!(world.stored("k").await, None);
}

#[tokio::test]
async fn a_body_has_a_length_and_that_one() {
    let world = World::new();
    let put = |length: &str| Sign::new("PUT", "k").sign().header("content-length", length);
    let too_long = (5 * GIB + 1).to_string();
    for (call, body, verdict) in [
        (Sign::new("PUT", "k").sign(), "abc", "411 MissingContentLength"),
        (
            Sign::new("PUT", "k").sign().header("transfer-encoding", "chunked"),
            "abc",
            "411 MissingContentLength",
        ),
        (put("3").header("transfer-encoding", "chunked"), "abc", "400 InvalidRequest"),
        (put("3").header("content-length", "3"), "abc", "400 InvalidRequest"),
        (put("+3"), "abc", "400 InvalidArgument"),
        (put("-3"), "abc", "400 InvalidArgument"),
        (put("3, 3"), "abc", "400 InvalidArgument"),
        (put(&too_long), "abc", "400 EntityTooLarge"),
        (put("99999999999999999999999"), "abc", "400 EntityTooLarge"),
        (put("4"), "abc", "400 IncompleteBody"),
        (put("2"), "abc", "400 IncompleteBody"),
        (put("3").header("content-type", &"a/".repeat(200)), "abc", "400 InvalidArgument"),
        (put("3").header("content-type", "ü/ü"), "abc", "400 InvalidArgument"),
        (
            put("3").header("content-type", "a/b").header("content-type", "a/c"),
            "abc",
            "400 InvalidArgument",
        ),
    ] {
        let answer = call.send_body(&world.router, Body::from(body)).await;
        assert_eq!(answer.verdict(), verdict, "{call:?}");
        assert_eq!(answer.header("connection"), "close", "{call:?}");
        assert_eq!(world.stored("k").await, None, "{call:?}");
    }
}

/// S-03: the headers that are signed are the ones that came.
#[tokio::test]
async fn a_signed_length_and_type_cannot_be_changed() {
    let world = World::new();
    let signed = [("content-length", "3"), ("content-type", "text/csv")];
    let call = Sign::new("PUT", "k").headers(&signed).sign();
    for (changed, body) in [
        (call.clone().without("content-length").header("content-length", "2"), "ab"),
        (call.clone().without("content-length").header("content-length", "4"), "abcd"),
        (call.clone().without("content-length").header("content-length", "03"), "abc"),
        (call.clone().without("content-length").header("transfer-encoding", "chunked"), "abc"),
        (call.clone().without("content-type").header("content-type", "text/html"), "abc"),
        (call.clone().without("content-type"), "abc"),
    ] {
        let answer = changed.send_body(&world.router, Body::from(body)).await;
        assert_eq!(answer.verdict(), "403 SignatureDoesNotMatch", "{changed:?}");
        assert_eq!(world.stored("k").await, None);
    }
    for body in ["ab", "abcd"] {
        let answer = call.send_body(&world.router, Body::from(body)).await;
        assert_eq!(answer.verdict(), "400 IncompleteBody");
        assert_eq!(world.stored("k").await, None);
    }
    assert_eq!(call.body("abc").send(&world).await.verdict(), "200");
    assert_eq!(Call::get("k").send(&world).await.header("content-type"), "text/csv");
}

#[tokio::test]
async fn what_would_be_dropped_is_refused() {
    let world = World::new();
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-copy-source", "/data/other"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-website-redirect-location", "/"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-grant-read", "id=1"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("content-encoding", "aws-chunked"),
    ] {
        let call = Sign::new("PUT", "k").headers(&[(name, value)]).sign().body("abc");
        assert_eq!(call.send(&world).await.verdict(), "501 NotImplemented", "{name}");
        assert_eq!(world.stored("k").await, None, "{name}");
    }
    for name in ["acl", "tagging", "retention", "x-amz-acl", "x-amz-meta-a", "x-amz-tagging"] {
        let call = Sign::new("PUT", "k").query(&[(name, "")]).sign().body("abc");
        assert_eq!(call.send(&world).await.verdict(), "501 NotImplemented", "{name}");
        assert_eq!(world.stored("k").await, None, "{name}");
    }
    let long = "v".repeat(2049);
    let call = Sign::new("PUT", "k").headers(&[("x-amz-meta-a", &long)]).sign().body("abc");
    assert_eq!(call.send(&world).await.verdict(), "400 MetadataTooLarge");
    assert_eq!(world.stored("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let world = World::new();
    let call = Sign::new("PUT", "k").sign().header("content-length", "3");
    let begun = stream::iter([Ok::<_, io::Error>("ab")]);
    let silent = Body::from_stream(begun.chain(stream::pending()));
    let answer = call.send_body(&world.router, silent).await;
    assert_eq!(answer.verdict(), "400 RequestTimeout");
    let broken = Body::from_stream(stream::iter([Ok("ab"), Err(io::Error::other("reset"))]));
    assert_eq!(call.send_body(&world.router, broken).await.verdict(), "400 IncompleteBody");
    assert_eq!(world.stored("k").await, None);
}

#[tokio::test]
async fn a_storage_that_refuses_says_why() {
    for (why, verdict) in [
        ((|| StoreError::Full) as fn() -> StoreError, "507 InsufficientStorage"),
        (|| StoreError::KeyUnsupported, "400 InvalidArgument"),
        (|| StoreError::ModeUnsupported, "501 NotImplemented"),
        (|| StoreError::PartTooSmall { number: 1 }, "400 EntityTooSmall"),
        (|| StoreError::TooLarge { max: 1 }, "400 EntityTooLarge"),
        (|| StoreError::InvalidPart { number: 1 }, "400 InvalidPart"),
        (|| StoreError::InvalidPartOrder, "400 InvalidPartOrder"),
        (|| StoreError::NoSuchUpload, "404 NoSuchUpload"),
        (|| StoreError::NotFound, "404 NoSuchKey"),
        (|| StoreError::Backend { source: "why".into() }, "500 InternalError"),
    ] {
        let world = World::over(Broken::over(World::new().backend, why, End::Error));
        let answer = Call::put("k", "abc").send(&world).await;
        assert_eq!(answer.verdict(), verdict);
        assert_eq!(answer.header("connection"), "close");
    }
}

/// C-05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_create_one_does() {
    let world = World::new();
    let call = Sign::new("PUT", "k").headers(&[("if-none-match", "*")]).sign();
    let put = |index: usize| {
        let (call, router) = (call.clone().body(format!("body {index}")), world.router.clone());
        tokio::spawn(async move {
            let answer = call.send_body(&router, Body::from(call.body.clone())).await;
            (answer.verdict(), call.body)
        })
    };
    let puts: Vec<_> = (0..64).map(put).collect();
    let mut created = Vec::new();
    let mut verdicts = BTreeSet::new();
    for put in puts {
        let (verdict, body) = put.await.unwrap();
        if verdict == "200" {
            created.push(body);
        } else {
            verdicts.insert(verdict);
        }
    }
    assert_eq!(created.len(), 1);
    assert_eq!(verdicts.into_iter().collect::<Vec<_>>(), ["412 PreconditionFailed"]);
    assert_eq!(world.stored("k").await, created.pop());
}
