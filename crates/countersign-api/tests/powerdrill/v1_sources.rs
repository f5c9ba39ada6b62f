//! Data sources in the first generation.

use serde_json::{Value, json};

use crate::{
    client::{Client, IMPOSSIBLE, INVALID_V1, NO_SOURCE, data, members, parameter, refused},
    common::House,
};

/// A wish for a data source, with what is beside its file.
fn wish(handle: &str, mut beside: Value) -> Value {
    beside["type"] = "FILE".into();
    beside["fileKey"] = handle.into();
    beside
}

#[tokio::test]
async fn a_data_source_is_made_read_listed_and_deleted() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}/datasources");
    let handle = ann.upload("upload.csv", "a,b\n").await;
    let new = wish(&handle, json!({ "name": "Sales", "fileName": "sales 2026.csv" }));
    let made = data(&ann.v1_as_self("POST", &path, &new).await);
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("datasource-"), "{id}");
    let expected = json!({
        "id": id,
        "datasetId": dataset,
        "name": "Sales",
        "fileName": "sales 2026.csv",
        "type": "FILE",
        "status": "synched",
        "userId": "ann",
    });
    assert_eq!(made, expected);
    let one = format!("{path}/{id}");
    assert_eq!(data(&ann.v1("GET", &one, &Value::Null).await), made);
    let page = json!({ "total": 1, "pageSize": 10, "pageNumber": 1, "records": [made] });
    assert_eq!(data(&ann.v1("GET", &path, &Value::Null).await), page);
    let in_v2 = json!({
        "id": id, "dataset_id": dataset, "name": "Sales", "type": "FILE", "status": "synched",
        "size": 4,
    });
    assert_eq!(data(&ann.get(&one).await), in_v2);
    // A file is saved under the name of a file.
    for (link, url) in [
        (ann.v1("POST", &format!("{one}/presign"), &Value::Null).await, "presignedUrl"),
        (ann.post(&format!("{one}/presign"), json!({})).await, "presigned_url"),
    ] {
        let link = data(&link)[url].take();
        let disposition = parameter(link.as_str().unwrap(), "response-content-disposition");
        assert!(disposition.contains("sales%202026.csv"), "{disposition}");
        let key = house.verified("GET", link.as_str().unwrap(), &[]);
        assert_eq!(house.stored(&key).await.unwrap(), b"a,b\n");
    }
    let deleted = ann.v1_as_self("DELETE", &one, &Value::Null).await;
    assert_eq!(deleted.body, json!({ "code": 0, "data": null }));
    refused(&ann.v1("GET", &one, &Value::Null).await, IMPOSSIBLE);
    refused(&ann.v1_as_self("DELETE", &one, &Value::Null).await, IMPOSSIBLE);
    refused(&ann.v1_as_self("POST", &path, &new).await, IMPOSSIBLE);
}

#[tokio::test]
async fn a_data_source_without_a_dataset_gets_one_of_its_name() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (beside, name) in [
        (json!({ "fileName": "a.csv" }), "a.csv"),
        (json!({ "fileName": "a.csv", "name": null }), "a.csv"),
        (json!({ "fileName": "a.csv", "name": "A" }), "A"),
    ] {
        let handle = ann.upload("upload.csv", "a,b\n").await;
        let new = wish(&handle, beside);
        let made = data(&ann.v1_as_self("POST", "/datasources", &new).await);
        assert_eq!((&made["name"], &made["fileName"]), (&json!(name), &json!("a.csv")));
        let path = format!("/datasets/{}/overview", made["datasetId"].as_str().unwrap());
        assert_eq!(data(&ann.v1("GET", &path, &Value::Null).await)["name"], name);
        // The same wish again is the same data source.
        assert_eq!(data(&ann.v1_as_self("POST", "/datasources", &new).await), made);
    }
    assert_eq!(ann.datasets_total().await, 3);
}

#[tokio::test]
async fn a_wish_is_the_same_in_both_generations_if_it_is_in_the_same_words() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}/datasources");
    let handle = ann.upload("a.csv", "a").await;
    let made = data(&ann.try_source(&dataset, "a.csv", &handle).await);
    for beside in [json!({ "fileName": "a.csv" }), json!({ "name": "a.csv", "fileName": "a.csv" })]
    {
        let again = data(&ann.v1_as_self("POST", &path, &wish(&handle, beside)).await);
        assert_eq!(again["id"], made["id"]);
    }
    for beside in [
        json!({ "name": "A", "fileName": "a.csv" }),
        json!({ "name": "a.csv", "fileName": "b.csv" }),
    ] {
        refused(&ann.v1_as_self("POST", &path, &wish(&handle, beside)).await, IMPOSSIBLE);
    }
    let handle = ann.upload("a.csv", "a").await;
    let named = wish(&handle, json!({ "name": "b.csv", "fileName": "a.csv" }));
    data(&ann.v1_as_self("POST", &path, &named).await);
    for name in ["a.csv", "b.csv"] {
        refused(&ann.try_source(&dataset, name, &handle).await, NO_SOURCE);
    }
}

#[tokio::test]
async fn the_name_of_the_file_says_what_its_bytes_have_to_be() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}/datasources");
    for (name, file_name, status) in [
        ("a.pdf", "a.csv", "synched"),
        ("a.exe", "a.csv", "synched"),
        ("no extension", "a.csv", "synched"),
        ("a.csv", "a.pdf", "invalid"),
    ] {
        let handle = ann.upload("a.csv", "a").await;
        let new = wish(&handle, json!({ "name": name, "fileName": file_name }));
        let made = data(&ann.v1_as_self("POST", &path, &new).await);
        assert_eq!((&made["status"], &made["name"]), (&json!(status), &json!(name)));
        let is_refused = status == "invalid";
        assert_eq!(made.get("reason").is_some(), is_refused);
        assert_eq!(members(&made).len(), if is_refused { 8 } else { 7 });
    }
    let counts = json!({ "synchedCount": 3, "invalidCount": 1, "synchingCount": 0 });
    let status = ann.v1("GET", &format!("/datasets/{dataset}/status"), &Value::Null).await;
    assert_eq!(data(&status), counts);
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_refused_and_makes_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    let url = "http://127.0.0.1:1/a.csv";
    let right = json!({ "fileName": "a.csv", "type": "FILE", "fileKey": handle });
    for (member, value, refusal) in [
        ("fileName", Value::Null, INVALID_V1),
        ("fileName", json!(""), INVALID_V1),
        ("fileName", json!(7), INVALID_V1),
        ("fileName", json!("a\0.csv"), INVALID_V1),
        ("fileName", json!(format!("{}.csv", "x".repeat(1_021))), INVALID_V1),
        // A name is not taken for the name of a file.
        ("fileName", json!("a.exe"), IMPOSSIBLE),
        ("fileName", json!("a"), IMPOSSIBLE),
        ("name", json!(""), INVALID_V1),
        ("name", json!("a\n"), INVALID_V1),
        ("name", json!(["a"]), INVALID_V1),
        ("type", json!("URL"), INVALID_V1),
        ("type", Value::Null, INVALID_V1),
        ("fileKey", Value::Null, INVALID_V1),
        ("fileKey", json!(7), INVALID_V1),
        ("fileKey", json!(""), IMPOSSIBLE),
        ("fileKey", json!("/tmp/sdgsagdsgsadgasdg"), IMPOSSIBLE),
        ("url", json!(url), INVALID_V1),
        ("url", json!(7), INVALID_V1),
    ] {
        let mut wrong = right.clone();
        wrong[member] = value;
        for path in [&*format!("/datasets/{dataset}/datasources"), "/datasources"] {
            let answer = ann.v1_as_self("POST", path, &wrong).await;
            refused(&answer, refusal);
        }
    }
    let imported = json!({ "fileName": "a.csv", "type": "FILE", "url": url });
    for path in [&*format!("/datasets/{dataset}/datasources"), "/datasources"] {
        let answer = ann.v1_as_self("POST", path, &imported).await;
        refused(&answer, IMPOSSIBLE);
        let said = "Fail to create datasource: importing from a url is disabled on this server";
        assert_eq!(answer.body["msg"], said);
        refused(&ann.v1("POST", path, &right).await, INVALID_V1);
    }
    assert_eq!(ann.datasets_total().await, 1);
    let page = ann.v1("GET", &format!("/datasets/{dataset}/datasources"), &Value::Null).await;
    assert_eq!(data(&page)["total"], 0);
    data(&ann.v1_as_self("POST", "/datasources", &right).await);
}
