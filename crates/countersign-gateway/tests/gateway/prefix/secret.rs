//! The token is in the path, and nowhere else: not in what is logged, not in what is answered. L-02.

use countersign_storage::StoreError;

use super::{GRANT, key, request, send};
use crate::{
    broken::{Broken, End},
    client::Call,
    logs::log,
    socket::{Server, head},
    world::World,
};

/// The calls of this test have a token that no other one has.
fn calls() -> (String, Vec<Call>) {
    let token = |not_after| {
        let not_after = countersign::Timestamp::parse(not_after).unwrap();
        key().issue(GRANT, not_after).as_str().to_owned()
    };
    let (good, over) = (token("20301231T235959Z"), token("20201231T235959Z"));
    let put = |token: &str, rest: &str| request("PUT", token, rest).body("abc");
    let calls = vec![
        put(&good, "/finish-later"),
        put(&good, "/begin-denied"),
        put(&good, "/a/b"),
        put(&good, "/%0Aforged%20line"),
        put(&good, &format!("/k?{good}")),
        put(&good, &format!("/k?{}", &good[54..])),
        put(&good, &format!("/k?a={good}")),
        put(&good, "/k").header("x-amz-acl", &good),
        put(&good, "/k").without("content-length"),
        put(&good, "/k").method("GET"),
        put(&good, "").target(|it| it.replacen("/p/", "/p//", 1)),
        put(&good, "/k").target(|it| it.replacen("2030", "2031", 1)),
        put(&over, "/k"),
    ];
    (good, calls)
}

#[tokio::test]
async fn no_token_is_logged() {
    let log = log();
    let why = || StoreError::Backend { source: "the medium is away".into() };
    let world = World::over(Broken::over(World::new().backend, why, End::Error));
    let (good, calls) = calls();
    let mut ids = Vec::new();
    for call in &calls {
        let answer = send(call, &world).await;
        assert!(!answer.status.is_success(), "{call:?}");
        ids.push(answer.header("x-amz-request-id").to_owned());
    }
    let server = Server::of(World::new()).await;
    for call in &calls {
        let bytes = head(&call.clone().header("connection", "close"), "") + "abc";
        assert!(!server.exchange(bytes).await.contains("CS01-"));
    }

    let text = log.text();
    for id in ids {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(&id)).collect();
        assert!(matches!(&lines[..], [line] if line.contains("path=\"/p\"")), "{lines:?}");
    }
    assert!(text.contains("the medium is away"), "{text}");
    let over = calls.last().unwrap().target.clone();
    for secret in [&good[..], &good[54..], &good[54..86], &over[57..], "\nforged"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
