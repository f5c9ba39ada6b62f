//! From a job to a version.

use countersign_catalog::{
    Catalog, CatalogError, Column, ColumnKind, CurrentVersion, DataSource, DataSourceFilter,
    DataSourceRef, DataSourceState, Identity, Intake, Job, NewDataSource, NewDataset, NewVersion,
    TargetDataset,
};
use uuid::Uuid;

use crate::{
    ALL, add_dataset, add_pending, add_ready, add_version,
    common::{at, new_upload, open, owner, stored},
    dataset, doomed, into_new, new_dataset, new_version, source_of, stranger,
};

#[tokio::test]
async fn a_committed_job_is_the_next_version_of_its_dataset() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    // The dataset and the job may be of two users of the team.
    let eve = owner(catalog, "acme", "eve").await;
    let target = add_dataset(catalog, &eve).await;
    assert_eq!((target.version, &target.current), (0, &None));
    let mut versions = vec![];
    for (version, secs) in (1..).zip([7, 9, 8]) {
        let ready = add_ready(catalog, &ada, Some(target.id)).await;
        let new = new_version();
        let job = catalog.commit_job(ada.team, ready.upload.id, &new, at(secs)).await.unwrap();
        assert_eq!(job, Job { committed_at: Some(at(secs)), ..ready.clone() });
        assert_eq!(catalog.job(ada.team, ready.upload.id).await.unwrap(), Some(job));
        let source = source_of(catalog, &ready).await.unwrap();
        let expected = DataSource {
            id: new.data_source,
            dataset: target.id,
            name: ready.name.clone(),
            file_name: ready.name,
            version: Some(version),
            state: DataSourceState::Ready,
            failure: None,
            upload: ready.upload,
            size: Some(12),
            created_at: at(secs),
        };
        assert_eq!(source, expected);
        let found = dataset(catalog, &ada, target.id).await;
        let current = CurrentVersion { name: "sales.csv".into(), created_at: at(secs) };
        assert_eq!((found.version, found.current), (version, Some(current)));
        assert!(catalog.object_exists(&source.upload.object_key).await.unwrap());
        versions.insert(0, source);
    }
    let filter = DataSourceFilter { team: ada.team, dataset: target.id, states: None };
    let listed = catalog.data_sources(filter, ALL).await.unwrap();
    assert_eq!((listed.total, listed.data_sources), (3, versions));
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_job_without_a_dataset_makes_one() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "acme", "eve").await;
    let ready = add_ready(catalog, &ada, None).await;
    let column = Column { name: "amount".into(), kind: ColumnKind::Float };
    let new = NewDataset { columns: vec![column], ..new_dataset(&eve, "new") };
    let version = NewVersion { data_source: Uuid::new_v4(), dataset: Some(new.clone()) };
    let job = catalog.commit_job(ada.team, ready.upload.id, &version, at(7)).await.unwrap();
    assert_eq!((job.dataset, job.committed_at), (Some(new.id), Some(at(7))));
    assert_eq!(catalog.job(ada.team, ready.upload.id).await.unwrap(), Some(job.clone()));
    let made = dataset(catalog, &ada, new.id).await;
    assert_eq!(catalog.columns(eve.team, made.id).await.unwrap(), new.columns);
    assert_eq!((made.owner, made.name), (eve, new.name));
    let current = CurrentVersion { name: job.name.clone(), created_at: at(7) };
    assert_eq!((made.version, made.current, made.created_at), (1, Some(current), at(7)));
    let source = source_of(catalog, &job).await.unwrap();
    assert_eq!((source.id, source.dataset), (version.data_source, new.id));
    assert_eq!((source.version, source.size), (Some(1), Some(12)));
    // From now on it is a dataset as any other.
    let target = dataset(catalog, &ada, new.id).await;
    assert_eq!(add_version(catalog, &target, at(8)).await.version, Some(2));
}

#[tokio::test]
async fn versions_are_counted_in_each_dataset_and_other_data_sources_are_none() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let [first, second] = [add_dataset(catalog, &ada).await, add_dataset(catalog, &ada).await];
    for (target, version) in [(&first, 1), (&second, 1), (&first, 2), (&first, 3), (&second, 2)] {
        assert_eq!(add_version(catalog, target, at(4)).await.version, Some(version));
        let upload = new_upload(&ada, Intake::Direct);
        catalog.add_upload(&upload, at(1)).await.unwrap();
        catalog.accept_upload(upload.id, &stored(1), at(2)).await.unwrap();
        let new = NewDataSource {
            id: Uuid::new_v4(),
            dataset: TargetDataset::Existing(target.id),
            name: "no version".into(),
            file_name: "no version".into(),
            upload: upload.id,
            failure: None,
        };
        let source = catalog.add_data_source(ada.team, &new, at(5)).await.unwrap();
        assert_eq!(source.version, None);
        let found = dataset(catalog, &ada, target.id).await;
        assert_eq!((found.version, &*found.current.unwrap().name), (version, "sales.csv"));
    }
}

#[tokio::test]
async fn a_job_is_committed_once() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let target = add_dataset(catalog, &ada).await;
    for (known, first) in [(Some(target.id), new_version()), (None, into_new(&ada))] {
        let id = add_ready(catalog, &ada, known).await.upload.id;
        let committed = catalog.commit_job(ada.team, id, &first, at(3)).await.unwrap();
        let total = catalog.datasets(ada.team, None, ALL).await.unwrap().total;
        // In the same words, in others, and with a new dataset.
        for again in [first, new_version(), into_new(&ada)] {
            let refused = catalog.commit_job(ada.team, id, &again, at(4)).await;
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
        }
        assert_eq!(catalog.job(ada.team, id).await.unwrap().as_ref(), Some(&committed));
        assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().total, total);
        assert_eq!(dataset(catalog, &ada, committed.dataset.unwrap()).await.version, 1);
    }
}

/// Nothing came of it: the job, the datasets and the objects are as they were.
async fn assert_untouched(catalog: &dyn Catalog, job: &Job, total: u64) {
    let team = job.upload.owner.team;
    assert_eq!(catalog.job(team, job.upload.id).await.unwrap().as_ref(), Some(job));
    assert_eq!(source_of(catalog, job).await, None);
    let found = catalog.datasets(team, None, ALL).await.unwrap();
    assert_eq!(found.total, total);
    assert!(found.datasets.iter().all(|dataset| dataset.version < 2));
    assert!(catalog.object_exists(&job.upload.object_key).await.unwrap());
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_version_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let target = add_dataset(catalog, &ada).await;
    let of_bob = add_dataset(catalog, &bob).await;
    let taken =
        [add_version(catalog, &target, at(3)).await, add_version(catalog, &of_bob, at(3)).await];
    let with_id = |version: NewVersion, data_source| NewVersion { data_source, ..version };
    let with = |new: NewDataset| NewVersion { dataset: Some(new), ..new_version() };
    let foreigner = Identity { team: bob.team, user: ada.user.clone() };
    let nobody = Identity { team: ada.team, user: stranger().user };
    let columns = vec![Column { name: "".into(), kind: ColumnKind::Text }];

    let job = add_ready(catalog, &ada, Some(target.id)).await;
    for version in [
        into_new(&ada),
        into_new(&bob),
        with(NewDataset { id: target.id, ..new_dataset(&ada, "a") }),
        with_id(new_version(), taken[0].id),
        with_id(new_version(), taken[1].id),
    ] {
        let refused = catalog.commit_job(ada.team, job.upload.id, &version, at(4)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
        assert_untouched(catalog, &job, 1).await;
    }
    let job = add_ready(catalog, &ada, None).await;
    for (version, expected) in [
        (new_version(), CatalogError::Conflict),
        (with(NewDataset { id: target.id, ..new_dataset(&ada, "a") }), CatalogError::Conflict),
        (with(NewDataset { id: of_bob.id, ..new_dataset(&ada, "a") }), CatalogError::Conflict),
        (with_id(into_new(&ada), taken[0].id), CatalogError::Conflict),
        (with_id(into_new(&ada), taken[1].id), CatalogError::Conflict),
        (into_new(&bob), CatalogError::OwnerUnknown),
        (into_new(&foreigner), CatalogError::OwnerUnknown),
        (into_new(&nobody), CatalogError::OwnerUnknown),
        (into_new(&stranger()), CatalogError::OwnerUnknown),
        (with(new_dataset(&ada, "")), CatalogError::OutOfRange),
        (with(new_dataset(&ada, &"x".repeat(4_097))), CatalogError::OutOfRange),
        (with(NewDataset { columns, ..new_dataset(&ada, "a") }), CatalogError::OutOfRange),
    ] {
        let refused = catalog.commit_job(ada.team, job.upload.id, &version, at(4)).await;
        assert_eq!(refused.unwrap_err().to_string(), expected.to_string(), "{version:?}");
        assert_untouched(catalog, &job, 1).await;
    }
    assert_eq!(catalog.datasets(bob.team, None, ALL).await.unwrap().total, 1);
    catalog.commit_job(ada.team, job.upload.id, &into_new(&ada), at(5)).await.unwrap();
}

#[tokio::test]
async fn a_job_that_is_not_ready_is_not_committed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let target = add_dataset(catalog, &ada).await;
    for known in [None, Some(target.id)] {
        let pending = add_pending(catalog, &ada, known).await.upload.id;
        let failed = add_pending(catalog, &ada, known).await.upload.id;
        catalog.fail_upload(failed, "why", at(2)).await.unwrap();
        for id in [pending, failed, Uuid::new_v4(), target.id] {
            // Also what would not fit: it is not looked at.
            for version in [new_version(), into_new(&ada)] {
                let refused = catalog.commit_job(ada.team, id, &version, at(3)).await;
                assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
            }
            let reference = DataSourceRef::Upload(id);
            assert_eq!(catalog.data_source(ada.team, reference).await.unwrap(), None);
        }
    }
    let found = catalog.datasets(ada.team, None, ALL).await.unwrap();
    assert_eq!((found.total, &found.datasets[0]), (1, &target));
}
