//! Random histories, beside a model that is too simple to be wrong.

mod common;

use std::collections::BTreeMap;

use common::{at, new_file, open, owner};
use countersign::Timestamp;
use countersign_catalog::{
    Catalog, CatalogError, File, FileRef, Identity, Page, Stored, UploadState,
};
use proptest::prelude::*;

const TEAMS: usize = 2;
/// Between two steps. A staging key is due 18 steps after its file was added.
const STEP_SECS: u32 = 5_000;
const URL_SECS: u32 = 3_600;

#[derive(Debug, Clone)]
enum Step {
    Add { team: usize },
    Accept { upload: usize, size: u64 },
    Fail { upload: usize },
    DeleteNumber { team: usize, number: i64 },
    DeleteHashId { team: usize, upload: usize },
    List { team: usize, page: Page },
    Sweep { count: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let page = (0..6_u32, 0..6_u64).prop_map(|(limit, offset)| Page { limit, offset });
    prop_oneof![
        4 => (0..TEAMS).prop_map(|team| Step::Add { team }),
        4 => (0..8_usize, 0..100_u64).prop_map(|(upload, size)| Step::Accept { upload, size }),
        2 => (0..8_usize).prop_map(|upload| Step::Fail { upload }),
        2 => (0..TEAMS, 0..6_i64).prop_map(|(team, number)| Step::DeleteNumber { team, number }),
        1 => (0..TEAMS, 0..8_usize).prop_map(|(team, upload)| Step::DeleteHashId { team, upload }),
        1 => (0..TEAMS, page).prop_map(|(team, page)| Step::List { team, page }),
        2 => (0..4_u32).prop_map(|count| Step::Sweep { count }),
    ]
}

struct Doomed {
    key: Box<str>,
    due_at: Timestamp,
}

/// Every file that ever was, in order, and what became of it.
#[derive(Default)]
struct Model {
    files: Vec<File>,
    deleted: Vec<usize>,
    doomed: Vec<Doomed>,
    numbered: BTreeMap<usize, i64>,
}

impl Model {
    fn doom(&mut self, key: Box<str>, due_at: Timestamp) {
        match self.doomed.iter_mut().find(|doomed| doomed.key == key) {
            Some(doomed) if doomed.due_at < due_at => doomed.due_at = due_at,
            Some(_) => {}
            None => self.doomed.push(Doomed { key, due_at }),
        }
    }

    fn doom_staging(&mut self, index: usize, now: Timestamp) {
        let upload = &self.files[index].upload;
        let due_at = upload.not_after.checked_add_secs(86_400).unwrap();
        self.doom(upload.staging_key.clone(), if due_at < now { now } else { due_at });
    }

    fn doom_object(&mut self, index: usize, now: Timestamp) {
        self.doom(self.files[index].upload.object_key.clone(), now);
    }

    fn due(&self, limit: usize, now: Timestamp) -> Vec<Box<str>> {
        let due = self.doomed.iter().filter(|doomed| doomed.due_at <= now);
        due.take(limit).map(|doomed| doomed.key.clone()).collect()
    }

    fn accept(&mut self, index: usize, size: u64, now: Timestamp) -> bool {
        let file = &mut self.files[index];
        match file.upload.state {
            UploadState::Pending => {
                file.upload.state = UploadState::Ready;
                file.size = Some(size);
                self.doom_staging(index, now);
                true
            }
            UploadState::Ready => true,
            _ => {
                self.doom_object(index, now);
                false
            }
        }
    }

    fn fail(&mut self, index: usize, reason: &str, now: Timestamp) -> bool {
        let upload = &mut self.files[index].upload;
        match upload.state {
            UploadState::Pending => {
                upload.state = UploadState::Failed;
                upload.failure = Some(reason.into());
                self.doom_staging(index, now);
                self.doom_object(index, now);
                true
            }
            state => state == UploadState::Failed,
        }
    }

    fn living(&self, owner: &Identity) -> Vec<usize> {
        let lives = |index: &usize| {
            !self.deleted.contains(index) && self.files[*index].upload.owner.team == owner.team
        };
        (0..self.files.len()).rev().filter(lives).collect()
    }

    fn delete(&mut self, index: usize, now: Timestamp) -> File {
        let was = self.files[index].clone();
        self.deleted.push(index);
        if was.upload.state != UploadState::Failed {
            self.files[index].upload.state = UploadState::Aborted;
        }
        self.files[index].size = None;
        self.doom_staging(index, now);
        self.doom_object(index, now);
        was
    }
}

fn is_done(result: Result<(), CatalogError>) -> bool {
    match result {
        Ok(()) => true,
        Err(CatalogError::UploadClosed) => false,
        Err(error) => panic!("{error:?}"),
    }
}

async fn take(catalog: &dyn Catalog, owners: &[Identity], model: &mut Model, nth: u32, step: Step) {
    let now = at(nth * STEP_SECS);
    let known = model.files.len();
    match step {
        Step::Add { team } => {
            let mut new = new_file(&owners[team], &format!("file {nth}"));
            new.upload.not_after = now.checked_add_secs(URL_SECS).unwrap();
            let file = catalog.add_file(&new, now).await.unwrap();
            let number = model.numbered.entry(team).or_default();
            *number += 1;
            assert_eq!((file.number, file.created_at), (*number, now));
            model.files.push(file);
        }
        Step::Accept { upload, size } if upload < known => {
            let id = model.files[upload].upload.id;
            let stored = Stored { size, etag: "e".into(), sha256: None };
            let accepted = is_done(catalog.accept_upload(id, &stored, now).await);
            assert_eq!(accepted, model.accept(upload, size, now));
        }
        Step::Fail { upload } if upload < known => {
            let (id, reason) = (model.files[upload].upload.id, format!("reason {nth}"));
            let failed = is_done(catalog.fail_upload(id, &reason, now).await);
            assert_eq!(failed, model.fail(upload, &reason, now));
        }
        Step::DeleteNumber { team, number } => {
            let found = model.living(&owners[team]).into_iter();
            let index = { found }.find(|&index| model.files[index].number == number);
            let reference = FileRef::Number(number);
            let deleted = catalog.delete_file(owners[team].team, reference, now).await.unwrap();
            assert_eq!(deleted, index.map(|index| model.delete(index, now)));
        }
        Step::DeleteHashId { team, upload } if upload < known => {
            let index = model.living(&owners[team]).into_iter().find(|&index| index == upload);
            let hash_id = model.files[upload].hash_id.clone();
            let reference = FileRef::HashId(&hash_id);
            let deleted = catalog.delete_file(owners[team].team, reference, now).await.unwrap();
            assert_eq!(deleted, index.map(|index| model.delete(index, now)));
        }
        Step::List { team, page } => assert_page(catalog, &owners[team], model, page).await,
        Step::Sweep { count } => {
            let swept = catalog.doomed(count, now).await.unwrap();
            assert_eq!(swept, model.due(usize::try_from(count).unwrap(), now));
            model.doomed.retain(|doomed| !swept.contains(&doomed.key));
            for key in swept {
                catalog.forget_doomed(&key).await.unwrap();
            }
        }
        Step::Accept { .. } | Step::Fail { .. } | Step::DeleteHashId { .. } => {}
    }
}

async fn assert_page(catalog: &dyn Catalog, owner: &Identity, model: &Model, page: Page) {
    let living = model.living(owner);
    let found = catalog.files(owner.team, page).await.unwrap();
    assert_eq!(found.total, u64::try_from(living.len()).unwrap());
    let (offset, limit) =
        (usize::try_from(page.offset).unwrap(), usize::try_from(page.limit).unwrap());
    let expected = living.iter().skip(offset).take(limit).map(|&index| &model.files[index]);
    assert!(found.files.iter().eq(expected), "{found:?}");
}

async fn assert_agrees(catalog: &dyn Catalog, owners: &[Identity], model: &Model) {
    for owner in owners {
        assert_page(catalog, owner, model, Page { limit: 100, offset: 0 }).await;
    }
    for (index, file) in model.files.iter().enumerate() {
        let upload = catalog.upload(file.upload.id).await.unwrap();
        assert_eq!(upload.as_ref(), Some(&file.upload));
        let is_ready = file.upload.state == UploadState::Ready;
        assert_eq!(catalog.object_exists(&file.upload.object_key).await.unwrap(), is_ready);
        let expected = (!model.deleted.contains(&index)).then_some(file);
        for owner in owners {
            let expected = expected.filter(|file| file.upload.owner == *owner);
            let found = catalog.file(owner.team, FileRef::HashId(&file.hash_id)).await.unwrap();
            assert_eq!(found.as_ref(), expected);
        }
    }
    // Every due time of the model, and one second before each.
    for doomed in &model.doomed {
        for now in [doomed.due_at.saturating_sub_secs(1), doomed.due_at] {
            assert_eq!(catalog.doomed(1_000, now).await.unwrap(), model.due(1_000, now));
        }
    }
    assert_eq!(
        catalog.doomed(1_000, Timestamp::MAX).await.unwrap(),
        model.due(1_000, Timestamp::MAX)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_history_ends_as_the_model_says(steps in prop::collection::vec(step(), 1..48)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let fixture = open().await;
            let catalog = &*fixture.catalog;
            let owners =
                [owner(catalog, "acme", "ada").await, owner(catalog, "zenith", "bob").await];
            let mut model = Model::default();
            for (nth, step) in (0..).zip(steps) {
                take(catalog, &owners, &mut model, nth, step).await;
            }
            assert_agrees(catalog, &owners, &model).await;
        });
    }
}
