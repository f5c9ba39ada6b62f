//! Many callers at once, and callers that go away.

use std::{sync::Arc, time::Duration};

use countersign_catalog::{CatalogError, UploadRef};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    add_schema, add_token,
    common::{at, open, owner, stored},
    doomed, new_schema_file, new_token,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_taken_once_and_the_bytes_of_all_others_go() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let schema = add_schema(&*fixture.catalog, &ada, "sales").await.id;
    let tokens = [
        add_token(&*fixture.catalog, &ada, schema).await,
        add_token(&*fixture.catalog, &ada, schema).await,
    ];
    for name in ["a.csv", "b.csv"] {
        let mut tasks = JoinSet::new();
        for nth in 0..64 {
            let catalog = Arc::clone(&fixture.catalog);
            let new = new_schema_file(&tokens[nth % 2], name);
            tasks.spawn(async move {
                catalog.doom(&new.upload.object_key, at(90_000)).await.unwrap();
                let added = catalog.add_schema_file(&new, &stored(1), at(2)).await;
                (new.upload.object_key, added)
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(|(_, added)| added.is_ok());
        assert_eq!((won.len(), lost.len()), (1, 63));
        let still_doomed = doomed(&*fixture.catalog).await;
        assert_eq!(still_doomed.len(), 63);
        for (key, refused) in lost {
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
            assert!(still_doomed.contains(&key));
            assert!(!fixture.catalog.object_exists(&key).await.unwrap());
            fixture.catalog.forget_doomed(&key).await.unwrap();
        }
        let (key, _) = &won[0];
        assert!(fixture.catalog.object_exists(key).await.unwrap());
        assert!(fixture.catalog.has_schema_file(schema, name).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_added_at_once_are_numbered_without_a_gap() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    let schema = add_schema(&*fixture.catalog, &ada, "sales").await.id;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (catalog, new) = (Arc::clone(&fixture.catalog), new_token(&ada, schema));
        tasks.spawn(async move { catalog.add_upload_token(&new, at(1)).await.unwrap().number });
    }
    let mut given = tasks.join_all().await;
    given.sort_unstable();
    assert_eq!(given, (1..=64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_future_leaves_bytes_recorded_or_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let token = add_token(catalog, &ada, schema).await;
    let mut dropped = 0;
    for delay in 0..200 {
        let name = format!("{delay}.csv");
        let new = new_schema_file(&token, &name);
        let key = &new.upload.object_key;
        catalog.doom(key, at(90_000)).await.unwrap();
        // Every moment of the transaction, and some after it.
        let limit = Duration::from_micros(delay * 6);
        let size = stored(1);
        let added = timeout(limit, catalog.add_schema_file(&new, &size, at(2))).await;
        dropped += u32::from(added.is_err());
        // A commit that was under way may still be, and has the one writer.
        catalog.forget_doomed("never was").await.unwrap();
        let is_there = catalog.has_schema_file(schema, &name).await.unwrap();
        assert!(is_there || added.is_err());
        let upload = catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap();
        assert_eq!(upload.is_some(), is_there);
        assert_eq!(catalog.object_exists(key).await.unwrap(), is_there);
        assert_eq!(doomed(catalog).await.contains(key), !is_there);
        catalog.forget_doomed(key).await.unwrap();
    }
    assert!(dropped > 0);
}
