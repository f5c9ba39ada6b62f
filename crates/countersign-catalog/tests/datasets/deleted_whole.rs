//! What goes with a dataset.

use countersign_catalog::{
    Catalog, CatalogError, Column, ColumnKind, DataSourceFilter, DataSourceRef, Dataset,
    DeletedDataset, Identity, Intake, Job, NewDataset, NewJob, NewUpload, NewVersion, Upload,
    UploadRef, UploadState,
};
use uuid::Uuid;

use crate::{
    ALL, add_dataset, add_failed_source, add_ready, add_source, by_id,
    common::{at, new_upload, open, owner, staging_key, stored},
    doomed, new_dataset, new_source,
};

async fn add_job(
    catalog: &dyn Catalog,
    owner: &Identity,
    (dataset, intake): (Option<&Dataset>, Intake),
) -> Job {
    let upload = NewUpload { not_after: at(3_600), ..new_upload(owner, intake) };
    let dataset = dataset.map(|dataset| dataset.id);
    catalog.add_job(&NewJob { dataset, name: "a.csv".into(), upload }, at(1)).await.unwrap()
}

fn single() -> Intake {
    Intake::Single { staging_key: format!("staging/{}", Uuid::new_v4()).into() }
}

fn in_parts() -> Intake {
    Intake::Multipart { upload_id: Uuid::new_v4().to_string().into(), part_size: 5 }
}

async fn commit(catalog: &dyn Catalog, job: &Job) {
    let (team, id) = (job.upload.owner.team, job.upload.id);
    catalog.accept_upload(id, &stored(1), at(2)).await.unwrap();
    let version = NewVersion { data_source: Uuid::new_v4(), dataset: None };
    catalog.commit_job(team, id, &version, at(2)).await.unwrap();
}

async fn upload(catalog: &dyn Catalog, id: Uuid) -> Upload {
    catalog.upload(UploadRef::Id(id)).await.unwrap().unwrap()
}

#[tokio::test]
async fn all_that_is_in_a_dataset_goes_and_nothing_else() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let columns = vec![Column { name: "a".into(), kind: ColumnKind::Text }];
    let new = NewDataset { columns, ..new_dataset(&ada, "goes") };
    let dataset = catalog.add_dataset(&new, at(1)).await.unwrap();
    let other = add_dataset(catalog, &ada, "stays").await;
    let stays = [add_source(catalog, &other).await, add_source(catalog, &other).await];
    let (source, failed) =
        (add_source(catalog, &dataset).await, add_failed_source(catalog, &dataset).await);
    let free = add_ready(catalog, &ada).await;
    let waiting = add_job(catalog, &ada, (Some(&dataset), single())).await;
    let in_parts = add_job(catalog, &ada, (Some(&dataset), in_parts())).await;
    let committed = add_job(catalog, &ada, (Some(&dataset), Intake::Direct)).await;
    commit(catalog, &committed).await;
    let of_none = add_job(catalog, &ada, (None, single())).await;
    let of_other = add_job(catalog, &ada, (Some(&other), single())).await;
    let dataset = catalog.dataset(ada.team, dataset.id).await.unwrap().unwrap();
    catalog.forget_doomed(&failed.upload.object_key).await.unwrap();

    let inside =
        [&source.upload, &failed.upload, &waiting.upload, &in_parts.upload].map(|it| it.id);
    let version = upload(catalog, committed.upload.id).await;
    let mut told = vec![];
    // That in parts is open.
    for id in [inside[3], inside[0], inside[1], inside[2]] {
        told.push(upload(catalog, id).await);
    }
    told.push(version.clone());
    let deleted = catalog.delete_dataset(ada.team, dataset.id, at(9)).await.unwrap().unwrap();
    assert_eq!((deleted.dataset, deleted.uploads), (dataset.clone(), told));

    assert_eq!(catalog.dataset(ada.team, dataset.id).await.unwrap(), None);
    assert!(catalog.columns(ada.team, dataset.id).await.unwrap().is_empty());
    let filter = DataSourceFilter { team: ada.team, dataset: dataset.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().total, 0);
    for job in [&waiting, &in_parts, &committed] {
        assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap(), None);
    }
    for id in [source.upload.id, waiting.upload.id, in_parts.upload.id, version.id] {
        let found = upload(catalog, id).await;
        assert_eq!(found.state, UploadState::Aborted);
        assert!(!catalog.object_exists(&found.object_key).await.unwrap());
        assert_eq!(catalog.data_source(ada.team, DataSourceRef::Upload(id)).await.unwrap(), None);
    }
    assert_eq!(upload(catalog, failed.upload.id).await, failed.upload);
    // What a URL may still write to is due later.
    let objects = [&source, &failed].map(|source| source.upload.object_key.clone());
    let objects =
        [&objects[0], &objects[1], &waiting.upload.object_key, &in_parts.upload.object_key];
    let objects: Vec<_> = objects.into_iter().chain([&version.object_key]).cloned().collect();
    assert_eq!(catalog.doomed(9, at(9)).await.unwrap(), objects);
    let staging = staging_key(&waiting.upload);
    assert_eq!(doomed(catalog).await, [&[staging][..], &objects].concat());
    assert_eq!(catalog.doomed(9, at(3_600 + 86_399)).await.unwrap().len(), 5);
    assert_eq!(catalog.doomed(9, at(3_600 + 86_400)).await.unwrap().len(), 6);

    for source in &stays {
        let found = catalog.data_source(ada.team, by_id(source)).await.unwrap();
        assert_eq!(found.as_ref(), Some(source));
    }
    for job in [of_none, of_other] {
        assert_eq!(catalog.job(ada.team, job.upload.id).await.unwrap(), Some(job));
    }
    assert!(catalog.object_exists(&free.object_key).await.unwrap());
    assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().datasets, [other]);
    assert_eq!(catalog.delete_dataset(ada.team, dataset.id, at(9)).await.unwrap(), None);
}

#[tokio::test]
async fn nothing_comes_into_a_dataset_that_is_gone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "goes").await;
    let free = add_ready(catalog, &ada).await;
    let job = add_job(catalog, &ada, (Some(&dataset), Intake::Direct)).await;
    let ready = add_job(catalog, &ada, (Some(&dataset), Intake::Direct)).await;
    catalog.accept_upload(ready.upload.id, &stored(1), at(2)).await.unwrap();
    catalog.delete_dataset(ada.team, dataset.id, at(3)).await.unwrap().unwrap();
    let doomed_then = doomed(catalog).await;

    let refused = catalog.add_data_source(ada.team, &new_source(&dataset, &free), at(4)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    let late = NewJob {
        dataset: Some(dataset.id),
        name: "a.csv".into(),
        upload: new_upload(&ada, Intake::Direct),
    };
    let refused = catalog.add_job(&late, at(4)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    let refused = catalog.accept_upload(job.upload.id, &stored(1), at(4)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    let refused = catalog.fail_upload(job.upload.id, "why", at(4)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    for job in [&job, &ready] {
        for dataset in [None, Some(new_dataset(&ada, "new"))] {
            let version = NewVersion { data_source: Uuid::new_v4(), dataset };
            let refused = catalog.commit_job(ada.team, job.upload.id, &version, at(4)).await;
            assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        }
        // Nor does the upload of a job become a data source without it.
        let new = new_source(&add_dataset(catalog, &ada, "b").await, &job.upload);
        let refused = catalog.add_data_source(ada.team, &new, at(4)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    assert_eq!(doomed(catalog).await, doomed_then);
    // What was uploaded and is in no dataset is good for another one.
    let new = new_source(&add_dataset(catalog, &ada, "c").await, &free);
    catalog.add_data_source(ada.team, &new, at(5)).await.unwrap();
}

#[tokio::test]
async fn of_many_uploads_those_that_only_the_storage_can_end_are_told_first() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "large").await;
    for _ in 0..DeletedDataset::UPLOADS_MAX {
        add_job(catalog, &ada, (Some(&dataset), Intake::Direct)).await;
    }
    let last = add_job(catalog, &ada, (Some(&dataset), in_parts())).await;
    let deleted = catalog.delete_dataset(ada.team, dataset.id, at(9)).await.unwrap().unwrap();
    assert_eq!(u32::try_from(deleted.uploads.len()).unwrap(), DeletedDataset::UPLOADS_MAX);
    assert_eq!(deleted.uploads[0], last.upload);
    assert_eq!(catalog.doomed(9_999, at(9)).await.unwrap().len(), 1_001);
}
