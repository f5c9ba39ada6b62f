//! The columns of datasets.

use countersign_catalog::{
    CatalogError, Column, ColumnKind, Dataset, NewDataSource, NewDataset, Page, TargetDataset,
};

use crate::{
    ALL, add_dataset, add_ready,
    common::{at, open, owner},
    new_dataset, new_source,
};

const KINDS: [ColumnKind; 5] = [
    ColumnKind::Text,
    ColumnKind::Integer,
    ColumnKind::Float,
    ColumnKind::Date,
    ColumnKind::Boolean,
];

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), kind }
}

/// So many, none with the name of another.
fn columns(count: usize) -> Vec<Column> {
    let kinds = KINDS.into_iter().cycle();
    (0..count).zip(kinds).map(|(nth, kind)| column(&format!("column {nth}"), kind)).collect()
}

#[tokio::test]
async fn columns_come_back_in_their_order() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "umbrella", "eve").await;
    let odd = ["b", "a", "b", "10", "9", "x\0y", " ", "Ünï", "'; DROP TABLE dataset_columns; --"];
    let odd = odd.map(|name| column(name, ColumnKind::Text)).to_vec();
    let longest = vec![column(&"x".repeat(1_024), ColumnKind::Date)];
    let mut all: Vec<Dataset> = vec![];
    for columns in [vec![], columns(1), odd, longest, columns(300), columns(10_000)] {
        let new = NewDataset { columns, ..new_dataset(&ada, "sales") };
        let dataset = catalog.add_dataset(&new, at(1)).await.unwrap();
        let found = catalog.dataset(ada.team, new.id).await.unwrap();
        assert!(found.as_ref() == Some(&dataset));
        assert!(catalog.columns(ada.team, new.id).await.unwrap() == new.columns);
        assert!(catalog.columns(eve.team, new.id).await.unwrap().is_empty());
        all.insert(0, dataset);
    }
    for (limit, offset) in [(9, 0), (1, 0), (2, 1), (3, 3), (9, 6), (0, 0)] {
        let (first, count) = (usize::try_from(offset).unwrap(), usize::try_from(limit).unwrap());
        for search in [None, Some("ALE")] {
            let page = Page { limit, offset };
            let found = catalog.datasets(ada.team, search, page).await.unwrap().datasets;
            let expected = all.iter().skip(first).take(count);
            assert!(found.iter().eq(expected), "{limit} after {offset}");
        }
    }
}

#[tokio::test]
async fn columns_that_cannot_be_are_refused_with_their_dataset() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let old = add_dataset(catalog, &ada, "old").await;
    let upload = add_ready(catalog, &ada).await;
    for wrong in [
        vec![column("", ColumnKind::Text)],
        vec![column("a", ColumnKind::Text), column("", ColumnKind::Text)],
        vec![column(&"x".repeat(1_025), ColumnKind::Text)],
        // The limit is in bytes.
        vec![column(&"ü".repeat(513), ColumnKind::Text)],
        columns(10_001),
    ] {
        let new = NewDataset { columns: wrong, ..new_dataset(&ada, "new") };
        let refused = catalog.add_dataset(&new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
        assert_eq!(catalog.dataset(ada.team, new.id).await.unwrap(), None);
        let dataset = TargetDataset::New(new);
        let new = NewDataSource { dataset, ..new_source(&old, &upload) };
        let refused = catalog.add_data_source(ada.team, &new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
    assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().datasets, [old]);
}

#[tokio::test]
async fn a_dataset_that_is_made_with_a_data_source_has_its_columns() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let old = add_dataset(catalog, &ada, "old").await;
    let new = NewDataset { columns: columns(7), ..new_dataset(&ada, "new") };
    let upload = add_ready(catalog, &ada).await;
    let dataset = TargetDataset::New(new.clone());
    let source = NewDataSource { dataset, ..new_source(&old, &upload) };
    let source = catalog.add_data_source(ada.team, &source, at(2)).await.unwrap();
    assert_eq!((source.dataset, source.version), (new.id, None));
    let found = catalog.dataset(ada.team, new.id).await.unwrap().unwrap();
    assert_eq!((found.version, found.current), (0, None));
    assert_eq!(catalog.columns(ada.team, new.id).await.unwrap(), new.columns);
}
