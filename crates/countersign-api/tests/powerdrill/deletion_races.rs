//! A dataset that goes while somebody else is at it.

use countersign_catalog::{Catalog, UploadRef, UploadState};
use countersign_storage::ObjectKey;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Client, IMPOSSIBLE, NOT_FOUND, data, named, refused},
    common::{self, House},
    spy::Spy,
};

/// No key that was ever written has bytes, but for those of uploads that are ready.
async fn assert_nothing_is_lost(house: &House, spy: &Spy) {
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    for key in spy.keys() {
        let found = house.catalog.upload(UploadRef::ObjectKey(key.as_str())).await.unwrap();
        let is_ready = found.is_some_and(|upload| upload.state == UploadState::Ready);
        assert_eq!(house.catalog.object_exists(key.as_str()).await.unwrap(), is_ready);
        assert_eq!(house.stored(&key).await.is_some(), is_ready, "{}", key.as_str());
    }
}

#[tokio::test]
async fn of_many_deletions_at_once_one_is_done() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for round in 0..2 {
        let dataset = ann.dataset("d").await;
        ann.source(&dataset, "a.csv", "a").await;
        let path = format!("/datasets/{dataset}");
        let deletions = (0..64).map(async |nth| {
            if nth % 2 == round {
                ann.delete(&path).await
            } else {
                ann.v1_as_self("DELETE", &path, &Value::Null).await
            }
        });
        let answers = join_all(deletions).await;
        let (done, rest): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.body["code"] == 0);
        assert_eq!((done.len(), rest.len()), (1, 63));
        for answer in rest {
            let is_v1 = answer.body["code"] == 100_001;
            refused(answer, if is_v1 { IMPOSSIBLE } else { NOT_FOUND });
        }
    }
    assert_eq!(ann.datasets_total().await, 0);
    assert_nothing_is_lost(&house, &spy).await;
}

#[tokio::test]
async fn a_data_source_that_is_made_while_its_dataset_goes_is_not_made() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (bytes, is_v1) in [("a", false), ("a", true), ("a\0", false)] {
        let dataset = ann.dataset("d").await;
        let handle = ann.upload("a.csv", bytes).await;
        let path = format!("/datasets/{dataset}");
        let make = async {
            let sources = format!("{path}/datasources");
            let wish = json!({ "fileName": "a.csv", "type": "FILE", "fileKey": handle });
            if is_v1 {
                ann.v1_as_self("POST", &sources, &wish).await
            } else {
                ann.try_source(&dataset, "a.csv", &handle).await
            }
        };
        // The bytes are looked at, and meanwhile the dataset goes.
        let made = spy.overtake(make, async { drop(data(&ann.delete(&path).await)) }).await;
        refused(&made, if is_v1 { IMPOSSIBLE } else { NOT_FOUND });
        assert_eq!(made.body["msg"], "dataset not found");
        assert_eq!(ann.datasets_total().await, 0);
        // The file is still good, for as long as it is no data source.
        assert!(house.stored(&ObjectKey::new(&*handle).unwrap()).await.is_some());
        let elsewhere = ann.dataset("elsewhere").await;
        data(&ann.try_source(&elsewhere, "a.csv", &handle).await);
        data(&ann.delete(&format!("/datasets/{elsewhere}")).await);
    }
    assert_nothing_is_lost(&house, &spy).await;
    assert_eq!(spy.stored(&house).await, Vec::<ObjectKey>::new());
}

#[tokio::test]
async fn a_job_that_is_completed_while_its_dataset_goes_leaves_nothing() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for bytes in [&b"a,b"[..], b"a\0b"] {
        let dataset = ann.dataset("d").await;
        let bare = dataset.strip_prefix("dataset-").unwrap();
        let root = format!("/api/datasets/{bare}/reupload/presigned");
        let file = json!({ "filename": "a.csv", "file_size": 3, "content_type": "text/csv" });
        let job = house.call(&ann.key, "POST", &root, &file.to_string()).await.body;
        house.put(job["urls"][0].as_str().unwrap(), "text/csv", bytes).await;
        let complete = format!("{root}/{}/complete", job["job_id"].as_str().unwrap());
        let complete = house.call(&ann.key, "POST", &complete, "{}");
        let path = format!("/datasets/{dataset}");
        let answer = spy.overtake(complete, async { drop(data(&ann.delete(&path).await)) }).await;
        assert!(answer.status.is_client_error() || answer.status == 502, "{:?}", answer.body);
    }
    assert_nothing_is_lost(&house, &spy).await;
    assert_eq!(spy.stored(&house).await, Vec::<ObjectKey>::new());
    assert!(house.catalog.doomed(10, common::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn whatever_is_asked_while_a_dataset_goes_is_done_or_is_not() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for round in 0..8 {
        let dataset = ann.dataset("d").await;
        let source = ann.source(&dataset, "a.csv", "a").await;
        let path = format!("/datasets/{dataset}");
        let one = format!("{path}/datasources/{}", source["id"].as_str().unwrap());
        let begun = ann.begin("b.csv", 1).await;
        let etags = begun.put(&house, b"b").await;
        let asked = (0..24).map(async |nth: usize| match (nth + round) % 6 {
            0 => ann.post(&format!("{one}/presign"), json!({})).await,
            1 => ann.get(&one).await,
            2 => ann.delete(if nth < 12 { &path } else { &one }).await,
            3 => ann.try_complete(&begun, named(&etags)).await,
            4 => ann.post(&path, json!({ "name": "e" })).await,
            _ => ann.try_source(&dataset, "b.csv", &begun.file_object_key).await,
        });
        for answer in join_all(asked).await {
            let code = answer.body["code"].as_u64().unwrap();
            assert!([0, 300_003].contains(&code), "{:?}", answer.body);
        }
        refused(&ann.get(&format!("{path}/status")).await, NOT_FOUND);
    }
    assert_eq!(ann.datasets_total().await, 0);
    assert_nothing_is_lost(&house, &spy).await;
}
