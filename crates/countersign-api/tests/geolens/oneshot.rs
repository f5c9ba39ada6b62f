//! Of many calls at once one is the first, and the others are told so.

use std::sync::Arc;

use countersign_storage::FileStore;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    client::{Begun, Client, done, named, refused},
    common::{Answer, House},
    faulty::Faulty,
    parts::small_brought,
};

const AT_ONCE: usize = 16;

/// A house over the store that a server has. Parts in memory are assembled anew by each of two calls
/// at once, which a reader of the first object takes for a change.
pub(crate) async fn house_on_disk() -> (House, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path().join("objects")).unwrap();
    (House::over(store.backend()).await, folder)
}

/// The answers to so many equal requests, which run in several threads.
async fn ask_at_once(house: &Arc<House>, key: &str, path: &str, body: &str) -> Vec<Answer> {
    let ask = |_| {
        let house = Arc::clone(house);
        let (key, path, body) = (key.to_owned(), format!("/api{path}"), body.to_owned());
        tokio::spawn(async move { house.call(&key, "POST", &path, &body).await })
    };
    let asked: Vec<_> = (0..AT_ONCE).map(ask).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.unwrap());
    }
    answers
}

/// One is done; the others are refused so.
#[track_caller]
fn check_one_shot(answers: &[Answer], status: u16, refusal: &str) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == status);
    assert_eq!((won.len(), lost.len()), (1, AT_ONCE - 1), "{answers:?}");
    done(won[0], status);
    for answer in lost {
        refused(answer, 400, refusal);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_completions_and_of_many_commits_one_counts() {
    let (house, _folder) = house_on_disk().await;
    let house = Arc::new(house);
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut versions = 0;
    for round in 0..8 {
        let target = (round % 2 == 0).then_some(&*dataset);
        let (begun, body) = if round % 4 < 2 {
            (ann.brought(target, b"right").await, String::new())
        } else {
            let (begun, etags) = small_brought(&ann, target, b"right").await;
            (begun, serde_json::json!({ "parts": named(&etags) }).to_string())
        };
        let answers = ask_at_once(&house, &ann.key, &begun.complete_path(), &body).await;
        check_one_shot(&answers, 200, "Upload already completed for this job");
        let body = r#"{"title":"made"}"#;
        let answers = ask_at_once(&house, &ann.key, &begun.commit_path(), body).await;
        check_one_shot(&answers, 202, "Job already processed");
        versions += usize::from(target.is_some());
        let made = ann.job(&begun).await["dataset_id"].as_str().unwrap().to_owned();
        assert_eq!(ann.download(&made, &ann.versions(&made).await[0]).await, b"right");
    }
    assert_eq!(ann.versions(&dataset).await.len(), versions);
    let datasets = ann.datasets().await;
    assert_eq!(datasets.len(), 5);
    assert!(datasets.iter().take(4).all(|made| made["current_version"] == 1), "{datasets:?}");
    assert_eq!(datasets[4]["current_version"], versions);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_of_many_jobs_at_once_are_each_a_version() {
    let (house, _folder) = house_on_disk().await;
    let house = Arc::new(house);
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut asked = Vec::new();
    for _ in 0..AT_ONCE {
        let begun = ann.completed(Some(&dataset), b"right").await;
        let (house, key) = (Arc::clone(&house), ann.key.clone());
        let path = format!("/api{}", begun.commit_path());
        asked.push(tokio::spawn(async move { house.call(&key, "POST", &path, "").await }));
    }
    for answer in asked {
        done(&answer.await.unwrap(), 202);
    }
    assert_eq!(ann.versions(&dataset).await.len(), AT_ONCE);
    assert_eq!(ann.datasets().await[0]["current_version"], AT_ONCE);
}

/// Checks that a job has failed, and that nothing is left of it.
async fn check_failed(ann: &Client<'_>, begun: &Begun) {
    let job = ann.job(begun).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["error_message"], "the content is not UTF-8 text");
    assert_eq!(begun.stored(ann.house).await, [None, None]);
    refused(&ann.commit(begun).await, 400, "Job already processed");
}

#[tokio::test]
async fn who_is_overtaken_by_a_completion_is_told_so() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    // Before it freezes, and before it looks at the bytes.
    for calls in 0..2 {
        let begun = ann.brought(Some(&dataset), b"right").await;
        let meanwhile = async {
            done(&ann.complete(&begun).await, 200);
            done(&ann.commit(&begun).await, 202);
        };
        let answer = storage.overtake((ann.complete(&begun), calls), meanwhile).await;
        refused(&answer, 400, "Upload already completed for this job");
        assert_eq!(ann.job(&begun).await["error_message"], Value::Null);
        assert_eq!(ann.download(&dataset, &ann.versions(&dataset).await[0]).await, b"right");
    }
}

#[tokio::test]
async fn who_is_overtaken_by_a_refusal_is_told_no_fault_of_ours() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for calls in 0..2 {
        let begun = ann.brought(None, b"wron\0").await;
        let meanwhile = async {
            assert_eq!(ann.complete(&begun).await.status, 422);
        };
        let answer = storage.overtake((ann.complete(&begun), calls), meanwhile).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{calls}: {:?}", answer.body);
        check_failed(&ann, &begun).await;
    }
}

#[tokio::test]
async fn who_is_overtaken_by_a_refusal_of_parts_is_told_no_fault_of_ours() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    // Before the parts are listed, before they are assembled, and before the bytes are looked at.
    for calls in 0..3 {
        let (begun, etags) = small_brought(&ann, None, b"wron\0").await;
        let meanwhile = async {
            assert_eq!(ann.complete_with(&begun, named(&etags)).await.status, 422);
        };
        let request = ann.complete_with(&begun, named(&etags));
        let answer = storage.overtake((request, calls), meanwhile).await;
        // The upload in parts may be gone by then, which has a word of its own.
        assert!(matches!(answer.status.as_u16(), 400 | 422 | 502), "{calls}: {:?}", answer.body);
        check_failed(&ann, &begun).await;
    }
}

#[tokio::test]
async fn bytes_that_come_while_others_are_refused_are_not_taken_for_them() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.brought(None, b"wron\0").await;
    // The first is held before it freezes; it finds the bytes that came after the refusal.
    let meanwhile = async {
        assert_eq!(ann.complete(&begun).await.status, 422);
        begun.put(&house, b"right").await;
    };
    let answer = storage.overtake((ann.complete(&begun), 0), meanwhile).await;
    let failed = "This job has already failed and cannot be completed. Start a new upload.";
    refused(&answer, 400, failed);
    check_failed(&ann, &begun).await;
}
