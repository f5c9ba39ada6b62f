//! Conditional requests.

use crate::{
    client::{Call, Sign},
    world::World,
};

const LONG_AGO: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const FAR_AHEAD: &str = "Fri, 31 Dec 9999 23:59:59 GMT";

#[tokio::test]
async fn a_download_depends_on_what_the_client_has() {
    let world = World::new();
    let etag = Call::put("k", "0123456789").send(&world).await.header("etag").to_owned();
    let weak = format!("W/{etag}");
    for (name, value, verdict) in [
        ("if-match", etag.as_str(), "200"),
        ("if-match", "\"x\"", "412 PreconditionFailed"),
        ("if-unmodified-since", FAR_AHEAD, "200"),
        ("if-unmodified-since", LONG_AGO, "412 PreconditionFailed"),
        ("if-none-match", etag.as_str(), "304"),
        ("if-none-match", weak.as_str(), "304"),
        ("if-none-match", "\"x\"", "200"),
        ("if-modified-since", FAR_AHEAD, "304"),
        ("if-modified-since", LONG_AGO, "200"),
    ] {
        let call = Call::get("k").header(name, value);
        let answer = call.send(&world).await;
        assert_eq!(answer.verdict(), verdict, "{name}: {value}");
        assert_eq!(call.method("HEAD").send(&world).await.status, answer.status);
        if verdict == "304" {
            assert_eq!(answer.header("etag"), etag);
            assert!(!answer.header("last-modified").is_empty());
            assert!(!answer.headers.contains_key("content-length"));
            assert!(!answer.headers.contains_key("content-type"));
        }
    }
}

#[tokio::test]
async fn a_rest_is_served_only_of_the_version_that_is_named() {
    let world = World::new();
    let stored = Call::put("k", "0123456789").send(&world).await;
    let etag = stored.header("etag").to_owned();
    let modified = Call::get("k").send(&world).await.header("last-modified").to_owned();
    for (if_range, verdict) in [
        (etag.as_str(), "206"),
        (modified.as_str(), "206"),
        ("\"x\"", "200"),
        (&format!("W/{etag}"), "200"),
        (LONG_AGO, "200"),
    ] {
        let call = Call::get("k").header("range", "bytes=4-").header("if-range", if_range);
        assert_eq!(call.send(&world).await.verdict(), verdict, "{if_range}");
    }
}

#[tokio::test]
async fn a_cache_rule_that_was_signed_goes_with_a_304() {
    let world = World::new();
    let etag = Call::put("k", "x").send(&world).await.header("etag").to_owned();
    let query = [("response-cache-control", "no-cache")];
    let call = Sign::new("GET", "k").query(&query).sign().header("if-none-match", &etag);
    let answer = call.send(&world).await;
    assert_eq!((answer.verdict().as_str(), answer.header("cache-control")), ("304", "no-cache"));
}

#[tokio::test]
async fn an_upload_creates_or_replaces_what_it_says() {
    let world = World::new();
    let create = |body: &str| Call::put("k", body).header("if-none-match", "*");
    let first = create("one").send(&world).await;
    assert_eq!(first.verdict(), "200");
    assert_eq!(create("two").send(&world).await.verdict(), "412 PreconditionFailed");
    assert_eq!(world.stored("k").await.unwrap(), b"one");

    let replace =
        async |etag: &str| Call::put("k", "three").header("if-match", etag).send(&world).await;
    assert_eq!(replace("\"x\"").await.verdict(), "412 PreconditionFailed");
    assert_eq!(world.stored("k").await.unwrap(), b"one");
    assert_eq!(replace(first.header("etag")).await.verdict(), "200");
    assert_eq!(world.stored("k").await.unwrap(), b"three");
    assert_eq!(replace("*").await.verdict(), "501 NotImplemented");
}
