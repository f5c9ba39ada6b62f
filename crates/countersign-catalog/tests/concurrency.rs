//! Many callers at once.

mod common;

use std::{sync::Arc, time::Duration};

use common::{at, new_file, open, owner, staging_key, stored};
use countersign_catalog::{
    Acceptance, Catalog, CatalogError, File, FileRef, Identity, Page, SqliteCatalog, UploadRef,
    UploadState,
};
use tokio::task::JoinSet;

const ALL: Page = Page { limit: 1_000, offset: 0 };

async fn numbers(catalog: &dyn Catalog, owner: &Identity) -> Vec<i64> {
    let page = catalog.files(owner.team, ALL).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.files.len()).unwrap());
    page.files.iter().map(|file| file.number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_added_at_once_are_numbered_without_a_gap() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (catalog, new) = (Arc::clone(&fixture.catalog), new_file(&ada, "a"));
        tasks.spawn(async move { catalog.add_file(&new, at(1)).await.unwrap().number });
    }
    let mut given = tasks.join_all().await;
    given.sort_unstable();
    assert_eq!(given, (1..=64).collect::<Vec<_>>());
    let listed = numbers(&*fixture.catalog, &ada).await;
    assert_eq!(listed, (1..=64).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_team_is_made_once() {
    let fixture = open().await;
    let mut tasks = JoinSet::new();
    for nth in 0..64 {
        let catalog = Arc::clone(&fixture.catalog);
        let user = format!("user {}", nth % 8);
        tasks.spawn(async move { owner(&*catalog, "acme", &user).await.team });
    }
    let mut teams = tasks.join_all().await;
    teams.dedup();
    assert_eq!(teams.len(), 1, "{teams:?}");
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Accept,
    Fail,
    Delete,
}

/// Takes one step, and says whether it was done.
async fn take(catalog: &dyn Catalog, file: &File, step: Step) -> bool {
    let id = file.upload.id;
    let settled = match step {
        Step::Accept => catalog.accept_upload(id, &stored(1), at(2)).await.map(drop),
        Step::Fail => catalog.fail_upload(id, "why", at(2)).await,
        Step::Delete => {
            let number = FileRef::Number(file.number);
            let deleted = catalog.delete_file(file.upload.owner.team, number, at(2)).await;
            return deleted.unwrap().is_some();
        }
    };
    match settled {
        Ok(()) => true,
        Err(CatalogError::UploadClosed) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_that_is_settled_at_once_has_one_outcome() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    for round in 0..12 {
        let file = fixture.catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
        let mut tasks = JoinSet::new();
        for nth in 0..32 {
            // Every third round nobody deletes, so that the other two are seen as well.
            let step = match (nth + round) % if round % 3 == 0 { 2 } else { 3 } {
                0 => Step::Accept,
                1 => Step::Fail,
                _ => Step::Delete,
            };
            let (catalog, file) = (Arc::clone(&fixture.catalog), file.clone());
            tasks.spawn(async move { (step, take(&*catalog, &file, step).await) });
        }
        let done = tasks.join_all().await;
        let count = |step| done.iter().filter(|&&(s, is_done)| s == step && is_done).count();
        assert_one_outcome(
            &*fixture.catalog,
            &file,
            [Step::Accept, Step::Fail, Step::Delete].map(count),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_is_accepted_once() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    for _ in 0..4 {
        let file = fixture.catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (catalog, id) = (Arc::clone(&fixture.catalog), file.upload.id);
            tasks.spawn(async move { catalog.accept_upload(id, &stored(1), at(2)).await.unwrap() });
        }
        let accepted = tasks.join_all().await;
        let count = |which| accepted.iter().filter(|&&acceptance| acceptance == which).count();
        assert_eq!((count(Acceptance::Now), count(Acceptance::Before)), (1, 63));
    }
}

async fn assert_one_outcome(catalog: &dyn Catalog, file: &File, done: [usize; 3]) {
    let [accepted, failed, deleted] = done;
    assert!(deleted <= 1, "a file goes once");
    assert!(accepted == 0 || failed == 0, "never both accepted and refused: {done:?}");
    let state = catalog.upload(UploadRef::Id(file.upload.id)).await.unwrap().unwrap().state;
    let expected = match (failed > 0, deleted > 0) {
        (true, _) => UploadState::Failed,
        (false, true) => UploadState::Aborted,
        (false, false) => UploadState::Ready,
    };
    assert_eq!(state, expected, "{done:?}");
    let is_ready = state == UploadState::Ready;
    let key = &file.upload.object_key;
    assert_eq!(catalog.object_exists(key).await.unwrap(), is_ready);
    assert_eq!(catalog.doomed(1_000, at(2)).await.unwrap().contains(key), !is_ready);
    let staging_due_at = file.upload.not_after.checked_add_secs(86_400).unwrap();
    for (now, expected) in [(at(2), 0), (staging_due_at, 1)] {
        let doomed = catalog.doomed(1_000, now).await.unwrap();
        let count = doomed.iter().filter(|&key| *key == staging_key(&file.upload)).count();
        assert_eq!(count, expected, "whatever the outcome");
    }
    let found = catalog.file(file.upload.owner.team, FileRef::Number(file.number)).await.unwrap();
    assert_eq!(found.is_none(), deleted == 1);
    assert_eq!(found.and_then(|file| file.size), is_ready.then_some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_all_or_nothing() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let mut dropped = 0;
    for delay in 0..200 {
        let (catalog, new) = (Arc::clone(&fixture.catalog), new_file(&ada, "a"));
        let id = new.upload.id;
        let adding = async move { catalog.add_file(&new, at(1)).await.unwrap() };
        // Every moment of the transaction, and some after it.
        let limit = Duration::from_micros(delay * 5);
        let added = tokio::time::timeout(limit, adding).await;
        dropped += u32::from(added.is_err());
        let upload = fixture.catalog.upload(UploadRef::Id(id)).await.unwrap();
        if let Ok(file) = added {
            assert_eq!(upload, Some(file.upload));
        }
    }
    assert!(dropped > 0);
    // One more goes through, so the writer is free, and no number is missing.
    fixture.catalog.add_file(&new_file(&ada, "last"), at(1)).await.unwrap();
    let listed = numbers(&*fixture.catalog, &ada).await;
    let count = i64::try_from(listed.len()).unwrap();
    assert_eq!(listed, (1..=count).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn page_and_total_are_of_one_moment() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let (catalog, writer) = (Arc::clone(&fixture.catalog), ada.clone());
    let writing = tokio::spawn(async move {
        for _ in 0..64 {
            catalog.add_file(&new_file(&writer, "a"), at(1)).await.unwrap();
        }
    });
    while !writing.is_finished() {
        numbers(&*fixture.catalog, &ada).await;
    }
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_catalogs_on_one_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let (first, second) = tokio::join!(SqliteCatalog::open(&path), SqliteCatalog::open(&path));
    let catalogs: [Arc<dyn Catalog>; 2] = [Arc::new(first.unwrap()), Arc::new(second.unwrap())];
    let ada = owner(&*catalogs[0], "acme", "ada").await;
    assert_eq!(owner(&*catalogs[1], "acme", "ada").await, ada);

    let mut tasks = JoinSet::new();
    for catalog in &catalogs {
        for _ in 0..16 {
            let (catalog, new) = (Arc::clone(catalog), new_file(&ada, "a"));
            tasks.spawn(async move { catalog.add_file(&new, at(1)).await.unwrap() });
        }
    }
    let files = tasks.join_all().await;
    // Each reads before it writes, while the other writes.
    let mut tasks = JoinSet::new();
    for file in &files {
        for catalog in &catalogs {
            let (catalog, file) = (Arc::clone(catalog), file.clone());
            tasks.spawn(async move { take(&*catalog, &file, Step::Accept).await });
        }
    }
    assert!(tasks.join_all().await.into_iter().all(|is_done| is_done));
    // What one has written, the other sees at once.
    let file = &files[0];
    assert!(catalogs[1].object_exists(&file.upload.object_key).await.unwrap());
    let number = FileRef::Number(file.number);
    assert!(catalogs[1].delete_file(ada.team, number, at(3)).await.unwrap().is_some());
    assert_eq!(catalogs[0].file(ada.team, number).await.unwrap(), None);
    assert!(!catalogs[0].object_exists(&file.upload.object_key).await.unwrap());
    let listed: [_; 2] = [numbers(&*catalogs[0], &ada).await, numbers(&*catalogs[1], &ada).await];
    assert_eq!((listed[0].len(), &listed[0]), (31, &listed[1]));
}
