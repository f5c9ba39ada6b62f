//! What is said of a dataset later, how its data sources are counted, and what is known of it.

use serde_json::{Value, json};

use crate::{
    client::{Client, INVALID, INVALID_V1, NOT_FOUND, TOO_LARGE, data, refused},
    common::House,
};

/// The name of a dataset, and what is said of it.
async fn described(client: &Client<'_>, dataset: &str) -> (String, String) {
    let found = data(&client.get(&format!("/datasets/{dataset}/overview")).await);
    let text = |member: &str| found[member].as_str().unwrap().to_owned();
    (text("name"), text("description"))
}

#[tokio::test]
async fn a_change_is_of_what_is_named_and_not_blank() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let made = json!({ "name": "old", "description": "was" });
    let (long, longer) = ("ü".repeat(1_024), "🦀".repeat(5_000));
    for (change, (name, description)) in [
        (json!({ "name": "new" }), ("new", "was")),
        (json!({ "description": "is" }), ("old", "is")),
        (json!({ "name": "new", "description": "is" }), ("new", "is")),
        (json!({ "name": null, "description": "is" }), ("old", "is")),
        (json!({ "name": "", "description": "is" }), ("old", "is")),
        (json!({ "name": "new", "description": null }), ("new", "was")),
        // The only way to empty it.
        (json!({ "name": "old", "description": "" }), ("old", "")),
        (json!({ "name": "a/b", "description": "two\nlines\0" }), ("a/b", "two\nlines\0")),
        (json!({ "name": "x", "description": longer }), ("x", &longer)),
        (json!({ "name": "x", "owner": "bob", "id": "y" }), ("x", "was")),
    ] {
        let id = data(&ann.post("/datasets", made.clone()).await)["id"].take();
        let path = format!("/datasets/{}", id.as_str().unwrap());
        assert_eq!(data(&ann.post(&path, change.clone()).await), json!({}), "{change}");
        let expected = (name.to_owned(), description.to_owned());
        assert_eq!(described(&ann, id.as_str().unwrap()).await, expected, "{change}");
        // In the first generation it comes to the same.
        let id = data(&ann.post("/datasets", made.clone()).await)["id"].take();
        let path = format!("/datasets/{}", id.as_str().unwrap());
        let answer = ann.v1_as_self("POST", &path, &change).await;
        assert_eq!(answer.body, json!({ "code": 0, "data": null }), "{change}");
        assert_eq!(described(&ann, id.as_str().unwrap()).await, expected, "{change}");
    }
    // Kept whole, and shown cut.
    let dataset = ann.dataset("old").await;
    data(&ann.post(&format!("/datasets/{dataset}"), json!({ "name": long })).await);
    assert_eq!(described(&ann, &dataset).await.0, "ü".repeat(128));
    let whole = ann.v1("GET", &format!("/datasets/{dataset}/overview"), &Value::Null).await;
    assert_eq!(data(&whole)["name"], long);
}

#[tokio::test]
async fn a_change_that_is_none_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let made = json!({ "name": "old", "description": "was" });
    let id = data(&ann.post("/datasets", made).await)["id"].take();
    let path = format!("/datasets/{}", id.as_str().unwrap());
    for wrong in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": "" }),
        json!({ "description": "" }),
        json!({ "name": "", "description": "" }),
        json!({ "name": null, "description": null }),
        json!({ "name": " ", "description": "is" }),
        json!({ "name": "a\nb", "description": "is" }),
        json!({ "name": "ü".repeat(1_025), "description": "is" }),
        json!({ "name": "new", "description": "x".repeat(5_001) }),
        json!({ "name": 7, "description": "is" }),
        json!({ "name": "new", "description": ["is"] }),
        json!({ "title": "new" }),
    ] {
        refused(&ann.post(&path, wrong.clone()).await, INVALID);
        refused(&ann.v1_as_self("POST", &path, &wrong).await, INVALID_V1);
    }
    for wrong in ["", "x", "[]", "null", "{\"name\":\"new\"}"] {
        refused(&ann.call("POST", &path, wrong).await, INVALID);
    }
    let large = format!("{{\"user_id\":\"ann\",\"name\":\"a\",\"x\":\"{}\"}}", "x".repeat(65_536));
    refused(&ann.call("POST", &path, &large).await, TOO_LARGE);
    refused(&ann.v1("POST", &path, &json!({ "name": "new" })).await, INVALID_V1);
    let two = json!({ "name": "new", "userId": "bob" });
    refused(&ann.v1_as_self("POST", &path, &two).await, INVALID_V1);
    let stranger = json!({ "name": "new", "user_id": "eve" });
    refused(&ann.post(&path, stranger).await, NOT_FOUND);
    refused(&ann.post("/datasets/x", json!({ "name": "new" })).await, NOT_FOUND);
    assert_eq!(described(&ann, id.as_str().unwrap()).await, ("old".into(), "was".into()));
}

#[tokio::test]
async fn the_status_of_a_dataset_counts_its_data_sources() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (dataset, other) = (ann.dataset("d").await, ann.dataset("other").await);
    let path = format!("/datasets/{dataset}/status");
    let check = async |synched: u64, invalid: u64| {
        let counts = json!({
            "synched_count": synched, "invalid_count": invalid, "synching_count": 0,
        });
        assert_eq!(data(&ann.get(&path).await), counts);
        let counts =
            json!({ "synchedCount": synched, "invalidCount": invalid, "synchingCount": 0 });
        assert_eq!(data(&ann.v1("GET", &path, &Value::Null).await), counts);
    };
    check(0, 0).await;
    ann.source(&other, "a.csv", "a").await;
    let source = ann.source(&dataset, "a.csv", "a").await;
    ann.source(&dataset, "b.csv", "a").await;
    check(2, 0).await;
    ann.source(&dataset, "c.pdf", "no pdf").await;
    check(2, 1).await;
    let one = format!("/datasets/{dataset}/datasources/{}", source["id"].as_str().unwrap());
    data(&ann.delete(&one).await);
    check(1, 1).await;
}

#[tokio::test]
async fn an_overview_says_what_is_true_and_makes_nothing_up() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let made = json!({ "name": "Sales", "description": "of 2026" });
    let id = data(&ann.post("/datasets", made).await)["id"].take();
    ann.source(id.as_str().unwrap(), "a.csv", "a,b\n").await;
    let path = format!("/datasets/{}/overview", id.as_str().unwrap());
    let expected = json!({
        "id": id, "name": "Sales", "description": "of 2026", "summary": "",
        "exploration_questions": [], "keywords": [],
    });
    assert_eq!(data(&ann.get(&path).await), expected);
    let expected = json!({
        "id": id, "name": "Sales", "description": "of 2026", "summary": "",
        "explorationQuestions": [], "keywords": [],
    });
    // One of the examples of the vendor has another object for a code.
    let answer = ann.v1("GET", &path, &Value::Null).await;
    assert_eq!((&answer.body["code"], data(&answer)), (&json!(0), expected));
}
