//! Data sources, from the upload to the list.

use std::slice;

use countersign_catalog::{
    Catalog, CatalogError, DataSourceFilter, DataSourcePage, DataSourceRef, DataSourceState,
    Identity, Intake, NewDataSource, NewDataset, Page, TargetDataset, Upload, UploadRef,
    UploadState,
};
use uuid::Uuid;

use crate::{
    ALL, PAGES_OF_FIVE, add_dataset, add_failed_source, add_ready, add_source, by_id,
    common::{at, new_file, new_upload, open, owner, staging_key, stored},
    doomed, new_dataset, new_source, stranger,
};

#[tokio::test]
async fn a_data_source_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let upload = add_ready(catalog, &ada).await;
    let (name, file_name) = ("x".repeat(4_096).into(), "y".repeat(4_096).into());
    let new = NewDataSource { name, file_name, ..new_source(&dataset, &upload) };
    let added = catalog.add_data_source(ada.team, &new, at(5)).await.unwrap();
    assert_eq!((added.id, added.dataset, &added.name), (new.id, dataset.id, &new.name));
    assert_eq!(added.file_name, new.file_name);
    assert_eq!((added.state, &added.failure), (DataSourceState::Ready, &None));
    assert_eq!((&added.upload, added.size, added.created_at), (&upload, Some(12), at(5)));
    for reference in [by_id(&added), DataSourceRef::Upload(upload.id)] {
        let found = catalog.data_source(ada.team, reference).await.unwrap();
        assert_eq!(found.as_ref(), Some(&added));
    }
    assert_eq!(catalog.upload(UploadRef::Id(upload.id)).await.unwrap(), Some(upload));
    assert!(doomed(catalog).await.is_empty());
    for unknown in [
        DataSourceRef::Upload(added.id),
        DataSourceRef::Id { dataset: added.id, id: added.dataset },
        DataSourceRef::Id { dataset: Uuid::new_v4(), id: added.id },
        DataSourceRef::Id { dataset: added.dataset, id: Uuid::new_v4() },
    ] {
        assert_eq!(catalog.data_source(ada.team, unknown).await.unwrap(), None, "{unknown:?}");
    }
}

#[tokio::test]
async fn a_new_dataset_is_recorded_in_the_same_step() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "acme", "eve").await;
    // The dataset and the upload may be of two users of the team.
    let dataset = new_dataset(&eve, "new");
    let new = NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::New(dataset.clone()),
        name: "a".into(),
        file_name: "a".into(),
        upload: add_ready(catalog, &ada).await.id,
        failure: None,
    };
    let added = catalog.add_data_source(ada.team, &new, at(5)).await.unwrap();
    assert_eq!(added.dataset, dataset.id);
    let found = catalog.dataset(ada.team, dataset.id).await.unwrap().unwrap();
    assert_eq!((found.owner, found.name, found.created_at), (eve, dataset.name, at(5)));
}

#[tokio::test]
async fn refused_bytes_fail_the_upload_in_the_same_step() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let parts = Intake::Multipart { upload_id: "1".into(), part_size: 1 };
    for intake in [Intake::Single { staging_key: "staging".into() }, parts, Intake::Direct] {
        let new = new_upload(&ada, intake);
        let upload = catalog.add_upload(&new, at(1)).await.unwrap();
        catalog.accept_upload(upload.id, &stored(7), at(2)).await.unwrap();
        let mut keys = doomed(catalog).await;
        let is_single = matches!(upload.intake, Intake::Single { .. });
        assert_eq!(keys, is_single.then(|| staging_key(&upload)).as_slice());

        let failure = Some("no CSV".into());
        let new = NewDataSource { failure, ..new_source(&dataset, &upload) };
        let added = catalog.add_data_source(ada.team, &new, at(3)).await.unwrap();
        assert_eq!((added.state, &added.failure), (DataSourceState::Failed, &new.failure));
        assert_eq!(added.size, None);
        let failed =
            Upload { state: UploadState::Failed, failure: new.failure.clone(), ..upload.clone() };
        assert_eq!(added.upload, failed);
        let found = catalog.upload(UploadRef::Id(upload.id)).await.unwrap();
        assert_eq!(found, Some(failed));
        assert_eq!(catalog.data_source(ada.team, by_id(&added)).await.unwrap(), Some(added));
        assert!(!catalog.object_exists(&upload.object_key).await.unwrap());
        assert_eq!(catalog.doomed(9, at(3)).await.unwrap(), slice::from_ref(&upload.object_key));
        keys.push(upload.object_key);
        assert_eq!(doomed(catalog).await, keys);
        for key in keys {
            catalog.forget_doomed(&key).await.unwrap();
        }
    }
}

async fn assert_untouched(catalog: &dyn Catalog, team: &Identity, upload: &Upload) {
    let found = catalog.upload(UploadRef::Id(upload.id)).await.unwrap();
    assert_eq!(found.as_ref(), Some(upload));
    assert!(catalog.object_exists(&upload.object_key).await.unwrap());
    let source = catalog.data_source(team.team, DataSourceRef::Upload(upload.id)).await.unwrap();
    assert_eq!(source, None);
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_data_source_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let of_bob = add_dataset(catalog, &bob, "sales").await;
    let upload = add_ready(catalog, &ada).await;
    let foreigner = Identity { team: bob.team, user: ada.user.clone() };
    let nobody = Identity { team: ada.team, user: stranger().user };
    let of = |owner: &Identity| TargetDataset::New(new_dataset(owner, "new"));
    let nameless = TargetDataset::New(new_dataset(&ada, ""));
    let taken = TargetDataset::New(NewDataset { id: of_bob.id, ..new_dataset(&ada, "new") });
    for (target, expected) in [
        (TargetDataset::Existing(Uuid::new_v4()), CatalogError::OwnerUnknown),
        (TargetDataset::Existing(of_bob.id), CatalogError::OwnerUnknown),
        (of(&bob), CatalogError::OwnerUnknown),
        (of(&foreigner), CatalogError::OwnerUnknown),
        (of(&nobody), CatalogError::OwnerUnknown),
        (nameless, CatalogError::OutOfRange),
        (taken, CatalogError::Conflict),
    ] {
        for failure in [None, Some("no CSV".into())] {
            let dataset_of = target.clone();
            let new =
                NewDataSource { dataset: dataset_of, failure, ..new_source(&dataset, &upload) };
            let refused = catalog.add_data_source(ada.team, &new, at(2)).await.unwrap_err();
            assert_eq!(refused.to_string(), expected.to_string(), "{target:?}");
            assert_untouched(catalog, &ada, &upload).await;
        }
    }
    // The new dataset goes with the data source that cannot be.
    let edits: [fn(&mut NewDataSource); 3] = [
        |new| new.name = "".into(),
        |new| new.name = "x".repeat(4_097).into(),
        |new| new.failure = Some("x".repeat(4_097).into()),
    ];
    for edit in edits {
        let mut new = NewDataSource { dataset: of(&ada), ..new_source(&dataset, &upload) };
        edit(&mut new);
        let refused = catalog.add_data_source(ada.team, &new, at(2)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
        assert_untouched(catalog, &ada, &upload).await;
    }
    for (team, total) in [(ada.team, 1), (bob.team, 1)] {
        assert_eq!(catalog.datasets(team, None, ALL).await.unwrap().total, total);
    }
}

#[tokio::test]
async fn an_upload_that_is_not_ready_is_refused() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let pending = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    let failed = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    catalog.fail_upload(failed.id, "why", at(1)).await.unwrap();
    let deleted = add_source(catalog, &dataset).await;
    catalog.delete_data_source(ada.team, by_id(&deleted), at(2)).await.unwrap().unwrap();
    let unknown = Upload { id: Uuid::new_v4(), ..pending.clone() };
    let of_bob = add_ready(catalog, &bob).await;
    let before = doomed(catalog).await;
    for upload in [pending, failed, deleted.upload, unknown, of_bob] {
        for failure in [None, Some("no CSV".into())] {
            let new = NewDataSource { failure, ..new_source(&dataset, &upload) };
            let refused = catalog.add_data_source(ada.team, &new, at(3)).await;
            assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        }
    }
    assert_eq!(doomed(catalog).await, before);
    let filter = DataSourceFilter { team: ada.team, dataset: dataset.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().total, 0);
}

#[tokio::test]
async fn nobody_shares_an_upload_or_an_id() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let source = add_source(catalog, &dataset).await;
    let failed = add_failed_source(catalog, &dataset).await;
    let pending = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
    let ready = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
    catalog.accept_upload(ready.upload.id, &stored(7), at(1)).await.unwrap();
    let before = doomed(catalog).await;
    // That it is somebody's comes before its state: the caller may look for who has it.
    for upload in [&source.upload, &failed.upload, &pending.upload, &ready.upload] {
        let failure = Some("no CSV".into());
        let new = NewDataSource { failure, ..new_source(&dataset, upload) };
        let refused = catalog.add_data_source(ada.team, &new, at(3)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    // An id is taken in every dataset and in every team.
    let of_bob = add_dataset(catalog, &bob, "sales").await;
    for dataset in [&dataset, &of_bob] {
        let upload = add_ready(catalog, &dataset.owner).await;
        let new = NewDataSource { id: source.id, ..new_source(dataset, &upload) };
        let refused = catalog.add_data_source(dataset.owner.team, &new, at(3)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    assert_eq!(doomed(catalog).await, before);
    assert_eq!(catalog.data_source(ada.team, by_id(&source)).await.unwrap(), Some(source));
}

#[tokio::test]
async fn pages_are_newest_first_and_of_the_states_asked_for() {
    use DataSourceState::{Failed, Importing, Ready};
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "sales").await;
    let other = add_dataset(catalog, &ada, "other").await;
    let mut all = vec![];
    for is_failed in [false, true, false, true, true] {
        let added = if is_failed {
            add_failed_source(catalog, &dataset).await
        } else {
            add_source(catalog, &dataset).await
        };
        all.insert(0, added);
        add_source(catalog, &other).await;
    }
    let filter = |states| DataSourceFilter { team: ada.team, dataset: dataset.id, states };
    for (limit, offset, expected) in PAGES_OF_FIVE {
        let expected: Vec<_> = expected.iter().map(|&place| all[place].clone()).collect();
        let page = Page { limit, offset };
        let found = catalog.data_sources(filter(None), page).await.unwrap();
        let expected = DataSourcePage { data_sources: expected, total: 5 };
        assert_eq!(found, expected, "{limit} after {offset}");
    }
    let cases: [(Option<&[DataSourceState]>, &[usize]); 9] = [
        (None, &[0, 1, 2, 3, 4]),
        (Some(&[]), &[]),
        (Some(&[Importing]), &[]),
        (Some(&[Ready]), &[2, 4]),
        (Some(&[Failed]), &[0, 1, 3]),
        (Some(&[Failed, Ready]), &[0, 1, 2, 3, 4]),
        (Some(&[Importing, Ready]), &[2, 4]),
        (Some(&[Importing, Failed, Failed, Failed]), &[0, 1, 3]),
        (Some(&[Importing, Ready, Failed]), &[0, 1, 2, 3, 4]),
    ];
    for (states, places) in cases {
        let expected: Vec<_> = places.iter().map(|&place| all[place].clone()).collect();
        let total = u64::try_from(places.len()).unwrap();
        let found = catalog.data_sources(filter(states), ALL).await.unwrap();
        assert_eq!(found, DataSourcePage { data_sources: expected, total }, "{states:?}");
    }
    let page = Page { limit: 1, offset: 1 };
    let found = catalog.data_sources(filter(Some(&[Ready])), page).await.unwrap();
    assert_eq!((found.total, &found.data_sources[..]), (2, &all[4..]));
}
