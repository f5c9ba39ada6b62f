//! Which keys are doomed, and when they are due.

mod common;

use common::{at, new_file, open, owner, staging_key, stored};
use countersign::Timestamp;
use countersign_catalog::{Catalog, CatalogError, File, FileRef, Identity};
use uuid::Uuid;

async fn add(catalog: &dyn Catalog, owner: &Identity, name: &str) -> File {
    catalog.add_file(&new_file(owner, name), at(1)).await.unwrap()
}

async fn fail(catalog: &dyn Catalog, file: &File, now: Timestamp) {
    catalog.fail_upload(file.upload.id, "why", now).await.unwrap();
}

async fn delete(catalog: &dyn Catalog, file: &File, now: Timestamp) {
    let (team, number) = (file.upload.owner.team, FileRef::Number(file.number));
    catalog.delete_file(team, number, now).await.unwrap().unwrap();
}

async fn assert_closed(catalog: &dyn Catalog, id: Uuid, now: Timestamp) {
    let refused = catalog.accept_upload(id, &stored(1), now).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
}

async fn doomed(catalog: &dyn Catalog, now: Timestamp) -> Vec<Box<str>> {
    catalog.doomed(100, now).await.unwrap()
}

fn keys_of(files: &[&File]) -> Vec<Box<str>> {
    let keys = |file: &&File| [staging_key(&file.upload), file.upload.object_key.clone()];
    files.iter().flat_map(keys).collect()
}

/// So many seconds after the staging keys of these tests are due: a day after `not_after`.
fn due_at(secs: u32) -> Timestamp {
    at(3_600 + 86_400 + secs)
}

/// One second before staging keys are due.
fn not_yet_due() -> Timestamp {
    at(3_600 + 86_400 - 1)
}

#[tokio::test]
async fn an_object_key_is_due_at_once_and_a_staging_key_a_day_after_its_url() {
    for is_failed in [true, false] {
        let fixture = open().await;
        let catalog = &*fixture.catalog;
        let file = add(catalog, &owner(catalog, "acme", "ada").await, "a").await;
        if is_failed {
            fail(catalog, &file, at(2)).await;
        } else {
            delete(catalog, &file, at(2)).await;
        }
        let both = keys_of(&[&file]);
        assert!(doomed(catalog, at(1)).await.is_empty());
        assert!(doomed(catalog, Timestamp::MIN).await.is_empty());
        assert_eq!(doomed(catalog, at(2)).await, both[1..]);
        assert_eq!(doomed(catalog, file.upload.not_after).await, both[1..]);
        assert_eq!(doomed(catalog, not_yet_due()).await, both[1..]);
        assert_eq!(doomed(catalog, due_at(0)).await, both);
        assert_eq!(doomed(catalog, Timestamp::MAX).await, both);
    }
}

#[tokio::test]
async fn an_accepted_upload_dooms_its_staging_key_once() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let file = add(catalog, &owner(catalog, "acme", "ada").await, "a").await;
    let id = file.upload.id;
    catalog.accept_upload(id, &stored(1), at(2)).await.unwrap();
    let staging = keys_of(&[&file])[..1].to_vec();
    // A second time, after it was due, does not put it off.
    catalog.accept_upload(id, &stored(1), due_at(9)).await.unwrap();
    assert!(doomed(catalog, not_yet_due()).await.is_empty());
    assert_eq!(doomed(catalog, due_at(0)).await, staging);

    // Nor does it doom a key that was swept.
    catalog.forget_doomed(&staging[0]).await.unwrap();
    catalog.accept_upload(id, &stored(1), at(3)).await.unwrap();
    assert!(doomed(catalog, Timestamp::MAX).await.is_empty());
    assert!(catalog.object_exists(&file.upload.object_key).await.unwrap());

    // With the file, both go.
    delete(catalog, &file, at(4)).await;
    assert_eq!(doomed(catalog, not_yet_due()).await, keys_of(&[&file])[1..]);
    assert_eq!(doomed(catalog, due_at(0)).await, keys_of(&[&file]));
}

#[tokio::test]
async fn a_staging_key_that_is_doomed_late_is_due_at_once() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (accepted, failed) = (add(catalog, &ada, "a").await, add(catalog, &ada, "b").await);
    let deleted = add(catalog, &ada, "c").await;
    catalog.accept_upload(accepted.upload.id, &stored(1), due_at(5)).await.unwrap();
    fail(catalog, &failed, due_at(5)).await;
    delete(catalog, &deleted, due_at(5)).await;
    assert!(doomed(catalog, due_at(4)).await.is_empty());
    let mut expected = keys_of(&[&accepted, &failed, &deleted]);
    expected.remove(1);
    assert_eq!(doomed(catalog, due_at(5)).await, expected);
}

#[tokio::test]
async fn a_url_until_the_end_of_time_is_swept_at_its_end() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let mut new = new_file(&owner(catalog, "acme", "ada").await, "a");
    new.upload.not_after = Timestamp::MAX;
    let file = catalog.add_file(&new, at(1)).await.unwrap();
    fail(catalog, &file, at(2)).await;
    let both = keys_of(&[&file]);
    assert_eq!(doomed(catalog, Timestamp::MAX.saturating_sub_secs(1)).await, both[1..]);
    assert_eq!(doomed(catalog, Timestamp::MAX).await, both);
}

#[tokio::test]
async fn a_key_that_is_doomed_again_keeps_its_place_and_the_later_time() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (first, second) = (add(catalog, &ada, "a").await, add(catalog, &ada, "b").await);
    fail(catalog, &first, at(2)).await;
    fail(catalog, &second, at(2)).await;
    let objects = [first.upload.object_key.clone(), second.upload.object_key.clone()];
    assert_eq!(doomed(catalog, at(2)).await, objects);

    // Later, and then earlier, because the clock went back.
    for now in [at(50), at(10)] {
        assert_closed(catalog, first.upload.id, now).await;
        assert_eq!(doomed(catalog, at(49)).await, objects[1..]);
        assert_eq!(doomed(catalog, at(50)).await, objects);
    }

    // A staging key as well: the second time is after it was due.
    delete(catalog, &first, due_at(7)).await;
    assert_eq!(doomed(catalog, due_at(6)).await, keys_of(&[&second]));
    assert_eq!(doomed(catalog, due_at(7)).await, keys_of(&[&first, &second]));
}

#[tokio::test]
async fn what_is_not_due_does_not_count_against_the_limit() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (first, second) = (add(catalog, &ada, "a").await, add(catalog, &ada, "b").await);
    catalog.accept_upload(first.upload.id, &stored(1), at(2)).await.unwrap();
    fail(catalog, &second, at(2)).await;
    let object = second.upload.object_key.clone();
    assert_eq!(catalog.doomed(1, at(2)).await.unwrap(), [object]);
    assert_eq!(catalog.doomed(1, due_at(0)).await.unwrap(), [staging_key(&first.upload)]);
}

#[tokio::test]
async fn late_bytes_of_a_closed_upload_are_doomed_again() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let failed = add(catalog, &ada, "failed").await;
    fail(catalog, &failed, at(2)).await;
    let pending = add(catalog, &ada, "deleted while pending").await;
    let ready = add(catalog, &ada, "deleted while ready").await;
    catalog.accept_upload(ready.upload.id, &stored(1), at(2)).await.unwrap();
    for file in [&pending, &ready] {
        delete(catalog, file, at(2)).await;
    }
    for file in [failed, pending, ready] {
        for key in doomed(catalog, due_at(0)).await {
            catalog.forget_doomed(&key).await.unwrap();
        }
        assert_closed(catalog, file.upload.id, at(3)).await;
        assert_eq!(doomed(catalog, due_at(0)).await, keys_of(&[&file])[1..]);
        assert!(!catalog.object_exists(&file.upload.object_key).await.unwrap());
    }
    assert_closed(catalog, Uuid::new_v4(), at(3)).await;
    let refused = catalog.fail_upload(Uuid::new_v4(), "why", at(3)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
}

#[tokio::test]
async fn doomed_keys_are_listed_in_order_until_they_are_forgotten() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (first, second) = (add(catalog, &ada, "a").await, add(catalog, &ada, "b").await);
    fail(catalog, &second, at(2)).await;
    // The clock went back, the order did not.
    fail(catalog, &first, at(1)).await;
    let all = keys_of(&[&second, &first]);
    assert_eq!(doomed(catalog, due_at(0)).await, all);
    assert_eq!(catalog.doomed(3, due_at(0)).await.unwrap(), all[..3]);
    assert!(catalog.doomed(0, due_at(0)).await.unwrap().is_empty());

    catalog.forget_doomed(&all[1]).await.unwrap();
    catalog.forget_doomed(&all[1]).await.unwrap();
    catalog.forget_doomed("never was").await.unwrap();
    assert_eq!(doomed(catalog, due_at(0)).await, [all[0].clone(), all[2].clone(), all[3].clone()]);
}
