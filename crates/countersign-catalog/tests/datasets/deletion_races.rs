//! Datasets that go while somebody else is at them.

use std::{slice, sync::Arc, time::Duration};

use countersign_catalog::{DataSourceRef, DatasetChange, Intake, NewJob, UploadRef, UploadState};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    add_dataset, add_ready, add_source,
    common::{at, new_upload, open, owner, stored},
    doomed, new_source,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dataset_goes_once() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
    let source = add_source(&*fixture.catalog, &dataset).await;
    let mut tasks = JoinSet::new();
    for nth in 0..64 {
        let (catalog, team, id) = (Arc::clone(&fixture.catalog), ada.team, dataset.id);
        tasks.spawn(async move {
            if nth % 4 == 3 {
                let change = DatasetChange { name: Some("b".into()), description: None };
                catalog.change_dataset(team, id, &change, at(4)).await.unwrap();
                return None;
            }
            catalog.delete_dataset(team, id, at(3)).await.unwrap()
        });
    }
    let deleted: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].uploads, slice::from_ref(&source.upload));
    assert_eq!(doomed(&*fixture.catalog).await, [source.upload.object_key]);
    assert_eq!(fixture.catalog.dataset(ada.team, dataset.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_made_while_its_dataset_goes_is_in_it_or_is_not_made() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let (mut made, mut refused) = (0, 0);
    for round in 0..24 {
        let dataset = add_dataset(&*fixture.catalog, &ada, "sales").await;
        let upload = add_ready(&*fixture.catalog, &ada).await;
        let job = new_upload(&ada, Intake::Direct);
        let mut tasks = JoinSet::new();
        for task in 0..3 {
            let (catalog, team, id) = (Arc::clone(&fixture.catalog), ada.team, dataset.id);
            let source = new_source(&dataset, &upload);
            let new = NewJob { dataset: Some(id), name: "a".into(), upload: job.clone() };
            tasks.spawn(async move {
                // Now one is first, now another.
                if (task + round) % 3 > 0 {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
                match task {
                    0 => catalog.add_data_source(team, &source, at(2)).await.is_ok(),
                    1 => {
                        let is_there = catalog.add_job(&new, at(2)).await.is_ok();
                        let found = stored(1);
                        let accepted = catalog.accept_upload(new.upload.id, &found, at(2)).await;
                        is_there && accepted.is_ok()
                    }
                    _ => catalog.delete_dataset(team, id, at(3)).await.unwrap().is_none(),
                }
            });
        }
        let done = tasks.join_all().await;
        made += done.iter().filter(|is_made| **is_made).count();
        refused += done.iter().filter(|is_made| !**is_made).count() - 1;
        let by_upload = DataSourceRef::Upload(upload.id);
        assert_eq!(fixture.catalog.data_source(ada.team, by_upload).await.unwrap(), None);
        assert_eq!(fixture.catalog.job(ada.team, job.id).await.unwrap(), None);
        // Bytes that nothing has are doomed, but for those that are still to become something.
        for key in [&upload.object_key, &job.object_key] {
            let found = fixture.catalog.upload(UploadRef::ObjectKey(key)).await.unwrap();
            let exists = fixture.catalog.object_exists(key).await.unwrap();
            let state = found.map(|upload| upload.state);
            assert_eq!(exists, state == Some(UploadState::Ready), "{state:?}");
            let is_gone = state == Some(UploadState::Aborted);
            assert_eq!(doomed(&*fixture.catalog).await.contains(key), is_gone, "{state:?}");
            assert!(*key != job.object_key || !exists);
        }
    }
    assert!(made > 0 && refused > 0, "{made} made, {refused} refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_no_half_dataset() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let mut dropped = 0;
    for delay in 0..200 {
        let dataset = add_dataset(catalog, &ada, "sales").await;
        let source = add_source(catalog, &dataset).await;
        let limit = Duration::from_micros(delay * 8);
        let deleted = timeout(limit, catalog.delete_dataset(ada.team, dataset.id, at(3))).await;
        dropped += u32::from(deleted.is_err());
        // It has the one writer, so what is still under way is over then.
        catalog.forget_doomed("never was").await.unwrap();
        let is_there = catalog.dataset(ada.team, dataset.id).await.unwrap().is_some();
        assert!(!is_there || deleted.is_err());
        let key = &source.upload.object_key;
        assert_eq!(catalog.object_exists(key).await.unwrap(), is_there);
        assert_eq!(doomed(catalog).await.contains(key), !is_there);
        let by_upload = DataSourceRef::Upload(source.upload.id);
        let found = catalog.data_source(ada.team, by_upload).await.unwrap();
        assert_eq!(found.is_some(), is_there);
        catalog.forget_doomed(key).await.unwrap();
    }
    assert!(dropped > 0);
}
