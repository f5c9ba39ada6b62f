//! Many callers at once, and callers that go away.

use std::{sync::Arc, time::Duration};

use countersign_catalog::{
    Catalog, CatalogError, DataSourceFilter, DataSourceRef, Identity, Job, NewVersion,
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    ALL, add_dataset, add_pending, add_ready, add_version,
    common::{at, open, owner, stored},
    dataset, into_new, new_version, source_of,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_is_committed_once() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let target = add_dataset(&*fixture.catalog, &ada).await;
    for round in 0..4 {
        let is_new = round % 2 == 1;
        let job = add_ready(&*fixture.catalog, &ada, (!is_new).then_some(target.id)).await;
        let before = fixture.catalog.datasets(ada.team, None, ALL).await.unwrap().total;
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (catalog, team, id) = (Arc::clone(&fixture.catalog), ada.team, job.upload.id);
            let version = if is_new { into_new(&ada) } else { new_version() };
            tasks.spawn(async move { catalog.commit_job(team, id, &version, at(3)).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 63));
        for refused in lost {
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
        }
        let won = won.into_iter().next().unwrap().unwrap();
        let found = fixture.catalog.job(ada.team, job.upload.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&won));
        let after = fixture.catalog.datasets(ada.team, None, ALL).await.unwrap().total;
        assert_eq!(after, before + u64::from(is_new), "whoever lost made no dataset");
        let made = dataset(&*fixture.catalog, &ada, won.dataset.unwrap()).await;
        assert_eq!(made.version, if is_new { 1 } else { round / 2 + 1 });
        let source = source_of(&*fixture.catalog, &won).await.unwrap();
        assert_eq!(source.version, Some(made.version));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_that_are_committed_at_once_get_a_version_each() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    for count in [2, 2, 2, 64] {
        let target = add_dataset(&*fixture.catalog, &ada).await;
        let mut jobs = vec![];
        for _ in 0..count {
            jobs.push(add_ready(&*fixture.catalog, &ada, Some(target.id)).await);
        }
        let mut tasks = JoinSet::new();
        for job in jobs {
            let (catalog, team) = (Arc::clone(&fixture.catalog), ada.team);
            tasks.spawn(async move {
                let id = job.upload.id;
                let committed = catalog.commit_job(team, id, &new_version(), at(3)).await.unwrap();
                source_of(&*catalog, &committed).await.unwrap().version.unwrap()
            });
        }
        let mut versions = tasks.join_all().await;
        versions.sort_unstable();
        assert_eq!(versions, (1..=count).collect::<Vec<_>>());
        assert_eq!(dataset(&*fixture.catalog, &ada, target.id).await.version, count);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accepting_committing_and_deleting_at_once_has_one_outcome() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let target = add_dataset(&*fixture.catalog, &ada).await;
    let mut version = 0;
    for _ in 0..16 {
        let job = add_pending(&*fixture.catalog, &ada, Some(target.id)).await;
        let mut tasks = JoinSet::new();
        for nth in 0..12 {
            let (catalog, team, id) = (Arc::clone(&fixture.catalog), ada.team, job.upload.id);
            tasks.spawn(async move {
                match nth % 3 {
                    0 => {
                        // Where it is deleted already, it is too late.
                        drop(catalog.accept_upload(id, &stored(1), at(2)).await);
                        (false, false)
                    }
                    1 => (catalog.commit_job(team, id, &new_version(), at(3)).await.is_ok(), false),
                    _ => {
                        let reference = DataSourceRef::Upload(id);
                        let deleted = catalog.delete_data_source(team, reference, at(4)).await;
                        (false, deleted.unwrap().is_some())
                    }
                }
            });
        }
        let done = tasks.join_all().await;
        let committed = done.iter().filter(|(is_committed, _)| *is_committed).count();
        let deleted = done.iter().filter(|(_, is_deleted)| *is_deleted).count();
        assert!(committed <= 1 && deleted <= committed, "{done:?}");
        version += u64::try_from(committed).unwrap();
        let found = fixture.catalog.job(ada.team, job.upload.id).await.unwrap().unwrap();
        assert_eq!(found.committed_at.is_some(), committed == 1);
        assert_eq!(source_of(&*fixture.catalog, &job).await.is_some(), committed > deleted);
        let exists = fixture.catalog.object_exists(&job.upload.object_key).await.unwrap();
        assert_eq!(exists, deleted == 0);
        let found = dataset(&*fixture.catalog, &ada, target.id).await;
        assert_eq!(found.version, version, "a version that is deleted was one");
    }
}

/// A commit that was under way when its future was dropped may still be. It has the one writer, so
/// whoever writes after it waits for it.
async fn settle(catalog: &dyn Catalog) {
    catalog.forget_doomed("never was").await.unwrap();
}

/// The new dataset, the data source and what becomes of the job are there together or not at all.
async fn assert_whole(catalog: &dyn Catalog, job: &Job, new: &NewVersion) -> bool {
    let owner = &job.upload.owner;
    let found = catalog.job(owner.team, job.upload.id).await.unwrap().unwrap();
    let is_committed = found.committed_at.is_some();
    let source = source_of(catalog, job).await;
    assert_eq!(source.and_then(|source| source.version), is_committed.then_some(1));
    let id = new.dataset.as_ref().unwrap().id;
    let made = catalog.dataset(owner.team, id).await.unwrap();
    assert_eq!(made.map(|dataset| dataset.version), is_committed.then_some(1));
    assert_eq!(found.dataset, is_committed.then_some(id));
    assert!(catalog.object_exists(&job.upload.object_key).await.unwrap());
    is_committed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_no_half_version() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (mut whole, mut dropped) = (0, 0);
    for delay in 0..200 {
        let (job, new) = (add_ready(catalog, &ada, None).await, into_new(&ada));
        // Every moment of the transaction, and some after it.
        let limit = Duration::from_micros(delay * 8);
        let committing = catalog.commit_job(ada.team, job.upload.id, &new, at(3));
        let committed = timeout(limit, committing).await;
        settle(catalog).await;
        let is_committed = assert_whole(catalog, &job, &new).await;
        assert!(is_committed || committed.is_err());
        whole += u32::from(committed.is_ok());
        dropped += u32::from(committed.is_err());
    }
    assert!(dropped > 0, "{whole} went through");
}

async fn add_versions(catalog: &dyn Catalog, ada: &Identity) {
    let target = add_dataset(catalog, ada).await;
    for _ in 0..32 {
        let version = add_version(catalog, &target, at(3)).await;
        let reference = DataSourceRef::Upload(version.upload.id);
        catalog.delete_data_source(ada.team, reference, at(4)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dataset_and_its_current_version_are_of_one_moment() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let (catalog, writer) = (Arc::clone(&fixture.catalog), ada.clone());
    let writing = tokio::spawn(async move { add_versions(&*catalog, &writer).await });
    let mut seen = 0;
    while !writing.is_finished() {
        let page = fixture.catalog.datasets(ada.team, None, ALL).await.unwrap();
        let Some(found) = page.datasets.into_iter().next() else { continue };
        assert!(found.version >= seen, "it only grows");
        assert!(found.current.is_none() || found.version > 0);
        seen = found.version;
    }
    writing.await.unwrap();
    let page = fixture.catalog.datasets(ada.team, None, ALL).await.unwrap();
    let last = &page.datasets[0];
    assert_eq!((last.version, &last.current), (32, &None));
    let filter = DataSourceFilter { team: ada.team, dataset: last.id, states: None };
    assert_eq!(fixture.catalog.data_sources(filter, ALL).await.unwrap().total, 0);
}
