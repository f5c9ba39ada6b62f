//! S-03, freeze before verify: what comes late through a URL of before changes nothing.

use countersign_storage::{Backend, FileStore};
use serde_json::Value;

use crate::{
    client::{Begun, Client, MIB, done, end_of, refused},
    common::{House, now, wait_secs},
    faulty::Faulty,
};

const DAY_SECS: i64 = 86_400;

#[tokio::test]
async fn what_comes_after_the_completion_is_not_what_was_accepted() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for target in [Some(&*dataset), None] {
        let begun = ann.completed(target, b"right").await;
        begun.put(&house, b"wrong").await;
        refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
        done(&ann.commit_as(&begun, "made").await, 202);
        begun.put(&house, b"later").await;
        refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
        refused(&ann.commit_as(&begun, "made").await, 400, "Job already processed");

        let dataset = ann.job(&begun).await["dataset_id"].as_str().unwrap().to_owned();
        let versions = ann.versions(&dataset).await;
        assert_eq!(versions.len(), 1);
        assert_eq!(ann.download(&dataset, &versions[0]).await, b"right");
        let [late, accepted] = begun.stored(&house).await;
        assert_eq!((late.unwrap(), accepted.unwrap()), (b"later".to_vec(), b"right".to_vec()));
    }
}

#[tokio::test]
async fn the_last_put_before_the_completion_counts() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"first").await;
    begun.put(&house, b"again").await;
    done(&ann.complete(&begun).await, 200);
    done(&ann.commit(&begun).await, 202);
    assert_eq!(ann.download(&dataset, &ann.versions(&dataset).await[0]).await, b"again");
}

/// A job of each end: completed, committed, refused, and one whose version was deleted.
async fn ended(ann: &Client<'_>, dataset: &str) -> Vec<(Begun, Option<&'static [u8]>)> {
    let completed = ann.completed(Some(dataset), b"right").await;
    let committed = ann.completed(Some(dataset), b"right").await;
    done(&ann.commit(&committed).await, 202);
    let failed = ann.brought(Some(dataset), b"\0rong").await;
    assert_eq!(ann.complete(&failed).await.status, 422);
    let deleted = ann.completed(Some(dataset), b"right").await;
    done(&ann.commit(&deleted).await, 202);
    let version = ann.versions(dataset).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/datasets/{dataset}/datasources/{version}");
    ann.powerdrill("DELETE", &path, serde_json::json!({})).await;
    let right = Some(&b"right"[..]);
    vec![(completed, right), (committed, right), (failed, None), (deleted, None)]
}

#[tokio::test]
async fn what_comes_late_is_swept_a_day_after_its_url_and_nothing_else_is() {
    late_bytes_are_swept(House::new().await).await;
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    late_bytes_are_swept(House::over(store.backend()).await).await;
}

/// On an S3, `tests/foreign/s3_storage.py` of the command line does the same.
async fn late_bytes_are_swept(house: House) {
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let jobs = ended(&ann, &dataset).await;
    let waiting = ann.brought(Some(&dataset), b"right").await;
    for (begun, accepted) in &jobs {
        begun.put(&house, b"later").await;
        let [_, found] = begun.stored(&house).await;
        assert_eq!(found.as_deref(), *accepted);
    }
    // A PUT that begins in the last second may take a day.
    wait_secs(3_600 + DAY_SECS - 1);
    house.app.sweep_doomed().await;
    for (begun, accepted) in &jobs {
        let [late, found] = begun.stored(&house).await;
        assert_eq!((late.as_deref(), found.as_deref()), (Some(&b"later"[..]), *accepted));
    }
    wait_secs(1);
    house.app.sweep_doomed().await;
    for (begun, accepted) in &jobs {
        let [late, found] = begun.stored(&house).await;
        assert_eq!((late, found.as_deref()), (None, *accepted));
    }
    // What waits still waits.
    assert_eq!(waiting.stored(&house).await, [Some(b"right".to_vec()), None]);
    done(&ann.complete(&waiting).await, 200);
    assert_eq!(ann.job(&jobs[2].0).await["error_message"], "the content is not UTF-8 text");
    assert_eq!(ann.job(&jobs[3].0).await["error_message"], Value::Null);
}

/// A store that gave no answer moves the bytes after all, once their job has failed and was cleared up.
#[tokio::test]
async fn what_is_frozen_late_is_swept_as_well() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.brought(None, b"wron\0").await;
    let meanwhile = async {
        assert_eq!(ann.complete(&begun).await.status, 422);
        house.app.sweep_doomed().await;
        begun.put(&house, b"later").await;
    };
    let answer = storage.overtake_unseen((ann.complete(&begun), 0), meanwhile).await;
    let failed = "This job has already failed and cannot be completed. Start a new upload.";
    refused(&answer, 400, failed);
    let [_, frozen] = begun.stored(&house).await;
    assert_eq!(frozen.as_deref(), Some(&b"later"[..]), "this test tests nothing");
    wait_secs(DAY_SECS);
    house.app.sweep_doomed().await;
    assert_eq!(begun.stored(&house).await, [None, None]);
}

#[tokio::test]
async fn an_upload_that_would_have_less_than_a_minute_is_not_begun() {
    let end = now().checked_add_secs(1_000).unwrap();
    let house = House::build(Backend::memory(), Some(end), |app| app).await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for left in [940, 1] {
        wait_secs(left);
        for target in [None, Some(&*dataset)] {
            for size in [1, 101 * MIB] {
                let begun = ann.try_begin(target, "a.csv", size).await;
                if left == 1 {
                    let detail = "This upload's time window has closed. Start a new upload.";
                    refused(&begun, 409, detail);
                } else {
                    let begun = Begun::new(&done(&begun, 201), target);
                    assert_eq!(end_of(&begun.urls[0]), end.unix_secs());
                }
            }
        }
    }
}
