//! Datasets and what is in them.

mod changed;
mod columns;
#[path = "../common/mod.rs"]
mod common;
mod data_sources;
mod datasets;
mod deleted;
mod deleted_whole;
mod deletion_races;
mod races;
mod tenants;

use common::{at, new_upload, stored};
use countersign::Timestamp;
use countersign_catalog::{
    Catalog, DataSource, DataSourceRef, Dataset, Identity, Intake, NewDataSource, NewDataset, Page,
    TargetDataset, TeamId, Upload, UserId,
};
use uuid::Uuid;

const ALL: Page = Page { limit: 1_000, offset: 0 };

/// Every page of a list of five, as limit, offset, and the places of what is on it.
const PAGES_OF_FIVE: [(u32, u64, &[usize]); 7] = [
    (2, 0, &[0, 1]),
    (2, 2, &[2, 3]),
    (2, 4, &[4]),
    (2, 5, &[]),
    (0, 0, &[]),
    (u32::MAX, 3, &[3, 4]),
    (1, u64::MAX, &[]),
];

fn stranger() -> Identity {
    Identity { team: TeamId::new(i64::MAX), user: UserId::new("nobody").unwrap() }
}

fn new_dataset(owner: &Identity, name: &str) -> NewDataset {
    let id = Uuid::new_v4();
    NewDataset {
        id,
        owner: owner.clone(),
        name: name.into(),
        description: "".into(),
        columns: vec![],
    }
}

async fn add_dataset(catalog: &dyn Catalog, owner: &Identity, name: &str) -> Dataset {
    catalog.add_dataset(&new_dataset(owner, name), at(1)).await.unwrap()
}

/// An upload that is ready and nobody's.
async fn add_ready(catalog: &dyn Catalog, owner: &Identity) -> Upload {
    let new = new_upload(owner, Intake::Direct);
    catalog.doom(&new.object_key, at(2)).await.unwrap();
    catalog.add_stored_upload(&new, &stored(12), at(1)).await.unwrap()
}

fn new_source(dataset: &Dataset, upload: &Upload) -> NewDataSource {
    NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(dataset.id),
        name: "sales.csv".into(),
        file_name: "sales.csv".into(),
        upload: upload.id,
        failure: None,
    }
}

async fn add_source(catalog: &dyn Catalog, dataset: &Dataset) -> DataSource {
    let upload = add_ready(catalog, &dataset.owner).await;
    let new = new_source(dataset, &upload);
    catalog.add_data_source(dataset.owner.team, &new, at(2)).await.unwrap()
}

async fn add_failed_source(catalog: &dyn Catalog, dataset: &Dataset) -> DataSource {
    let upload = add_ready(catalog, &dataset.owner).await;
    let new = NewDataSource { failure: Some("no CSV".into()), ..new_source(dataset, &upload) };
    catalog.add_data_source(dataset.owner.team, &new, at(2)).await.unwrap()
}

fn by_id(source: &DataSource) -> DataSourceRef {
    DataSourceRef::Id { dataset: source.dataset, id: source.id }
}

/// Also those that are not due for a long time.
async fn doomed(catalog: &dyn Catalog) -> Vec<Box<str>> {
    catalog.doomed(1_000, Timestamp::MAX).await.unwrap()
}
