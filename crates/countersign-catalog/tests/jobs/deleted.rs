//! What is left of a version that is deleted.

use countersign_catalog::{
    CatalogError, CurrentVersion, DataSourceFilter, DataSourceRef, Job, UploadState,
};

use crate::{
    ALL, add_dataset, add_ready, add_version,
    common::{at, open, owner},
    dataset, doomed, into_new, new_version, source_of,
};

#[tokio::test]
async fn a_deleted_version_leaves_its_number_and_its_job() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let target = add_dataset(catalog, &ada).await;
    let old = add_version(catalog, &target, at(3)).await;
    let job = add_ready(catalog, &ada, Some(target.id)).await;
    let id = job.upload.id;
    let committed = catalog.commit_job(ada.team, id, &new_version(), at(4)).await.unwrap();
    let source = source_of(catalog, &job).await.unwrap();

    let reference = DataSourceRef::Id { dataset: target.id, id: source.id };
    let deleted = catalog.delete_data_source(ada.team, reference, at(5)).await.unwrap();
    assert_eq!(deleted, Some(source));
    assert!(!catalog.object_exists(&job.upload.object_key).await.unwrap());
    assert_eq!(doomed(catalog).await, [job.upload.object_key]);
    let found = catalog.job(ada.team, id).await.unwrap().unwrap();
    assert_eq!((found.upload.state, found.size), (UploadState::Aborted, None));
    let as_before = Job { upload: found.upload.clone(), size: None, ..committed };
    assert_eq!(found, as_before, "it stays committed");
    for again in [new_version(), into_new(&ada)] {
        let refused = catalog.commit_job(ada.team, id, &again, at(6)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }

    // The one before does not become the current one again.
    let found = dataset(catalog, &ada, target.id).await;
    assert_eq!((found.version, found.current), (2, None));
    let next = add_version(catalog, &target, at(7)).await;
    assert_eq!(next.version, Some(3), "no number comes twice");
    let current = CurrentVersion { name: next.name.clone(), created_at: at(7) };
    assert_eq!(dataset(catalog, &ada, target.id).await.current, Some(current.clone()));
    // And the current one does not mind when an old one goes.
    let reference = DataSourceRef::Upload(old.upload.id);
    catalog.delete_data_source(ada.team, reference, at(8)).await.unwrap().unwrap();
    let found = dataset(catalog, &ada, target.id).await;
    assert_eq!((found.version, found.current), (3, Some(current)));
    let filter = DataSourceFilter { team: ada.team, dataset: target.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().data_sources, [next]);
}

#[tokio::test]
async fn a_dataset_without_its_only_version_is_still_at_version_1() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let job = add_ready(catalog, &ada, None).await;
    let job = catalog.commit_job(ada.team, job.upload.id, &into_new(&ada), at(3)).await.unwrap();
    let reference = DataSourceRef::Upload(job.upload.id);
    catalog.delete_data_source(ada.team, reference, at(4)).await.unwrap().unwrap();
    let found = dataset(catalog, &ada, job.dataset.unwrap()).await;
    assert_eq!((found.version, &found.current), (1, &None));
    assert_eq!(add_version(catalog, &found, at(5)).await.version, Some(2));
}
