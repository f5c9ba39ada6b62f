//! PUT of a file by a token.

use std::{collections::BTreeSet, io, time::Duration};

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use countersign_storage::{ObjectKey, StoreError};
use futures_util::{StreamExt, stream};
use md5::Md5;
use object_store::Attribute;
use sha2::{Digest, Sha256};

use super::{files::CONTENT_TYPE, put, request, send, send_body, token};
use crate::{
    broken::{Broken, End},
    client::Call,
    world::World,
};

const GIB: u64 = 1024 * 1024 * 1024;

#[tokio::test]
async fn a_file_is_stored_and_then_recorded() {
    let world = World::new();
    let answer = send(&put("a%20file.jsonl", "{}\n").header("content-type", "a/b"), &world).await;
    assert_eq!(answer.verdict(), "200");
    let record = world.files.record("a file.jsonl").unwrap();
    assert_eq!(record.etag.quoted(), answer.header("etag"));
    assert_eq!((record.size, world.files.finished()), (3, 1));
    assert_eq!(world.stored(&record.key).await.unwrap(), b"{}\n");
    let key = ObjectKey::new(record.key).unwrap();
    let object = world.backend.objects().open(&key).await.unwrap();
    let attributes: Vec<_> = object.info().attributes.iter().collect();
    assert_eq!(attributes, [(&Attribute::ContentType, &CONTENT_TYPE.into())]);
}

#[tokio::test]
async fn a_large_file_and_an_empty_one_are_taken() {
    let world = World::new();
    let chunk = Bytes::from(vec![7; 64 * 1024]);
    let chunks = stream::iter((0..64).map(move |_| Ok::<_, io::Error>(chunk.clone())));
    let call = request("PUT", &token(), "/large").header("content-length", "4194304");
    let answer = send_body(&call, &world.router, Body::from_stream(chunks)).await;
    assert_eq!(answer.verdict(), "200");
    assert_eq!(world.files.record("large").unwrap().size, 4_194_304);
    assert_eq!(send(&put("empty", ""), &world).await.verdict(), "200");
    assert_eq!(world.files.record("empty").unwrap().size, 0);
}

#[tokio::test]
async fn a_file_is_created_and_never_replaced() {
    let world = World::new();
    assert_eq!(send(&put("a", "old"), &world).await.verdict(), "200");
    let again = send(&put("a", "new"), &world).await;
    assert_eq!(again.verdict(), "412 PreconditionFailed");
    let record = world.files.record("a").unwrap();
    assert_eq!(world.stored(&record.key).await.unwrap(), b"old");
    let create = put("b", "new").header("if-none-match", "*");
    assert_eq!(send(&create, &world).await.verdict(), "200");

    // Nor an object that is at the key already, whoever gave it away twice.
    assert_eq!(send(&put("shared-1", "old"), &world).await.verdict(), "200");
    let shared = send(&put("shared-2", "new"), &world).await;
    assert_eq!(shared.verdict(), "412 PreconditionFailed");
    assert_eq!(world.stored("files/shared").await.unwrap(), b"old");
    assert_eq!((world.files.finished(), world.files.record("shared-2")), (3, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_put_one_name_one_does() {
    let world = World::new();
    let put = |index: usize| {
        let (call, router) = (put("k", format!("body {index}")), world.router.clone());
        tokio::spawn(async move {
            let answer = send_body(&call, &router, Body::from(call.body.clone())).await;
            (answer.verdict(), call.body)
        })
    };
    let puts: Vec<_> = (0..64).map(put).collect();
    let (mut created, mut verdicts) = (Vec::new(), BTreeSet::new());
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
    let record = world.files.record("k").unwrap();
    assert_eq!(world.stored(&record.key).await, created.pop());
}

#[tokio::test]
async fn a_file_is_held_to_its_digests() {
    let body = "a body";
    let md5 = |body: &str| BASE64_STANDARD.encode(Md5::digest(body));
    let sha256 = |body: &str| BASE64_STANDARD.encode(Sha256::digest(body));
    let hex = |body: &str| hex::encode(Sha256::digest(body));
    for (name, value, verdict) in [
        ("content-md5", md5(body), "200"),
        ("content-md5", md5("another"), "400 BadDigest"),
        ("content-md5", "x".into(), "400 InvalidDigest"),
        ("x-amz-checksum-sha256", sha256(body), "200"),
        ("x-amz-checksum-sha256", sha256("another"), "400 BadDigest"),
        ("x-amz-checksum-sha256", md5(body), "400 InvalidDigest"),
        ("x-amz-content-sha256", hex(body), "200"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD".into(), "200"),
        ("x-amz-content-sha256", hex("another"), "400 XAmzContentSHA256Mismatch"),
        ("x-amz-content-sha256", hex(body).to_ascii_uppercase(), "400 InvalidArgument"),
        ("x-amz-content-sha256", String::new(), "400 InvalidArgument"),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER".into(), "501 NotImplemented"),
    ] {
        let world = World::new();
        let answer = send(&put("k", body).header(name, &value), &world).await;
        assert_eq!(answer.verdict(), verdict, "{name}: {value}");
        assert_eq!(world.files.record("k").is_some(), verdict == "200", "{name}: {value}");
        let is_stored = world.stored("files/1").await.is_some();
        assert_eq!(is_stored, verdict == "200", "{name}: {value}");
    }
}

#[tokio::test]
async fn a_file_has_a_length_and_that_one() {
    let world = World::new();
    let bare = || request("PUT", &token(), "/k");
    let said = |length: &str| bare().header("content-length", length);
    for (call, verdict) in [
        (bare(), "411 MissingContentLength"),
        (bare().header("transfer-encoding", "chunked"), "411 MissingContentLength"),
        (said("3").header("transfer-encoding", "chunked"), "400 InvalidRequest"),
        (said("3").header("content-length", "3"), "400 InvalidRequest"),
        (said("+3"), "400 InvalidArgument"),
        (said("-3"), "400 InvalidArgument"),
        (said("3, 3"), "400 InvalidArgument"),
        (said("4"), "400 IncompleteBody"),
        (said("2"), "400 IncompleteBody"),
    ] {
        let answer = send_body(&call, &world.router, Body::from("abc")).await;
        assert_eq!(answer.verdict(), verdict, "{call:?}");
        assert_eq!(answer.header("connection"), "close", "{call:?}");
    }
    assert_eq!((world.files.begun().len(), world.files.finished()), (2, 0));
    assert_eq!(world.files.abandoned(), 2);
    assert_eq!((world.stored("files/1").await, world.stored("files/2").await), (None, None));
}

/// The storage here cannot create so much without a copy, and says so: it was asked.
#[tokio::test]
async fn a_file_has_no_limit_of_its_own() {
    for length in [5 * GIB + 1, u64::MAX] {
        let world = World::new();
        let call = request("PUT", &token(), "/k").header("content-length", &length.to_string());
        let answer = send_body(&call, &world.router, Body::from("abc")).await;
        assert_eq!(answer.verdict(), "501 NotImplemented");
        assert_eq!(answer.element("ArgumentName").unwrap(), "conditional write of this size");
        assert_eq!(world.files.begun(), ["k"]);
    }
}

#[tokio::test]
async fn what_would_be_dropped_is_refused() {
    let world = World::new();
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-copy-source", "/data/other"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-meta-a", "1"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("content-encoding", "aws-chunked"),
        ("content-encoding", "gzip"),
        ("content-range", "bytes 0-1/2"),
        ("if-match", "*"),
        ("if-match", "\"a\""),
        ("if-none-match", "\"a\""),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("opc-meta-a", "1"),
        ("opc-sse-customer-algorithm", "AES256"),
        ("opc-checksum-algorithm", "CRC32C"),
        ("opc-client-request-id-2", "1"),
        ("OPC-Anything", "1"),
    ] {
        let answer = send(&put("k", "abc").header(name, value), &world).await;
        assert_eq!(answer.verdict(), "501 NotImplemented", "{name}");
        assert_eq!(answer.element("ArgumentName").unwrap(), name.to_lowercase());
    }
    assert_eq!(world.files.begun(), [""; 0]);
    let harmless = [
        ("content-type", "text/html; charset=\"ü"),
        ("content-encoding", "identity"),
        ("content-language", "de"),
        ("content-disposition", "inline"),
        ("cache-control", "public"),
        ("opc-client-request-id", "1"),
        ("x-upload-id", "1"),
        ("x-checksum", "crc32:00"),
        ("x-anything", "1"),
        ("authorization", "Bearer token"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request"),
        ("cookie", "session=1"),
        ("x-amz-date", "20261121T120000Z"),
        ("x-amz-user-agent", "sdk"),
        ("x-amz-storage-class", "STANDARD"),
        ("if-none-match", "*"),
    ];
    let all = harmless.iter().fold(put("k", "abc"), |call, (name, value)| call.header(name, value));
    assert_eq!(send(&all, &world).await.verdict(), "200");
}

#[tokio::test]
async fn a_query_asks_for_something_else() {
    let world = World::new();
    let long = "a".repeat(33);
    let secret = token();
    for (query, told) in [
        ("acl", "acl"),
        ("uploads=", "uploads"),
        ("partNumber=1&uploadId=u", "partNumber"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", "X-Amz-Algorithm"),
        ("a=CS01-secret", "a"),
        ("=", "query"),
        ("&acl", "query"),
        ("?", "query"),
        ("%61cl", "query"),
        (&*long, "query"),
        (&*secret, "query"),
    ] {
        let call = put("k", "abc").target(|target| format!("{target}?{query}"));
        let answer = send(&call, &world).await;
        assert_eq!(answer.verdict(), "501 NotImplemented", "{query}");
        assert_eq!(answer.element("ArgumentName").unwrap(), told);
    }
    assert_eq!(world.files.begun(), [""; 0]);
    let empty = put("k", "abc").target(|target| format!("{target}?"));
    assert_eq!(send(&empty, &world).await.verdict(), "200");
    assert_eq!(world.files.begun(), ["k"]);
}

#[tokio::test]
async fn what_is_not_granted_or_not_recorded_is_not_acknowledged() {
    let world = World::new();
    for (reason, verdict, argument) in [
        ("denied", "403 AccessDenied", None),
        ("taken", "412 PreconditionFailed", None),
        ("misnamed", "400 InvalidArgument", Some("Key")),
        ("much", "403 QuotaExceeded", None),
        ("full", "507 InsufficientStorage", None),
        ("later", "503 ServiceUnavailable", None),
    ] {
        for step in ["begin", "finish"] {
            let name = format!("{step}-{reason}");
            let answer = send(&put(&name, "abc"), &world).await;
            assert_eq!(answer.verdict(), verdict, "{name}");
            assert_eq!(answer.element("ArgumentName").as_deref(), argument, "{name}");
            assert!(!answer.headers.contains_key("etag"), "{name}");
            assert_eq!(world.files.record(&name), None);
            let key = format!("files/{}", world.files.begun().len());
            assert_eq!(world.stored(&key).await.is_some(), step == "finish", "{name}");
        }
    }
    assert_eq!(world.files.finished(), 6);
}

#[tokio::test]
async fn a_storage_that_refuses_says_why() {
    for (why, verdict) in [
        ((|| StoreError::Full) as fn() -> StoreError, "507 InsufficientStorage"),
        (|| StoreError::KeyUnsupported, "400 InvalidArgument"),
        (|| StoreError::AlreadyExists, "412 PreconditionFailed"),
        (|| StoreError::Backend { source: "why".into() }, "500 InternalError"),
    ] {
        let world = World::over(Broken::over(World::new().backend, why, End::Error));
        let answer = send(&put("k", "abc"), &world).await;
        assert_eq!(answer.verdict(), verdict);
        assert_eq!(answer.header("connection"), "close");
        assert_eq!((world.files.begun(), world.files.finished()), (vec!["k".into()], 0));
        let is_anothers = verdict == "412 PreconditionFailed";
        assert_eq!(world.files.abandoned(), usize::from(!is_anothers), "{verdict}");
    }
}

/// Sends `abc`, then nothing for so long, then `def`.
fn broken_off(then: Result<Bytes, io::Error>, after: Duration) -> Body {
    let later = stream::once(async move {
        tokio::time::sleep(after).await;
        then
    });
    Body::from_stream(stream::iter([Ok(Bytes::from("abc"))]).chain(later))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_not_recorded() {
    let world = World::new();
    let call = || put("k", "abcdef");
    for (then, wait, verdict) in [
        (Err(io::Error::other("reset")), 0, "400 IncompleteBody"),
        (Ok(Bytes::new()), 0, "400 IncompleteBody"),
        (Ok(Bytes::from("def")), 31, "400 RequestTimeout"),
    ] {
        let body = broken_off(then, Duration::from_secs(wait));
        assert_eq!(send_body(&call(), &world.router, body).await.verdict(), verdict);
    }
    assert_eq!((world.files.begun().len(), world.files.finished()), (3, 0));
    assert_eq!(world.files.abandoned(), 3);
    for number in 1..=3 {
        assert_eq!(world.stored(&format!("files/{number}")).await, None);
    }
}

/// A byte, then another one a while later, and so on.
fn dribble(bytes: u64, gap: Duration) -> (Call, Body) {
    let chunk = move |_| async move {
        tokio::time::sleep(gap).await;
        Ok::<_, io::Error>(Bytes::from("x"))
    };
    let call = request("PUT", &token(), "/k").header("content-length", &bytes.to_string());
    (call, Body::from_stream(stream::iter(0..bytes).then(chunk)))
}

#[tokio::test(start_paused = true)]
async fn a_file_has_twelve_hours() {
    let gap = Duration::from_secs(20);
    for (bytes, verdict) in [(2159, "200"), (2161, "400 RequestTimeout")] {
        let world = World::new();
        let (call, body) = dribble(bytes, gap);
        assert_eq!(send_body(&call, &world.router, body).await.verdict(), verdict);
        assert_eq!(world.files.record("k").is_some(), verdict == "200");
        assert_eq!(world.stored("files/1").await.is_some(), verdict == "200");
    }
    for name in ["begin-slow", "finish-slow"] {
        let world = World::new();
        let begun = tokio::time::Instant::now();
        let answer = send(&put(name, "abc"), &world).await;
        assert_eq!(answer.verdict(), "400 RequestTimeout");
        assert_eq!(begun.elapsed().as_secs() / 60, 12 * 60, "{name}");
        assert_eq!(world.files.record(name), None);
    }
}
