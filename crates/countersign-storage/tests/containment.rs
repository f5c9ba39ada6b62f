//! Nothing outside of the folder of a store is read or changed, whoever plants links in it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use bytes::Bytes;
use countersign_storage::{
    CompletedPart, FileStore, ObjectKey, Objects, PartNumber, PartStore, PutMode, PutRequest,
    StoreError, UploadId, bytes_of,
};
use futures_util::TryStreamExt;
use object_store::{Attributes, CopyOptions, ObjectStore};
use sha2::{Digest, Sha256};

use self::{folder::quick_folder, layout::files_below, outside::Snapshot};

#[path = "support/folder.rs"]
mod folder;
#[path = "support/layout.rs"]
#[expect(dead_code, reason = "what is wrong in a store with planted links is not asked")]
mod layout;
#[path = "support/outside.rs"]
mod outside;

const INSIDE: u8 = b'i';
const CANARY: u8 = b'C';

const LEN: usize = 66_000;

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn long_key() -> ObjectKey {
    key(&"l".repeat(300))
}

fn number(number: u16) -> PartNumber {
    PartNumber::new(number).unwrap()
}

fn request() -> PutRequest {
    PutRequest::new(LEN as u64)
}

fn body(byte: u8) -> futures_util::stream::BoxStream<'static, std::io::Result<Bytes>> {
    bytes_of(vec![byte; LEN])
}

async fn copy(store: &FileStore, from: &str) -> object_store::Result<()> {
    store.copy_opts(&from.into(), &"copy".into(), CopyOptions::new()).await
}

/// A store with an object under a short key, one under a long key, and an upload with a part.
async fn furnish(root: &Path, byte: u8) -> (FileStore, UploadId) {
    let store = FileStore::open(root).unwrap();
    for key in [key("k"), long_key(), key("frozen")] {
        store.put(&key, body(byte), request()).await.unwrap();
    }
    let upload = store.create(&key("u"), Attributes::new()).await.unwrap();
    store.put_part(&key("u"), &upload, number(1), body(byte), request()).await.unwrap();
    (store, upload)
}

#[tokio::test]
async fn folders_and_files_are_for_their_owner_only() {
    let folder = quick_folder();
    let root = folder.path().join("some/where/bucket");
    let (store, upload) = furnish(&root, INSIDE).await;
    let check = || {
        let mut left = vec![root.clone()];
        while let Some(path) = left.pop() {
            let meta = fs::symlink_metadata(&path).unwrap();
            let expected = if meta.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(meta.permissions().mode() & 0o7777, expected, "{}", path.display());
            if meta.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    };
    check();
    store.put(&key("k"), body(INSIDE), request()).await.unwrap();
    store.freeze(&key("k"), &key("final")).await.unwrap();
    copy(&store, "frozen").await.unwrap();
    store.delete(&key("frozen")).await.unwrap();
    let parts = PartStore::list(&store, &key("u"), &upload).await.unwrap();
    let named = CompletedPart { number: parts[0].number, etag: parts[0].etag.clone() };
    store.complete(&key("u"), &upload, &[named]).await.unwrap();
    check();
    assert!(root.join("lock").is_file());
}

#[tokio::test]
async fn a_folder_is_open_once_at_a_time() {
    let folder = quick_folder();
    let (store, _) = furnish(folder.path(), INSIDE).await;
    assert!(matches!(FileStore::open(folder.path()), Err(StoreError::InUse)));
    let object = store.open(&key("k")).await.unwrap();
    drop(store);
    // Who reads still has it open: else the recovery would take away what is read.
    assert!(matches!(FileStore::open(folder.path()), Err(StoreError::InUse)));
    drop(object);
    FileStore::open(folder.path()).unwrap();
}

/// The tag of what lies outside.
fn canary_tag() -> String {
    let digest = hex::encode(Sha256::digest(vec![CANARY; LEN]));
    format!("{}-1", &digest[..32])
}

/// Reads an object; fails the test if a byte of it comes from outside, or what is said of it.
async fn look(store: &FileStore, key: &ObjectKey) {
    let Ok(object) = store.open(key).await else { return };
    assert_ne!(object.info().etag.as_str(), canary_tag(), "{key}: a record from outside");
    let mut bytes = object.read(0..u64::MAX);
    while let Ok(Some(chunk)) = bytes.try_next().await {
        assert!(!chunk.contains(&CANARY), "{key}: bytes from outside");
    }
}

/// Does all that can be done. What is refused is none of this test's business.
async fn do_all(store: &FileStore, upload: &UploadId) {
    for one in [key("k"), long_key(), key("frozen"), key("u")] {
        look(store, &one).await;
    }
    let _: Result<Vec<_>, _> = ObjectStore::list(store, None).try_collect().await;
    for one in [key("k"), long_key(), key("new")] {
        let _ = store.put(&one, body(INSIDE), request()).await;
        look(store, &one).await;
        let create = request().with_mode(PutMode::Create);
        let _ = store.put(&one, body(INSIDE), create).await;
    }
    let _ = copy(store, "k").await;
    look(store, &key("copy")).await;
    let _ = store.freeze(&key("k"), &key("frozen")).await;
    let _ = store.freeze(&long_key(), &key("far")).await;
    let _ = store.freeze(&key("k"), &long_key()).await;
    let _ = store.put_part(&key("u"), upload, number(1), body(INSIDE), request()).await;
    let _ = store.put_part(&key("u"), upload, number(2), body(INSIDE), request()).await;
    if let Ok(parts) = PartStore::list(store, &key("u"), upload).await {
        let named =
            parts.iter().map(|it| CompletedPart { number: it.number, etag: it.etag.clone() });
        assert!(parts.iter().all(|part| part.etag.as_str() != canary_tag()), "a part from outside");
        // The last part only: the others' data is removed.
        let named: Vec<_> = named.rev().take(1).collect();
        let _ = store.complete(&key("u"), upload, &named).await;
        look(store, &key("u")).await;
    }
    let _ = store.abort(&key("u"), upload).await;
    if let Ok(other) = store.create(&key("v"), Attributes::new()).await {
        let _ = store.put_part(&key("v"), &other, number(1), body(INSIDE), request()).await;
        let _ = store.abort(&key("v"), &other).await;
    }
    for one in [key("k"), long_key(), key("frozen"), key("far"), key("copy"), key("u")] {
        let _ = store.delete(&one).await;
    }
}

/// Every place of the layout: what is there, and, so that all levels are there, what could be.
fn places(root: &Path) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = files_below(root);
    for file in places.clone() {
        let above = file.ancestors().skip(1).take_while(|it| *it != root);
        places.extend(above.map(Path::to_path_buf));
    }
    places.sort();
    places.dedup();
    places
}

/// Puts a link to what is outside in the place of what is inside.
fn plant(place: &Path, target: &Path) {
    if place.is_dir() {
        fs::remove_dir_all(place).unwrap();
    } else if place.exists() {
        fs::remove_file(place).unwrap();
    }
    symlink(target, place).unwrap();
}

/// Makes the outside: at every place of the inside something of the same name and kind, from another
/// store, good enough to be taken for it.
fn mirror(inside: &Path, outside: &Path, canary: &Path) {
    let others = files_below(canary);
    for file in files_below(inside) {
        let below = file.strip_prefix(inside).unwrap();
        // Data files and uploads have other names there; their bytes have the right digests.
        let is_alike = |other: &&PathBuf| {
            let other = other.strip_prefix(canary).unwrap();
            let is_data = below.starts_with("data") && other.starts_with("data");
            let is_upload = below.starts_with("uploads") && other.starts_with("uploads");
            other == below || is_data || (is_upload && other.file_name() == below.file_name())
        };
        let target = outside.join(below);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(others.iter().find(is_alike).unwrap(), target).unwrap();
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Closed,
    Open,
}

async fn attack(place_of: impl Fn(&Path) -> Option<PathBuf>, when: When) -> Option<PathBuf> {
    let folder = quick_folder();
    let [root, outside, canary] = ["bucket", "outside", "canary"].map(|it| folder.path().join(it));
    drop(furnish(&canary, CANARY).await);
    let (store, upload) = furnish(&root, INSIDE).await;
    mirror(&root, &outside, &canary);
    let place = place_of(&root)?;
    let below = place.strip_prefix(&root).unwrap().to_path_buf();
    let target = outside.join(&below);
    if !target.exists() {
        // Of what does not lie there, a crash may have left some: data, records, uploads.
        fs::create_dir_all(&target).unwrap();
        fs::copy(canary.join("lock"), target.join("upload.record")).unwrap();
    }
    let before = Snapshot::of(&outside);
    let assert_same = || {
        let changes = before.changes(&Snapshot::of(&outside));
        assert!(changes.is_empty(), "{}, {when:?}: {changes:?}", below.display());
    };
    let store = if when == When::Closed {
        drop(store);
        plant(&place, &target);
        FileStore::open(&root).ok()
    } else {
        plant(&place, &target);
        Some(store)
    };
    assert_same();
    if let Some(store) = store {
        do_all(&store, &upload).await;
    }
    assert_same();
    if let Ok(store) = FileStore::open(&root) {
        do_all(&store, &upload).await;
    }
    assert_same();
    Some(below)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_at_any_place_of_the_layout_leads_nowhere() {
    for when in [When::Closed, When::Open] {
        let mut attacked = 0;
        // The names are others each time, but as many, and of the same kinds.
        while let Some(_place) = attack(|root| places(root).get(attacked).cloned(), when).await {
            attacked += 1;
        }
        assert!(attacked > 15, "{attacked} places");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_among_what_a_crash_left_leads_nowhere() {
    let id = "0123456789abcdef0123456789abcdef";
    for name in
        ["tmp/ID.data", "tmp/ID.record", "tmp/ID.upload", "uploads/ID.completing", "uploads/ID"]
    {
        for when in [When::Closed, When::Open] {
            attack(|root| Some(root.join(name.replace("ID", id))), when).await.unwrap();
        }
    }
}

/// Replaces folders by links to the outside and back, for ever, and counts.
fn swap(places: &[PathBuf], (root, outside): (&Path, &Path), swaps: &AtomicU32, stop: &AtomicBool) {
    let hidden = outside.with_file_name("hidden");
    while !stop.load(Ordering::Relaxed) {
        for place in places {
            let target = outside.join(place.strip_prefix(root).unwrap());
            if fs::rename(place, &hidden).is_ok() {
                // The store may have made the folder anew, and an abort moved the link away.
                if symlink(&target, place).is_ok() {
                    thread::yield_now();
                    let _ = fs::remove_file(place);
                }
                if fs::rename(&hidden, place).is_err() {
                    fs::remove_dir_all(&hidden).unwrap();
                }
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_that_turn_into_links_and_back_lead_nowhere() {
    const ROUNDS: u32 = 40;
    const SWAPS: u32 = 5_000;
    let folder = quick_folder();
    let [root, outside, canary] = ["bucket", "outside", "canary"].map(|it| folder.path().join(it));
    drop(furnish(&canary, CANARY).await);
    let (store, upload) = furnish(&root, INSIDE).await;
    mirror(&root, &outside, &canary);
    // Those that are always there: all of `data/`, the folders of the long key, the upload.
    let mut folders: Vec<_> = places(&root).into_iter().filter(|it| it.is_dir()).collect();
    folders.retain(|it| it.parent() != Some(&root) && !it.starts_with(root.join("data")));
    folders.extend((0..=255_u8).map(|first| root.join(format!("data/{first:02x}"))));
    for place in &folders {
        fs::create_dir_all(outside.join(place.strip_prefix(&root).unwrap())).unwrap();
    }
    let before = Snapshot::of(&outside);

    let (swaps, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let swapper = thread::spawn({
        let (root, outside) = (root.clone(), outside.clone());
        let (swaps, stop) = (Arc::clone(&swaps), Arc::clone(&stop));
        move || swap(&folders, (&root, &outside), &swaps, &stop)
    });
    // How many swaps a round meets is up to the machine.
    let mut rounds = 0;
    while rounds < ROUNDS || swaps.load(Ordering::Relaxed) < SWAPS {
        assert!(!swapper.is_finished(), "after {rounds} rounds");
        do_all(&store, &upload).await;
        rounds += 1;
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    let changes = before.changes(&Snapshot::of(&outside));
    assert!(changes.is_empty(), "{changes:?}");
    println!("{} swaps in {rounds} rounds", swaps.load(Ordering::Relaxed));
}
