//! A request that was signed, changed on its way: nothing of it is served.

use crate::{
    client::{Call, Sign},
    world::World,
};

/// The requests that follow from one by one change.
fn tampered(call: &Call) -> Vec<(&'static str, Call)> {
    let other_method = if call.method == "GET" { "PUT" } else { "GET" };
    let target = |change: fn(&str) -> String| call.clone().target(change);
    vec![
        ("method", call.clone().method(other_method)),
        ("key", target(|it| it.replace("/k?", "/l?"))),
        ("longer key", target(|it| it.replace("/k?", "/k/l?"))),
        ("dots", target(|it| it.replace("/k?", "/x/../k?"))),
        ("encoded dots", target(|it| it.replace("/k?", "/x/%2E%2E/k?"))),
        ("double slash", target(|it| it.replace("/data/", "/data//"))),
        ("bucket", target(|it| it.replace("/data/", "/other/"))),
        ("slash at the end", target(|it| it.replace("/k?", "/k/?"))),
        ("encoded twice", target(|it| it.replace("/k?", "/%256B?"))),
        ("appended parameter", target(|it| format!("{it}&a=b"))),
        ("appended type", target(|it| format!("{it}&response-content-type=text%2Fplain"))),
        ("appended version", target(|it| format!("{it}&versionId=1"))),
        ("appended part", target(|it| format!("{it}&partNumber=1&uploadId=u"))),
        ("lifetime", target(|it| it.replace("X-Amz-Expires=600", "X-Amz-Expires=601"))),
        ("time", target(|it| it.replace("T120000Z", "T120001Z"))),
        ("another's key", target(|it| it.replace("AKIAIOSFODNN7EXAMPLE", "OTHER"))),
        ("token", target(|it| format!("{it}&X-Amz-Security-Token=t"))),
        ("dropped parameter", target(|it| it.replace("&x-id=1", ""))),
        ("changed parameter", target(|it| it.replace("&x-id=1", "&x-id=2"))),
        (
            "signed headers",
            target(|it| it.replace("SignedHeaders=host%3B", "SignedHeaders=host%3Ba%3B")),
        ),
        ("fewer signed headers", target(|it| it.replace("host%3Bx-bound", "host"))),
        ("signature", target(flipped)),
        ("no signature", target(|it| it.split("&X-Amz-Signature").next().unwrap().into())),
        ("host", call.clone().without("host").header("host", "localhost:8081")),
        ("no host", call.clone().without("host")),
        ("two hosts", call.clone().header("host", "localhost:8080")),
        ("dropped header", call.clone().without("x-bound")),
        ("changed header", call.clone().without("x-bound").header("x-bound", "2")),
        ("doubled header", call.clone().header("x-bound", "1")),
        ("added header", call.clone().header("x-amz-acl", "public-read")),
        ("added copy", call.clone().header("x-amz-copy-source", "/data/secret")),
        ("second mechanism", call.clone().header("authorization", "AWS4-HMAC-SHA256 x")),
        ("absolute", target(|it| format!("http://localhost:8080{it}"))),
    ]
}

fn flipped(target: &str) -> String {
    let (head, last) = target.split_at(target.len() - 1);
    format!("{head}{}", if last == "0" { '1' } else { '0' })
}

#[tokio::test]
async fn nothing_that_was_changed_is_served() {
    for method in ["GET", "HEAD", "PUT"] {
        let call =
            Sign::new(method, "k").query(&[("x-id", "1")]).headers(&[("x-bound", "1")]).sign();
        let call = if method == "PUT" { call.body("new") } else { call };
        let world = World::new();
        Call::put("k", "old").send(&world).await;
        Call::put("l", "old").send(&world).await;
        let asked = world.asked();
        for (change, tampered) in tampered(&call) {
            assert!(
                tampered.target != call.target
                    || tampered.headers != call.headers
                    || tampered.method != call.method,
                "{change}"
            );
            let answer = tampered.send(&world).await;
            assert!(answer.status.is_client_error(), "{method}, {change}: {}", answer.status);
            assert_eq!(world.stored("k").await.unwrap(), b"old", "{change}");
            assert_eq!(world.stored("l").await.unwrap(), b"old", "{change}");
        }
        assert_eq!(world.asked(), asked);
        assert_eq!(call.send(&world).await.verdict(), "200");
    }
}

/// AWS takes these too, and they name the same object.
#[tokio::test]
async fn another_spelling_of_the_same_is_the_same() {
    let world = World::new();
    Call::put("k", "abc").send(&world).await;
    let call = Sign::new("GET", "k").query(&[("x-id", "a b")]).sign();
    for same in [
        call.clone().target(|it| it.replace("/k?", "/%6B?")),
        call.clone().target(|it| it.replace("%2F", "%2f")),
        call.clone().target(|it| it.replace("a%20b", "a+b")),
        call.clone().header("x-other", "anybody's"),
    ] {
        assert_eq!(same.send(&world).await.verdict(), "200", "{}", same.target);
    }
}
