//! H-05: how often somebody may ask, and what is said to whoever asks more often.

#[expect(dead_code, reason = "nothing is stored here")]
mod common;

use std::sync::Arc;

use axum::{body::Body, http::Request};
use common::{Answer, House};
use countersign_api::{Client, RateLimits};
use countersign_storage::Backend;
use serde_json::json;

/// A call of each dialect, for somebody of the team `acme`.
const CALLS: [&str; 8] = [
    "/api/v1/files",
    "/v2/team/datasets?user_id=ann",
    "/api/v1/team/datasets/dataset-1/datasources/datasource-1/presign",
    "/api/datasets/",
    "/api/jobs/00000000-0000-4000-8000-000000000000",
    "/v1/schemas",
    "/auth/me",
    "/v1/upload-tokens/1/validate",
];

async fn limited(per_key: Option<&str>, per_client: Option<&str>) -> House {
    let limit = |text: Option<&str>| text.map(|text| text.parse().unwrap());
    let limits = RateLimits { per_key: limit(per_key), per_client: limit(per_client) };
    House::with(Backend::memory(), |app| app.with_rate_limits(limits)).await
}

async fn ask(house: &House, key: &str, client: Option<&str>, path: &str) -> Answer {
    let method = if path.ends_with("presign") { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(path).header("x-api-key", key);
    if let Some(client) = client {
        request = request.extension(Client(client.parse().unwrap()));
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_key_has_one_limit_in_all_dialects_and_each_says_so_in_its_words() {
    for last in CALLS {
        let house = limited(Some("8/h"), None).await;
        let (ann, other) = (house.key("acme", "ann").await, house.key("acme", "ann").await);
        for path in CALLS {
            assert_ne!(ask(&house, &ann, None, path).await.status, 429, "{path}");
        }
        for path in [last, last] {
            refused(&ask(&house, &ann, None, path).await, path, 8, 3_600);
        }
        // Another key of the same user has its own, and a key that is none has none.
        assert_ne!(ask(&house, &other, None, last).await.status, 429);
        for _ in 0..10 {
            assert_ne!(ask(&house, "csk_wrong", None, last).await.status, 429);
        }
        // Whether the server is there may be asked at any time.
        assert_eq!(ask(&house, &ann, None, "/health").await.status, 200);
    }
}

/// The body and the headers that the dialect of this path has for it.
#[track_caller]
fn refused(answer: &Answer, path: &str, requests: u64, secs: u64) {
    assert_eq!(answer.status, 429, "{path}");
    let retry_after: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=secs / requests + 1).contains(&retry_after), "{retry_after}");
    let expected = match path {
        "/api/v1/files" => json!({
            "detail": format!(
                "Rate limit exceeded. You can make {requests} requests every {secs} seconds."
            ),
        }),
        _ if path.contains("/team/") => {
            assert!(answer.headers.contains_key("x-pd-trace-id"));
            json!({
                "code": 201,
                "msg": format!("request frequency limit: more requests than {requests}/h"),
            })
        }
        _ if path.starts_with("/api/") => {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            json!({
                "type": "about:blank", "title": "Too Many Requests", "status": 429,
                "detail": format!("Rate limit exceeded: {requests}/h"),
            })
        }
        _ => {
            let message = format!("Muitas requisições. Tente novamente em {retry_after} segundos.");
            json!({
                "error": message, "message": message, "retry_after": retry_after,
                "limit_type": "rate_limit", "current_usage": requests + 1, "limit": requests,
            })
        }
    };
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn a_client_has_a_limit_whatever_key_it_has() {
    let house = limited(None, Some("4/h")).await;
    let (ann, eve) = (house.key("acme", "ann").await, house.key("evil", "eve").await);
    let path = CALLS[0];
    for (key, status) in [(&*ann, 200), (&*eve, 200), ("csk_wrong", 401), ("", 401)] {
        assert_eq!(ask(&house, key, Some("192.0.2.1"), path).await.status, status);
    }
    for key in [&*ann, &*eve, "csk_wrong", ""] {
        refused(&ask(&house, key, Some("192.0.2.1"), path).await, path, 4, 3_600);
        refused(&ask(&house, key, Some("::ffff:192.0.2.1"), path).await, path, 4, 3_600);
    }
    // Another address has its own, an IPv6 network has one, and who is not told of is not limited.
    assert_eq!(ask(&house, &ann, Some("192.0.2.2"), path).await.status, 200);
    for last in 1..=4 {
        let client = format!("2001:db8::{last}");
        assert_eq!(ask(&house, &ann, Some(&client), path).await.status, 200);
    }
    assert_eq!(ask(&house, &ann, Some("2001:db8::5"), path).await.status, 429);
    for _ in 0..10 {
        assert_eq!(ask(&house, &ann, None, path).await.status, 200);
    }
}

#[tokio::test]
async fn what_a_client_says_of_itself_does_not_count() {
    let house = limited(None, Some("1/h")).await;
    let ann = house.key("acme", "ann").await;
    let mut refused_count = 0;
    for number in 0..1_000_u32 {
        let spoofed = std::net::Ipv4Addr::from(number).to_string();
        let request = Request::get(CALLS[0])
            .header("x-api-key", &ann)
            .header("x-forwarded-for", &spoofed)
            .header("x-real-ip", &spoofed)
            .header("forwarded", format!("for={spoofed}"))
            .extension(Client([192, 0, 2, 1].into()));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        refused_count += u32::from(answer.status == 429);
    }
    assert_eq!(refused_count, 999);
}

#[tokio::test]
async fn of_many_requests_at_once_as_many_come_through_as_may() {
    let house = Arc::new(limited(Some("10/h"), None).await);
    let ann = house.key("acme", "ann").await;
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (house, ann) = (Arc::clone(&house), ann.clone());
        asked.spawn(
            async move { ask(&house, &ann, None, CALLS[number % CALLS.len()]).await.status },
        );
    }
    let statuses = asked.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 54);
}

#[tokio::test]
async fn without_limits_nobody_is_refused() {
    let house = House::new().await;
    let ann = house.key("acme", "ann").await;
    for _ in 0..200 {
        assert_eq!(ask(&house, &ann, Some("192.0.2.1"), CALLS[0]).await.status, 200);
    }
}
