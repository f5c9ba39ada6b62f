//! What goes with a dataset.

use countersign_catalog::{Catalog, DataSourceRef};
use countersign_storage::ObjectKey;
use serde_json::{Value, json};

use crate::{
    client::{Client, IMPOSSIBLE, INVALID, NOT_FOUND, NOT_OWNER, data, named, refused},
    common::{self, House},
    spy::Spy,
};

#[tokio::test]
async fn a_deleted_dataset_takes_all_that_is_in_it() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (dataset, other) = (ann.dataset("d").await, ann.dataset("other").await);
    let stays = ann.source(&other, "a.csv", "stays").await;
    let handle = ann.upload_in_parts("b.csv", b"b,c").await;
    let in_parts = data(&ann.try_source(&dataset, "b.csv", &handle).await);
    let source = ann.source(&dataset, "a.csv", "a,b").await;
    ann.source(&dataset, "c.pdf", "no pdf").await;
    let free = ann.upload("d.csv", "free").await;
    let sources = format!("/datasets/{dataset}/datasources");
    let mut links = Vec::new();
    for source in [&source, &in_parts] {
        let path = format!("{sources}/{}/presign", source["id"].as_str().unwrap());
        let link = data(&ann.post(&path, json!({})).await)["presigned_url"].take();
        links.push(house.verified("GET", link.as_str().unwrap(), &[]));
    }

    let deleted = ann.delete(&format!("/datasets/{dataset}")).await;
    assert_eq!(deleted.body, json!({ "code": 0, "data": {} }));
    for key in &links {
        // What the gateway asks for every request.
        assert!(!house.catalog.object_exists(key.as_str()).await.unwrap());
        assert!(house.stored(key).await.is_none());
    }
    let one = format!("{sources}/{}", source["id"].as_str().unwrap());
    for path in [&sources, &one] {
        refused(&ann.get(path).await, NOT_FOUND);
        refused(&ann.v1("GET", path, &Value::Null).await, IMPOSSIBLE);
    }
    for path in [format!("{one}/presign"), format!("/datasets/{dataset}")] {
        refused(&ann.post(&path, json!({ "name": "d" })).await, NOT_FOUND);
    }
    for path in ["status", "overview"] {
        refused(&ann.get(&format!("/datasets/{dataset}/{path}")).await, NOT_FOUND);
    }
    for path in [&one, &format!("/datasets/{dataset}")] {
        refused(&ann.delete(path).await, NOT_FOUND);
    }
    refused(&ann.try_source(&dataset, "d.csv", &free).await, NOT_FOUND);
    for name in ["b.csv", "z.csv"] {
        refused(&ann.try_source(&other, name, &handle).await, NOT_FOUND);
    }

    // What is elsewhere stays, and a file that is in no dataset is good for another one.
    assert_eq!(ann.datasets_total().await, 1);
    let page = data(&ann.get(&format!("/datasets/{other}/datasources")).await);
    assert_eq!(page["records"], json!([stays]));
    data(&ann.try_source(&other, "d.csv", &free).await);
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert_eq!(spy.stored(&house).await.len(), 2);
    assert!(house.catalog.doomed(10, common::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dataset_is_deleted_in_either_generation_by_whom_the_request_names() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    Client::new(&house, "acme", "bob").await;
    for (query, body, refusal) in [
        ("", "{\"user_id\":\"ann\"}", None),
        ("?user_id=ann", "", None),
        ("?user_id=ann", "{\"user_id\":\"ann\"}", None),
        ("?user_id=bob", "{\"user_id\":\"ann\"}", Some(INVALID)),
        ("", "", Some(INVALID)),
        ("?userId=ann", "", Some(INVALID)),
        ("", "[]", Some(INVALID)),
        ("?user_id=bob", "", Some(NOT_OWNER)),
        ("", "{\"user_id\":\"eve\"}", Some(NOT_FOUND)),
    ] {
        let path = format!("/datasets/{}", ann.dataset("d").await);
        let answer = ann.call("DELETE", &format!("{path}{query}"), body).await;
        match refusal {
            Some(refusal) => refused(&answer, refusal),
            None => assert_eq!(data(&answer), json!({}), "{query} {body}"),
        }
        let is_there = ann.get(&format!("{path}/overview")).await.body["code"] == 0;
        assert_eq!(is_there, refusal.is_some());
        if is_there {
            let answer = ann.v1_as_self("DELETE", &path, &Value::Null).await;
            assert_eq!(answer.body, json!({ "code": 0, "data": null }));
            refused(&ann.v1_as_self("DELETE", &path, &Value::Null).await, IMPOSSIBLE);
        }
    }
    assert_eq!(ann.datasets_total().await, 0);
}

/// The answer of the dialect in which versions are made.
async fn geolens(house: &House, key: &str, path: &str, body: Value) -> Value {
    let answer = house.call(key, "POST", &format!("/api/datasets/{path}"), &body.to_string()).await;
    answer.body
}

#[tokio::test]
async fn versions_and_jobs_go_with_their_dataset() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let bare = dataset.strip_prefix("dataset-").unwrap();
    let mut jobs = Vec::new();
    for step in 0..3 {
        let file = json!({ "filename": "a.csv", "file_size": 3, "content_type": "text/csv" });
        let job = geolens(&house, &ann.key, &format!("{bare}/reupload/presigned"), file).await;
        let id = job["job_id"].as_str().unwrap().to_owned();
        house.put(job["urls"][0].as_str().unwrap(), "text/csv", b"a,b").await;
        if step > 0 {
            let path = format!("{bare}/reupload/presigned/{id}/complete");
            geolens(&house, &ann.key, &path, json!({})).await;
        }
        if step > 1 {
            geolens(&house, &ann.key, &format!("{bare}/reupload/{id}/commit"), json!({})).await;
        }
        jobs.push((id, job));
    }
    // A large file, in parts: its upload is open in the storage.
    let file = json!({ "filename": "a.csv", "file_size": 101 << 20, "content_type": "text/csv" });
    let large = geolens(&house, &ann.key, &format!("{bare}/reupload/presigned"), file).await;
    let part = large["urls"][0].as_str().unwrap();
    let length = (10_u64 << 20).to_string();
    let key = house.verified("PUT", part, &[("content-length", &length)]);
    let upload = countersign_storage::UploadId::new(large["upload_id"].as_str().unwrap()).unwrap();
    assert!(house.backend.parts().list(&key, &upload).await.is_ok());
    let version = data(&ann.get(&format!("/datasets/{dataset}/datasources")).await);
    assert_eq!(version["total_items"], 1, "{version}");

    data(&ann.delete(&format!("/datasets/{dataset}")).await);
    for (id, _) in &jobs {
        let path = format!("/api/jobs/{id}");
        let answer = house.call(&ann.key, "GET", &path, "").await;
        assert_eq!(answer.status, 404, "{:?}", answer.body);
        for path in [format!("presigned/{id}/complete"), format!("{id}/commit")] {
            let answer =
                geolens(&house, &ann.key, &format!("{bare}/reupload/{path}"), json!({})).await;
            assert_eq!(answer["detail"], "Dataset not found");
        }
        let id = id.parse().unwrap();
        let team = countersign_catalog::TeamName::new("acme").unwrap();
        let team = house.catalog.team(&team).await.unwrap().unwrap();
        let found = house.catalog.data_source(team, DataSourceRef::Upload(id)).await.unwrap();
        assert_eq!(found, None);
    }
    assert!(house.backend.parts().list(&key, &upload).await.is_err());
    // What a URL still reaches is swept when it does no longer.
    let late = jobs[0].1["urls"][0].as_str().unwrap();
    house.put(late, "text/csv", b"x,y").await;
    let key = house.verified("PUT", late, &[("content-type", "text/csv"), ("content-length", "3")]);
    house.app.sweep_doomed().await;
    assert!(house.stored(&key).await.is_some());
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert!(house.stored(&key).await.is_none());
    assert!(house.catalog.doomed(10, common::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dataset_of_hundreds_goes_at_once_and_its_bytes_with_it() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.begin("a.csv", 1).await;
    let etags = begun.put(&house, b"a").await;
    data(&ann.try_complete(&begun, named(&etags)).await);
    data(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await);
    for _ in 0..200 {
        ann.source(&dataset, "a.csv", "a").await;
    }
    data(&ann.delete(&format!("/datasets/{dataset}")).await);
    assert_eq!(spy.stored(&house).await, Vec::<ObjectKey>::new());
}
