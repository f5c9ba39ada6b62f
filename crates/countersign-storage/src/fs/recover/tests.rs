//! What lies in the folder after a crash, at every step of every call: opened, it is as if the call
//! had ended, or had never begun.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bytes::Bytes;
use object_store::Attributes;
use tempfile::TempDir;

use crate::{
    CompletedPart, ETag, FileStore, ObjectKey, Objects, PartNumber, PartStore, PutRequest,
    StoreError, UploadId, bytes_of, collect,
    fs::{
        history::{
            folder::quick_folder,
            layout::{files_below, wrong_in},
        },
        id::Id,
        key_path::path_of,
        record::{Origin, Record, Segment, to_sealed},
    },
    part::PartSizes,
};

const OLD: &str = "the old object";
const NEW: &str = "the new object, which has another length";

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn number(number: u16) -> PartNumber {
    PartNumber::new(number).unwrap()
}

/// Copies a folder as a crash would leave it: what has two names there has two names here.
fn copy_of(root: &Path) -> TempDir {
    let folder = quick_folder();
    let mut left = vec![PathBuf::new()];
    let mut copied: HashMap<u64, PathBuf> = HashMap::new();
    while let Some(below) = left.pop() {
        for entry in fs::read_dir(root.join(&below)).unwrap() {
            let below = below.join(entry.unwrap().file_name());
            let (from, to) = (root.join(&below), folder.path().join(&below));
            let meta = fs::symlink_metadata(&from).unwrap();
            if meta.is_dir() {
                fs::create_dir(to).unwrap();
                left.push(below);
            } else if let Some(first) = copied.get(&meta.ino()) {
                fs::hard_link(first, to).unwrap();
            } else {
                fs::copy(from, &to).unwrap();
                copied.insert(meta.ino(), to);
            }
        }
    }
    folder
}

async fn read(store: &FileStore, key: &ObjectKey) -> Option<String> {
    match store.open(key).await {
        Ok(object) => {
            let bytes = collect(object.read(0..u64::MAX)).await.unwrap();
            Some(String::from_utf8(bytes.to_vec()).unwrap())
        }
        Err(StoreError::NotFound) => None,
        Err(error) => panic!("{key}: {error}"),
    }
}

/// The list of spare parts, as it is stored.
fn spare_record(part: &Record) -> Vec<u8> {
    let ids: Vec<_> = part.data().collect();
    to_sealed(&ids).unwrap()
}

/// A store with an object that nothing happens to, one at `k`, and an upload for `k` of three parts.
struct Bench {
    folder: TempDir,
    store: FileStore,
    upload: UploadId,
    etags: Vec<ETag>,
}

impl Bench {
    async fn new() -> Self {
        let folder = quick_folder();
        let store = FileStore::open(folder.path()).unwrap();
        for (name, body) in [("other", "other"), ("k", OLD)] {
            let put = PutRequest::new(body.len() as u64);
            store.put(&key(name), bytes_of(body), put).await.unwrap();
        }
        let upload = store.create(&key("k"), Attributes::new()).await.unwrap();
        let mut etags = Vec::new();
        for place in 1..=3 {
            let (body, put) = (format!("part{place}"), PutRequest::new(5));
            let k = key("k");
            let put = store.put_part(&k, &upload, number(place), bytes_of(body), put);
            etags.push(put.await.unwrap());
        }
        Self { folder, store, upload, etags }
    }

    fn at(&self, place: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(place)
    }

    fn record_of(&self, name: &str) -> PathBuf {
        self.at("records").join(path_of(&key(name)))
    }

    fn part(&self, folder: &str, place: u16) -> PathBuf {
        self.at("uploads").join(folder).join(format!("{place:05}.record"))
    }

    fn parse(path: &Path) -> Record {
        Record::parse(&fs::read(path).unwrap()).unwrap()
    }

    fn data_of(&self, record: &Record) -> PathBuf {
        self.at("data").join(record.segments[0].data.data_path())
    }

    /// Parts 1 and 3; the second is dropped.
    fn named(&self) -> Vec<CompletedPart> {
        let named = |place: u16| {
            let etag = self.etags[usize::from(place) - 1].clone();
            CompletedPart { number: number(place), etag }
        };
        vec![named(1), named(3)]
    }

    /// What a process that starts now finds. Returns what is at `k`.
    async fn crash(&self, step: &str) -> (TempDir, FileStore, Option<String>) {
        let folder = copy_of(self.folder.path());
        for _ in 0..2 {
            // The second time, there is nothing left to be done.
            let store = FileStore::open(folder.path()).unwrap();
            assert_eq!(wrong_in(folder.path()), None, "{step}");
            assert_eq!(read(&store, &key("other")).await.as_deref(), Some("other"), "{step}");
        }
        let store = FileStore::open(folder.path()).unwrap();
        let found = read(&store, &key("k")).await;
        (folder, store, found)
    }

    /// A crash that leaves `k` as it says, and the upload alive.
    async fn survives(&self, step: &str, expected: Option<&str>) {
        let (folder, store, found) = self.crash(step).await;
        assert_eq!(found.as_deref(), expected, "{step}");
        let (k, named) = (key("k"), self.named());
        let complete = store.complete_sized(&k, &self.upload, &named, PartSizes::Any);
        complete.await.unwrap_or_else(|error| panic!("{step}: {error}"));
        assert_eq!(read(&store, &key("k")).await.as_deref(), Some("part1part3"), "{step}");
        assert_eq!(wrong_in(folder.path()), None, "{step}");
    }

    /// A crash after which the upload is gone.
    async fn has_ended(&self, step: &str, expected: &str) {
        let (folder, store, found) = self.crash(step).await;
        assert_eq!(found.as_deref(), Some(expected), "{step}");
        let list = PartStore::list(&store, &key("k"), &self.upload).await;
        assert!(matches!(list, Err(StoreError::NoSuchUpload)), "{step}");
        assert_eq!(fs::read_dir(folder.path().join("uploads")).unwrap().count(), 0, "{step}");
        store.delete(&key("k")).await.unwrap();
        assert_eq!(files_below(&folder.path().join("data")).len(), 1, "{step}");
    }
}

/// Puts a body at the place of a record, and dies at every step of it.
async fn dies_putting(bench: &Bench, target: &Path, is_part: bool) {
    let inner = &bench.store.inner;
    let after = if is_part { OLD } else { NEW };
    let (torn, torn_record) = (Id::random().unwrap(), Id::random().unwrap());
    fs::write(bench.at("tmp").join(torn.data_name()), "the new").unwrap();
    bench.survives("half of the data", Some(OLD)).await;
    let put = PutRequest::new(NEW.len() as u64);
    let staged = bench.store.stage(bytes_of(NEW), &put).await.unwrap();
    bench.survives("all of the data", Some(OLD)).await;

    let segment = Segment { data: staged.id().clone(), size: staged.size() };
    let etag = ETag::parse("new").unwrap();
    let origin = Origin { etag, sha256: Some(*staged.sha256()), upload: None };
    let record = Record::new(vec![segment], &Attributes::new(), origin).unwrap();
    let bytes = record.to_bytes().unwrap();
    let torn_path = bench.at("tmp").join(torn_record.record_name());
    for len in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&torn_path, &bytes[..len]).unwrap();
        bench.survives("a part of the record", Some(OLD)).await;
    }
    fs::remove_file(torn_path).unwrap();
    let new = bench.at("tmp").join(record.id.record_name());
    let version = inner.prepare(record).unwrap();
    bench.survives("the record", Some(OLD)).await;
    staged.keep().unwrap();
    bench.survives("the data at its place", Some(OLD)).await;

    let old = Bench::parse(target);
    let grave = bench.at("tmp").join(old.id.record_name());
    fs::hard_link(target, &grave).unwrap();
    bench.survives("the old record with two names", Some(OLD)).await;
    fs::rename(&new, target).unwrap();
    version.published();
    // The new part has another tag: what is complete is what was named.
    let steps: [(&str, &dyn Fn()); 4] = [
        ("published", &|| ()),
        ("the old data gone", &|| fs::remove_file(bench.data_of(&old)).unwrap()),
        ("the old record gone", &|| fs::remove_file(&grave).unwrap()),
        ("the torn data gone", &|| {
            fs::remove_file(bench.at("tmp").join(torn.data_name())).unwrap();
        }),
    ];
    for (step, act) in steps {
        act();
        bench.survives(step, Some(after)).await;
    }
}

#[tokio::test]
async fn a_crash_while_an_object_is_replaced() {
    let bench = Bench::new().await;
    dies_putting(&bench, &bench.record_of("k"), false).await;
}

#[tokio::test]
async fn a_crash_while_a_part_is_replaced() {
    let bench = Bench::new().await;
    // The one that is not named.
    dies_putting(&bench, &bench.part(bench.upload.as_str(), 2), true).await;
}

#[tokio::test]
async fn a_crash_while_an_object_is_deleted_or_frozen() {
    let bench = Bench::new().await;
    let old = Bench::parse(&bench.record_of("k"));
    fs::rename(bench.record_of("k"), bench.record_of("frozen")).unwrap();
    let (_folder, store, found) = bench.crash("frozen").await;
    assert_eq!(found, None);
    assert_eq!(read(&store, &key("frozen")).await.as_deref(), Some(OLD));

    let grave = bench.at("tmp").join(old.id.record_name());
    fs::rename(bench.record_of("frozen"), &grave).unwrap();
    bench.survives("deleted", None).await;
    fs::remove_file(bench.data_of(&old)).unwrap();
    bench.survives("its data gone", None).await;
    fs::remove_file(grave).unwrap();
    bench.survives("its record gone", None).await;
}

#[tokio::test]
async fn a_crash_while_an_upload_is_completed() {
    let bench = Bench::new().await;
    let id = Id::parse(bench.upload.as_str()).unwrap();
    let (folder, completing) = (bench.at("uploads").join(id.as_str()), id.completing_name());
    let parts = [1, 2, 3].map(|place| Bench::parse(&bench.part(id.as_str(), place)));
    let segments = [&parts[0], &parts[2]].map(|part| part.segments[0].clone());
    let etag = ETag::parse("whole").unwrap();
    let origin = Origin { etag, sha256: None, upload: Some(id.clone()) };
    let object = Record::new(segments.into(), &Attributes::new(), origin).unwrap();
    let bytes = object.to_bytes().unwrap();

    // As `complete_upload` does it.
    let spare = spare_record(&parts[1]);
    for len in [0, spare.len() / 2, spare.len()] {
        fs::write(folder.join("spare.record"), &spare[..len]).unwrap();
        bench.survives("some of the spare parts", Some(OLD)).await;
    }
    for len in [0, bytes.len() / 2, bytes.len()] {
        fs::write(folder.join("object.record"), &bytes[..len]).unwrap();
        bench.survives("some of the record", Some(OLD)).await;
    }
    let folder = {
        let renamed = bench.at("uploads").join(&completing);
        fs::rename(folder, &renamed).unwrap();
        renamed
    };
    bench.survives("completing", Some(OLD)).await;
    let target = bench.record_of("k");
    let old = Bench::parse(&target);
    let grave = bench.at("tmp").join(old.id.record_name());
    fs::hard_link(&target, &grave).unwrap();
    bench.survives("the old record with two names", Some(OLD)).await;
    fs::rename(folder.join("object.record"), &target).unwrap();
    bench.has_ended("published", "part1part3").await;
    fs::remove_file(bench.data_of(&parts[1])).unwrap();
    bench.has_ended("the data of the spare part gone", "part1part3").await;
    for place in 1..=3 {
        fs::remove_file(bench.part(&completing, place)).unwrap();
        bench.has_ended("some parts gone", "part1part3").await;
    }
    for name in ["upload.record", "spare.record"] {
        fs::remove_file(folder.join(name)).unwrap();
        bench.has_ended(name, "part1part3").await;
    }
    fs::remove_dir(folder).unwrap();
    bench.has_ended("all of the upload gone", "part1part3").await;
    fs::remove_file(bench.data_of(&old)).unwrap();
    bench.has_ended("the old data gone", "part1part3").await;
    fs::remove_file(grave).unwrap();
    bench.has_ended("the old record gone", "part1part3").await;
}

#[tokio::test]
async fn a_crash_while_an_upload_is_aborted() {
    let bench = Bench::new().await;
    let id = Id::parse(bench.upload.as_str()).unwrap();
    let parts = [1, 2, 3].map(|place| Bench::parse(&bench.part(id.as_str(), place)));
    let folder = bench.at("tmp").join(id.upload_name());
    fs::rename(bench.at("uploads").join(id.as_str()), &folder).unwrap();
    bench.has_ended("aborted", OLD).await;
    for part in &parts {
        fs::remove_file(bench.data_of(part)).unwrap();
        bench.has_ended("some data gone", OLD).await;
    }
    for file in files_below(&folder) {
        fs::remove_file(file).unwrap();
        bench.has_ended("some records gone", OLD).await;
    }
}

#[tokio::test]
async fn a_crash_while_an_upload_is_created() {
    let bench = Bench::new().await;
    let folder = bench.at("tmp").join(Id::random().unwrap().upload_name());
    fs::create_dir(&folder).unwrap();
    bench.survives("the folder", Some(OLD)).await;
    fs::write(folder.join("upload.record"), "{\"key").unwrap();
    bench.survives("half of the record", Some(OLD)).await;
}

/// The recovery may itself be cut short; what it finds then is to be as good as before.
#[tokio::test]
async fn a_recovery_that_fails_loses_no_upload() {
    let bench = Bench::new().await;
    let id = Id::parse(bench.upload.as_str()).unwrap();
    let folder = bench.at("uploads").join(id.completing_name());
    fs::rename(bench.at("uploads").join(id.as_str()), &folder).unwrap();
    fs::write(folder.join("object.record"), "never finished").unwrap();
    // A folder that is not empty is in the way of the rename.
    let copy = copy_of(bench.folder.path());
    let obstacle = copy.path().join("uploads").join(id.as_str());
    fs::create_dir(&obstacle).unwrap();
    fs::write(obstacle.join("file"), "").unwrap();
    FileStore::open(copy.path()).unwrap_err();
    fs::remove_dir_all(obstacle).unwrap();
    let store = FileStore::open(copy.path()).unwrap();
    let parts = PartStore::list(&store, &key("k"), &bench.upload).await.unwrap();
    assert_eq!(parts.len(), 3);
}

/// Completing failed, and so did taking it back: the upload is there all the same.
#[tokio::test]
async fn an_upload_that_could_not_be_taken_back_is_aborted_or_completed() {
    for aborts in [true, false] {
        let bench = Bench::new().await;
        let id = Id::parse(bench.upload.as_str()).unwrap();
        let folder = bench.at("uploads").join(id.completing_name());
        fs::rename(bench.at("uploads").join(id.as_str()), &folder).unwrap();
        fs::write(folder.join("object.record"), "not published").unwrap();
        if aborts {
            bench.store.abort(&key("k"), &bench.upload).await.unwrap();
            bench.has_ended("aborted", OLD).await;
        } else {
            let (k, named) = (key("k"), bench.named());
            let complete = bench.store.complete_sized(&k, &bench.upload, &named, PartSizes::Any);
            complete.await.unwrap();
            bench.has_ended("completed", "part1part3").await;
        }
    }
}

/// A call that failed, and whose cleaning up failed too, leaves a record with two names. Renaming
/// one to the other does nothing, and says that it did.
#[tokio::test]
async fn an_object_whose_record_has_two_names_is_deleted() {
    let bench = Bench::new().await;
    let old = Bench::parse(&bench.record_of("k"));
    fs::hard_link(bench.record_of("k"), bench.at("tmp").join(old.id.record_name())).unwrap();
    bench.store.delete(&key("k")).await.unwrap();
    assert_eq!(read(&bench.store, &key("k")).await, None);
    assert_eq!(wrong_in(bench.folder.path()), None);
}

/// An upload that was completed and could not be cleared away; then its object went elsewhere.
#[tokio::test]
async fn parts_that_were_dropped_go_though_the_object_went_first() {
    let bench = Bench::new().await;
    let id = Id::parse(bench.upload.as_str()).unwrap();
    let spare = Bench::parse(&bench.part(id.as_str(), 2));
    let (k, named) = (key("k"), bench.named());
    let complete = bench.store.complete_sized(&k, &bench.upload, &named, PartSizes::Any);
    complete.await.unwrap();
    let folder = bench.at("uploads").join(id.completing_name());
    fs::create_dir(&folder).unwrap();
    let record = ("00002.record", spare.to_bytes().unwrap());
    for (name, bytes) in [record, ("spare.record", spare_record(&spare))] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    fs::write(bench.data_of(&spare), "part2").unwrap();
    bench.store.freeze(&k, &key("frozen")).await.unwrap();
    let (_folder, store, found) = bench.crash("moved").await;
    assert_eq!(found, None);
    assert_eq!(read(&store, &key("frozen")).await.as_deref(), Some("part1part3"));
}

#[tokio::test]
async fn ten_thousand_orphans_are_gone_within_five_seconds() {
    let bench = Bench::new().await;
    let body = Bytes::from_static(b"orphan");
    for _ in 0..5_000 {
        let (data, kept) = (Id::random().unwrap(), Id::random().unwrap());
        fs::write(bench.at("tmp").join(data.data_name()), &body).unwrap();
        fs::write(bench.at("data").join(kept.data_path()), &body).unwrap();
        let segment = Segment { data: kept, size: 6 };
        let origin = Origin { etag: ETag::parse("t").unwrap(), sha256: None, upload: None };
        let record = Record::new(vec![segment], &Attributes::new(), origin).unwrap();
        let path = bench.at("tmp").join(record.id.record_name());
        fs::write(path, record.to_bytes().unwrap()).unwrap();
    }
    let Bench { folder, store, upload, .. } = bench;
    drop(store);
    let begin = Instant::now();
    let store = FileStore::open(folder.path()).unwrap();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(wrong_in(folder.path()), None);
    assert_eq!(PartStore::list(&store, &key("k"), &upload).await.unwrap().len(), 3);
}
