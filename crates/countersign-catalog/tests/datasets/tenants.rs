//! What another team has is as good as not there.

use countersign_catalog::{
    CatalogError, DataSourceCounts, DataSourceFilter, DataSourcePage, DataSourceRef, DatasetChange,
    DatasetPage, TargetDataset,
};

use crate::{
    ALL, add_dataset, add_ready, add_source, by_id,
    common::{at, open, owner},
    doomed, new_dataset, new_source, stranger,
};

#[tokio::test]
async fn nothing_of_another_team_is_seen() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = add_dataset(catalog, &ada, "secret").await;
    let source = add_source(catalog, &dataset).await;
    let of_bob = add_dataset(catalog, &bob, "bob's own").await;
    let bobs_source = add_source(catalog, &of_bob).await;
    for team in [bob.team, stranger().team] {
        assert_eq!(catalog.dataset(team, dataset.id).await.unwrap(), None);
        let change = DatasetChange { name: Some("known".into()), description: None };
        assert_eq!(catalog.change_dataset(team, dataset.id, &change, at(4)).await.unwrap(), None);
        assert_eq!(catalog.delete_dataset(team, dataset.id, at(3)).await.unwrap(), None);
        let counts = catalog.data_source_counts(team, dataset.id).await.unwrap();
        assert_eq!(counts, DataSourceCounts::default());
        let found = catalog.datasets(team, Some("secret"), ALL).await.unwrap();
        assert_eq!(found, DatasetPage { datasets: vec![], total: 0 });
        let filter = DataSourceFilter { team, dataset: dataset.id, states: None };
        let found = catalog.data_sources(filter, ALL).await.unwrap();
        assert_eq!(found, DataSourcePage { data_sources: vec![], total: 0 });
        for reference in [
            by_id(&source),
            DataSourceRef::Upload(source.upload.id),
            DataSourceRef::Id { dataset: of_bob.id, id: source.id },
        ] {
            assert_eq!(catalog.data_source(team, reference).await.unwrap(), None);
            let deleted = catalog.delete_data_source(team, reference, at(3)).await.unwrap();
            assert_eq!(deleted, None);
        }
    }
    let found = catalog.datasets(bob.team, None, ALL).await.unwrap();
    assert_eq!((found.total, &found.datasets[..]), (1, &[of_bob][..]));
    assert_eq!(catalog.data_source(ada.team, by_id(&source)).await.unwrap(), Some(source));
    assert_eq!(
        catalog.data_source(bob.team, by_id(&bobs_source)).await.unwrap(),
        Some(bobs_source)
    );
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn nothing_is_put_into_another_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let dataset = add_dataset(catalog, &ada, "secret").await;
    let (of_ada, of_bob) = (add_ready(catalog, &ada).await, add_ready(catalog, &bob).await);
    // The team, the upload and the dataset are of one team, or it is refused.
    let into_new = |owner, upload| {
        let target = TargetDataset::New(new_dataset(owner, "new"));
        countersign_catalog::NewDataSource { dataset: target, ..new_source(&dataset, upload) }
    };
    for (team, new, is_closed) in [
        (bob.team, new_source(&dataset, &of_bob), false),
        (bob.team, new_source(&dataset, &of_ada), true),
        (ada.team, new_source(&dataset, &of_bob), true),
        (bob.team, into_new(&ada, &of_bob), false),
        (bob.team, into_new(&bob, &of_ada), true),
        (ada.team, into_new(&ada, &of_bob), true),
        (ada.team, into_new(&bob, &of_ada), false),
        (stranger().team, into_new(&ada, &of_ada), true),
    ] {
        let refused = catalog.add_data_source(team, &new, at(3)).await.unwrap_err();
        let expected =
            if is_closed { CatalogError::UploadClosed } else { CatalogError::OwnerUnknown };
        assert_eq!(refused.to_string(), expected.to_string(), "{new:?}");
    }
    assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().total, 1);
    assert_eq!(catalog.datasets(bob.team, None, ALL).await.unwrap().total, 0);
    for upload in [of_ada, of_bob] {
        assert!(catalog.object_exists(&upload.object_key).await.unwrap());
    }
    assert!(doomed(catalog).await.is_empty());
}
