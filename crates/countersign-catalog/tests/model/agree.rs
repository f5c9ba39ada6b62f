//! What the catalog says, beside what the model says.

use std::fmt::Debug;

use countersign::Timestamp;
use countersign_catalog::{
    DataSourceFilter, DataSourceRef, DataSourceState, FileRef, Page, UploadRef, UploadState,
};

use crate::steps::{TEAMS, World};

const ALL: Page = Page { limit: 100, offset: 0 };

fn assert_page<T: PartialEq + Debug>((found, total): (&[T], u64), all: &[T], page: Page) {
    assert_eq!(total, u64::try_from(all.len()).unwrap());
    let (offset, limit) =
        (usize::try_from(page.offset).unwrap(), usize::try_from(page.limit).unwrap());
    let expected = all.iter().skip(offset).take(limit);
    assert!(found.iter().eq(expected), "{found:?}");
}

pub(crate) async fn assert_files(world: &World<'_>, team: usize, page: Page) {
    let team = world.owners[team].team;
    let found = world.catalog.files(team, page).await.unwrap();
    assert_page((&found.files, found.total), &world.model.files_of(team), page);
}

pub(crate) async fn assert_datasets(
    world: &World<'_>,
    team: usize,
    search: Option<&str>,
    page: Page,
) {
    let team = world.owners[team].team;
    let found = world.catalog.datasets(team, search, page).await.unwrap();
    let search = search.unwrap_or_default().to_ascii_lowercase();
    let mut all = world.model.datasets.clone();
    all.reverse();
    all.retain(|dataset| dataset.owner.team == team);
    all.retain(|dataset| dataset.name.to_ascii_lowercase().contains(&search));
    assert_page((&found.datasets, found.total), &all, page);
}

pub(crate) async fn assert_data_sources(
    world: &World<'_>,
    team: usize,
    dataset: usize,
    (states, page): (Option<&[DataSourceState]>, Page),
) {
    let Some(dataset) = world.model.datasets.get(dataset) else { return };
    let team = world.owners[team].team;
    let filter = DataSourceFilter { team, dataset: dataset.id, states };
    let found = world.catalog.data_sources(filter, page).await.unwrap();
    let mut all = world.model.sources_of(team, dataset);
    all.retain(|source| states.is_none_or(|states| states.contains(&source.state)));
    assert_page((&found.data_sources, found.total), &all, page);
}

pub(crate) async fn assert_agrees(world: &World<'_>) {
    for team in 0..TEAMS {
        assert_files(world, team, ALL).await;
        assert_datasets(world, team, None, ALL).await;
        for dataset in 0..world.model.datasets.len() {
            assert_data_sources(world, team, dataset, (None, ALL)).await;
        }
    }
    assert_uploads(world).await;
    assert_records(world).await;
    assert_doomed(world).await;
}

async fn assert_uploads(world: &World<'_>) {
    for recorded in &world.model.uploads {
        let upload = &recorded.upload;
        for reference in [UploadRef::Id(upload.id), UploadRef::ObjectKey(&upload.object_key)] {
            let found = world.catalog.upload(reference).await.unwrap();
            assert_eq!(found.as_ref(), Some(upload));
        }
        let is_ready = upload.state == UploadState::Ready;
        assert_eq!(recorded.size.is_some(), is_ready);
        assert_eq!(world.catalog.object_exists(&upload.object_key).await.unwrap(), is_ready);
    }
}

async fn assert_records(world: &World<'_>) {
    let World { catalog, owners, model } = world;
    for owner in owners {
        for (index, held) in model.files.iter().enumerate() {
            let expected = model.file(index).filter(|file| file.upload.owner == *owner);
            let reference = FileRef::HashId(&held.first.hash_id);
            assert_eq!(catalog.file(owner.team, reference).await.unwrap(), expected);
        }
        for dataset in &model.datasets {
            let expected = (dataset.owner == *owner).then_some(dataset);
            let found = catalog.dataset(owner.team, dataset.id).await.unwrap();
            assert_eq!(found.as_ref(), expected);
        }
        for index in 0..model.jobs.len() {
            let job = model.job(index);
            let found = catalog.job(owner.team, job.upload.id).await.unwrap();
            let is_there = job.upload.owner == *owner && !model.jobs[index].is_deleted;
            assert_eq!(found, is_there.then_some(job));
        }
        for (index, held) in model.sources.iter().enumerate() {
            let expected = model.source(index).filter(|source| source.upload.owner == *owner);
            let (dataset, id) = (held.first.dataset, held.first.id);
            for reference in
                [DataSourceRef::Id { dataset, id }, DataSourceRef::Upload(held.first.upload.id)]
            {
                let found = catalog.data_source(owner.team, reference).await.unwrap();
                assert_eq!(found, expected);
            }
        }
    }
}

/// At every due time of the model, and one second before each.
async fn assert_doomed(world: &World<'_>) {
    let due_times = world.model.doomed.iter().map(|doomed| doomed.due_at);
    let moments = due_times.flat_map(|due_at| [due_at.saturating_sub_secs(1), due_at]);
    for now in moments.chain([Timestamp::MAX]) {
        let found = world.catalog.doomed(1_000, now).await.unwrap();
        assert_eq!(found, world.model.due(1_000, now));
    }
}
