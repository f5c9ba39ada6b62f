//! The Datalab dialect: files, from the URL for the upload to the one for the download.

mod common;

use axum::{body::Body, http::Request};
use common::House;
use countersign_storage::ObjectKey;
use serde_json::{Value, json};

const FILES: &str = "/api/v1/files";

/// Begins an upload; its number, and the URL.
async fn begin(house: &House, key: &str, name: &str, content_type: &str) -> (i64, String) {
    let body = json!({ "filename": name, "content_type": content_type }).to_string();
    let answer = house.call(key, "POST", &format!("{FILES}/upload"), &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let number = answer.body["file_id"].as_i64().unwrap();
    (number, answer.body["upload_url"].as_str().unwrap().into())
}

/// A CSV file that was uploaded and confirmed.
async fn csv(house: &House, key: &str, name: &str) -> i64 {
    let (number, url) = begin(house, key, name, "text/csv").await;
    house.put(&url, "text/csv", b"a,b\n1,2\n").await;
    let answer = house.call(key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    number
}

#[tokio::test]
async fn a_file_goes_up_and_comes_down_under_its_name() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let body = json!({ "filename": "Bücher.csv", "content_type": "text/csv" }).to_string();
    let begun = house.call(&key, "POST", &format!("{FILES}/upload"), &body).await.body;
    let reference = begun["reference"].as_str().unwrap().to_owned();
    let hash_id = reference.strip_prefix("datalab://file-").unwrap().to_owned();
    assert_eq!(begun["expires_in"], 3600);
    assert_eq!(begun["file_id"], 1);

    let pending = house.call(&key, "GET", &format!("{FILES}/1"), "").await.body;
    assert_eq!(pending["upload_status"], "pending");
    assert_eq!(pending["file_size"], Value::Null);

    house.put(begun["upload_url"].as_str().unwrap(), "text/csv", b"a,b\n1,2\n").await;
    // By number and by hash id, as often as anybody likes.
    for id in ["1", &hash_id, "1"] {
        let confirmed = house.call(&key, "GET", &format!("{FILES}/{id}/confirm"), "").await;
        assert_eq!(confirmed.status, 200);
        assert_eq!(confirmed.body["success"], true);
        assert_eq!(confirmed.body["file_id"], 1);
        assert_eq!(confirmed.body["reference"], reference.as_str());
    }
    let found = house.call(&key, "GET", &format!("{FILES}/{hash_id}"), "").await.body;
    let expected = json!({
        "file_id": 1,
        "original_filename": "Bücher.csv",
        "content_type": "text/csv",
        "reference": reference,
        "upload_status": "completed",
        "file_size": 8,
        "created": found["created"],
    });
    assert_eq!(found, expected);
    assert_eq!(found["created"].as_str().unwrap().len(), "2026-11-21T12:00:00Z".len());

    let path = format!("{FILES}/1/download?expires_in=600");
    let download = house.call(&key, "GET", &path, "").await.body;
    assert_eq!(download["expires_in"], 600);
    assert_eq!(download["file_id"], 1);
    assert_eq!(download["original_filename"], "Bücher.csv");
    let url = download["download_url"].as_str().unwrap();
    assert!(url.contains("X-Amz-Expires=600&"), "{url}");
    assert!(url.contains("response-content-disposition=attachment%3B"), "{url}");
    assert!(url.contains("UTF-8%27%27B%25C3%25BCcher.csv"), "{url}");
    let key = house.verified("GET", url, &[]);
    assert_eq!(house.stored(&key).await.unwrap(), b"a,b\n1,2\n");
}

#[tokio::test]
async fn a_late_put_changes_nothing_that_was_confirmed() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let (number, url) = begin(&house, &key, "a.csv", "text/csv").await;
    house.put(&url, "text/csv", b"accepted").await;
    house.call(&key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
    house.put(&url, "text/csv", b"late").await;
    let staging = house.verified("PUT", &url, &[("content-type", "text/csv")]);

    let again = house.call(&key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
    assert_eq!(again.status, 200);
    let download = house.call(&key, "GET", &format!("{FILES}/{number}/download"), "").await;
    let object = house.verified("GET", download.body["download_url"].as_str().unwrap(), &[]);
    assert_eq!(house.stored(&object).await.unwrap(), b"accepted");
    assert!(object.as_str().starts_with("objects/") && staging != object);

    // What came late is cleared up once no URL for it can be alive.
    assert!(house.stored(&staging).await.is_some());
    common::wait_secs(3_600 + 86_400);
    house.app.sweep_doomed().await;
    assert!(house.stored(&staging).await.is_none());
    assert!(house.stored(&object).await.is_some());
}

#[tokio::test]
async fn a_staging_key_has_no_text_of_the_user_but_a_plain_extension() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for (name, extension) in [("../x", ""), ("A.CSV", ".csv"), ("a.ü", ".bin"), ("a", ".bin")] {
        let body = json!({ "filename": name, "content_type": "text/csv" }).to_string();
        let answer = house.call(&key, "POST", &format!("{FILES}/upload"), &body).await;
        if extension.is_empty() {
            assert_eq!(answer.status, 422);
            continue;
        }
        let url = answer.body["upload_url"].as_str().unwrap();
        let staging = house.verified("PUT", url, &[("content-type", "text/csv")]);
        let rest = staging.as_str().strip_prefix("staging/").unwrap().strip_suffix(extension);
        let is_plain = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '/');
        assert!(rest.unwrap().chars().all(is_plain), "{staging}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_what_the_name_says_are_refused_and_deleted() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for (name, bytes, reason) in [
        ("a.csv", &b""[..], "empty"),
        ("a.csv", b"a\0b", "not UTF-8 text"),
        ("a.pdf", b"MZ\x90\0", "not what the extension says"),
    ] {
        let (number, url) = begin(&house, &key, name, "text/csv").await;
        let missing = house.call(&key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
        assert_eq!(missing.status, 404, "nothing was uploaded yet");
        house.put(&url, "text/csv", bytes).await;
        let refused = house.call(&key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
        assert_eq!(refused.status, 422);
        assert!(refused.body["detail"].as_str().unwrap().contains(reason), "{:?}", refused.body);

        let found = house.call(&key, "GET", &format!("{FILES}/{number}"), "").await.body;
        assert_eq!(found["upload_status"], "failed");
        let staging = house.verified("PUT", &url, &[("content-type", "text/csv")]);
        assert!(house.stored(&staging).await.is_none());
        // Good bytes that come later do not mend it.
        house.put(&url, "text/csv", b"good").await;
        let closed = house.call(&key, "GET", &format!("{FILES}/{number}/confirm"), "").await;
        assert_eq!(closed.status, 422);
        let download = house.call(&key, "GET", &format!("{FILES}/{number}/download"), "").await;
        assert_eq!(download.status, 404);
    }
}

#[tokio::test]
async fn a_deleted_file_is_gone_with_its_bytes() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let number = csv(&house, &key, "a.csv").await;
    let download = house.call(&key, "GET", &format!("{FILES}/{number}/download"), "").await;
    let object = house.verified("GET", download.body["download_url"].as_str().unwrap(), &[]);

    let deleted = house.call(&key, "DELETE", &format!("{FILES}/{number}"), "").await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.body["success"], true);
    assert!(house.stored(&object).await.is_none());
    for (method, path) in [("GET", ""), ("DELETE", ""), ("GET", "/confirm"), ("GET", "/download")] {
        let gone = house.call(&key, method, &format!("{FILES}/{number}{path}"), "").await;
        assert_eq!(gone.status, 404, "{method} {path}");
        assert_eq!(gone.body, json!({ "detail": "Not Found" }));
    }
    assert_eq!(csv(&house, &key, "b.csv").await, number + 1, "a number is used once");
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for name in ["1.csv", "2.csv", "3.csv"] {
        begin(&house, &key, name, "text/csv").await;
    }
    let numbers = |page: &Value| -> Vec<i64> {
        let files = page["files"].as_array().unwrap().iter();
        files.map(|file| file["file_id"].as_i64().unwrap()).collect()
    };
    let all = house.call(&key, "GET", FILES, "").await.body;
    assert_eq!(numbers(&all), [3, 2, 1]);
    assert_eq!((&all["total"], &all["limit"], &all["offset"]), (&json!(3), &json!(50), &json!(0)));
    let page = house.call(&key, "GET", &format!("{FILES}?limit=1&offset=1"), "").await.body;
    assert_eq!(numbers(&page), [2]);
    assert_eq!(page["total"], 3);
    let beyond = house.call(&key, "GET", &format!("{FILES}?offset=3"), "").await.body;
    assert_eq!(numbers(&beyond), [] as [i64; 0]);
}

#[tokio::test]
async fn every_path_is_there_with_and_without_api() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    csv(&house, &key, "a.csv").await;
    for path in ["", "/1", "/1/confirm", "/1/download"] {
        let with = house.call(&key, "GET", &format!("/api/v1/files{path}"), "").await;
        let without = house.call(&key, "GET", &format!("/v1/files{path}"), "").await;
        assert_eq!((with.status, without.status), (200.try_into().unwrap(), with.status));
    }
}

#[tokio::test]
async fn a_wish_for_an_expiry_is_granted_in_its_range_or_refused() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    csv(&house, &key, "a.csv").await;
    let ask = async |query: &str| {
        house.call(&key, "GET", &format!("{FILES}/1/download{query}"), "").await
    };
    for (query, secs) in
        [("", 3600), ("?expires_in=1", 1), ("?expires_in=86400", 86400), ("?other=1", 3600)]
    {
        let answer = ask(query).await;
        assert_eq!(answer.body["expires_in"], secs, "{query}");
        let url = answer.body["download_url"].as_str().unwrap();
        assert!(url.contains(&format!("X-Amz-Expires={secs}&")), "{url}");
    }
    let too_small = ("greater_than_equal", "Input should be greater than or equal to 1");
    let too_large = ("less_than_equal", "Input should be less than or equal to 86400");
    let no_integer =
        ("int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    for (value, (kind, message)) in [
        ("0", too_small),
        ("-1", too_small),
        ("86401", too_large),
        ("9223372036854775808", too_large),
        ("", no_integer),
        ("1.5", no_integer),
        ("1e3", no_integer),
        ("true", no_integer),
        ("%22600%22", no_integer),
    ] {
        let answer = ask(&format!("?expires_in={value}")).await;
        assert_eq!(answer.status, 422, "{value}");
        let fault = &answer.body["detail"][0];
        assert_eq!(fault["type"], kind, "{value}");
        assert_eq!(fault["msg"], message, "{value}");
        assert_eq!(fault["loc"], json!(["query", "expires_in"]));
        assert!(answer.body.get("download_url").is_none());
    }
    assert_eq!(ask("?expires_in=1&expires_in=2").await.status, 422);
}

#[tokio::test]
async fn a_body_that_is_wrong_is_told_all_that_is() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    let ask = async |body: &str| house.call(&key, "POST", &format!("{FILES}/upload"), body).await;

    let empty = ask("{}").await;
    assert_eq!(empty.status, 422);
    let locations: Vec<_> = empty.body["detail"].as_array().unwrap().iter().collect();
    assert_eq!(locations[0]["loc"], json!(["body", "filename"]));
    assert_eq!(locations[0]["type"], "missing");
    assert_eq!(locations[1]["loc"], json!(["body", "content_type"]));

    for body in ["", "x", "[]", "1", "null", "{\"filename\":\"a\"", "\u{feff}{}"] {
        let answer = ask(body).await;
        assert_eq!(answer.status, 422, "{body:?}");
        assert_eq!(answer.body["detail"][0]["type"], "json_invalid", "{body:?}");
    }
    for (name, content_type) in [
        (json!(""), json!("text/csv")),
        (json!("a/b.csv"), json!("text/csv")),
        (json!("a\r\nb"), json!("text/csv")),
        (json!(5), json!("text/csv")),
        (json!(["a"]), json!("text/csv")),
        (json!("x".repeat(256)), json!("text/csv")),
        (json!("a.csv"), json!("text")),
        (json!("a.csv"), json!("text/csv\r\nX-Evil: 1")),
        (json!("a.csv"), json!(true)),
    ] {
        let body = json!({ "filename": name, "content_type": content_type });
        let answer = ask(&body.to_string()).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.body["detail"].as_array().unwrap().len(), 1, "{body}");
    }
    let large = format!("{{\"filename\":\"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(ask(&large).await.status, 413);
    let none = house.call(&key, "GET", FILES, "").await.body;
    assert_eq!(none["total"], 0, "nothing was made");
}

#[tokio::test]
async fn each_header_identifies_and_nothing_else_does() {
    let house = House::new().await;
    let (key, other) = (house.key("acme", "ann").await, house.key("acme", "ann").await);
    let ask = async |fields: &[(&str, &str)]| {
        let request =
            fields.iter().fold(Request::builder().uri(FILES), |request, (name, value)| {
                request.header(*name, *value)
            });
        house.send(request.body(Body::empty()).unwrap()).await
    };
    let bearer = format!("Bearer {key}");
    for fields in [
        &[("x-api-key", key.as_str())][..],
        &[("x-pd-api-key", &key)],
        &[("authorization", &bearer)],
        &[("x-api-key", &key), ("authorization", &bearer)],
    ] {
        assert_eq!(ask(fields).await.status, 200, "{fields:?}");
    }
    let upper = key.to_uppercase();
    for fields in [
        &[][..],
        &[("x-api-key", "")],
        &[("x-api-key", &upper)],
        &[("x-api-key", "csk_000000000000000000000000000000000000000000000000")],
        &[("x-api-key", &key), ("x-pd-api-key", &other)],
        &[("x-api-key", &key), ("authorization", "Basic eDp5")],
        &[("cookie", "wos-session=abc; datalab_active_team=1")],
    ] {
        let answer = ask(fields).await;
        assert_eq!(answer.status, 401, "{fields:?}");
        let detail = "Invalid API key provided. Set the X-API-Key header to your API key.";
        assert_eq!(answer.body, json!({ "detail": detail }));
    }
}

#[tokio::test]
async fn what_is_another_teams_is_not_there() {
    let house = House::new().await;
    let (ann, eve) = (house.key("acme", "ann").await, house.key("evil", "eve").await);
    csv(&house, &ann, "a.csv").await;
    let listed = house.call(&ann, "GET", FILES, "").await.body;
    let reference = listed["files"][0]["reference"].as_str().unwrap().to_owned();
    let hash_id = reference.strip_prefix("datalab://file-").unwrap();
    for id in ["1", hash_id] {
        for (method, path) in
            [("GET", ""), ("DELETE", ""), ("GET", "/confirm"), ("GET", "/download")]
        {
            let theirs = house.call(&eve, method, &format!("{FILES}/{id}{path}"), "").await;
            let nobodys = house.call(&eve, method, &format!("{FILES}/99{path}"), "").await;
            assert_eq!((theirs.status, &theirs.body), (nobodys.status, &nobodys.body));
            assert_eq!(theirs.status, 404);
        }
    }
    assert_eq!(house.call(&eve, "GET", FILES, "").await.body["total"], 0);
    assert_eq!(house.call(&ann, "GET", &format!("{FILES}/1/download"), "").await.status, 200);
}

#[tokio::test]
async fn an_id_that_is_none_is_not_there() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for id in ["0", "-1", "99999999999999999999", "1.0", "%2e%2e", "a%2Fb", "%00", "%ff", "'--"] {
        let answer = house.call(&key, "GET", &format!("{FILES}/{id}"), "").await;
        assert_eq!(answer.status, 404, "{id}");
    }
}

#[tokio::test]
async fn a_browser_that_looks_ahead_gets_no_url() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    csv(&house, &key, "a.csv").await;
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
    ] {
        let request = Request::builder()
            .uri(format!("{FILES}/1/download"))
            .header("x-api-key", &key)
            .header(name, value);
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.get("download_url").is_none());
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_the_same_shape() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/", 404),
        ("PUT", "/api/v1/files/1", 405),
        ("GET", "/api/v1/files/upload/x/y", 404),
        ("POST", "/api/v1/files/1/confirm", 405),
        ("OPTIONS", "/api/v1/files", 405),
    ] {
        let answer = house.call(&key, method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.body["detail"].is_string());
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn two_confirmations_at_once_accept_once() {
    let house = House::new().await;
    let key = house.key("acme", "ann").await;
    for _ in 0..8 {
        let (number, url) = begin(&house, &key, "a.csv", "text/csv").await;
        house.put(&url, "text/csv", b"a,b\n").await;
        let path = format!("{FILES}/{number}/confirm");
        let answers =
            futures_util::future::join_all((0..4).map(|_| house.call(&key, "GET", &path, "")));
        for answer in answers.await {
            assert_eq!(answer.status, 200, "{:?}", answer.body);
        }
        let download = house.call(&key, "GET", &format!("{FILES}/{number}/download"), "").await;
        let object: ObjectKey =
            house.verified("GET", download.body["download_url"].as_str().unwrap(), &[]);
        assert_eq!(house.stored(&object).await.unwrap(), b"a,b\n");
    }
}
