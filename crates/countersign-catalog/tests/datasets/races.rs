//! Many callers at once, and callers that go away.

use std::{slice, sync::Arc, time::Duration};

use countersign_catalog::{
    Catalog, CatalogError, DataSource, DataSourceFilter, DataSourceRef, DataSourceState, Dataset,
    Identity, Intake, NewDataSource, TargetDataset, UploadRef, UploadState,
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    ALL, add_dataset, add_ready, add_source, by_id,
    common::{at, new_upload, open, owner, stored},
    doomed, new_dataset, new_source,
};

async fn sources(catalog: &dyn Catalog, dataset: &Dataset) -> Vec<DataSource> {
    let (team, dataset) = (dataset.owner.team, dataset.id);
    let filter = DataSourceFilter { team, dataset, states: None };
    let page = catalog.data_sources(filter, ALL).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.data_sources.len()).unwrap());
    page.data_sources
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_is_taken_once() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
    // The bytes are accepted by all, refused by all, and the one or the other by turns.
    for round in 0..3 {
        let upload = add_ready(&*fixture.catalog, &ada).await;
        let mut tasks = JoinSet::new();
        for nth in 0..64 {
            let catalog = Arc::clone(&fixture.catalog);
            let is_refused = if round == 2 { nth % 2 == 0 } else { round == 1 };
            let mut new = new_source(&dataset, &upload);
            new.failure = is_refused.then(|| "no CSV".into());
            if nth % 4 == 3 {
                new.dataset = TargetDataset::New(new_dataset(&ada, "new"));
            }
            let team = ada.team;
            tasks.spawn(async move { catalog.add_data_source(team, &new, at(2)).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 63));
        for refused in lost {
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
        }
        let won = won.into_iter().next().unwrap().unwrap();
        let reference = DataSourceRef::Upload(upload.id);
        let found = fixture.catalog.data_source(ada.team, reference).await.unwrap();
        assert_eq!(found.as_ref(), Some(&won));
        let is_ready = won.state == DataSourceState::Ready;
        let key = &upload.object_key;
        assert_eq!(fixture.catalog.object_exists(key).await.unwrap(), is_ready);
        assert_eq!(doomed(&*fixture.catalog).await.contains(key), !is_ready);
        let found = fixture.catalog.datasets(ada.team, Some("new"), ALL).await.unwrap();
        let is_there = found.datasets.iter().any(|dataset| dataset.id == won.dataset);
        assert_eq!(is_there, won.dataset != dataset.id);
        assert!(found.total <= round + 1, "whoever lost made no dataset");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_data_source_goes_once() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
    let source = add_source(&*fixture.catalog, &dataset).await;
    let mut tasks = JoinSet::new();
    for nth in 0..64 {
        let (catalog, team) = (Arc::clone(&fixture.catalog), ada.team);
        let reference =
            if nth % 2 == 0 { by_id(&source) } else { DataSourceRef::Upload(source.upload.id) };
        tasks.spawn(async move { catalog.delete_data_source(team, reference, at(3)).await });
    }
    let deleted = tasks.join_all().await.into_iter().map(Result::unwrap);
    assert_eq!(deleted.flatten().collect::<Vec<_>>(), slice::from_ref(&source));
    assert_eq!(doomed(&*fixture.catalog).await, [source.upload.object_key]);
    assert!(sources(&*fixture.catalog, &dataset).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn adding_and_deleting_at_once_has_one_outcome() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
    for _ in 0..16 {
        let upload = add_ready(&*fixture.catalog, &ada).await;
        let mut tasks = JoinSet::new();
        for nth in 0..8 {
            let (catalog, team) = (Arc::clone(&fixture.catalog), ada.team);
            let (id, new) = (upload.id, new_source(&dataset, &upload));
            tasks.spawn(async move {
                if nth % 2 == 0 {
                    (catalog.add_data_source(team, &new, at(2)).await.is_ok(), false)
                } else {
                    let reference = DataSourceRef::Upload(id);
                    let deleted = catalog.delete_data_source(team, reference, at(3)).await;
                    (false, deleted.unwrap().is_some())
                }
            });
        }
        let done = tasks.join_all().await;
        assert_eq!(done.iter().filter(|(is_added, _)| *is_added).count(), 1);
        let deleted = done.iter().filter(|(_, is_deleted)| *is_deleted).count();
        assert!(deleted <= 1);
        let state = if deleted == 1 { UploadState::Aborted } else { UploadState::Ready };
        let found = fixture.catalog.upload(UploadRef::Id(upload.id)).await.unwrap().unwrap();
        assert_eq!(found.state, state);
        let exists = fixture.catalog.object_exists(&upload.object_key).await.unwrap();
        assert_eq!(exists, deleted == 0);
        assert_eq!(doomed(&*fixture.catalog).await.contains(&upload.object_key), deleted == 1);
    }
}

/// A commit that was under way when its future was dropped may still be. It has the one writer, so
/// whoever writes after it waits for it.
async fn settle(catalog: &dyn Catalog) {
    catalog.forget_doomed("never was").await.unwrap();
}

/// The new dataset, the data source and what becomes of the upload are there together or not at all.
async fn assert_whole(catalog: &dyn Catalog, owner: &Identity, new: &NewDataSource) -> bool {
    let TargetDataset::New(dataset) = &new.dataset else { panic!("{new:?}") };
    let reference = DataSourceRef::Upload(new.upload);
    let source = catalog.data_source(owner.team, reference).await.unwrap();
    let is_there = source.is_some();
    let found = catalog.dataset(owner.team, dataset.id).await.unwrap();
    assert_eq!(found.is_some(), is_there);
    let upload = catalog.upload(UploadRef::Id(new.upload)).await.unwrap().unwrap();
    let expected = if is_there { UploadState::Failed } else { UploadState::Ready };
    assert_eq!(upload.state, expected);
    let key = &upload.object_key;
    assert_eq!(catalog.object_exists(key).await.unwrap(), !is_there);
    assert_eq!(doomed(catalog).await.contains(key), is_there);
    is_there
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_no_half_data_source() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let (mut whole, mut dropped) = (0, 0);
    for delay in 0..200 {
        let upload = add_ready(catalog, &ada).await;
        let target = TargetDataset::New(new_dataset(&ada, "new"));
        let failure = Some("no CSV".into());
        let new = NewDataSource { dataset: target, failure, ..new_source(&dataset, &upload) };
        // Every moment of the transaction, and some after it.
        let limit = Duration::from_micros(delay * 8);
        let added = timeout(limit, catalog.add_data_source(ada.team, &new, at(2))).await;
        settle(catalog).await;
        let is_there = assert_whole(catalog, &ada, &new).await;
        assert!(is_there || added.is_err());
        whole += u32::from(added.is_ok());
        dropped += u32::from(added.is_err());
        let key = &upload.object_key;
        catalog.forget_doomed(key).await.unwrap();
    }
    assert!(dropped > 0, "{whole} went through");
    add_source(catalog, &dataset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_bytes_recorded_or_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let mut dropped = 0;
    for delay in 0..200 {
        let new = new_upload(&ada, Intake::Direct);
        catalog.doom(&new.object_key, at(90_000)).await.unwrap();
        let limit = Duration::from_micros(delay * 5);
        let size = stored(1);
        let added = timeout(limit, catalog.add_stored_upload(&new, &size, at(2))).await;
        dropped += u32::from(added.is_err());
        settle(catalog).await;
        let upload = catalog.upload(UploadRef::Id(new.id)).await.unwrap();
        assert!(upload.is_some() || added.is_err());
        let is_there = upload.is_some_and(|upload| upload.state == UploadState::Ready);
        assert_eq!(catalog.object_exists(&new.object_key).await.unwrap(), is_there);
        assert_eq!(doomed(catalog).await.contains(&new.object_key), !is_there);
        catalog.forget_doomed(&new.object_key).await.unwrap();
    }
    assert!(dropped > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn page_and_total_are_of_one_moment() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
    let (catalog, target) = (Arc::clone(&fixture.catalog), dataset.clone());
    let writing = tokio::spawn(async move {
        for _ in 0..64 {
            add_dataset(&*catalog, &target.owner, "more").await;
            add_source(&*catalog, &target).await;
        }
    });
    while !writing.is_finished() {
        sources(&*fixture.catalog, &dataset).await;
        let page = fixture.catalog.datasets(ada.team, Some("MORE"), ALL).await.unwrap();
        assert_eq!(page.total, u64::try_from(page.datasets.len()).unwrap());
    }
    writing.await.unwrap();
}
