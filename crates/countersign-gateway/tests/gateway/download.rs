//! GET and HEAD.

use countersign_storage::{ObjectKey, PutRequest, StoreError, bytes_of};
use object_store::{Attribute, Attributes};

use crate::{
    broken::{Broken, End},
    client::{Answer, Call, LIFETIME_SECS, Sign},
    world::World,
};

async fn world_with(key: &str, body: &'static str, put: PutRequest) -> World {
    let world = World::new();
    let key = ObjectKey::new(key).unwrap();
    world.backend.objects().put(&key, bytes_of(body), put).await.unwrap();
    world
}

async fn ten_digits() -> World {
    world_with("k", "0123456789", PutRequest::new(10).with_content_type("text/csv")).await
}

/// HEAD has the headers of GET and no body.
async fn send_both(call: Call, world: &World) -> Answer {
    let whole = call.send(world).await;
    let head = call.method("HEAD").send(world).await;
    assert_eq!(head.status, whole.status);
    let names = |answer: &Answer| {
        let kept = |name: &&http::HeaderName| *name != "x-amz-request-id";
        let names = answer.headers.keys().filter(kept).map(ToString::to_string);
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&head), names(&whole));
    for name in names(&whole) {
        assert_eq!(head.header(&name), whole.header(&name), "{name}");
    }
    whole
}

#[tokio::test]
async fn an_object_comes_with_what_is_known_of_it() {
    let world = ten_digits().await;
    let answer = send_both(Call::get("k"), &world).await;
    assert_eq!((answer.verdict().as_str(), &answer.body[..]), ("200", &b"0123456789"[..]));
    assert_eq!(answer.header("content-length"), "10");
    assert_eq!(answer.header("content-type"), "text/csv");
    assert_eq!(answer.header("content-disposition"), "attachment");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert!(answer.header("etag").starts_with('"') && answer.header("etag").ends_with('"'));
    assert!(httpdate::parse_http_date(answer.header("last-modified")).is_ok());
    assert!(!answer.headers.contains_key("content-range"));
    let head = Sign::new("HEAD", "k").sign().send(&world).await;
    assert_eq!((head.verdict().as_str(), head.header("content-length")), ("200", "10"));
}

#[tokio::test]
async fn keys_are_decoded_once() {
    for key in ["ü/ ?#&+%.csv", "a%2Fb", "%41", "a%20b", "a+b"] {
        let world = world_with(key, "x", PutRequest::new(1)).await;
        assert_eq!(Call::get(key).send(&world).await.verdict(), "200", "{key}");
    }
    // What the memory cannot hold is refused by name, never another key.
    let world = world_with("b", "x", PutRequest::new(1)).await;
    for key in ["a/../b", "/b", "b/", "./b"] {
        assert_eq!(Call::get(key).send(&world).await.verdict(), "400 InvalidArgument", "{key}");
    }
}

#[tokio::test]
async fn ranges_are_served() {
    let world = ten_digits().await;
    for (range, verdict, body, content_range) in [
        ("bytes=0-0", "206", "0", "bytes 0-0/10"),
        ("bytes=2-5", "206", "2345", "bytes 2-5/10"),
        ("bytes=8-99", "206", "89", "bytes 8-9/10"),
        ("bytes=8-", "206", "89", "bytes 8-9/10"),
        ("bytes=-2", "206", "89", "bytes 8-9/10"),
        ("bytes=-0", "416 InvalidRange", "", "bytes */10"),
        ("bytes=10-", "416 InvalidRange", "", "bytes */10"),
        ("bytes=18446744073709551616-", "416 InvalidRange", "", "bytes */10"),
        ("bytes=1-2,4-5", "200", "0123456789", ""),
        ("items=0-1", "200", "0123456789", ""),
        ("bytes=5-2", "200", "0123456789", ""),
    ] {
        let answer = send_both(Call::get("k").header("range", range), &world).await;
        assert_eq!(answer.verdict(), verdict, "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        if answer.status.is_success() {
            assert_eq!(answer.body, body, "{range}");
            assert_eq!(answer.header("content-length"), body.len().to_string());
        }
    }
    let twice = Call::get("k").header("range", "bytes=0-0").header("range", "bytes=1-1");
    assert_eq!(twice.send(&world).await.verdict(), "200");
}

#[tokio::test]
async fn an_object_without_bytes_has_no_range() {
    let world = world_with("k", "", PutRequest::new(0)).await;
    let answer = send_both(Call::get("k"), &world).await;
    assert_eq!((answer.verdict().as_str(), answer.header("content-length")), ("200", "0"));
    let answer = Call::get("k").header("range", "bytes=0-0").send(&world).await;
    assert_eq!(answer.verdict(), "416 InvalidRange");
    assert_eq!(answer.header("content-range"), "bytes */0");
}

#[tokio::test]
async fn how_it_is_shown_is_what_was_signed() {
    let world = ten_digits().await;
    let overrides = [
        ("response-content-type", "text/plain; charset=utf-8"),
        ("response-content-disposition", "inline; filename=\"a.txt\""),
        ("response-content-language", "de"),
        ("response-content-encoding", "gzip"),
        ("response-cache-control", "private, max-age=600"),
    ];
    let answer = send_both(Sign::new("GET", "k").query(&overrides).sign(), &world).await;
    assert_eq!(answer.verdict(), "200");
    for (name, value) in overrides {
        assert_eq!(answer.header(name.strip_prefix("response-").unwrap()), value);
    }
    for (name, value, verdict) in [
        ("response-content-type", "text/html", "400 InvalidArgument"),
        ("response-content-type", "a/b\r\nSet-Cookie: x", "400 InvalidArgument"),
        ("response-content-disposition", "form-data", "400 InvalidArgument"),
        ("response-content-disposition", "inline\r\nSet-Cookie: x", "400 InvalidArgument"),
        ("response-content-language", "\u{1}", "400 InvalidArgument"),
        ("response-cache-control", "max-age=601", "400 InvalidArgument"),
        ("response-cache-control", "public", "400 InvalidArgument"),
        ("response-expires", "Thu, 01 Jan 1970 00:00:00 GMT", "501 NotImplemented"),
    ] {
        let answer = Sign::new("GET", "k").query(&[(name, value)]).sign().send(&world).await;
        assert_eq!(answer.verdict(), verdict, "{name}={value:?}");
        assert_eq!(answer.element("ArgumentName").unwrap(), name);
    }
    assert_eq!(LIFETIME_SECS, 600);
}

#[tokio::test]
async fn what_a_browser_would_run_is_never_shown() {
    let inline = ("response-content-disposition", "inline");
    for stored in ["text/html", "image/svg+xml", "application/xhtml+xml; a=b", "odd"] {
        let world = world_with("k", "x", PutRequest::new(1).with_content_type(stored)).await;
        let saved = Call::get("k").send(&world).await;
        assert_eq!(saved.header("content-type"), stored);
        assert_eq!(saved.header("content-disposition"), "attachment");
        let shown = Sign::new("GET", "k").query(&[inline]).sign().send(&world).await;
        assert_eq!(shown.verdict(), "400 InvalidArgument", "{stored}");
        let as_text = [inline, ("response-content-type", "text/plain")];
        let shown = Sign::new("GET", "k").query(&as_text).sign().send(&world).await;
        assert_eq!(shown.verdict(), "200", "{stored}");
    }
    let world = world_with("k", "x", PutRequest::new(1)).await;
    let shown = Sign::new("GET", "k").query(&[inline]).sign().send(&world).await;
    assert_eq!(shown.verdict(), "200");
    assert_eq!(shown.header("content-type"), "binary/octet-stream");
}

#[tokio::test]
async fn what_a_store_says_changes_nothing_that_matters() {
    let mut attributes = Attributes::new();
    for (attribute, value) in [
        (Attribute::ContentType, "text/csv\r\nSet-Cookie: x"),
        (Attribute::ContentDisposition, "inline"),
        (Attribute::CacheControl, "public"),
        (Attribute::ContentLanguage, "de"),
        (Attribute::Metadata("color".into()), "blue"),
        (Attribute::Metadata("bad name".into()), "1"),
        (Attribute::Metadata("bad".into()), "\n"),
    ] {
        attributes.insert(attribute, value.into());
    }
    let mut put = PutRequest::new(1);
    put.attributes = attributes;
    let answer = Call::get("k").send(&world_with("k", "x", put).await).await;
    assert_eq!(answer.header("content-type"), "binary/octet-stream");
    assert_eq!(answer.header("content-disposition"), "attachment");
    assert_eq!(answer.header("content-language"), "de");
    assert_eq!(answer.header("x-amz-meta-color"), "blue");
    assert!(!answer.headers.contains_key("x-amz-meta-bad"));
}

#[tokio::test]
async fn what_is_not_served_is_said_by_name() {
    let world = ten_digits().await;
    for name in [
        "acl",
        "tagging",
        "versionId",
        "uploads",
        "retention",
        "legal-hold",
        "torrent",
        "attributes",
        "restore",
        "select",
        "policy",
        "cors",
        "lifecycle",
        "versioning",
        "website",
        "location",
        "list-type",
        "partNumber",
        "uploadId",
        "x-amz-acl",
        "X-Amz-Meta-A",
        "x-countersign-max-uses",
    ] {
        let answer = Sign::new("GET", "k").query(&[(name, "1")]).sign().send(&world).await;
        assert_eq!(answer.verdict(), "501 NotImplemented", "{name}");
        assert!(answer.element("ArgumentName").unwrap().eq_ignore_ascii_case(name));
    }
    assert_eq!(world.asked(), 0);
    let ignored = [("x-id", "GetObject"), ("foo", "bar"), ("x-amz-checksum-mode", "ENABLED")];
    assert_eq!(Sign::new("GET", "k").query(&ignored).sign().send(&world).await.verdict(), "200");
    let header = [("x-amz-expected-bucket-owner", "1")];
    let answer = Sign::new("GET", "k").headers(&header).sign().send(&world).await;
    assert_eq!(answer.verdict(), "501 NotImplemented");
    assert_eq!(Sign::new("GET", "").sign().send(&world).await.verdict(), "501 NotImplemented");
}

#[tokio::test]
async fn what_is_not_there_or_not_granted_is_refused() {
    let world = ten_digits().await;
    for (key, verdict) in [
        ("none", "404 NoSuchKey"),
        ("gone", "404 NoSuchKey"),
        ("ended", "404 NoSuchUpload"),
        ("denied", "403 AccessDenied"),
        ("later", "503 ServiceUnavailable"),
    ] {
        let answer = Call::get(key).send(&world).await;
        assert_eq!(answer.verdict(), verdict);
        assert_eq!(answer.element("Resource").unwrap(), format!("/s3/data/{key}"));
        let head = Call::get(key).method("HEAD").send(&world).await;
        assert_eq!(head.status, answer.status);
    }
    let later = Sign { id: "LATER", ..Sign::new("GET", "k") }.sign().send(&world).await;
    assert_eq!(later.verdict(), "503 ServiceUnavailable");
}

#[tokio::test]
async fn a_storage_that_fails_is_an_error_of_ours() {
    for (why, verdict) in [
        ((|| StoreError::Damaged) as fn() -> StoreError, "500 InternalError"),
        (|| StoreError::Backend { source: "why".into() }, "500 InternalError"),
        (|| StoreError::Full, "507 InsufficientStorage"),
    ] {
        let world = World::over(Broken::over(World::new().backend, why, End::Error));
        let answer = Call::get("k").send(&world).await;
        assert_eq!(answer.verdict(), verdict);
        assert!(!answer.body.windows(3).any(|text| text == b"why"));
    }
}
