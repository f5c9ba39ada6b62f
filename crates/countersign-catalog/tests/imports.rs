//! Data sources whose bytes the server itself fetches, and the leases that say so.

#[expect(dead_code, reason = "no file is uploaded here")]
mod common;

use std::slice;

use common::{at, new_upload, open, owner, stored};
use countersign::Timestamp;
use countersign_catalog::{
    Catalog, CatalogError, DataSource, DataSourceFilter, DataSourceRef, DataSourceState, Dataset,
    Identity, Intake, NewDataSource, NewDataset, NewImport, Page, TargetDataset, UploadRef,
    UploadState,
};
use uuid::Uuid;

const WHY: &str = "interrupted";

fn new_dataset(owner: &Identity) -> NewDataset {
    NewDataset {
        id: Uuid::new_v4(),
        owner: owner.clone(),
        name: "sales".into(),
        description: "".into(),
        columns: vec![],
    }
}

/// Its lease ends at second 60, and its key is due at second 1,000.
async fn begin(catalog: &dyn Catalog, owner: &Identity, dataset: TargetDataset) -> NewImport {
    let upload = new_upload(owner, Intake::Direct);
    catalog.doom(&upload.object_key, at(1_000)).await.unwrap();
    NewImport {
        id: Uuid::new_v4(),
        dataset,
        name: "a.csv".into(),
        file_name: "a.csv".into(),
        upload,
        lease_ends_at: at(60),
    }
}

async fn add(catalog: &dyn Catalog, dataset: &Dataset) -> DataSource {
    let target = TargetDataset::Existing(dataset.id);
    let new = begin(catalog, &dataset.owner, target).await;
    catalog.add_import(&new, at(1)).await.unwrap()
}

async fn doomed(catalog: &dyn Catalog, now: Timestamp) -> Vec<Box<str>> {
    catalog.doomed(9, now).await.unwrap()
}

async fn read(catalog: &dyn Catalog, source: &DataSource) -> Option<DataSource> {
    let reference = DataSourceRef::Id { dataset: source.dataset, id: source.id };
    catalog.data_source(source.upload.owner.team, reference).await.unwrap()
}

fn assert_closed<T: std::fmt::Debug>(found: &Result<T, CatalogError>) {
    assert!(matches!(found, Err(CatalogError::UploadClosed)), "{found:?}");
}

/// Nothing can happen to what is settled or gone.
async fn assert_over(catalog: &dyn Catalog, upload: Uuid) {
    assert_closed(&catalog.renew_import(upload, at(99)).await);
    assert_closed(&catalog.finish_import(upload, &stored(1), at(3)).await);
    assert_closed(&catalog.fail_import(upload, WHY, at(3)).await);
}

#[tokio::test]
async fn what_has_come_is_ready() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let source = add(catalog, &dataset).await;
    let found = (source.state, source.size, source.upload.state, source.version);
    assert_eq!(found, (DataSourceState::Importing, None, UploadState::Pending, None));
    assert!(!catalog.object_exists(&source.upload.object_key).await.unwrap());
    let only = Some([DataSourceState::Importing].as_slice());
    let filter = DataSourceFilter { team: ada.team, dataset: dataset.id, states: only };
    let page = catalog.data_sources(filter, Page { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!(page.data_sources, slice::from_ref(&source));

    let finished = catalog.finish_import(source.upload.id, &stored(7), at(2)).await.unwrap();
    let found = (finished.state, finished.size, finished.upload.state);
    assert_eq!(found, (DataSourceState::Ready, Some(7), UploadState::Ready));
    assert_eq!(read(catalog, &source).await, Some(finished));
    assert!(catalog.object_exists(&source.upload.object_key).await.unwrap());
    assert!(doomed(catalog, Timestamp::MAX).await.is_empty());
    assert_over(catalog, source.upload.id).await;
    assert!(catalog.lapse_imports(9, WHY, Timestamp::MAX).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_has_failed_says_why_and_its_key_stays_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let source = add(catalog, &dataset).await;
    let too_long = "x".repeat(4_097);
    let refused = catalog.fail_import(source.upload.id, &too_long, at(2)).await;
    assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    let failed = catalog.fail_import(source.upload.id, "no file", at(2)).await.unwrap();
    let found = (failed.state, failed.failure.as_deref(), failed.upload.failure.as_deref());
    assert_eq!(found, (DataSourceState::Failed, Some("no file"), Some("no file")));
    assert_eq!(read(catalog, &source).await, Some(failed));
    assert!(doomed(catalog, at(999)).await.is_empty(), "somebody may be putting bytes there");
    assert_eq!(doomed(catalog, at(1_000)).await, slice::from_ref(&source.upload.object_key));
    assert_over(catalog, source.upload.id).await;
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_ends() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let [one, other, third] =
        [add(catalog, &dataset).await, add(catalog, &dataset).await, add(catalog, &dataset).await];
    catalog.renew_import(other.upload.id, at(90)).await.unwrap();
    // It never becomes shorter.
    catalog.renew_import(other.upload.id, at(10)).await.unwrap();
    assert!(catalog.lapse_imports(9, WHY, at(59)).await.unwrap().is_empty());
    let lapsed = catalog.lapse_imports(1, WHY, at(60)).await.unwrap();
    assert_eq!((lapsed.len(), lapsed[0].id), (1, one.id), "the oldest comes first");
    assert_eq!(lapsed[0].failure.as_deref(), Some(WHY));
    assert_eq!(read(catalog, &one).await.as_ref(), Some(&lapsed[0]));
    assert_over(catalog, one.upload.id).await;
    let lapsed = catalog.lapse_imports(9, WHY, at(89)).await.unwrap();
    assert_eq!((lapsed.len(), lapsed[0].id), (1, third.id));
    // Whoever is late, and still the first, has it.
    assert!(catalog.finish_import(other.upload.id, &stored(1), at(500)).await.is_ok());
    assert!(catalog.lapse_imports(9, WHY, at(500)).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_deleted_on_its_way_is_over_and_its_key_stays_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let source = add(catalog, &dataset).await;
    let reference = DataSourceRef::Id { dataset: dataset.id, id: source.id };
    let deleted = catalog.delete_data_source(ada.team, reference, at(2)).await.unwrap();
    assert_eq!(deleted.as_ref(), Some(&source));
    assert_over(catalog, source.upload.id).await;
    let upload = catalog.upload(UploadRef::Id(source.upload.id)).await.unwrap().unwrap();
    assert_eq!(upload.state, UploadState::Aborted);
    assert!(catalog.lapse_imports(9, WHY, Timestamp::MAX).await.unwrap().is_empty());
    assert_eq!(doomed(catalog, at(1_000)).await, slice::from_ref(&source.upload.object_key));
}

#[tokio::test]
async fn bytes_that_may_be_gone_make_nothing_ready() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let (due, swept) = (add(catalog, &dataset).await, add(catalog, &dataset).await);
    assert_closed(&catalog.finish_import(due.upload.id, &stored(1), at(1_000)).await);
    catalog.forget_doomed(&swept.upload.object_key).await.unwrap();
    assert_closed(&catalog.finish_import(swept.upload.id, &stored(1), at(2)).await);
    for source in [due, swept] {
        assert_eq!(read(catalog, &source).await.as_ref(), Some(&source), "nothing was changed");
    }
}

#[tokio::test]
async fn a_new_dataset_comes_with_it_or_not_at_all() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = new_dataset(&ada);
    let new = begin(catalog, &ada, TargetDataset::New(dataset.clone())).await;
    let made = catalog.add_import(&new, at(1)).await.unwrap();
    assert_eq!(made.dataset, dataset.id);
    assert!(catalog.dataset(ada.team, dataset.id).await.unwrap().is_some());
    let again = catalog.add_import(&new, at(1)).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    // Of another team: an old one, and a new one.
    for (owner, target) in [
        (&bob, TargetDataset::Existing(dataset.id)),
        (&bob, TargetDataset::Existing(Uuid::new_v4())),
        (&bob, TargetDataset::New(new_dataset(&ada))),
    ] {
        let new = begin(catalog, owner, target).await;
        let refused = catalog.add_import(&new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
        assert!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap().is_none());
    }
    let all = Page { limit: 9, offset: 0 };
    assert_eq!(catalog.datasets(ada.team, None, all).await.unwrap().total, 1);
}

#[tokio::test]
async fn nobody_settles_its_upload_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    let source = add(catalog, &dataset).await;
    let id = source.upload.id;
    let accepted = catalog.accept_upload(id, &stored(1), at(2)).await;
    assert!(matches!(accepted, Err(CatalogError::Backend { .. })), "{accepted:?}");
    let failed = catalog.fail_upload(id, "why", at(2)).await;
    assert!(matches!(failed, Err(CatalogError::Backend { .. })), "{failed:?}");
    let new = NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(dataset.id),
        name: "b.csv".into(),
        file_name: "b.csv".into(),
        upload: id,
        failure: None,
    };
    let taken = catalog.add_data_source(ada.team, &new, at(2)).await;
    assert!(matches!(taken, Err(CatalogError::Conflict)), "{taken:?}");
    assert_eq!(read(catalog, &source).await, Some(source));
}

#[tokio::test]
async fn of_two_ends_at_once_one_takes_place() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = catalog.add_dataset(&new_dataset(&ada), at(0)).await.unwrap();
    for _ in 0..20 {
        let source = add(catalog, &dataset).await;
        let id = source.upload.id;
        let stored = stored(1);
        let (finished, failed, lapsed) = tokio::join!(
            catalog.finish_import(id, &stored, at(61)),
            catalog.fail_import(id, "why", at(61)),
            catalog.lapse_imports(9, WHY, at(61)),
        );
        let ends = [finished.is_ok(), failed.is_ok(), lapsed.unwrap().len() == 1];
        assert_eq!(ends.iter().filter(|it| **it).count(), 1, "{ends:?}");
        let is_ready = read(catalog, &source).await.unwrap().state == DataSourceState::Ready;
        let exists = catalog.object_exists(&source.upload.object_key).await.unwrap();
        assert_eq!((is_ready, exists), (ends[0], ends[0]));
    }
}
