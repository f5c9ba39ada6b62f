//! What goes with a data source.

use std::slice;

use countersign_catalog::{
    CatalogError, DataSourceFilter, DataSourceRef, FileRef, UploadRef, UploadState,
};

use crate::{
    ALL, add_dataset, add_failed_source, add_source, by_id,
    common::{at, new_file, open, owner, stored},
    doomed, new_source,
};

#[tokio::test]
async fn a_deleted_data_source_takes_its_object_with_it() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let sources = [add_source(catalog, &dataset).await, add_source(catalog, &dataset).await];
    let stays = add_source(catalog, &dataset).await;
    for (nth, source) in sources.iter().enumerate() {
        let reference = match nth {
            0 => by_id(source),
            _ => DataSourceRef::Upload(source.upload.id),
        };
        let deleted = catalog.delete_data_source(ada.team, reference, at(3)).await.unwrap();
        assert_eq!(deleted.as_ref(), Some(source));
        assert!(!catalog.object_exists(&source.upload.object_key).await.unwrap());
        for reference in [by_id(source), DataSourceRef::Upload(source.upload.id)] {
            assert_eq!(catalog.data_source(ada.team, reference).await.unwrap(), None);
            let again = catalog.delete_data_source(ada.team, reference, at(4)).await.unwrap();
            assert_eq!(again, None);
        }
        let upload = catalog.upload(UploadRef::Id(source.upload.id)).await.unwrap().unwrap();
        assert_eq!(upload.state, UploadState::Aborted);
    }
    let keys = sources.map(|source| source.upload.object_key);
    assert_eq!(catalog.doomed(9, at(3)).await.unwrap(), keys);
    assert_eq!(doomed(catalog).await, keys);
    let filter = DataSourceFilter { team: ada.team, dataset: dataset.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().data_sources, [stays]);
    // The dataset stays, and its list still begins with the newest.
    let newest = add_source(catalog, &dataset).await;
    let listed = catalog.data_sources(filter, ALL).await.unwrap();
    assert_eq!((listed.total, &listed.data_sources[0]), (2, &newest));
    assert_eq!(catalog.dataset(ada.team, dataset.id).await.unwrap(), Some(dataset));
}

#[tokio::test]
async fn a_deleted_data_source_that_failed_leaves_a_failed_upload() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let source = add_failed_source(catalog, &dataset).await;
    let deleted = catalog.delete_data_source(ada.team, by_id(&source), at(3)).await.unwrap();
    assert_eq!(deleted.as_ref(), Some(&source));
    let upload = catalog.upload(UploadRef::Id(source.upload.id)).await.unwrap();
    assert_eq!(upload.as_ref(), Some(&source.upload));
    assert_eq!(doomed(catalog).await, slice::from_ref(&source.upload.object_key));
    // Nobody gets the upload a second time.
    let again = new_source(&dataset, &source.upload);
    let refused = catalog.add_data_source(ada.team, &again, at(4)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
}

#[tokio::test]
async fn a_file_goes_without_its_neighbours() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let source = add_source(catalog, &dataset).await;
    let file = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
    catalog.accept_upload(file.upload.id, &stored(1), at(1)).await.unwrap();
    let of_the_file = DataSourceRef::Upload(file.upload.id);
    assert_eq!(catalog.delete_data_source(ada.team, of_the_file, at(2)).await.unwrap(), None);
    assert!(catalog.object_exists(&file.upload.object_key).await.unwrap());
    catalog.delete_file(ada.team, FileRef::Number(1), at(2)).await.unwrap().unwrap();
    assert_eq!(
        catalog.data_source(ada.team, by_id(&source)).await.unwrap().as_ref(),
        Some(&source)
    );
    assert!(catalog.object_exists(&source.upload.object_key).await.unwrap());
}
