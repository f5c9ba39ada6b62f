//! Schemas and their files, as they are listed.

use serde_json::{Value, json};

use crate::{
    client::{BASES, Client, put, refused},
    common::{Answer, House, wait_secs},
};

async fn get(client: &Client<'_>, path: &str) -> Answer {
    client.house.call(&client.key, "GET", &format!("/v1/schemas{path}"), "").await
}

/// The names of the files that are listed, and how many there are in all.
async fn names(client: &Client<'_>, query: &str) -> (Vec<String>, u64) {
    let answer = get(client, &format!("/s/files?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {:?}", answer.body);
    let files = answer.body["data"].as_array().unwrap();
    let name = |file: &Value| file["file_name"].as_str().unwrap().to_owned();
    (files.iter().map(name).collect(), answer.body["total"].as_u64().unwrap())
}

#[tokio::test]
async fn the_schemas_of_a_team_are_listed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let sales = ann.schema("sales").await.id;
    let orders = ann.schema("orders").await.id;
    eve.schema("theirs").await;
    let of = |id: i64, slug: &str| json!({ "id": id, "slug": slug, "name": slug, "created_at": "2026-11-18T11:06:40.000000Z" });
    for base in BASES {
        let answer = house.call(&ann.key, "GET", base, "").await;
        assert_eq!(answer.status, 200);
        let expected = json!({
            "data": [of(orders, "orders"), of(sales, "sales")], "current_page": 1,
            "per_page": 1_000, "last_page": 1, "from": 1, "to": 2, "total": 2,
        });
        assert_eq!(answer.body, expected);
        let answer = house.call(&ann.key, "GET", &format!("{base}/"), "").await;
        refused(&answer, 404, "Not Found.");
    }
    let answer = get(&ann, "?per_page=1&page=2").await;
    let expected = json!({
        "data": [of(sales, "sales")], "current_page": 2, "per_page": 1, "last_page": 2,
        "from": 2, "to": 2, "total": 2,
    });
    assert_eq!(answer.body, expected);
    assert_eq!(get(&ann, "/sales").await.body, of(sales, "sales"));
    let absent = get(&ann, "/absent").await;
    for slug in ["absent", "theirs", "SALES", "%ff", "sale", "s%2f..", "%00"] {
        let answer = get(&ann, &format!("/{slug}")).await;
        refused(&answer, 404, "Schema not found.");
        assert_eq!(answer.headers, absent.headers);
    }
    let answer = house.call("csk_x", "GET", "/v1/schemas", "").await;
    refused(&answer, 401, "Unauthenticated.");
}

#[tokio::test]
async fn a_file_is_listed_once_it_is_there() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    ann.schema("s").await;
    ann.schema("t").await;
    let token = ann.token("s").await;
    house.app.begin_token_upload(token, "begun.jsonl").await.unwrap();
    let nothing = json!({
        "data": [], "current_page": 1, "per_page": 50, "last_page": 1, "from": null, "to": null,
        "total": 0,
    });
    for base in BASES {
        let path = format!("{base}/s/files");
        assert_eq!(house.call(&bob.key, "GET", &path, "").await.body, nothing);
    }
    wait_secs(5);
    put(&house, token, "a \u{fc}\".jsonl", "{}\n").await.unwrap();
    let listed = get(&bob, "/s/files").await.body;
    let id = listed["data"][0]["id"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().to_string(), id);
    let file = json!({
        "id": id, "file_name": "a \u{fc}\".jsonl", "size_bytes": 3, "schema_slug": "s",
        "upload_status": "completed", "processing_status": "completed",
        "created_at": "2026-11-18T11:06:45.000000Z",
    });
    let expected = json!({
        "data": [file], "current_page": 1, "per_page": 50, "last_page": 1, "from": 1, "to": 1,
        "total": 1,
    });
    assert_eq!(listed, expected);
    let expected = json!({
        "data": [file], "current_page": 1, "per_page": 10, "last_page": 1, "from": 1, "to": 1,
        "total": 1,
    });
    assert_eq!(get(&bob, "/s/uploads").await.body, expected);
    assert_eq!(get(&bob, "/t/files").await.body, nothing);
}

#[tokio::test]
async fn files_are_filtered_and_in_order() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let token = ann.token("s").await;
    // At 11:06:40, 11:06:41 and 11:06:42.
    for (name, bytes) in [("b.jsonl", "22"), ("c_x.jsonl", "333"), ("a.jsonl", "1")] {
        put(&house, token, name, bytes).await.unwrap();
        wait_secs(1);
    }
    let all = ["a.jsonl", "c_x.jsonl", "b.jsonl"];
    for (query, expected) in [
        ("", &all[..]),
        ("sort_by=created_at", &all),
        ("sort_by=created_at&sort_direction=desc", &all),
        ("sort_direction=asc", &["b.jsonl", "c_x.jsonl", "a.jsonl"]),
        ("sort_by=size_bytes", &["c_x.jsonl", "b.jsonl", "a.jsonl"]),
        ("sort_by=size_bytes&sort_direction=asc", &["a.jsonl", "b.jsonl", "c_x.jsonl"]),
        ("search=C_", &["c_x.jsonl"]),
        ("search=_", &["c_x.jsonl"]),
        ("search=%25", &[]),
        ("search=", &all),
        ("processing_status=completed", &all),
        ("processing_status=pending", &[]),
        ("processing_status=processing", &[]),
        ("processing_status=failed", &[]),
        ("date_from=2026-11-18", &all),
        ("date_from=2026-11-19", &[]),
        ("date_to=2026-11-17", &[]),
        // A day is meant to its end.
        ("date_to=2026-11-18", &all),
        ("date_from=2026-11-18&date_to=2026-11-18", &all),
        ("date_from=2026-11-18T11:06:41Z", &all[..2]),
        ("date_to=2026-11-18T11:06:41Z", &all[1..]),
        ("date_from=2026-11-18T12:06:42%2B01:00", &all[..1]),
        ("date_from=&date_to=", &all),
        ("date_to=9999-12-31", &all),
    ] {
        let (found, total) = names(&ann, query).await;
        assert_eq!(found, expected, "{query}");
        assert_eq!(total, expected.len() as u64, "{query}");
    }
    for (query, expected) in [
        ("per_page=1", &all[..1]),
        ("per_page=1&page=2", &all[1..2]),
        ("per_page=2&page=2", &all[2..]),
        ("per_page=2&page=3", &[]),
        ("page=9223372036854775807&per_page=100", &[]),
    ] {
        assert_eq!(names(&ann, query).await, (expected.iter().map(|it| (*it).into()).collect(), 3));
    }
    let latest = get(&ann, "/s/uploads?limit=2").await.body;
    assert_eq!((&latest["data"][0]["file_name"], &latest["total"]), (&json!(all[0]), &json!(3)));
    assert_eq!(latest["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_query_that_is_none_is_refused_and_named() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.schema("s").await;
    let long = format!("search={}", "x".repeat(256));
    for (query, field) in [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=9223372036854775808", "page"),
        ("page=1&page=2", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=x", "per_page"),
        ("processing_status=Completed", "processing_status"),
        ("processing_status=", "processing_status"),
        ("sort_by=name", "sort_by"),
        ("sort_by=size_bytes%20desc", "sort_by"),
        ("sort_direction=up", "sort_direction"),
        ("date_from=2026-13-01", "date_from"),
        ("date_from=2026-1-1", "date_from"),
        ("date_from=yesterday", "date_from"),
        ("date_from=0", "date_from"),
        ("date_to=2026-02-30", "date_to"),
        ("date_to=2026-11-18T11:06:41", "date_to"),
        ("date_to=2026-11-18T11:06:41%2B99:00", "date_to"),
        (&long, "search"),
    ] {
        let answer = get(&ann, &format!("/s/files?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.contains(&format!("The {field} field ")), "{message}");
        let expected = json!({ "message": message, "errors": { field: [message] } });
        assert_eq!(answer.body, expected);
    }
    for (path, message) in [
        ("/s/uploads?limit=0", "The limit field must be at least 1."),
        ("/s/uploads?limit=101", "The limit field must not be greater than 100."),
        ("/s/uploads?limit=", "The limit field must be an integer."),
        ("?per_page=1001", "The per_page field must not be greater than 1000."),
    ] {
        let answer = get(&ann, path).await;
        assert_eq!((answer.status.as_u16(), &answer.body["message"]), (422, &json!(message)));
    }
}

#[tokio::test]
async fn what_is_no_schema_of_the_team_has_no_files_to_the_byte() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    ann.schema("s").await;
    eve.schema("theirs").await;
    put(&house, eve.token("theirs").await, "a.jsonl", "{}").await.unwrap();
    for list in ["files", "uploads"] {
        let absent = get(&ann, &format!("/absent/{list}")).await;
        for slug in ["absent", "theirs", "S", "%ff", "%73%00"] {
            let answer = get(&ann, &format!("/{slug}/{list}")).await;
            refused(&answer, 404, "Schema not found.");
            assert_eq!(answer.headers, absent.headers);
        }
        let path = format!("/v1/schemas/theirs/{list}");
        refused(&house.call("csk_x", "GET", &path, "").await, 401, "Unauthenticated.");
    }
    // What no file can be tells nothing of a schema either.
    let answer = get(&ann, "/theirs/files?processing_status=failed").await;
    refused(&answer, 404, "Schema not found.");
}
