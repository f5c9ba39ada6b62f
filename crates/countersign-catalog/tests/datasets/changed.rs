//! What is said of a dataset later, and how its data sources are counted.

use countersign_catalog::{CatalogError, DataSourceCounts, Dataset, DatasetChange};
use uuid::Uuid;

use crate::{
    add_dataset, add_failed_source, add_source, by_id,
    common::{at, open, owner},
};

fn change(name: Option<&str>, description: Option<&str>) -> DatasetChange {
    DatasetChange { name: name.map(Into::into), description: description.map(Into::into) }
}

#[tokio::test]
async fn what_is_not_named_stays_as_it_is() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let (mut dataset, other) =
        (add_dataset(catalog, &ada, "a").await, add_dataset(catalog, &ada, "a").await);
    add_source(catalog, &dataset).await;
    let long = ("x".repeat(4_096), "y".repeat(200_000));
    for (name, description) in [
        (None, None),
        (Some("b"), None),
        (None, Some("two\nlines\0")),
        (Some(&*long.0), Some(&*long.1)),
        (Some("c"), Some("")),
    ] {
        let Dataset { name: old_name, description: old_description, .. } = dataset.clone();
        let change = change(name, description);
        let changed = catalog.change_dataset(ada.team, dataset.id, &change, at(4)).await.unwrap();
        dataset.name = name.map_or(old_name, Into::into);
        dataset.description = description.map_or(old_description, Into::into);
        if (name, description) != (None, None) {
            dataset.changed_at = Some(at(4));
        }
        assert_eq!(changed.as_ref(), Some(&dataset));
        assert_eq!(catalog.dataset(ada.team, dataset.id).await.unwrap().as_ref(), Some(&dataset));
    }
    assert_eq!(catalog.dataset(ada.team, other.id).await.unwrap(), Some(other));
}

#[tokio::test]
async fn a_change_that_cannot_be_changes_nothing() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "a").await;
    let (name, description) = ("ü".repeat(2_049), "x".repeat(200_001));
    for wrong in [
        change(Some(""), Some("b")),
        change(Some(&name), Some("b")),
        change(Some("b"), Some(&description)),
    ] {
        let refused = catalog.change_dataset(ada.team, dataset.id, &wrong, at(4)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
    let unknown =
        catalog.change_dataset(ada.team, Uuid::new_v4(), &change(Some("b"), None), at(4)).await;
    assert_eq!(unknown.unwrap(), None);
    assert_eq!(catalog.dataset(ada.team, dataset.id).await.unwrap(), Some(dataset));
}

#[tokio::test]
async fn data_sources_are_counted_by_how_far_they_have_come() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let dataset = add_dataset(catalog, &ada, "a").await;
    let other = add_dataset(catalog, &ada, "other").await;
    add_source(catalog, &other).await;
    let counts = async || {
        let DataSourceCounts { importing, ready, failed, .. } =
            catalog.data_source_counts(ada.team, dataset.id).await.unwrap();
        (importing, ready, failed)
    };
    assert_eq!(counts().await, (0, 0, 0));
    let first = add_source(catalog, &dataset).await;
    add_source(catalog, &dataset).await;
    let failed = add_failed_source(catalog, &dataset).await;
    assert_eq!(counts().await, (0, 2, 1));
    for source in [first, failed] {
        catalog.delete_data_source(ada.team, by_id(&source), at(3)).await.unwrap();
    }
    assert_eq!(counts().await, (0, 1, 0));
}
