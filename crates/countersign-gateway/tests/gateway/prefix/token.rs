//! A token that is not one, and what a real one is good for.

use axum::{Router, body::Body};
use countersign::{MasterKey, Timestamp};
use http::HeaderMap;

use super::{GRANT, key, put, request, send, send_body, token, token_until};
use crate::{
    client::{Answer, Call, Sign},
    world::{World, now},
};

/// All of an answer but what names the request.
fn said(answer: Answer) -> (u16, HeaderMap, String) {
    let id = answer.header("x-amz-request-id").to_owned();
    let body = String::from_utf8(answer.body.to_vec()).unwrap().replace(&id, "ID");
    let mut headers = answer.headers;
    headers.remove("x-amz-request-id");
    (answer.status.as_u16(), headers, body)
}

async fn refused(call: &Call, world: &World) -> (u16, HeaderMap, String) {
    let answer = send(call, world).await;
    assert_eq!(answer.verdict(), "403 AccessDenied", "{call:?}");
    assert_eq!(answer.element("Message").unwrap(), "Access Denied", "{call:?}");
    said(answer)
}

fn with_token(token: &str) -> Call {
    request("PUT", token, "/k").body("abc")
}

#[tokio::test]
async fn a_token_that_was_changed_is_none() {
    let world = World::new();
    let good = token();
    let expected = refused(&with_token("none"), &world).await;
    for (place, letter) in good.char_indices() {
        let (start, rest) = good.split_at(place);
        let end = &rest[1..];
        let mut changed: Vec<_> = ["0", "1", "a", "g", "Z", "-", "/", "%", "\\", "é"]
            .iter()
            .map(|other| format!("{start}{other}{end}"))
            .collect();
        changed.push(format!("{start}{}{end}", letter.to_ascii_uppercase()));
        changed.push(format!("{start}{}{end}", letter.to_ascii_lowercase()));
        // The same letter, spelled otherwise.
        changed.push(format!("{start}%{:02X}{end}", u32::from(letter)));
        changed.push(format!("{start}{end}"));
        changed.push(format!("{start}0{rest}"));
        changed.retain(|changed| *changed != good);
        for changed in changed {
            assert_eq!(refused(&with_token(&changed), &world).await, expected, "{changed}");
        }
    }
    assert_eq!((world.files.begun(), world.stored("files/1").await), (Vec::new(), None));
    assert_eq!(send(&with_token(&good), &world).await.verdict(), "200");
}

#[tokio::test]
async fn a_token_of_nobody_is_none() {
    let world = World::new();
    let expected = refused(&with_token("none"), &world).await;
    let at = now().checked_add_secs(1).unwrap();
    let other_master = MasterKey::new([8; 32]).prefix_token_key();
    let over = token_until(now().saturating_sub_secs(9)).replace("CS01-0", "CS01-1");
    for forged in [
        other_master.issue(GRANT, at).as_str(),
        other_master.issue(GRANT, Timestamp::MIN).as_str(),
        &over,
        "",
        ".",
        "..",
        "%2e%2e",
        &"a".repeat(10_000),
    ] {
        assert_eq!(refused(&with_token(forged), &world).await, expected, "{forged}");
    }
    for target in ["/p", "/p/", "/p//", "/p//k", "/p/k", "/p/a/b/c", "/p?a=b"] {
        let call = with_token("").target(|_| target.into());
        assert_eq!(refused(&call, &world).await, expected, "{target}");
    }
    assert_eq!(world.files.begun(), [""; 0]);
    // One of a grant that is no more, or never was.
    let unknown = key().issue([2; 16], at);
    assert_eq!(refused(&with_token(unknown.as_str()), &world).await, expected);
}

/// The token is judged before the name, the query and the headers.
#[tokio::test]
async fn a_stranger_learns_nothing() {
    let world = World::new();
    let expected = refused(&with_token("none"), &world).await;
    assert_eq!(send(&put("k", "abc"), &world).await.verdict(), "200");
    let forged = token().replace("CS01-0", "CS01-1");
    for rest in ["", "/", "/k", "/.", "/..", "/a%2Fb", "/a/b", "/%00", "/%zz", "/%ff", "/k?acl"] {
        let call = request("PUT", &forged, rest).body("abc");
        assert_eq!(refused(&call, &world).await, expected, "{rest}");
    }
    for (name, value) in
        [("x-amz-acl", "private"), ("content-md5", "x"), ("if-match", "\"a\""), ("opc-meta-a", "1")]
    {
        let call = with_token(&forged).header(name, value);
        assert_eq!(refused(&call, &world).await, expected, "{name}");
    }
    let without_length = with_token(&forged).without("content-length");
    assert_eq!(refused(&without_length, &world).await, expected);
    assert_eq!(world.files.begun(), ["k"]);
}

#[tokio::test]
async fn a_token_holds_for_its_time() {
    let world = World::new();
    let later = now().checked_add_secs(1).unwrap();
    assert_eq!(send(&with_token(&token_until(later)), &world).await.verdict(), "200");
    for (not_after, expires) in [
        (now(), "2026-11-21T12:00:00Z"),
        (now().saturating_sub_secs(1), "2026-11-21T11:59:59Z"),
        (Timestamp::MIN, "0001-01-01T00:00:00Z"),
    ] {
        let answer = send(&with_token(&token_until(not_after)), &world).await;
        assert_eq!(answer.verdict(), "403 AccessDenied");
        assert_eq!(answer.element("Message").unwrap(), "Request has expired");
        assert_eq!(answer.element("Expires").unwrap(), expires);
        assert_eq!(answer.element("ServerTime").unwrap(), "2026-11-21T12:00:00Z");
        assert_eq!(answer.header("connection"), "close");
    }
    assert_eq!(world.files.begun(), ["k"]);
}

#[tokio::test]
async fn a_token_only_puts() {
    let world = World::new();
    assert_eq!(send(&put("k", "abc"), &world).await.verdict(), "200");
    let mut answers = Vec::new();
    for token in [token(), token_until(now()), "none".into()] {
        for method in ["GET", "HEAD", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "put"] {
            let answer = send(&request(method, &token, "/k"), &world).await;
            assert_eq!(answer.status, 405, "{method}");
            assert_eq!(answer.header("allow"), "PUT, OPTIONS");
            if method == "GET" {
                assert_eq!(answer.verdict(), "405 MethodNotAllowed");
                answers.push(said(answer));
            }
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.files.begun(), ["k"]);
}

#[tokio::test]
async fn a_page_may_ask_what_it_may_send() {
    let world = World::new();
    for token in [token(), "none".into()] {
        let call = request("OPTIONS", &token, "/k")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "PUT");
        let answer = send(&call, &world).await;
        assert_eq!(answer.verdict(), "204");
        assert_eq!(answer.header("access-control-allow-methods"), "PUT");
        assert_eq!(answer.header("access-control-allow-headers"), "*");
        assert!(!answer.headers.contains_key("content-length"));
    }
    assert_eq!(world.files.begun(), [""; 0]);
}

#[tokio::test]
async fn a_token_and_a_url_are_nothing_for_each_other() {
    let world = World::new();
    let (good, signed) = (token(), Sign::new("PUT", "k").sign().body("abc"));
    for path in ["/s3/", "/s3/data/", "/s3/p/"] {
        let call = with_token("").target(|_| format!("{path}{good}/k"));
        assert_eq!(call.send(&world).await.verdict(), "403 AccessDenied", "{path}");
    }
    for path in ["/p/", "/p/data/", "/p/s3/"] {
        let call = signed.clone().target(|target| target.replace("/s3/", path));
        refused(&call, &world).await;
    }
    let both = signed.clone().target(|it| format!("/p/{good}/k?{}", it.split_once('?').unwrap().1));
    let answer = send(&both, &world).await;
    assert_eq!(answer.verdict(), "501 NotImplemented");
    assert_eq!(answer.element("ArgumentName").unwrap(), "X-Amz-Algorithm");
    assert_eq!((world.files.begun(), world.asked()), (Vec::new(), 0));
    assert_eq!((world.stored("k").await, world.stored("files/1").await), (None, None));
}

/// What a router around it cuts off was received, and is no prefix of ours.
#[tokio::test]
async fn the_target_is_read_as_received() {
    let world = World::new();
    let nested = Router::new().nest("/outer", world.router.clone());
    for target in ["/outer/p", "/outer/p/p"] {
        let call = put("k", "abc").target(|it| it.replacen("/p", target, 1));
        let answer = send_body(&call, &nested, Body::from("abc")).await;
        assert_eq!(answer.verdict(), "403 AccessDenied");
    }
    let absolute = put("k", "abc").target(|it| format!("http://localhost:8080{it}"));
    assert_eq!(send(&absolute, &world).await.verdict(), "400 InvalidURI");
    assert_eq!(world.files.begun(), [""; 0]);
}
