//! Jobs, and the versions that they become.

mod commit;
#[path = "../common/mod.rs"]
mod common;
mod deleted;
mod jobs;
mod races;
mod tenants;
mod whole;

use common::{at, new_upload, stored};
use countersign::Timestamp;
use countersign_catalog::{
    Catalog, DataSource, DataSourceRef, Dataset, Identity, Intake, Job, NewDataset, NewJob,
    NewVersion, Page, TeamId, UserId,
};
use uuid::Uuid;

const ALL: Page = Page { limit: 1_000, offset: 0 };

fn stranger() -> Identity {
    Identity { team: TeamId::new(i64::MAX), user: UserId::new("nobody").unwrap() }
}

fn new_dataset(owner: &Identity, name: &str) -> NewDataset {
    NewDataset {
        id: Uuid::new_v4(),
        owner: owner.clone(),
        name: name.into(),
        description: "".into(),
        columns: vec![],
    }
}

async fn add_dataset(catalog: &dyn Catalog, owner: &Identity) -> Dataset {
    catalog.add_dataset(&new_dataset(owner, "sales"), at(1)).await.unwrap()
}

fn new_job(owner: &Identity, dataset: Option<Uuid>) -> NewJob {
    let upload = new_upload(owner, Intake::Direct);
    NewJob { dataset, name: "sales.csv".into(), upload }
}

async fn add_pending(catalog: &dyn Catalog, owner: &Identity, dataset: Option<Uuid>) -> Job {
    catalog.add_job(&new_job(owner, dataset), at(1)).await.unwrap()
}

/// A job whose bytes were accepted.
async fn add_ready(catalog: &dyn Catalog, owner: &Identity, dataset: Option<Uuid>) -> Job {
    let id = add_pending(catalog, owner, dataset).await.upload.id;
    catalog.accept_upload(id, &stored(12), at(2)).await.unwrap();
    catalog.job(owner.team, id).await.unwrap().unwrap()
}

/// For a job that has a dataset.
fn new_version() -> NewVersion {
    NewVersion { data_source: Uuid::new_v4(), dataset: None }
}

/// For a job that has none.
fn into_new(owner: &Identity) -> NewVersion {
    let dataset = Some(new_dataset(owner, "new"));
    NewVersion { data_source: Uuid::new_v4(), dataset }
}

/// What a committed job has become.
async fn source_of(catalog: &dyn Catalog, job: &Job) -> Option<DataSource> {
    let reference = DataSourceRef::Upload(job.upload.id);
    catalog.data_source(job.upload.owner.team, reference).await.unwrap()
}

/// The next version of a dataset.
async fn add_version(catalog: &dyn Catalog, dataset: &Dataset, now: Timestamp) -> DataSource {
    let job = add_ready(catalog, &dataset.owner, Some(dataset.id)).await;
    let team = dataset.owner.team;
    let job = catalog.commit_job(team, job.upload.id, &new_version(), now).await.unwrap();
    source_of(catalog, &job).await.unwrap()
}

/// A dataset as it is now, which is the same in the list.
async fn dataset(catalog: &dyn Catalog, owner: &Identity, id: Uuid) -> Dataset {
    let found = catalog.dataset(owner.team, id).await.unwrap().unwrap();
    let listed = catalog.datasets(owner.team, None, ALL).await.unwrap().datasets;
    assert!(listed.contains(&found), "{found:?}");
    found
}

/// Also those that are not due for a long time.
async fn doomed(catalog: &dyn Catalog) -> Vec<Box<str>> {
    catalog.doomed(1_000, Timestamp::MAX).await.unwrap()
}
