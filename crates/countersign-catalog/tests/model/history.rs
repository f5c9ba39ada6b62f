//! The model: every record that ever was, in order, and what became of it.

use std::collections::BTreeMap;

use countersign::Timestamp;
use countersign_catalog::{
    Acceptance, CurrentVersion, DataSource, DataSourceState, Dataset, File, Intake, Job,
    NewDataSource, NewDataset, NewVersion, TargetDataset, TeamId, Upload, UploadState,
};

use crate::common::staging_key;

/// An upload, and what was found in storage.
pub(crate) struct Recorded {
    pub(crate) upload: Upload,
    pub(crate) size: Option<u64>,
}

/// A file, a data source or a job, which goes with its dataset alone. The upload in `first` is as it was at first: the present one is at the
/// index.
pub(crate) struct Held<T> {
    pub(crate) first: T,
    pub(crate) upload: usize,
    pub(crate) is_deleted: bool,
}

pub(crate) struct Doomed {
    pub(crate) key: Box<str>,
    pub(crate) due_at: Timestamp,
}

/// Why a data source or a job is not recorded, or a job not committed.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    Closed,
    Conflict,
    OwnerUnknown,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) uploads: Vec<Recorded>,
    pub(crate) files: Vec<Held<File>>,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) sources: Vec<Held<DataSource>>,
    pub(crate) jobs: Vec<Held<Job>>,
    pub(crate) doomed: Vec<Doomed>,
    pub(crate) numbered: BTreeMap<usize, i64>,
}

impl Model {
    pub(crate) fn doom(&mut self, key: &str, due_at: Timestamp) {
        match self.doomed.iter_mut().find(|doomed| *doomed.key == *key) {
            Some(doomed) if doomed.due_at < due_at => doomed.due_at = due_at,
            Some(_) => {}
            None => self.doomed.push(Doomed { key: key.into(), due_at }),
        }
    }

    fn doom_staging(&mut self, index: usize, now: Timestamp) {
        let upload = self.uploads[index].upload.clone();
        if matches!(upload.intake, Intake::Single { .. }) {
            let due_at = upload.not_after.checked_add_secs(86_400).unwrap();
            self.doom(&staging_key(&upload), if due_at < now { now } else { due_at });
        }
    }

    fn doom_object(&mut self, index: usize, now: Timestamp) {
        let key = self.uploads[index].upload.object_key.clone();
        self.doom(&key, now);
    }

    pub(crate) fn due(&self, limit: usize, now: Timestamp) -> Vec<Box<str>> {
        let due = self.doomed.iter().filter(|doomed| doomed.due_at <= now);
        due.take(limit).map(|doomed| doomed.key.clone()).collect()
    }

    pub(crate) fn add_upload(&mut self, upload: Upload) -> usize {
        self.uploads.push(Recorded { upload, size: None });
        self.uploads.len() - 1
    }

    /// What is recorded as stored may have been doomed, and is wanted from now on.
    pub(crate) fn store(&mut self, index: usize, size: u64, now: Timestamp) {
        let recorded = &mut self.uploads[index];
        recorded.size = Some(size);
        recorded.upload.state = UploadState::Ready;
        let key = recorded.upload.object_key.clone();
        self.doom_staging(index, now);
        self.doomed.retain(|doomed| doomed.key != key);
    }

    pub(crate) fn accept(&mut self, index: usize, size: u64, now: Timestamp) -> Option<Acceptance> {
        let recorded = &mut self.uploads[index];
        match recorded.upload.state {
            UploadState::Pending => {
                recorded.upload.state = UploadState::Ready;
                recorded.size = Some(size);
                self.doom_staging(index, now);
                Some(Acceptance::Now)
            }
            UploadState::Ready => Some(Acceptance::Before),
            _ => {
                self.doom_object(index, now);
                None
            }
        }
    }

    pub(crate) fn fail(&mut self, index: usize, reason: &str, now: Timestamp) -> bool {
        match self.uploads[index].upload.state {
            UploadState::Pending => {
                self.refuse(index, reason, now);
                true
            }
            UploadState::Ready => false,
            state => {
                self.doom_object(index, now);
                state == UploadState::Failed
            }
        }
    }

    fn refuse(&mut self, index: usize, reason: &str, now: Timestamp) {
        let recorded = &mut self.uploads[index];
        recorded.upload.state = UploadState::Failed;
        recorded.upload.failure = Some(reason.into());
        recorded.size = None;
        self.doom_staging(index, now);
        self.doom_object(index, now);
    }

    fn abort(&mut self, index: usize, now: Timestamp) {
        let recorded = &mut self.uploads[index];
        if recorded.upload.state != UploadState::Failed {
            recorded.upload.state = UploadState::Aborted;
        }
        recorded.size = None;
        self.doom_staging(index, now);
        self.doom_object(index, now);
    }

    /// The file as it is now, where it was not deleted.
    pub(crate) fn file(&self, index: usize) -> Option<File> {
        let Held { first, upload, is_deleted } = &self.files[index];
        let Recorded { upload, size } = &self.uploads[*upload];
        (!is_deleted).then(|| File { upload: upload.clone(), size: *size, ..first.clone() })
    }

    /// The data source as it is now, where it was not deleted.
    pub(crate) fn source(&self, index: usize) -> Option<DataSource> {
        let Held { first, upload, is_deleted } = &self.sources[index];
        let Recorded { upload, size } = &self.uploads[*upload];
        (!is_deleted).then(|| DataSource { upload: upload.clone(), size: *size, ..first.clone() })
    }

    pub(crate) fn open_jobs(&self) -> Vec<usize> {
        let is_open = |index: &usize| {
            self.jobs[*index].first.committed_at.is_none() && !self.jobs[*index].is_deleted
        };
        (0..self.jobs.len()).filter(is_open).collect()
    }

    pub(crate) fn job(&self, index: usize) -> Job {
        let Held { first, upload, .. } = &self.jobs[index];
        let Recorded { upload, size } = &self.uploads[*upload];
        Job { upload: upload.clone(), size: *size, ..first.clone() }
    }

    /// The newest first.
    pub(crate) fn files_of(&self, team: TeamId) -> Vec<File> {
        let living = (0..self.files.len()).rev().filter_map(|index| self.file(index));
        living.filter(|file| file.upload.owner.team == team).collect()
    }

    /// The newest first.
    pub(crate) fn sources_of(&self, team: TeamId, dataset: &Dataset) -> Vec<DataSource> {
        let living = (0..self.sources.len()).rev().filter_map(|index| self.source(index));
        living
            .filter(|source| source.upload.owner.team == team && source.dataset == dataset.id)
            .collect()
    }

    /// The uploads that are ready and nobody's.
    pub(crate) fn free_of(&self, team: TeamId) -> Vec<usize> {
        let is_free = |index: &usize| {
            let upload = &self.uploads[*index].upload;
            let is_ready = upload.state == UploadState::Ready && upload.owner.team == team;
            is_ready && !self.is_taken(*index)
        };
        (0..self.uploads.len()).filter(is_free).collect()
    }

    fn is_taken(&self, index: usize) -> bool {
        self.files.iter().any(|held| held.upload == index && !held.is_deleted)
            || self.sources.iter().any(|held| held.upload == index && !held.is_deleted)
            || self.jobs.iter().any(|held| held.upload == index)
    }

    pub(crate) fn delete_file(&mut self, index: usize, now: Timestamp) -> File {
        let was = self.file(index).unwrap();
        self.files[index].is_deleted = true;
        self.abort(self.files[index].upload, now);
        was
    }

    pub(crate) fn delete_source(&mut self, index: usize, now: Timestamp) -> DataSource {
        let was = self.source(index).unwrap();
        self.sources[index].is_deleted = true;
        self.abort(self.sources[index].upload, now);
        let of_it = |dataset: &&mut Dataset| dataset.id == was.dataset;
        let dataset = self.datasets.iter_mut().find(of_it).unwrap();
        if was.version == Some(dataset.version) {
            dataset.current = None;
        }
        was
    }

    /// What is told of it are the uploads of its data sources, and of its jobs that are open.
    pub(crate) fn delete_dataset(
        &mut self,
        place: usize,
        now: Timestamp,
    ) -> (Dataset, Vec<Upload>) {
        let was = self.datasets.remove(place);
        let mut uploads = vec![];
        for held in self.sources.iter_mut().filter(|held| held.first.dataset == was.id) {
            uploads.extend((!held.is_deleted).then_some(held.upload));
            held.is_deleted = true;
        }
        for held in self.jobs.iter_mut().filter(|held| held.first.dataset == Some(was.id)) {
            uploads.extend(held.first.committed_at.is_none().then_some(held.upload));
            held.is_deleted = true;
        }
        uploads.sort_unstable();
        let as_they_were = uploads.iter().map(|&index| self.uploads[index].upload.clone());
        let as_they_were = as_they_were.collect();
        for &index in &uploads {
            self.doom_staging(index, now);
        }
        for index in uploads {
            self.abort(index, now);
        }
        (was, as_they_were)
    }

    pub(crate) fn add_source(
        &mut self,
        team: TeamId,
        new: &NewDataSource,
        now: Timestamp,
    ) -> Result<DataSource, Refusal> {
        let index = self.uploads.iter().position(|recorded| recorded.upload.id == new.upload);
        let index = index.filter(|&index| self.uploads[index].upload.owner.team == team);
        let index = index.ok_or(Refusal::Closed)?;
        if self.is_taken(index) {
            return Err(Refusal::Conflict);
        }
        if self.uploads[index].upload.state != UploadState::Ready {
            return Err(Refusal::Closed);
        }
        let dataset = self.target(team, &new.dataset, now).ok_or(Refusal::OwnerUnknown)?;
        if let Some(reason) = &new.failure {
            self.refuse(index, reason, now);
        }
        let state = match &new.failure {
            Some(_) => DataSourceState::Failed,
            None => DataSourceState::Ready,
        };
        let first = DataSource {
            id: new.id,
            dataset: dataset.id,
            name: new.name.clone(),
            file_name: new.file_name.clone(),
            version: None,
            state,
            failure: new.failure.clone(),
            upload: self.uploads[index].upload.clone(),
            size: None,
            created_at: now,
        };
        self.sources.push(Held { first, upload: index, is_deleted: false });
        Ok(self.source(self.sources.len() - 1).unwrap())
    }

    fn target(&mut self, team: TeamId, target: &TargetDataset, now: Timestamp) -> Option<Dataset> {
        match target {
            TargetDataset::Existing(id) => {
                let known = |dataset: &&Dataset| dataset.id == *id && dataset.owner.team == team;
                self.datasets.iter().find(known).cloned()
            }
            TargetDataset::New(new) => self.add_dataset(team, new, now),
        }
    }

    fn add_dataset(&mut self, team: TeamId, new: &NewDataset, now: Timestamp) -> Option<Dataset> {
        let dataset = Dataset {
            id: new.id,
            owner: new.owner.clone(),
            name: new.name.clone(),
            description: new.description.clone(),
            version: 0,
            current: None,
            created_at: now,
            changed_at: None,
        };
        let is_of_the_team = dataset.owner.team == team;
        self.datasets.extend(is_of_the_team.then(|| dataset.clone()));
        is_of_the_team.then_some(dataset)
    }

    pub(crate) fn commit(
        &mut self,
        team: TeamId,
        index: usize,
        new: &NewVersion,
        now: Timestamp,
    ) -> Result<Job, Refusal> {
        let job = self.job(index);
        if job.upload.owner.team != team || self.jobs[index].is_deleted {
            return Err(Refusal::Closed);
        }
        if job.committed_at.is_some() {
            return Err(Refusal::Conflict);
        }
        if job.upload.state != UploadState::Ready {
            return Err(Refusal::Closed);
        }
        let dataset = match (job.dataset, &new.dataset) {
            (Some(id), None) => id,
            (None, Some(new)) => self.add_dataset(team, new, now).ok_or(Refusal::OwnerUnknown)?.id,
            _ => return Err(Refusal::Conflict),
        };
        let made = self.datasets.iter_mut().find(|made| made.id == dataset).unwrap();
        made.version += 1;
        made.current = Some(CurrentVersion { name: job.name.clone(), created_at: now });
        let first = DataSource {
            id: new.data_source,
            dataset,
            name: job.name.clone(),
            file_name: job.name,
            version: Some(made.version),
            state: DataSourceState::Ready,
            failure: None,
            upload: job.upload,
            size: None,
            created_at: now,
        };
        let held = &mut self.jobs[index];
        (held.first.dataset, held.first.committed_at) = (Some(dataset), Some(now));
        let upload = held.upload;
        self.sources.push(Held { first, upload, is_deleted: false });
        Ok(self.job(index))
    }
}
