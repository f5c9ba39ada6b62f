//! A team reads together, and only who owns a dataset creates and deletes in it.

use serde_json::{Value, json};

use crate::{
    client::{Client, IMPOSSIBLE, INVALID, NOT_FOUND, NOT_OWNER, data, named, refused},
    common::House,
};

#[tokio::test]
async fn the_team_reads_what_its_owner_alone_changes() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let dataset = ann.dataset("d").await;
    let made = ann.source(&dataset, "a.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources");
    let one = format!("{path}/{}", made["id"].as_str().unwrap());

    assert_eq!(data(&bob.get(&one).await), made);
    assert_eq!(data(&bob.get(&path).await)["records"], json!([made]));
    assert_eq!(data(&bob.get("/datasets").await)["records"][0]["id"], dataset.as_str());
    data(&bob.post(&format!("{one}/presign"), json!({})).await);
    data(&house.call(&bob.key, "POST", &format!("/v1/team{one}/presign"), "").await);

    let handle = bob.upload("b.csv", "b").await;
    let refusal = bob.try_source(&dataset, "b.csv", &handle).await;
    refused(&refusal, NOT_OWNER);
    refused(&bob.delete(&one).await, NOT_OWNER);
    let whole = format!("/datasets/{dataset}");
    let name = json!({ "name": "his" });
    refused(&bob.post(&whole, name.clone()).await, NOT_OWNER);
    refused(&bob.delete(&whole).await, NOT_OWNER);
    refused(&bob.v1_as_self("POST", &whole, &name).await, IMPOSSIBLE);
    for path in [&whole, &one] {
        refused(&bob.v1_as_self("DELETE", path, &Value::Null).await, IMPOSSIBLE);
    }
    let wish = json!({ "fileName": "b.csv", "type": "FILE", "fileKey": handle });
    refused(&bob.v1_as_self("POST", &path, &wish).await, IMPOSSIBLE);
    for read in ["status", "overview"] {
        data(&bob.get(&format!("{whole}/{read}")).await);
        data(&bob.v1("GET", &format!("{whole}/{read}"), &Value::Null).await);
    }
    // Whether or not there is such a data source.
    let unknown = format!("{path}/00000000-0000-4000-8000-000000000000");
    refused(&bob.delete(&unknown).await, NOT_OWNER);
    refused(&ann.delete(&unknown).await, NOT_FOUND);
    assert_eq!(data(&ann.get(&path).await)["total_items"], 1);
    // His file was not used up.
    let own = bob.dataset("own").await;
    data(&bob.try_source(&own, "b.csv", &handle).await);
}

#[tokio::test]
async fn who_is_named_acts_not_who_has_the_key() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    // A key is a project's: whoever holds one may speak for every user of it.
    let made = data(&bob.post("/datasets", json!({ "name": "d", "user_id": "ann" })).await);
    let dataset = made["id"].as_str().unwrap();
    let handle = ann.upload("a.csv", "a").await;
    let wish = json!({ "name": "a.csv", "type": "FILE", "file_object_key": handle });
    let path = format!("/datasets/{dataset}/datasources");
    refused(&bob.post(&path, wish.clone()).await, NOT_OWNER);
    let mut as_ann = wish;
    as_ann["user_id"] = "ann".into();
    data(&bob.post(&path, as_ann).await);
}

#[tokio::test]
async fn a_handle_is_its_uploaders_alone() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let dataset = bob.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    let refusal = bob.try_source(&dataset, "a.csv", &handle).await;
    refused(&refusal, NOT_FOUND);
    assert_eq!(refusal.body["msg"], "file_object_key not found");

    let begun = ann.begin("b.csv", 1).await;
    let etags = begun.put(&house, b"b").await;
    let refusal = bob.try_complete(&begun, named(&etags)).await;
    refused(&refusal, NOT_FOUND);
    assert_eq!(refusal.body["msg"], "file_object_key not found");
    data(&ann.try_complete(&begun, named(&etags)).await);
    refused(&bob.try_complete(&begun, named(&etags)).await, NOT_FOUND);
    // Also once it is a data source.
    let own = ann.dataset("own").await;
    data(&ann.try_source(&own, "b.csv", &begun.file_object_key).await);
    refused(&bob.try_source(&dataset, "b.csv", &begun.file_object_key).await, NOT_FOUND);
    assert_eq!(data(&bob.get(&format!("/datasets/{dataset}/datasources")).await)["total_items"], 0);
}

#[tokio::test]
async fn a_deletion_names_its_user_in_the_body_or_in_the_query() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    Client::new(&house, "acme", "bob").await;
    let dataset = ann.dataset("d").await;
    for (query, body, refusal) in [
        ("", "{\"user_id\":\"ann\"}", None),
        ("?user_id=ann", "", None),
        ("?user_id=ann", "{}", None),
        ("?user_id=ann", "{\"user_id\":null}", None),
        ("?user_id=ann", "{\"user_id\":\"ann\"}", None),
        ("?user_id=bob", "{\"user_id\":\"ann\"}", Some(INVALID)),
        ("?user_id=ann", "{\"user_id\":\"bob\"}", Some(INVALID)),
        ("?user_id=ann&user_id=ann", "", Some(INVALID)),
        ("", "", Some(INVALID)),
        ("", "{}", Some(INVALID)),
        ("", "{\"user_id\":null}", Some(INVALID)),
        ("", "{\"user_id\":1}", Some(INVALID)),
        ("?user_id=ann", "{\"user_id\":1}", Some(INVALID)),
        ("?user_id=ann", "x", Some(INVALID)),
        ("?user_id=ann", "[]", Some(INVALID)),
        ("?user_id=bob", "", Some(NOT_OWNER)),
        ("", "{\"user_id\":\"bob\"}", Some(NOT_OWNER)),
        ("?user_id=", "", Some(NOT_FOUND)),
        ("?user_id=eve", "", Some(NOT_FOUND)),
    ] {
        let made = ann.source(&dataset, "a.csv", "a").await;
        let path = format!("/datasets/{dataset}/datasources");
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        let answer = ann.call("DELETE", &format!("{one}{query}"), body).await;
        if let Some(refusal) = refusal {
            refused(&answer, refusal);
            data(&ann.delete(&one).await);
        } else {
            assert_eq!(data(&answer), json!({}), "{query} {body}");
        }
        assert_eq!(data(&ann.get(&path).await)["records"], Value::Array(vec![]));
    }
}
