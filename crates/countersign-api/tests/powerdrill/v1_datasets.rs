//! Datasets in the first generation.

use serde_json::{Value, json};

use crate::{
    client::{Client, IMPOSSIBLE, INVALID_V1, data, refused},
    common::House,
};

#[tokio::test]
async fn a_dataset_is_made_listed_changed_and_deleted() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let new = json!({ "name": "My dataset", "description": "my default", "userId": "ann" });
    let made = data(&ann.v1("POST", "/datasets", &new).await);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made, json!({ "id": id }));
    assert!(id.starts_with("dataset-"), "{id}");
    let record = json!({ "id": id, "name": "My dataset", "description": "my default" });
    let page = json!({ "total": 1, "pageSize": 10, "pageNumber": 1, "records": [record] });
    assert_eq!(data(&ann.v1("GET", "/datasets", &Value::Null).await), page);
    // The same in the second generation.
    assert_eq!(data(&ann.get("/datasets").await)["records"], json!([record]));

    let path = format!("/datasets/{id}");
    let changed = ann.v1_as_self("POST", &path, &json!({ "name": "sales" })).await;
    assert_eq!(changed.body, json!({ "code": 0, "data": null }));
    let page = data(&ann.v1("GET", "/datasets?name=SAL", &Value::Null).await);
    let record = json!({ "id": id, "name": "sales", "description": "my default" });
    assert_eq!(page["records"], json!([record]));
    let deleted = ann.v1_as_self("DELETE", &path, &Value::Null).await;
    assert_eq!(deleted.body, json!({ "code": 0, "data": null }));
    assert_eq!(data(&ann.v1("GET", "/datasets", &Value::Null).await)["total"], 0);
    for read in ["status", "overview", "datasources"] {
        refused(&ann.v1("GET", &format!("{path}/{read}"), &Value::Null).await, IMPOSSIBLE);
    }
}

#[tokio::test]
async fn who_writes_is_named_in_the_body_or_in_the_query() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    Client::new(&house, "acme", "bob").await;
    Client::new(&house, "evil", "eve").await;
    for (query, user, refusal) in [
        ("", json!("ann"), None),
        ("?userId=ann", Value::Null, None),
        ("?userId=ann", json!("ann"), None),
        ("?userId=bob", Value::Null, None),
        ("?user_id=bob&userId=ann", Value::Null, None),
        ("", Value::Null, Some(INVALID_V1)),
        ("?user_id=ann", Value::Null, Some(INVALID_V1)),
        ("", json!(7), Some(INVALID_V1)),
        ("?userId=ann", json!("bob"), Some(INVALID_V1)),
        ("?userId=ann&userId=ann", Value::Null, Some(INVALID_V1)),
        ("?userId=eve", Value::Null, Some(IMPOSSIBLE)),
        ("", json!("eve"), Some(IMPOSSIBLE)),
        ("?userId=", Value::Null, Some(IMPOSSIBLE)),
        ("", json!("ANN"), Some(IMPOSSIBLE)),
    ] {
        let before = ann.datasets_total().await.as_u64().unwrap();
        let body = json!({ "name": "d", "userId": user });
        let answer = ann.v1("POST", &format!("/datasets{query}"), &body).await;
        if let Some(refusal) = refusal {
            refused(&answer, refusal);
        } else {
            data(&answer);
        }
        let made = u64::from(refusal.is_none());
        assert_eq!(ann.datasets_total().await, before + made, "{query} {user}");
    }
    // Where something is only read, nobody has to be, and it is all one who is.
    for query in ["", "?userId=bob", "?userId=eve", "?userId=a&userId=b"] {
        data(&ann.v1("GET", &format!("/datasets{query}"), &Value::Null).await);
    }
}

#[tokio::test]
async fn what_cannot_be_a_dataset_is_a_bad_request() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for wrong in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": "" }),
        json!({ "name": "\t" }),
        json!({ "name": 7 }),
        json!({ "name": "x".repeat(1_025) }),
        json!({ "name": "d", "description": "x".repeat(5_001) }),
        json!({ "name": "d", "description": false }),
    ] {
        refused(&ann.v1_as_self("POST", "/datasets", &wrong).await, INVALID_V1);
    }
    for body in ["x", "[]", "null", "1", "{\"name\":\"d\"", "\u{feff}{}"] {
        for path in ["/datasets".into(), format!("/datasets/{dataset}"), "/datasources".into()] {
            let path = format!("/api/v1/team{path}?userId=ann");
            refused(&house.call(&ann.key, "POST", &path, body).await, INVALID_V1);
        }
        let path = format!("/v1/team/datasets/{dataset}?userId=ann");
        refused(&house.call(&ann.key, "DELETE", &path, body).await, INVALID_V1);
    }
    let large = json!({ "name": "d", "x": "x".repeat(64 * 1024) });
    refused(&ann.v1_as_self("POST", "/datasets", &large).await, (413, 100));
    assert_eq!(ann.datasets_total().await, 1);
    // Shown whole: this generation says nothing of a limit.
    let name = "ü".repeat(1_024);
    let made = ann.v1_as_self("POST", "/datasets", &json!({ "name": name })).await;
    data(&made);
    let page = data(&ann.v1("GET", "/datasets?pageSize=1", &Value::Null).await);
    assert_eq!(page["records"][0]["name"], name);
}
