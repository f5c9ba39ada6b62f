//! The steps of a history, taken in the catalog and in the model.

use countersign::Timestamp;
use countersign_catalog::{
    Catalog, CatalogError, DataSourceRef, DataSourceState, DatasetChange, FileRef, Identity,
    Intake, NewDataSource, NewDataset, NewJob, NewUpload, NewVersion, Page, TargetDataset,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    agree::{assert_data_sources, assert_datasets, assert_files},
    common::{at, new_file, new_upload, stored},
    history::{Held, Model, Refusal},
};

pub(crate) const TEAMS: usize = 2;
/// Between two steps. A staging key is due 18 steps after its upload was added.
const STEP_SECS: u32 = 5_000;
const URL_SECS: u32 = 3_600;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    AddFile {
        team: usize,
    },
    AddUpload {
        team: usize,
        intake: usize,
    },
    AddStored {
        team: usize,
        intake: usize,
        size: u64,
        is_doomed: bool,
    },
    Accept {
        upload: usize,
        size: u64,
    },
    Fail {
        upload: usize,
    },
    DeleteNumber {
        team: usize,
        number: i64,
    },
    DeleteHashId {
        team: usize,
        file: usize,
    },
    AddDataset {
        team: usize,
    },
    ChangeDataset {
        team: usize,
        dataset: usize,
        has_name: bool,
        has_description: bool,
    },
    DeleteDataset {
        team: usize,
        dataset: usize,
    },
    /// Of the dataset there is no index where it is new, and then it has the owner.
    AddSource {
        team: usize,
        dataset: Option<usize>,
        owner: usize,
        upload: usize,
        is_refused: bool,
    },
    DeleteSource {
        team: usize,
        source: usize,
        is_by_upload: bool,
    },
    AddJob {
        team: usize,
        dataset: Option<usize>,
        is_ready: bool,
    },
    Commit {
        job: usize,
        mistake: Option<Mistake>,
    },
    ListFiles {
        team: usize,
        page: Page,
    },
    ListDatasets {
        team: usize,
        search: Option<u32>,
        page: Page,
    },
    ListSources {
        team: usize,
        dataset: usize,
        states: Option<Vec<DataSourceState>>,
        page: Page,
    },
    Doom {
        key: u32,
        delay_secs: u32,
    },
    Sweep {
        count: u32,
    },
}

/// What is wrong with a commit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mistake {
    /// Also one that is committed already.
    AnyJob,
    OtherTeam,
    OtherTarget,
    OtherOwner,
}

fn mistake() -> impl Strategy<Value = Option<Mistake>> {
    let all = [Mistake::AnyJob, Mistake::OtherTeam, Mistake::OtherTarget, Mistake::OtherOwner];
    prop::option::weighted(0.4, prop::sample::select(all.to_vec()))
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let flip = any::<bool>;
    let upload = || 0..12_usize;
    prop_oneof![
        3 => (0..TEAMS).prop_map(|team| Step::AddFile { team }),
        2 => (0..TEAMS, 0..3_usize).prop_map(|(team, intake)| Step::AddUpload { team, intake }),
        4 => (0..TEAMS, 0..3_usize, 0..100_u64, flip()).prop_map(
            |(team, intake, size, is_doomed)| Step::AddStored { team, intake, size, is_doomed }
        ),
        4 => (upload(), 0..100_u64).prop_map(|(upload, size)| Step::Accept { upload, size }),
        2 => upload().prop_map(|upload| Step::Fail { upload }),
        2 => (0..TEAMS, 0..6_i64).prop_map(|(team, number)| Step::DeleteNumber { team, number }),
        1 => (0..TEAMS, 0..8_usize).prop_map(|(team, file)| Step::DeleteHashId { team, file }),
        2 => (0..TEAMS).prop_map(|team| Step::AddDataset { team }),
        1 => (0..TEAMS, 0..4_usize, flip(), flip()).prop_map(
            |(team, dataset, has_name, has_description)| {
                Step::ChangeDataset { team, dataset, has_name, has_description }
            }
        ),
        1 => (0..TEAMS, 0..4_usize)
            .prop_map(|(team, dataset)| Step::DeleteDataset { team, dataset }),
        8 => (0..TEAMS, prop::option::of(0..4_usize), 0..TEAMS, upload(), flip()).prop_map(
            |(team, dataset, owner, upload, is_refused)| {
                Step::AddSource { team, dataset, owner, upload, is_refused }
            }
        ),
        3 => (0..TEAMS, 0..6_usize, flip()).prop_map(
            |(team, source, is_by_upload)| Step::DeleteSource { team, source, is_by_upload }
        ),
        6 => (0..TEAMS, prop::option::of(0..4_usize), flip())
            .prop_map(|(team, dataset, is_ready)| Step::AddJob { team, dataset, is_ready }),
        6 => (0..6_usize, mistake()).prop_map(|(job, mistake)| Step::Commit { job, mistake }),
        3 => list(),
        1 => (0..3_u32, 0..40_000_u32).prop_map(|(key, delay_secs)| Step::Doom { key, delay_secs }),
        2 => (0..4_u32).prop_map(|count| Step::Sweep { count }),
    ]
}

fn list() -> impl Strategy<Value = Step> {
    let page = || (0..6_u32, 0..6_u64).prop_map(|(limit, offset)| Page { limit, offset });
    let all = [DataSourceState::Importing, DataSourceState::Ready, DataSourceState::Failed];
    let states = prop::sample::subsequence(all.to_vec(), 0..=3);
    prop_oneof![
        (0..TEAMS, page()).prop_map(|(team, page)| Step::ListFiles { team, page }),
        (0..TEAMS, prop::option::of(0..10_u32), page())
            .prop_map(|(team, search, page)| Step::ListDatasets { team, search, page }),
        (0..TEAMS, 0..4_usize, prop::option::of(states), page()).prop_map(
            |(team, dataset, states, page)| Step::ListSources { team, dataset, states, page }
        ),
    ]
}

/// Where a history happens.
pub(crate) struct World<'a> {
    pub(crate) catalog: &'a dyn Catalog,
    pub(crate) owners: [Identity; TEAMS],
    pub(crate) model: Model,
}

/// What was done, where it was not too late.
fn done<T>(result: Result<T, CatalogError>) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(CatalogError::UploadClosed) => None,
        Err(error) => panic!("{error:?}"),
    }
}

fn refusal(error: CatalogError) -> Refusal {
    match error {
        CatalogError::UploadClosed => Refusal::Closed,
        CatalogError::Conflict => Refusal::Conflict,
        CatalogError::OwnerUnknown => Refusal::OwnerUnknown,
        error => panic!("{error:?}"),
    }
}

impl World<'_> {
    pub(crate) async fn take(&mut self, nth: u32, step: Step) {
        let now = at(nth * STEP_SECS);
        match step {
            Step::AddFile { .. } | Step::DeleteNumber { .. } | Step::DeleteHashId { .. } => {
                self.take_with_files(nth, step, now).await;
            }
            Step::AddUpload { .. } | Step::AddStored { .. } => self.add_upload(step, now).await,
            Step::Accept { .. } | Step::Fail { .. } => self.settle(nth, step, now).await,
            Step::AddDataset { team } => {
                let new = self.new_dataset(team, nth);
                let dataset = self.catalog.add_dataset(&new, now).await.unwrap();
                self.model.datasets.push(dataset);
            }
            Step::ChangeDataset { .. } | Step::DeleteDataset { .. } => {
                self.take_with_datasets(nth, step, now).await;
            }
            Step::AddSource { .. } => self.add_source(nth, step, now).await,
            Step::DeleteSource { .. } => self.delete_source(step, now).await,
            Step::AddJob { .. } => self.add_job(nth, step, now).await,
            Step::Commit { .. } => self.commit(nth, step, now).await,
            Step::ListFiles { .. } | Step::ListDatasets { .. } | Step::ListSources { .. } => {
                self.list(step).await;
            }
            Step::Doom { key, delay_secs } => {
                let (key, due_at) =
                    (format!("loose/{key}"), now.checked_add_secs(delay_secs).unwrap());
                self.catalog.doom(&key, due_at).await.unwrap();
                self.model.doom(&key, due_at);
            }
            Step::Sweep { count } => {
                let swept = self.catalog.doomed(count, now).await.unwrap();
                assert_eq!(swept, self.model.due(usize::try_from(count).unwrap(), now));
                self.model.doomed.retain(|doomed| !swept.contains(&doomed.key));
                for key in swept {
                    self.catalog.forget_doomed(&key).await.unwrap();
                }
            }
        }
    }

    async fn take_with_files(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Self { catalog, owners, model } = self;
        match step {
            Step::AddFile { team } => {
                let mut new = new_file(&owners[team], &format!("file {nth}"));
                new.upload.not_after = now.checked_add_secs(URL_SECS).unwrap();
                let file = catalog.add_file(&new, now).await.unwrap();
                let number = model.numbered.entry(team).or_default();
                *number += 1;
                assert_eq!((file.number, file.created_at), (*number, now));
                let upload = model.add_upload(file.upload.clone());
                model.files.push(Held { first: file, upload, is_deleted: false });
            }
            Step::DeleteNumber { team, number } => {
                let team = owners[team].team;
                let found = model.files_of(team).into_iter().find(|file| file.number == number);
                let index = found.map(|found| index_of_file(model, &found.hash_id));
                let deleted = catalog.delete_file(team, FileRef::Number(number), now).await;
                assert_eq!(deleted.unwrap(), index.map(|index| model.delete_file(index, now)));
            }
            Step::DeleteHashId { team, file } if file < model.files.len() => {
                let (team, hash_id) = (owners[team].team, model.files[file].first.hash_id.clone());
                let is_there = model.files_of(team).iter().any(|file| file.hash_id == hash_id);
                let deleted = catalog.delete_file(team, FileRef::HashId(&hash_id), now).await;
                let expected = is_there.then(|| model.delete_file(file, now));
                assert_eq!(deleted.unwrap(), expected);
            }
            _ => {}
        }
    }

    async fn take_with_datasets(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Self { catalog, owners, model } = self;
        match step {
            Step::ChangeDataset { team, dataset, has_name, has_description } => {
                let Some(dataset) = model.datasets.get_mut(dataset) else { return };
                let change = DatasetChange {
                    name: has_name.then(|| format!("Set {nth}").into()),
                    description: has_description.then(|| format!("Was {nth}").into()),
                };
                let is_there = dataset.owner == owners[team];
                if is_there {
                    let was = dataset.clone();
                    dataset.name = change.name.clone().unwrap_or(was.name);
                    dataset.description = change.description.clone().unwrap_or(was.description);
                    let is_changed = has_name || has_description;
                    dataset.changed_at = if is_changed { Some(now) } else { was.changed_at };
                }
                let changed =
                    catalog.change_dataset(owners[team].team, dataset.id, &change, now).await;
                assert_eq!(changed.unwrap(), is_there.then(|| dataset.clone()));
            }
            Step::DeleteDataset { team, dataset } => {
                let Some(known) = model.datasets.get(dataset) else { return };
                let (id, is_there) = (known.id, known.owner == owners[team]);
                let deleted = catalog.delete_dataset(owners[team].team, id, now).await.unwrap();
                let deleted = deleted.map(|deleted| (deleted.dataset, deleted.uploads));
                assert_eq!(deleted, is_there.then(|| model.delete_dataset(dataset, now)));
            }
            _ => {}
        }
    }

    fn new_upload(&self, team: usize, intake: usize, now: Timestamp) -> NewUpload {
        let unique = Uuid::new_v4().to_string();
        let intake = match intake {
            0 => Intake::Single { staging_key: unique.into() },
            1 => Intake::Multipart { upload_id: unique.into(), part_size: 5 << 20 },
            _ => Intake::Direct,
        };
        let mut new = new_upload(&self.owners[team], intake);
        new.not_after = now.checked_add_secs(URL_SECS).unwrap();
        new.declared_size = Some(5);
        new
    }

    async fn add_upload(&mut self, step: Step, now: Timestamp) {
        match step {
            Step::AddUpload { team, intake } => {
                let new = self.new_upload(team, intake, now);
                let upload = self.catalog.add_upload(&new, now).await.unwrap();
                assert_eq!((&upload.intake, upload.declared_size), (&new.intake, Some(5)));
                self.model.add_upload(upload);
            }
            Step::AddStored { team, intake, size, is_doomed } => {
                let new = self.new_upload(team, intake, now);
                if is_doomed {
                    let due_at = now.checked_add_secs(86_400).unwrap();
                    self.catalog.doom(&new.object_key, due_at).await.unwrap();
                    self.model.doom(&new.object_key, due_at);
                }
                let added = self.catalog.add_stored_upload(&new, &stored(size), now).await;
                if !is_doomed {
                    assert!(matches!(added, Err(CatalogError::UploadClosed)), "{added:?}");
                    return;
                }
                let upload = added.unwrap();
                let index = self.model.add_upload(upload.clone());
                self.model.store(index, size, now);
                assert_eq!(upload, self.model.uploads[index].upload);
            }
            _ => {}
        }
    }

    async fn settle(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Self { catalog, model, .. } = self;
        match step {
            Step::Accept { upload, size } if upload < model.uploads.len() => {
                let id = model.uploads[upload].upload.id;
                let accepted = done(catalog.accept_upload(id, &stored(size), now).await);
                assert_eq!(accepted, model.accept(upload, size, now));
            }
            Step::Fail { upload } if upload < model.uploads.len() => {
                let (id, reason) = (model.uploads[upload].upload.id, format!("reason {nth}"));
                let failed = done(catalog.fail_upload(id, &reason, now).await).is_some();
                assert_eq!(failed, model.fail(upload, &reason, now));
            }
            _ => {}
        }
    }

    fn new_dataset(&self, owner: usize, nth: u32) -> NewDataset {
        let (id, owner) = (Uuid::new_v4(), self.owners[owner].clone());
        NewDataset {
            id,
            owner,
            name: format!("Set {nth}").into(),
            description: "".into(),
            columns: vec![],
        }
    }

    async fn add_source(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Step::AddSource { team, dataset, owner, upload, is_refused } = step else { return };
        let dataset = match dataset.map(|index| self.model.datasets.get(index)) {
            None => TargetDataset::New(self.new_dataset(owner, nth)),
            Some(known) => TargetDataset::Existing(known.map_or_else(Uuid::new_v4, |it| it.id)),
        };
        let team = self.owners[team].team;
        // Blindly chosen, hardly any upload could be taken.
        let upload = match self.model.free_of(team).get(upload / 6) {
            Some(&free) => self.model.uploads.get(free),
            None => self.model.uploads.iter().rev().nth(upload),
        };
        let new = NewDataSource {
            id: Uuid::new_v4(),
            dataset,
            name: format!("source {nth}").into(),
            // Two of three have the name of their file.
            file_name: format!("source {}", if nth.is_multiple_of(3) { 0 } else { nth }).into(),
            upload: upload.map_or_else(Uuid::new_v4, |recorded| recorded.upload.id),
            failure: is_refused.then(|| "no CSV".into()),
        };
        let added = self.catalog.add_data_source(team, &new, now).await;
        let added = added.map_err(refusal);
        assert_eq!(added, self.model.add_source(team, &new, now));
    }

    async fn add_job(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Step::AddJob { team, dataset, is_ready } = step else { return };
        let target = dataset.map(|index| self.model.datasets.get(index).cloned());
        let unknown = target.as_ref().is_some_and(|target| {
            target.as_ref().is_none_or(|target| target.owner != self.owners[team])
        });
        let new = NewJob {
            dataset: target.map(|target| target.map_or_else(Uuid::new_v4, |target| target.id)),
            name: format!("job {nth}").into(),
            upload: self.new_upload(team, 0, now),
        };
        let added = self.catalog.add_job(&new, now).await.map_err(refusal);
        if unknown {
            assert_eq!(added, Err(Refusal::OwnerUnknown));
            return;
        }
        let first = added.unwrap();
        assert_eq!((first.dataset, &first.name), (new.dataset, &new.name));
        let upload = self.model.add_upload(first.upload.clone());
        self.model.jobs.push(Held { first, upload, is_deleted: false });
        // Blindly chosen, hardly any upload is that of a job.
        if is_ready {
            self.settle(nth, Step::Accept { upload, size: 5 }, now).await;
        }
    }

    async fn commit(&mut self, nth: u32, step: Step, now: Timestamp) {
        let Step::Commit { job, mistake } = step else { return };
        let open: Vec<_> = match mistake {
            Some(Mistake::AnyJob) => (0..self.model.jobs.len()).collect(),
            _ => self.model.open_jobs(),
        };
        let Some(&index) = job.checked_rem(open.len()).and_then(|nth| open.get(nth)) else {
            return;
        };
        let job = self.model.job(index);
        let own = self.owners.iter().position(|owner| *owner == job.upload.owner).unwrap();
        let other = (own + 1) % TEAMS;
        let is_new = job.dataset.is_none() != (mistake == Some(Mistake::OtherTarget));
        let owner = if mistake == Some(Mistake::OtherOwner) { other } else { own };
        let team = if mistake == Some(Mistake::OtherTeam) { other } else { own };
        let dataset = is_new.then(|| self.new_dataset(owner, nth));
        let new = NewVersion { data_source: Uuid::new_v4(), dataset };
        let team = self.owners[team].team;
        let committed = self.catalog.commit_job(team, job.upload.id, &new, now).await;
        assert_eq!(committed.map_err(refusal), self.model.commit(team, index, &new, now));
    }

    async fn delete_source(&mut self, step: Step, now: Timestamp) {
        let Step::DeleteSource { team, source, is_by_upload } = step else { return };
        let Some(source) = source.checked_rem(self.model.sources.len()) else { return };
        let held = &self.model.sources[source];
        let reference = if is_by_upload {
            DataSourceRef::Upload(held.first.upload.id)
        } else {
            DataSourceRef::Id { dataset: held.first.dataset, id: held.first.id }
        };
        let team = self.owners[team].team;
        let is_there = !held.is_deleted && held.first.upload.owner.team == team;
        let deleted = self.catalog.delete_data_source(team, reference, now).await.unwrap();
        assert_eq!(deleted, is_there.then(|| self.model.delete_source(source, now)));
    }

    async fn list(&self, step: Step) {
        match step {
            Step::ListFiles { team, page } => assert_files(self, team, page).await,
            Step::ListDatasets { team, search, page } => {
                let search = search.map(|digit| format!("T {digit}"));
                assert_datasets(self, team, search.as_deref(), page).await;
            }
            Step::ListSources { team, dataset, states, page } => {
                assert_data_sources(self, team, dataset, (states.as_deref(), page)).await;
            }
            _ => {}
        }
    }
}

fn index_of_file(model: &Model, hash_id: &str) -> usize {
    model.files.iter().position(|held| *held.first.hash_id == *hash_id).unwrap()
}
