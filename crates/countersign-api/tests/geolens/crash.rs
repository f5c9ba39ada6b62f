//! What ends in the middle: a storage that fails at each of its calls, and requests that are dropped
//! at each of their steps.

use std::{future::poll_fn, pin::pin, task::Poll};

use serde_json::{Value, json};

use crate::{
    client::{Client, done, faults, named, refused},
    common::{Answer, House, wait_secs},
    faulty::{Fault, Faulty},
    oneshot::house_on_disk,
    parts::{small_brought, small_job},
};

const OURS: &str = "Internal server error.";
const NO_PARTS: &str = "Multipart upload completion requires at least one uploaded part";

#[tokio::test]
async fn a_completion_that_failed_may_be_repeated() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for (fault, target) in [(Fault::Before, Some(&*dataset)), (Fault::After, None)] {
        let mut failed = 0;
        loop {
            let begun = ann.brought(target, b"right").await;
            storage.fail_after(failed, fault);
            let answer = ann.complete(&begun).await;
            if storage.calm() {
                done(&answer, 200);
                break;
            }
            refused(&answer, 500, OURS);
            failed += 1;
            assert_eq!(ann.job(&begun).await["status"], "pending");
            refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
            // A late PUT in between does not come between.
            begun.put(&house, b"wrong").await;
            let is_frozen = house.stored(&begun.object_key(&house).await).await.is_some();
            done(&ann.complete(&begun).await, 200);
            done(&ann.commit(&begun).await, 202);
            let made = ann.job(&begun).await["dataset_id"].as_str().unwrap().to_owned();
            let found = ann.download(&made, &ann.versions(&made).await[0]).await;
            assert_eq!(found, if is_frozen { b"right" } else { b"wrong" });
        }
        // It is frozen, and opened.
        assert_eq!(failed, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_that_failed_may_be_repeated_and_leaves_nothing() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let mut jobs = Vec::new();
    for fault in [Fault::Before, Fault::After] {
        for calls in 0.. {
            let begun = ann.brought(None, b"wron\0").await;
            storage.fail_after(calls, fault);
            let answer = ann.complete(&begun).await;
            if storage.calm() {
                // It is frozen, opened, and deleted at both keys.
                assert_eq!(calls, 4, "{fault:?}");
                break;
            }
            if answer.status == 500 {
                refused(&answer, 500, OURS);
                assert_eq!(ann.complete(&begun).await.status, 422);
            } else {
                refused(&answer, 422, "File refused: the content is not UTF-8 text.");
            }
            assert_eq!(ann.job(&begun).await["status"], "failed");
            let failed = "This job has already failed and cannot be completed. Start a new upload.";
            refused(&ann.complete(&begun).await, 400, failed);
            jobs.push(begun);
        }
    }
    house.app.sweep_doomed().await;
    for begun in &jobs {
        assert_eq!(house.stored(&begun.object_key(&house).await).await, None);
    }
    wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    for begun in &jobs {
        assert_eq!(begun.stored(&house).await, [None, None]);
    }
}

#[tokio::test]
async fn a_completion_in_parts_that_failed_may_be_repeated() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for fault in [Fault::Before, Fault::After] {
        for calls in 0.. {
            let (begun, etags) = small_brought(&ann, Some(&dataset), b"right").await;
            storage.fail_after(calls, fault);
            let answer = ann.complete_with(&begun, named(&etags)).await;
            if storage.calm() {
                done(&answer, 200);
                // The parts are listed and assembled, and the object is opened.
                assert_eq!(calls, 3, "{fault:?}");
                break;
            }
            refused(&answer, 500, OURS);
            assert_eq!(ann.job(&begun).await["status"], "pending");
            // Once the parts are an object, none has to be named.
            let is_assembled = house.stored(&begun.staging_key()).await.is_some();
            let again = ann.complete(&begun).await;
            if is_assembled {
                done(&again, 200);
            } else {
                refused(&again, 400, NO_PARTS);
                done(&ann.complete_with(&begun, named(&etags)).await, 200);
            }
            done(&ann.commit(&begun).await, 202);
            let versions = ann.versions(&dataset).await;
            assert_eq!(ann.download(&dataset, &versions[0]).await, b"right");
        }
    }
}

#[tokio::test]
async fn what_was_frozen_or_assembled_and_not_recorded_is_completed_by_the_next_call() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.brought(None, b"right").await;
    let (from, to) = (begun.staging_key(), begun.object_key(&house).await);
    house.backend.objects().freeze(&from, &to).await.unwrap();
    assert_eq!(begun.stored(&house).await, [None, Some(b"right".to_vec())]);
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
    done(&ann.complete(&begun).await, 200);

    // Whatever is named then: it is the upload that says what it became.
    for parts in [json!([]), json!([{ "part_number": 1, "etag": "x" }]), Value::Null] {
        let (begun, etags) = small_brought(&ann, None, b"right").await;
        let upload = begun.upload_id.as_deref().unwrap();
        let upload = countersign_storage::UploadId::new(upload).unwrap();
        let part = countersign_storage::CompletedPart {
            number: countersign_storage::PartNumber::new(1).unwrap(),
            etag: countersign_storage::ETag::parse(&etags[0]).unwrap(),
        };
        let key = begun.staging_key();
        house.backend.parts().complete(&key, &upload, &[part]).await.unwrap();
        done(&ann.complete_with(&begun, parts).await, 200);
        done(&ann.commit(&begun).await, 202);
        assert_eq!(house.stored(&key).await.unwrap(), b"right");
    }
}

#[tokio::test]
async fn without_space_nothing_begins_and_nothing_is_lost() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    storage.fail_after(0, Fault::Full);
    let refusal = ann.try_begin(Some(&dataset), "a.csv", 104_857_601).await;
    refused(&refusal, 507, "Insufficient storage.");
    let begun = ann.brought(Some(&dataset), b"right").await;
    storage.fail_after(0, Fault::Full);
    refused(&ann.complete(&begun).await, 507, "Insufficient storage.");
    done(&ann.complete(&begun).await, 200);
    let begun = small_job(&ann, Some(&dataset), "a.csv", (5, 5 * 1024 * 1024)).await;
    let etag = begun.put_part(&house, 1, "right").await.unwrap();
    storage.fail_after(1, Fault::Full);
    let parts = named(std::slice::from_ref(&etag));
    refused(&ann.complete_with(&begun, parts.clone()).await, 507, "Insufficient storage.");
    assert_eq!(faults(&ann.complete_with(&begun, json!([1])).await), ["body.parts list_type"]);
    done(&ann.complete_with(&begun, parts).await, 200);
}

/// What a request comes to; `None`, where it is dropped when it waits for the last of so many times.
async fn in_steps(steps: usize, request: impl Future<Output = Answer>) -> Option<Answer> {
    let mut request = pin!(request);
    let mut left = steps;
    poll_fn(|cx| match request.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_request_that_breaks_off_may_be_repeated() {
    let (house, _folder) = house_on_disk().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut broken = 0;
    for versions in 0..40 {
        let steps = versions % 10;
        let begun = ann.brought(Some(&dataset), b"right").await;
        let completed = in_steps(steps, ann.complete(&begun)).await;
        if completed.is_none() {
            let again = ann.complete(&begun).await;
            if again.status != 200 {
                refused(&again, 400, "Upload already completed for this job");
            }
        }
        assert_eq!(ann.datasets().await[0]["current_version"], versions);
        let committed = in_steps(steps, ann.commit(&begun)).await;
        if committed.is_none() {
            let again = ann.commit(&begun).await;
            if again.status != 202 {
                refused(&again, 400, "Job already processed");
            }
        }
        assert_eq!(ann.job(&begun).await["status"], "complete");
        assert_eq!(ann.datasets().await[0]["current_version"], versions + 1);
        let listed = ann.versions(&dataset).await;
        assert_eq!(listed.len(), versions + 1);
        assert_eq!(ann.download(&dataset, &listed[0]).await, b"right");
        broken += usize::from(completed.is_none()) + usize::from(committed.is_none());
    }
    // The first step always waits, for the catalog.
    assert!(broken >= 8, "{broken}");
}
