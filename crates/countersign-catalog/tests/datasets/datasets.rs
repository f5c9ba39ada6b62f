//! Datasets alone.

use countersign_catalog::{CatalogError, DatasetPage, Identity, NewDataset, Page};
use uuid::Uuid;

use crate::{
    ALL, PAGES_OF_FIVE, add_dataset,
    common::{at, open, owner},
    new_dataset, stranger,
};

#[tokio::test]
async fn a_dataset_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for (name, description) in [
        ("a".to_owned(), String::new()),
        ("x".repeat(4_096), "y".repeat(200_000)),
        ("Ünï\0cödé".to_owned(), "two\nlines\0".to_owned()),
    ] {
        let (name, description) = (name.into(), description.into());
        let new = NewDataset { name, description, ..new_dataset(&ada, "") };
        let dataset = catalog.add_dataset(&new, at(5)).await.unwrap();
        assert_eq!((dataset.id, &dataset.owner, dataset.created_at), (new.id, &ada, at(5)));
        assert_eq!((&dataset.name, &dataset.description), (&new.name, &new.description));
        assert_eq!(catalog.dataset(ada.team, new.id).await.unwrap(), Some(dataset));
    }
    assert_eq!(catalog.dataset(ada.team, Uuid::new_v4()).await.unwrap(), None);
}

#[tokio::test]
async fn a_dataset_that_cannot_be_is_refused() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let edits: [fn(&mut NewDataset); 4] = [
        |new| new.name = "".into(),
        |new| new.name = "x".repeat(4_097).into(),
        // The limit is in bytes.
        |new| new.name = "ü".repeat(2_049).into(),
        |new| new.description = "x".repeat(200_001).into(),
    ];
    for edit in edits {
        let mut new = new_dataset(&ada, "a");
        edit(&mut new);
        let refused = catalog.add_dataset(&new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
    for owner in [stranger(), Identity { team: bob.team, user: ada.user.clone() }] {
        let refused = catalog.add_dataset(&new_dataset(&owner, "a"), at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    }
    let old = add_dataset(catalog, &ada, "old").await;
    let again = NewDataset { id: old.id, ..new_dataset(&bob, "new") };
    let refused = catalog.add_dataset(&again, at(1)).await;
    assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    // Names may repeat.
    add_dataset(catalog, &ada, "old").await;
    assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().total, 2);
    assert_eq!(catalog.datasets(bob.team, None, ALL).await.unwrap().total, 0);
}

#[tokio::test]
async fn pages_are_newest_first() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let mut datasets = vec![];
    for (nth, name) in (0..).zip(["a", "b", "c", "d", "e"]) {
        // The clock goes back, the order does not.
        let new = new_dataset(&ada, name);
        datasets.insert(0, catalog.add_dataset(&new, at(10 - nth)).await.unwrap());
        add_dataset(catalog, &bob, name).await;
    }
    let all = DatasetPage { datasets: datasets.clone(), total: 5 };
    for search in [None, Some("")] {
        assert_eq!(catalog.datasets(ada.team, search, ALL).await.unwrap(), all);
    }
    for (limit, offset, expected) in PAGES_OF_FIVE {
        let expected: Vec<_> = expected.iter().map(|&place| datasets[place].clone()).collect();
        let found = catalog.datasets(ada.team, None, Page { limit, offset }).await.unwrap();
        assert_eq!(found, DatasetPage { datasets: expected, total: 5 }, "{limit} after {offset}");
    }
}

#[tokio::test]
async fn a_search_is_literal_and_folds_ascii() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let names =
        ["Sales 2024", "100% sales", "a_b", "ÄPFEL", "äpfel", "axb", "nul\0Tail", "e\u{301}", "ß"];
    for name in names {
        add_dataset(catalog, &ada, name).await;
    }
    let cases: &[(&str, &[&str])] = &[
        ("sales", &["100% sales", "Sales 2024"]),
        ("SALES", &["100% sales", "Sales 2024"]),
        ("es 2", &["Sales 2024"]),
        ("2024", &["Sales 2024"]),
        ("sales%", &[]),
        ("%", &["100% sales"]),
        ("_", &["a_b"]),
        ("A_B", &["a_b"]),
        ("*", &[]),
        ("?", &[]),
        ("[a-z]", &[]),
        (" ", &["100% sales", "Sales 2024"]),
        ("Ä", &["ÄPFEL"]),
        ("ä", &["äpfel"]),
        ("PFEL", &["äpfel", "ÄPFEL"]),
        ("äPFEL", &["äpfel"]),
        ("\u{301}", &["e\u{301}"]),
        ("é", &[]),
        ("SS", &[]),
        // What is behind a NUL is found as well, and a NUL finds itself alone.
        ("TAIL", &["nul\0Tail"]),
        ("\0", &["nul\0Tail"]),
        ("L\0t", &["nul\0Tail"]),
        ("\0b", &[]),
        ("a\0", &[]),
        ("Sales 2024 ", &[]),
    ];
    for (search, expected) in cases {
        let found = catalog.datasets(ada.team, Some(search), ALL).await.unwrap();
        let names: Vec<_> = found.datasets.iter().map(|dataset| &*dataset.name).collect();
        assert_eq!(names, *expected, "{search:?}");
        assert_eq!(found.total, u64::try_from(expected.len()).unwrap());
    }
    // What is said of a dataset is looked at as well.
    let described = NewDataset { description: "All Pears".into(), ..new_dataset(&ada, "fruit") };
    catalog.add_dataset(&described, at(2)).await.unwrap();
    let found = catalog.datasets(ada.team, Some("pears"), ALL).await.unwrap();
    assert_eq!((found.total, &*found.datasets[0].name), (1, "fruit"));
    let long = "x".repeat(100_000);
    assert_eq!(catalog.datasets(ada.team, Some(&long), ALL).await.unwrap().total, 0);
    // The total is of all that is found, not of the page.
    let page = Page { limit: 1, offset: 1 };
    let found = catalog.datasets(ada.team, Some("sales"), page).await.unwrap();
    assert_eq!((found.total, &*found.datasets[0].name), (2, "Sales 2024"));
}
