//! What goes with a whole dataset, and what is asked of it.

use countersign_catalog::{
    CatalogError, DatasetChange, DownloadToken, DownloadTokenHash, Intake, NewJob, Page, Purpose,
    UploadRef, UploadState,
};
use uuid::Uuid;

use crate::{
    ALL, add_dataset, add_pending, add_ready, add_version,
    common::{at, new_upload, open, owner, stored},
    dataset, doomed, new_job, new_version, stranger,
};

#[tokio::test]
async fn a_deleted_dataset_takes_all_that_it_has_with_it() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (goes, stays) = (add_dataset(catalog, &ada).await, add_dataset(catalog, &ada).await);
    let kept = add_version(catalog, &stays, at(3)).await;
    let waiting = add_pending(catalog, &ada, Some(stays.id)).await;
    let of_none = add_ready(catalog, &ada, None).await;

    let version = add_version(catalog, &goes, at(3)).await;
    let ready = add_ready(catalog, &ada, Some(goes.id)).await;
    let staging = Intake::Single { staging_key: "staging/1".into() };
    let upload = new_upload(&ada, staging);
    let pending = NewJob { dataset: Some(goes.id), name: "a.csv".into(), upload };
    let pending = catalog.add_job(&pending, at(1)).await.unwrap();
    let in_parts = Intake::Multipart { upload_id: "m".into(), part_size: 5 };
    let upload = new_upload(&ada, in_parts);
    let open_parts = NewJob { dataset: Some(goes.id), name: "a.csv".into(), upload };
    let open_parts = catalog.add_job(&open_parts, at(1)).await.unwrap();
    let failed = add_pending(catalog, &ada, Some(goes.id)).await;
    catalog.fail_upload(failed.upload.id, "why", at(2)).await.unwrap();
    let before = doomed(catalog).await;
    assert_eq!(before, std::slice::from_ref(&failed.upload.object_key));

    let goes = dataset(catalog, &ada, goes.id).await;
    for (team, id) in [(stranger().team, goes.id), (ada.team, Uuid::new_v4())] {
        assert_eq!(catalog.delete_dataset(team, id, at(4)).await.unwrap(), None);
    }
    assert_eq!(doomed(catalog).await, before);
    let deleted = catalog.delete_dataset(ada.team, goes.id, at(4)).await.unwrap().unwrap();
    assert_eq!(deleted.dataset, goes);
    let uploads: Vec<_> = deleted.uploads.iter().map(|upload| upload.id).collect();
    assert_eq!(uploads[0], open_parts.upload.id, "what is open in the storage comes first");
    let all = [&version.upload, &ready.upload, &pending.upload, &open_parts.upload, &failed.upload];
    assert_eq!(uploads.len(), all.len());
    for upload in all {
        assert!(uploads.contains(&upload.id));
        let found = catalog.upload(UploadRef::Id(upload.id)).await.unwrap().unwrap();
        let has_failed = upload.id == failed.upload.id;
        let expected = if has_failed { UploadState::Failed } else { UploadState::Aborted };
        assert_eq!((found.state, found.purpose), (expected, Purpose::Job));
        assert!(!catalog.object_exists(&upload.object_key).await.unwrap());
        assert_eq!(catalog.job(ada.team, upload.id).await.unwrap(), None);
        let late = catalog.accept_upload(upload.id, &stored(1), at(5)).await;
        assert!(matches!(late, Err(CatalogError::UploadClosed)), "{late:?}");
    }
    // The URL of the one may live on, so its key waits.
    let due = catalog.doomed(100, at(5)).await.unwrap();
    assert_eq!(due.len(), all.len());
    assert!(all.iter().all(|upload| due.contains(&upload.object_key)));
    let last = catalog.doomed(100, at(3_600 + 86_400)).await.unwrap();
    assert_eq!(last.len(), all.len() + 1);
    assert!(last.contains(&"staging/1".into()));

    assert_eq!(catalog.dataset(ada.team, goes.id).await.unwrap(), None);
    assert_eq!(catalog.delete_dataset(ada.team, goes.id, at(5)).await.unwrap(), None);
    let committed = catalog.commit_job(ada.team, ready.upload.id, &new_version(), at(5)).await;
    assert!(matches!(committed, Err(CatalogError::UploadClosed)), "{committed:?}");
    let job = new_job(&ada, Some(goes.id));
    let begun = catalog.add_job(&job, at(5)).await;
    assert!(matches!(begun, Err(CatalogError::OwnerUnknown)), "{begun:?}");

    dataset(catalog, &ada, stays.id).await;
    assert!(catalog.object_exists(&kept.upload.object_key).await.unwrap());
    for job in [&waiting, &of_none] {
        assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap().as_ref(), Some(job));
    }
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let made = add_dataset(catalog, &ada).await;
    assert_eq!(made.changed_at, None);
    let name = DatasetChange { name: Some("new".into()), description: None };
    let changed = catalog.change_dataset(ada.team, made.id, &name, at(5)).await.unwrap().unwrap();
    assert_eq!((&*changed.name, &*changed.description), ("new", ""));
    assert_eq!(changed.changed_at, Some(at(5)));
    assert_eq!(dataset(catalog, &ada, made.id).await, changed);
    let text = DatasetChange { name: None, description: Some("text".into()) };
    let changed = catalog.change_dataset(ada.team, made.id, &text, at(6)).await.unwrap().unwrap();
    assert_eq!((&*changed.name, &*changed.description), ("new", "text"));
    for (team, id) in [(stranger().team, made.id), (ada.team, Uuid::new_v4())] {
        assert_eq!(catalog.change_dataset(team, id, &name, at(7)).await.unwrap(), None);
    }
    let long = "x".repeat(4_097).into();
    for wrong in [
        DatasetChange { name: Some("".into()), description: None },
        DatasetChange { name: Some(long), description: None },
        DatasetChange { name: None, description: Some("x".repeat(200_001).into()) },
    ] {
        let refused = catalog.change_dataset(ada.team, made.id, &wrong, at(7)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
    assert_eq!(dataset(catalog, &ada, made.id).await, changed);
}

#[tokio::test]
async fn versions_are_listed_newest_first_without_those_that_are_none() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let made = add_dataset(catalog, &ada).await;
    assert_eq!(catalog.versions(ada.team, made.id, ALL).await.unwrap().total, 0);
    let mut versions = Vec::new();
    for second in 0..3 {
        versions.insert(0, add_version(catalog, &made, at(3 + second)).await);
    }
    add_version(catalog, &add_dataset(catalog, &ada).await, at(9)).await;
    let found = catalog.versions(ada.team, made.id, ALL).await.unwrap();
    assert_eq!((found.total, &found.data_sources), (3, &versions));
    let page = Page { limit: 1, offset: 1 };
    let found = catalog.versions(ada.team, made.id, page).await.unwrap();
    assert_eq!((found.total, &found.data_sources[..]), (3, &versions[1..2]));
    let foreign = catalog.versions(stranger().team, made.id, ALL).await.unwrap();
    assert_eq!((foreign.total, foreign.data_sources), (0, vec![]));
}

#[tokio::test]
async fn the_latest_job_is_the_one_that_was_recorded_last() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let made = add_dataset(catalog, &ada).await;
    assert_eq!(catalog.latest_job(ada.team, made.id).await.unwrap(), None);
    for _ in 0..5 {
        let job = add_pending(catalog, &ada, Some(made.id)).await;
        add_pending(catalog, &ada, None).await;
        assert_eq!(catalog.latest_job(ada.team, made.id).await.unwrap(), Some(job));
        assert_eq!(catalog.latest_job(stranger().team, made.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_stored_job_is_ready_at_once_and_its_key_is_spared() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let made = add_dataset(catalog, &ada).await;
    let new = new_job(&ada, Some(made.id));
    let refused = catalog.add_stored_job(&new, &stored(7), at(1)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    catalog.doom(&new.upload.object_key, at(2)).await.unwrap();
    let job = catalog.add_stored_job(&new, &stored(7), at(1)).await.unwrap();
    assert_eq!((job.upload.state, job.size), (UploadState::Ready, Some(7)));
    assert!(doomed(catalog).await.is_empty());
    assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap(), Some(job.clone()));
    catalog.commit_job(ada.team, job.upload.id, &new_version(), at(3)).await.unwrap();
    assert_eq!(dataset(catalog, &ada, made.id).await.version, 1);
    let of_nobody = new_job(&ada, Some(Uuid::new_v4()));
    catalog.doom(&of_nobody.upload.object_key, at(2)).await.unwrap();
    let refused = catalog.add_stored_job(&of_nobody, &stored(7), at(1)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    assert_eq!(doomed(catalog).await, [of_nobody.upload.object_key]);
}

#[tokio::test]
async fn datasets_are_counted_for_each_user() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "acme", "bob").await;
    let made = add_dataset(catalog, &ada).await;
    add_dataset(catalog, &ada).await;
    for (who, count) in [(&ada, 2), (&bob, 0), (&stranger(), 0)] {
        assert_eq!(catalog.dataset_count(who).await.unwrap(), count);
    }
    catalog.delete_dataset(ada.team, made.id, at(4)).await.unwrap().unwrap();
    assert_eq!(catalog.dataset_count(&ada).await.unwrap(), 1);
}

#[tokio::test]
async fn a_download_token_is_of_a_dataset_of_its_owners_team_and_goes_when_it_is_over() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "evil", "eve").await;
    let made = add_dataset(catalog, &ada).await;
    let token = DownloadToken { owner: ada.clone(), dataset: made.id, not_after: at(120) };
    let hash = DownloadTokenHash::of;
    catalog.add_download_token(&hash("a"), &token, at(0)).await.unwrap();
    assert_eq!(catalog.download_token(&hash("a")).await.unwrap().as_ref(), Some(&token));
    assert_eq!(catalog.download_token(&hash("b")).await.unwrap(), None);
    let again = catalog.add_download_token(&hash("a"), &token, at(0)).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    for wrong in [
        DownloadToken { owner: eve, ..token.clone() },
        DownloadToken { dataset: Uuid::new_v4(), ..token.clone() },
    ] {
        let refused = catalog.add_download_token(&hash("c"), &wrong, at(0)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    }
    let later = DownloadToken { not_after: at(240), ..token.clone() };
    catalog.add_download_token(&hash("d"), &later, at(119)).await.unwrap();
    assert!(catalog.download_token(&hash("a")).await.unwrap().is_some());
    catalog.add_download_token(&hash("e"), &later, at(120)).await.unwrap();
    assert_eq!(catalog.download_token(&hash("a")).await.unwrap(), None);
    assert!(catalog.download_token(&hash("d")).await.unwrap().is_some());
    catalog.delete_dataset(ada.team, made.id, at(121)).await.unwrap().unwrap();
    assert_eq!(catalog.download_token(&hash("d")).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_download_tokens_the_oldest_go() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let made = add_dataset(catalog, &ada).await;
    let hash = |nth: u32| DownloadTokenHash::of(&format!("{nth}"));
    for nth in 0..1_001 {
        let not_after = at(10_000 + nth);
        let token = DownloadToken { owner: ada.clone(), dataset: made.id, not_after };
        catalog.add_download_token(&hash(nth), &token, at(0)).await.unwrap();
    }
    for (nth, is_there) in [(0, false), (1, true), (1_000, true)] {
        let found = catalog.download_token(&hash(nth)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{nth}");
    }
}
