//! Jobs before they are committed.

use countersign_catalog::{
    CatalogError, DataSourceRef, FileRef, Identity, Intake, Job, NewDataSource, NewJob, NewUpload,
    Purpose, TargetDataset, Upload, UploadRef, UploadState,
};
use uuid::Uuid;

use crate::{
    ALL, add_dataset, add_pending, add_ready,
    common::{at, new_file, new_upload, open, owner, staging_key, stored},
    doomed, new_job, new_version, stranger,
};

fn every_intake() -> [Intake; 3] {
    let unique = || Uuid::new_v4().to_string().into();
    [
        Intake::Single { staging_key: unique() },
        Intake::Multipart { upload_id: unique(), part_size: 5 << 20 },
        Intake::Direct,
    ]
}

#[tokio::test]
async fn a_job_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada).await;
    for name in ["a".to_owned(), "x".repeat(4_096), "Ünï\0cödé\n".to_owned()] {
        for (intake, dataset) in every_intake().into_iter().zip([None, Some(dataset.id), None]) {
            let upload = new_upload(&ada, intake);
            let new = NewJob { dataset, name: name.as_str().into(), upload };
            let job = catalog.add_job(&new, at(5)).await.unwrap();
            let expected = Job {
                dataset,
                name: new.name,
                upload: Upload {
                    purpose: Purpose::Job,
                    id: new.upload.id,
                    owner: ada.clone(),
                    state: UploadState::Pending,
                    intake: new.upload.intake,
                    object_key: new.upload.object_key,
                    content_type: new.upload.content_type,
                    declared_size: None,
                    not_after: new.upload.not_after,
                    failure: None,
                },
                size: None,
                created_at: at(5),
                committed_at: None,
            };
            assert_eq!(job, expected);
            assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap().as_ref(), Some(&job));
            let found = catalog.upload(UploadRef::Id(job.upload.id)).await.unwrap();
            assert_eq!(found, Some(job.upload));
        }
    }
    for unknown in [Uuid::new_v4(), dataset.id] {
        assert_eq!(catalog.job(ada.team, unknown).await.unwrap(), None);
    }
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_job_follows_its_upload() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for intake in every_intake() {
        let new = NewJob { upload: new_upload(&ada, intake), ..new_job(&ada, None) };
        let added = catalog.add_job(&new, at(1)).await.unwrap();
        let id = added.upload.id;
        catalog.accept_upload(id, &stored(7), at(2)).await.unwrap();
        let found = catalog.job(ada.team, id).await.unwrap().unwrap();
        assert_eq!((found.upload.state, found.size), (UploadState::Ready, Some(7)));
        let upload = Upload { state: UploadState::Ready, ..added.upload.clone() };
        assert_eq!(found, Job { upload, size: Some(7), ..added.clone() });
        let is_single = matches!(added.upload.intake, Intake::Single { .. });
        assert_eq!(doomed(catalog).await, is_single.then(|| staging_key(&added.upload)).as_slice());
        for key in doomed(catalog).await {
            catalog.forget_doomed(&key).await.unwrap();
        }
    }
    let failed = add_pending(catalog, &ada, None).await;
    catalog.fail_upload(failed.upload.id, "no CSV", at(3)).await.unwrap();
    let found = catalog.job(ada.team, failed.upload.id).await.unwrap().unwrap();
    assert_eq!((found.upload.state, found.size), (UploadState::Failed, None));
    assert_eq!(found.upload.failure.as_deref(), Some("no CSV"));
    assert_eq!(doomed(catalog).await, [failed.upload.object_key]);
}

/// Every job that cannot be, with the reason.
fn wrong_jobs(
    ada: &Identity,
    foreigner: &Identity,
    elsewhere: Uuid,
) -> Vec<(NewJob, CatalogError)> {
    let named = |name: String| NewJob { name: name.into(), ..new_job(ada, None) };
    let of = |upload: NewUpload| NewJob { upload, ..new_job(ada, None) };
    let nobody = Identity { team: ada.team, user: stranger().user };
    let keyless = NewUpload { object_key: "".into(), ..new_upload(ada, Intake::Direct) };
    let huge = NewUpload { declared_size: Some(u64::MAX), ..new_upload(ada, Intake::Direct) };
    vec![
        (named(String::new()), CatalogError::OutOfRange),
        (named("x".repeat(4_097)), CatalogError::OutOfRange),
        // The limit is in bytes.
        (named("ü".repeat(2_049)), CatalogError::OutOfRange),
        (of(keyless), CatalogError::OutOfRange),
        (of(huge), CatalogError::OutOfRange),
        (new_job(foreigner, None), CatalogError::OwnerUnknown),
        (new_job(&nobody, None), CatalogError::OwnerUnknown),
        (new_job(&stranger(), None), CatalogError::OwnerUnknown),
        (new_job(ada, Some(Uuid::new_v4())), CatalogError::OwnerUnknown),
        (new_job(ada, Some(elsewhere)), CatalogError::OwnerUnknown),
    ]
}

#[tokio::test]
async fn a_job_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let of_bob = add_dataset(catalog, &bob).await;
    let foreigner = Identity { team: bob.team, user: ada.user.clone() };
    for (new, expected) in wrong_jobs(&ada, &foreigner, of_bob.id) {
        let refused = catalog.add_job(&new, at(1)).await.unwrap_err();
        assert_eq!(refused.to_string(), expected.to_string(), "{new:?}");
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
        assert_eq!(catalog.job(ada.team, new.upload.id).await.unwrap(), None);
    }
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn no_id_and_no_key_is_ever_used_twice() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let file = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
    let upload = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    let job = add_pending(catalog, &ada, None).await;
    for used in [file.upload, upload, job.upload] {
        for owner in [&ada, &bob] {
            let by_id = NewUpload { id: used.id, ..new_upload(owner, Intake::Direct) };
            let object_key = used.object_key.clone();
            let by_key = NewUpload { object_key, ..new_upload(owner, Intake::Direct) };
            for upload in [by_id, by_key] {
                let new = NewJob { upload, ..new_job(owner, None) };
                let refused = catalog.add_job(&new, at(2)).await;
                assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
            }
        }
        assert_eq!(catalog.upload(UploadRef::Id(used.id)).await.unwrap(), Some(used));
    }
}

#[tokio::test]
async fn nobody_else_gets_the_upload_of_a_job() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada).await;
    let pending = add_pending(catalog, &ada, None).await;
    let failed = add_pending(catalog, &ada, None).await;
    catalog.fail_upload(failed.upload.id, "why", at(2)).await.unwrap();
    let ready = add_ready(catalog, &ada, Some(dataset.id)).await;
    let committed = add_ready(catalog, &ada, Some(dataset.id)).await;
    let deleted = add_ready(catalog, &ada, Some(dataset.id)).await;
    for job in [&committed, &deleted] {
        catalog.commit_job(ada.team, job.upload.id, &new_version(), at(3)).await.unwrap();
    }
    let reference = DataSourceRef::Upload(deleted.upload.id);
    catalog.delete_data_source(ada.team, reference, at(4)).await.unwrap().unwrap();
    let before = (doomed(catalog).await, catalog.dataset(ada.team, dataset.id).await.unwrap());
    for job in [pending, failed, ready, committed, deleted] {
        let found = catalog.job(ada.team, job.upload.id).await.unwrap();
        for failure in [None, Some("no CSV".into())] {
            let new = NewDataSource {
                id: Uuid::new_v4(),
                dataset: TargetDataset::Existing(dataset.id),
                name: "a".into(),
                file_name: "a".into(),
                upload: job.upload.id,
                failure,
            };
            let refused = catalog.add_data_source(ada.team, &new, at(5)).await;
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
        }
        assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap(), found);
    }
    // None of them is a file.
    assert_eq!(catalog.files(ada.team, ALL).await.unwrap().total, 0);
    assert_eq!(catalog.delete_file(ada.team, FileRef::Number(1), at(6)).await.unwrap(), None);
    let after = (doomed(catalog).await, catalog.dataset(ada.team, dataset.id).await.unwrap());
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_file_and_a_data_source_are_no_jobs() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada).await;
    let file = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
    let upload = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    for id in [file.upload.id, upload.id, dataset.id] {
        let accepted = catalog.accept_upload(id, &stored(1), at(2)).await;
        assert_eq!(accepted.is_ok(), id != dataset.id);
        assert_eq!(catalog.job(ada.team, id).await.unwrap(), None);
        let refused = catalog.commit_job(ada.team, id, &new_version(), at(3)).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    }
}
