//! Thousands of random histories, each beside a model too simple to be wrong.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use futures_util::future;
use object_store::{Attributes, CopyMode, CopyOptions, ObjectStore};

use super::FileStore;
use crate::{
    BodyLength, CompletedPart, ETag, ObjectKey, Objects, PartNumber, PartStore, PutMode,
    PutRequest, StoreError, UploadId, bytes_of, collect, part::PartSizes,
};

use self::{folder::quick_folder, layout::wrong_in, rng::Rng};

#[path = "../../tests/support/folder.rs"]
pub(crate) mod folder;
#[path = "../../tests/support/layout.rs"]
pub(crate) mod layout;
#[path = "../../tests/support/rng.rs"]
mod rng;

const HISTORIES: u64 = 2_000;

const STEPS: usize = 16;

#[derive(Debug, Clone, PartialEq)]
struct Stored {
    bytes: Vec<u8>,
    upload: Option<UploadId>,
}

#[derive(Debug, Clone)]
struct Pending {
    key: ObjectKey,
    parts: BTreeMap<PartNumber, (ETag, Vec<u8>)>,
}

#[derive(Debug, Clone, Default)]
struct Model {
    objects: BTreeMap<ObjectKey, Stored>,
    uploads: HashMap<UploadId, Pending>,
    /// In order of their beginning, ended ones too: they are named again.
    begun: Vec<(ObjectKey, UploadId)>,
}

impl Model {
    /// What completing does: the reason for a refusal, as text, or the object.
    fn complete(&mut self, key: &ObjectKey, upload: &UploadId, named: &[CompletedPart]) -> String {
        let Some(pending) = self.uploads.get(upload).filter(|pending| pending.key == *key) else {
            let done = self.objects.get(key).is_some_and(|it| it.upload.as_ref() == Some(upload));
            return if done { "ok".into() } else { said(&StoreError::NoSuchUpload) };
        };
        if named.is_empty() || named.windows(2).any(|two| two[0].number >= two[1].number) {
            return said(&StoreError::InvalidPartOrder);
        }
        let mut bytes = Vec::new();
        for part in named {
            match pending.parts.get(&part.number) {
                Some((etag, more)) if *etag == part.etag => bytes.extend_from_slice(more),
                _ => return said(&StoreError::InvalidPart { number: part.number.as_u16() }),
            }
        }
        self.uploads.remove(upload);
        self.objects.insert(key.clone(), Stored { bytes, upload: Some(upload.clone()) });
        "ok".into()
    }

    fn abort(&mut self, key: &ObjectKey, upload: &UploadId) {
        if self.uploads.get(upload).is_some_and(|pending| pending.key == *key) {
            self.uploads.remove(upload);
        }
    }

    fn put(
        &mut self,
        key: &ObjectKey,
        bytes: Vec<u8>,
        mode: &PutMode,
        etag: Option<&ETag>,
    ) -> String {
        let refused = match (mode, etag) {
            (PutMode::Overwrite, _) | (PutMode::Create, None) => None,
            (PutMode::Create, Some(_)) => Some(StoreError::AlreadyExists),
            (PutMode::Update(_), None) => Some(StoreError::NotFound),
            (PutMode::Update(wanted), Some(etag)) => {
                (wanted != etag).then_some(StoreError::Precondition)
            }
        };
        if let Some(error) = refused {
            return said(&error);
        }
        self.objects.insert(key.clone(), Stored { bytes, upload: None });
        "ok".into()
    }

    fn freeze(&mut self, from: &ObjectKey, to: &ObjectKey) -> String {
        if !self.objects.contains_key(to) {
            match self.objects.remove(from) {
                Some(object) => self.objects.insert(to.clone(), object),
                None => return said(&StoreError::NotFound),
            };
        }
        "ok".into()
    }
}

fn said(error: &StoreError) -> String {
    error.to_string()
}

fn outcome<T>(result: Result<T, StoreError>) -> String {
    result.map_or_else(|error| said(&error), |_| "ok".into())
}

struct Run {
    root: PathBuf,
    store: Option<FileStore>,
    model: Model,
    rng: Rng,
}

impl Run {
    fn store(&self) -> FileStore {
        self.store.clone().unwrap()
    }

    fn key(&mut self) -> ObjectKey {
        let long = "l".repeat(130);
        let keys = ["a", "a/b", "c", &long];
        ObjectKey::new(keys[self.rng.below(keys.len())]).unwrap()
    }

    fn body(&mut self) -> Vec<u8> {
        let len = if self.rng.below(40) == 0 { 70_000 } else { self.rng.below(30) };
        // Few different bytes: equal bodies have equal tags, and are to be no harm.
        let byte = u8::try_from(self.rng.below(3)).unwrap();
        vec![byte; len]
    }

    /// What is said of a body of some length: the length, or no less, or what is wrong.
    fn request(&mut self, len: u64, is_wrong: bool) -> PutRequest {
        let is_exact = self.rng.below(2) == 0;
        match len.checked_sub(1) {
            Some(less) if is_wrong && !is_exact => PutRequest::up_to(less),
            _ if is_wrong => PutRequest::new(len + 1),
            _ if is_exact => PutRequest::new(len),
            _ => PutRequest::up_to(len + self.rng.below(3) as u64),
        }
    }

    /// An upload, mostly one that is there, mostly under its own key.
    fn upload(&mut self) -> Option<(ObjectKey, UploadId)> {
        let recent = self.model.begun.len().saturating_sub(4);
        let choice = recent + self.rng.below(4);
        let (key, upload) = self.model.begun.get(choice)?.clone();
        let key = if self.rng.below(20) == 0 { self.key() } else { key };
        Some((key, upload))
    }

    /// Parts to complete with: the right ones, or not quite.
    fn named(&mut self, upload: &UploadId) -> Vec<CompletedPart> {
        let parts = self.model.uploads.get(upload).into_iter().flat_map(|it| &it.parts);
        let mut named: Vec<_> = parts
            .map(|(number, (etag, _))| CompletedPart { number: *number, etag: etag.clone() })
            .collect();
        let any = |rng: &mut Rng, len: usize| rng.below(len.max(1));
        let place = any(&mut self.rng, named.len());
        match self.rng.below(10) {
            0 => named.reverse(),
            1 => named.extend(named.get(place).cloned()),
            2 => {
                let etag = ETag::parse("another").unwrap();
                named.iter_mut().skip(place).take(1).for_each(|part| part.etag = etag.clone());
            }
            3 => {
                let absent = PartNumber::new(9_000).unwrap();
                let etag = ETag::parse("absent").unwrap();
                named.push(CompletedPart { number: absent, etag });
            }
            // A subset: the others are dropped.
            4 | 5 => drop((place < named.len()).then(|| named.remove(place))),
            6 => named.truncate(place),
            _ => {}
        }
        named
    }

    async fn step(&mut self) {
        match self.rng.below(22) {
            0 | 1 => self.begin().await,
            2..8 => self.put_part().await,
            8..12 => self.complete().await,
            12 => self.abort().await,
            13..16 => self.put().await,
            16 => {
                let key = self.key();
                self.store().delete(&key).await.unwrap();
                self.model.objects.remove(&key);
            }
            17 => {
                let (from, to) = (self.key(), self.key());
                let found = outcome(self.store().freeze(&from, &to).await);
                assert_eq!(found, self.model.freeze(&from, &to));
            }
            18 => self.copy().await,
            19 => self.race().await,
            20 if self.rng.below(3) == 0 => {
                self.store = None;
                self.store = Some(FileStore::open(&self.root).unwrap());
            }
            _ => self.look().await,
        }
    }

    async fn begin(&mut self) {
        let key = self.key();
        let upload = self.store().create(&key, Attributes::new()).await.unwrap();
        let pending = Pending { key: key.clone(), parts: BTreeMap::new() };
        self.model.uploads.insert(upload.clone(), pending);
        self.model.begun.push((key, upload));
    }

    async fn put_part(&mut self) {
        let Some((key, upload)) = self.upload() else { return };
        let number = [1, 2, 3, 500, 10_000][self.rng.below(5)];
        let (number, body) = (PartNumber::new(number).unwrap(), self.body());
        let is_wrong = self.rng.below(10) == 0;
        let put = self.request(body.len() as u64, is_wrong);
        let expected = match put.length {
            BodyLength::Exactly(expected) => StoreError::LengthMismatch { expected },
            BodyLength::AtMost(max) => StoreError::TooLarge { max },
        };
        let store = self.store();
        let found = store.put_part(&key, &upload, number, bytes_of(body.clone()), put).await;
        match self.model.uploads.get_mut(&upload).filter(|pending| pending.key == key) {
            None => assert!(matches!(found, Err(StoreError::NoSuchUpload))),
            Some(_) if is_wrong => {
                assert_eq!(outcome(found), said(&expected));
            }
            Some(pending) => drop(pending.parts.insert(number, (found.unwrap(), body))),
        }
    }

    async fn complete(&mut self) {
        let Some((key, upload)) = self.upload() else { return };
        let named = self.named(&upload);
        let store = self.store();
        let found = store.complete_sized(&key, &upload, &named, PartSizes::Any).await;
        assert_eq!(outcome(found), self.model.complete(&key, &upload, &named), "{named:?}");
    }

    async fn abort(&mut self) {
        let Some((key, upload)) = self.upload() else { return };
        self.store().abort(&key, &upload).await.unwrap();
        self.model.abort(&key, &upload);
    }

    /// Completes twice and aborts, all at once: one of them is first, and the model says what then
    /// follows.
    async fn race(&mut self) {
        let Some((key, upload)) = self.upload() else { return };
        let named = self.named(&upload);
        let (one, other, aborter) = (self.store(), self.store(), self.store());
        let (first, second, aborted) = future::join3(
            one.complete_sized(&key, &upload, &named, PartSizes::Any),
            other.complete_sized(&key, &upload, &named, PartSizes::Any),
            aborter.abort(&key, &upload),
        )
        .await;
        aborted.unwrap();
        let mut completed = self.model.clone();
        let expected = completed.complete(&key, &upload, &named);
        let gone = said(&StoreError::NoSuchUpload);
        for found in [outcome(first), outcome(second)] {
            // Who comes after the abort finds no upload, unless the object is there by then.
            assert!(found == expected || found == gone, "{found}, {expected}");
            if found == "ok" {
                self.model = completed.clone();
            }
        }
        self.model.abort(&key, &upload);
    }

    async fn put(&mut self) {
        let (key, body) = (self.key(), self.body());
        let etag = match self.store().open(&key).await {
            Ok(object) => Some(object.info().etag.clone()),
            Err(_) => None,
        };
        let mode = match self.rng.below(5) {
            0 => PutMode::Create,
            1 => PutMode::Update(ETag::parse("another").unwrap()),
            2 => PutMode::Update(etag.clone().unwrap_or_else(|| ETag::parse("none").unwrap())),
            _ => PutMode::Overwrite,
        };
        let put = self.request(body.len() as u64, false).with_mode(mode.clone());
        let found = outcome(self.store().put(&key, bytes_of(body.clone()), put).await);
        assert_eq!(found, self.model.put(&key, body, &mode, etag.as_ref()));
    }

    async fn copy(&mut self) {
        let (from, to) = (self.key(), self.key());
        let mode = if self.rng.below(2) == 0 { CopyMode::Create } else { CopyMode::Overwrite };
        let options = CopyOptions::new().with_mode(mode);
        let (source, target) = (from.as_str().into(), to.as_str().into());
        let found = self.store().copy_opts(&source, &target, options).await.is_ok();
        let free = mode == CopyMode::Overwrite || !self.model.objects.contains_key(&to);
        let copied = self.model.objects.get(&from).filter(|_| free).cloned();
        assert_eq!(found, copied.is_some());
        if let Some(object) = copied {
            self.model.objects.insert(to, Stored { upload: None, ..object });
        }
    }

    async fn read(&self, key: &ObjectKey) -> Option<Vec<u8>> {
        match self.store().open(key).await {
            Ok(object) => Some(collect(object.read(0..u64::MAX)).await.unwrap().to_vec()),
            Err(error) => {
                assert!(matches!(error, StoreError::NotFound), "{error}");
                None
            }
        }
    }

    async fn look(&mut self) {
        let key = self.key();
        let expected = self.model.objects.get(&key).map(|object| object.bytes.clone());
        assert_eq!(self.read(&key).await, expected);
        let Some((key, upload)) = self.upload() else { return };
        let found = PartStore::list(&self.store(), &key, &upload).await;
        match self.model.uploads.get(&upload).filter(|pending| pending.key == key) {
            None => assert!(matches!(found, Err(StoreError::NoSuchUpload))),
            Some(pending) => {
                let found = found.unwrap().into_iter();
                let found: Vec<_> = found.map(|it| (it.number, it.etag, it.size)).collect();
                let part = |(number, (etag, bytes)): (&PartNumber, &(ETag, Vec<u8>))| {
                    (*number, etag.clone(), bytes.len() as u64)
                };
                assert_eq!(found, pending.parts.iter().map(part).collect::<Vec<_>>());
            }
        }
    }

    async fn compare(&self) {
        let keys: Vec<_> = self.model.objects.keys().cloned().collect();
        assert_eq!(self.store().inner.keys(b"").unwrap(), keys);
        for (key, object) in &self.model.objects {
            assert_eq!(self.read(key).await.as_ref(), Some(&object.bytes), "{key}");
        }
        assert_eq!(wrong_in(&self.root), None);
    }
}

/// Prints what to repeat when the test fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("seed {}", self.0);
        }
    }
}

async fn histories(seeds: impl Iterator<Item = u64>) {
    let folder = quick_folder();
    // One folder for all: every history goes on from where the one before it ended.
    let mut run = Run {
        root: folder.path().into(),
        store: Some(FileStore::open(folder.path()).unwrap()),
        model: Model::default(),
        rng: Rng::new(0),
    };
    for seed in seeds {
        let shown = Seed(seed);
        run.rng = Rng::new(seed);
        for _ in 0..STEPS {
            run.step().await;
        }
        run.compare().await;
        if run.model.uploads.len() > 8 {
            for (key, upload) in std::mem::take(&mut run.model.begun) {
                run.store().abort(&key, &upload).await.unwrap();
            }
            run.model.uploads.clear();
        }
        drop(shown);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_history_ends_as_the_model_says() {
    let one = tokio::spawn(histories((0..HISTORIES).step_by(2)));
    let other = tokio::spawn(histories((1..HISTORIES).step_by(2)));
    one.await.unwrap();
    other.await.unwrap();
}
