//! Who asks and whether anybody is there; what holds of a token; what is not provided.

use serde_json::json;

use crate::{
    client::{Client, refused},
    common::{House, wait_secs},
};

#[tokio::test]
async fn a_key_says_whose_it_is() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let answer = house.call(&ann.key, "GET", "/auth/me", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({ "id": "ann", "name": "ann", "success": true }));
    // What the vendor's client sends to learn whether the server is there.
    let answer = house.call("invalid_token_for_test", "GET", "/auth/me", "").await;
    refused(&answer, 401, "Unauthenticated.");
}

#[tokio::test]
async fn anybody_may_ask_whether_the_server_is_well() {
    let house = House::new().await;
    for path in ["/health", "/status"] {
        for key in ["", "csk_wrong"] {
            let answer = house.call(key, "GET", path, "").await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, json!({ "status": "ok", "success": true }));
        }
        let answer = house.call("", "POST", path, "").await;
        refused(&answer, 405, "The method is not supported for this route.");
    }
    house.catalog.close().await;
    for path in ["/health", "/status"] {
        let answer = house.call("", "GET", path, "").await;
        assert!(answer.status.is_server_error(), "{:?}", answer.body);
    }
}

#[tokio::test]
async fn a_heartbeat_is_taken_from_who_has_a_key() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let body = json!({ "status": "success", "source": "datasnap-bridge" }).to_string();
    for base in ["/api/v1", "/v1"] {
        let path = format!("{base}/bridge/healthcheck");
        let answer = house.call(&ann.key, "POST", &path, &body).await;
        assert_eq!((answer.status.as_u16(), &answer.body["success"]), (200, &json!(true)));
        refused(&house.call("csk_x", "POST", &path, &body).await, 401, "Unauthenticated.");
        let answer = house.call(&ann.key, "POST", &path, "[]").await;
        refused(&answer, 422, "The body must be a JSON object.");
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(65_536));
        let answer = house.call(&ann.key, "POST", &path, &large).await;
        refused(&answer, 413, "The body is too large.");
    }
}

#[tokio::test]
async fn a_token_is_valid_up_to_its_instant() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    ann.schema("s").await;
    assert_eq!(ann.ask(0, "s", r#"{"minutes":1}"#).await.body["id"], 1);
    let ask = async |base: &str| {
        // Of the team, not of who made it.
        let path = format!("{base}/upload-tokens/1/validate");
        let answer = house.call(&bob.key, "GET", &path, "").await;
        assert_eq!(answer.status, 200);
        answer.body
    };
    let expected = |valid: bool, expires_in: u32| {
        json!({
            "id": 1, "valid": valid, "expires_at": "2026-11-18T11:07:40.000000Z",
            "expires_in": expires_in, "success": true,
        })
    };
    for base in ["/api/v1", "/v1"] {
        assert_eq!(ask(base).await, expected(true, 60));
    }
    wait_secs(59);
    assert_eq!(ask("/v1").await, expected(true, 1));
    wait_secs(1);
    assert_eq!(ask("/v1").await, expected(false, 0));
    wait_secs(1_000_000);
    assert_eq!(ask("/v1").await, expected(false, 0));
}

#[tokio::test]
async fn no_token_of_the_team_is_not_found_to_the_byte() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    ann.schema("s").await;
    eve.schema("s").await;
    assert_eq!(ann.ask(0, "s", r#"{"minutes":1}"#).await.body["id"], 1);
    for id in [1, 2] {
        assert_eq!(eve.ask(0, "s", r#"{"minutes":1}"#).await.body["id"], id);
    }
    let ask = async |number: &str| {
        let path = format!("/v1/upload-tokens/{number}/validate");
        house.call(&ann.key, "GET", &path, "").await
    };
    let absent = ask("3").await;
    for number in [
        "2",
        "0",
        "-1",
        "+1",
        "1.0",
        "1e0",
        "0x1",
        "%31%00",
        "%ff",
        "x",
        "%20",
        "1%2f..",
        "١",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999",
        "5e6d4f5e-5a0b-4c55-9d0c-000000000000",
    ] {
        let number = number.replace('١', "%D9%A1");
        let answer = ask(&number).await;
        refused(&answer, 404, "Upload token not found.");
        assert_eq!(answer.headers, absent.headers, "{number}");
    }
    let path = "/v1/upload-tokens/1/validate";
    refused(&house.call("csk_x", "GET", path, "").await, 401, "Unauthenticated.");
    let answer = house.call(&ann.key, "POST", path, "").await;
    refused(&answer, 405, "The method is not supported for this route.");
    for path in ["/v1/upload-tokens", "/v1/upload-tokens/", "/v1/upload-tokens/1"] {
        refused(&house.call(&ann.key, "GET", path, "").await, 404, "Not Found.");
    }
}

#[tokio::test]
async fn what_is_no_matter_of_data_is_not_provided() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    for path in ["query", "process-files", "files"] {
        for base in ["/api/v1", "/v1"] {
            let path = format!("{base}/schemas/s/{path}");
            let answer = house.call(&ann.key, "POST", &path, "{}").await;
            let message =
                "Not provided here: files are put with an upload token, and are not processed.";
            refused(&answer, 501, message);
        }
    }
}
