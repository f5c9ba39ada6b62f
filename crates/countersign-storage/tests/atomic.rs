//! Many at once: who reads has one object, whole; who is refused, broken off or dropped leaves
//! nothing.

use std::{
    collections::HashSet, future::poll_fn, io, path::Path, pin::pin, task::Poll, time::Duration,
};

use bytes::Bytes;
use countersign_storage::{
    ETag, FileStore, Object, ObjectKey, Objects, PartNumber, PartStore, PutMode, PutRequest,
    StoreError, bytes_of, collect,
};
use futures_util::{
    StreamExt, TryStreamExt,
    future::join_all,
    stream::{self, BoxStream},
};
use object_store::Attributes;
use tempfile::TempDir;

use self::{
    bodies::body_of,
    folder::quick_folder,
    layout::{files_below, wrong_in},
    rng::Rng,
};

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/layout.rs"]
mod layout;
#[path = "support/rng.rs"]
mod rng;

fn store() -> (TempDir, FileStore) {
    let folder = quick_folder();
    let store = FileStore::open(folder.path()).unwrap();
    (folder, store)
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

async fn put(
    store: &FileStore,
    key: &ObjectKey,
    body: Vec<u8>,
    mode: PutMode,
) -> Result<ETag, StoreError> {
    let put = PutRequest::new(body.len() as u64).with_mode(mode);
    Ok(store.put(key, bytes_of(body), put).await?.etag)
}

async fn read(object: &Object) -> Vec<u8> {
    collect(object.read(0..u64::MAX)).await.unwrap().to_vec()
}

/// Some blocks, and always the same number of bytes for a number.
fn blocks_of(number: u64) -> Vec<u8> {
    body_of(number, 150_000 + usize::try_from(number * 7919 % 200_000).unwrap())
}

/// Whether bytes are one of the bodies, from its first byte to its last.
fn is_whole(bytes: &[u8]) -> bool {
    let number = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    bytes == blocks_of(number)
}

/// Waits until what was dropped has gone: its last step runs on another thread.
async fn wait_until_right(root: &Path, context: &str) {
    for _ in 0..500 {
        if wrong_in(root).is_none() {
            return;
        }
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(20)))
            .await
            .unwrap();
    }
    assert_eq!(wrong_in(root), None, "{context}");
}

async fn run(store: FileStore, mut rng: Rng, number: u64) {
    let keys = ["a", "b", "c"].map(key);
    for round in 0..12 {
        let one = &keys[rng.below(3)];
        match rng.below(8) {
            0..3 => drop(
                put(&store, one, blocks_of(number * 100 + round), PutMode::Overwrite)
                    .await
                    .unwrap(),
            ),
            3..6 => match store.open(one).await {
                Ok(object) => assert!(is_whole(&read(&object).await), "a mix"),
                Err(error) => assert!(matches!(error, StoreError::NotFound), "{error}"),
            },
            6 => store.delete(one).await.unwrap(),
            _ => match store.freeze(one, &keys[rng.below(3)]).await {
                Ok(_) | Err(StoreError::NotFound) => {}
                Err(error) => panic!("{error}"),
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_one_object_from_its_first_byte_to_its_last() {
    const SEED: u64 = 0xf10;
    println!("seed {SEED}");
    let (folder, store) = store();
    let tasks =
        (0..24).map(|number| tokio::spawn(run(store.clone(), Rng::new(SEED + number), number)));
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(wrong_in(folder.path()), None);
}

#[tokio::test]
async fn a_reader_of_what_is_replaced_or_deleted_reads_it_to_its_end() {
    let (folder, store) = store();
    let one = key("one");
    let data = || files_below(&folder.path().join("data")).len();
    for replace in [true, false] {
        let old = body_of(1, 900_000);
        put(&store, &one, old.clone(), PutMode::Overwrite).await.unwrap();
        let object = store.open(&one).await.unwrap();
        let mut bytes = object.read(0..u64::MAX);
        let mut found = bytes.try_next().await.unwrap().unwrap().to_vec();
        if replace {
            put(&store, &one, body_of(2, 10), PutMode::Overwrite).await.unwrap();
            assert_eq!(data(), 2, "the old bytes stay for their reader");
        } else {
            store.delete(&one).await.unwrap();
            assert_eq!(data(), 1, "the old bytes stay for their reader");
        }
        drop(object);
        while let Some(chunk) = bytes.try_next().await.unwrap() {
            found.extend_from_slice(&chunk);
        }
        assert!(found == old);
        drop(bytes);
        assert_eq!(data(), usize::from(replace), "and go with their last reader");
        assert_eq!(wrong_in(folder.path()), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_that_create_one_wins_and_its_bytes_are_there() {
    let (folder, store) = store();
    for round in 0..4 {
        let one = key(&format!("key {round}"));
        let tasks = (0..64).map(|number| {
            let (store, one) = (store.clone(), one.clone());
            tokio::spawn(async move {
                put(&store, &one, body_of(number, 70_000), PutMode::Create).await
            })
        });
        let mut winners = Vec::new();
        for (number, task) in join_all(tasks).await.into_iter().enumerate() {
            match task.unwrap() {
                Ok(etag) => winners.push((number as u64, etag)),
                Err(error) => assert!(matches!(error, StoreError::AlreadyExists), "{error}"),
            }
        }
        let [(winner, etag)] = &winners[..] else { panic!("{} winners", winners.len()) };
        let object = store.open(&one).await.unwrap();
        assert_eq!(object.info().etag, *etag);
        assert!(read(&object).await == body_of(*winner, 70_000));
    }
    assert_eq!(wrong_in(folder.path()), None);
}

async fn count_up(store: FileStore, times: usize) {
    let counter = key("counter");
    for _ in 0..times {
        loop {
            let object = store.open(&counter).await.unwrap();
            let count: u64 = String::from_utf8(read(&object).await).unwrap().parse().unwrap();
            let mode = PutMode::Update(object.info().etag.clone());
            match put(&store, &counter, (count + 1).to_string().into(), mode).await {
                Ok(_) => break,
                Err(error) => assert!(matches!(error, StoreError::Precondition), "{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_that_is_updated_by_its_tag_loses_no_increment() {
    let (folder, store) = store();
    put(&store, &key("counter"), b"0".to_vec(), PutMode::Create).await.unwrap();
    let tasks = (0..32).map(|_| tokio::spawn(count_up(store.clone(), 4)));
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(read(&store.open(&key("counter")).await.unwrap()).await, b"128");
    assert_eq!(wrong_in(folder.path()), None);
}

/// A body that comes in pieces, and lets others run in between.
fn trickle(body: &[u8]) -> BoxStream<'static, io::Result<Bytes>> {
    let chunks: Vec<_> = body.chunks(60_000).map(Bytes::copy_from_slice).collect();
    let chunk = |chunk| async {
        tokio::task::yield_now().await;
        Ok(chunk)
    };
    stream::iter(chunks).then(chunk).boxed()
}

/// Polls a future so many times, and drops it when it has not ended by then.
async fn for_some_polls<F: Future>(mut polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Puts that are dropped somewhere: before they begin, while the body streams, while the record is
/// published, after the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_that_is_dropped_leaves_nothing_or_all() {
    const SEED: u64 = 0xf06;
    println!("seed {SEED}");
    let mut rng = Rng::new(SEED);
    let (folder, store) = store();
    put(&store, &key("one"), blocks_of(0), PutMode::Overwrite).await.unwrap();
    let upload = store.create(&key("u"), Attributes::new()).await.unwrap();
    let mut outcomes = HashSet::new();
    for number in 1..150_u64 {
        let (store, upload, as_part) = (store.clone(), upload.clone(), number % 3 == 0);
        let put = async move {
            let body = blocks_of(number);
            let put = PutRequest::new(body.len() as u64);
            if as_part {
                let part = PartNumber::new(1 + u16::try_from(number % 4).unwrap()).unwrap();
                store.put_part(&key("u"), &upload, part, trickle(&body), put).await?;
            } else {
                store.put(&key("one"), trickle(&body), put).await?;
            }
            Ok::<_, StoreError>(())
        };
        let outcome = for_some_polls(rng.below(24), put).await;
        outcomes.insert(outcome.transpose().unwrap().is_some());
    }
    assert_eq!(outcomes.len(), 2, "none was dropped, or all: {outcomes:?}");
    wait_until_right(folder.path(), "after drops").await;
    assert!(is_whole(&read(&store.open(&key("one")).await.unwrap()).await));
    PartStore::list(&store, &key("u"), &upload).await.unwrap();
    store.abort(&key("u"), &upload).await.unwrap();
    assert_eq!(wrong_in(folder.path()), None);
    assert_eq!(files_below(&folder.path().join("data")).len(), 1);
}

/// Puts of a body of 300,000 bytes that have to be refused, and how.
fn refused(body: &[u8]) -> Vec<(&'static str, BoxStream<'static, io::Result<Bytes>>, PutRequest)> {
    let len = body.len() as u64;
    let whole = || bytes_of(body.to_vec());
    let broken = |at: usize| {
        let error = Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"));
        let first = Ok(Bytes::copy_from_slice(&body[..at]));
        stream::iter([first, error]).boxed()
    };
    let mut md5 = PutRequest::new(len);
    md5.md5 = Some([1; 16]);
    let mut sha256 = PutRequest::new(len);
    sha256.sha256 = Some([1; 32]);
    let mut any = PutRequest::up_to(len);
    any.sha256 = Some([1; 32]);
    let mut update = PutRequest::new(len);
    update.mode = PutMode::Update(ETag::parse("another").unwrap());
    vec![
        ("broken at once", broken(0), PutRequest::new(len)),
        ("broken in the middle", broken(280_000), PutRequest::new(len)),
        ("broken at the end", broken(body.len()), PutRequest::new(len)),
        ("a byte more", whole(), PutRequest::new(len - 1)),
        ("a byte less", whole(), PutRequest::new(len + 1)),
        ("nothing said", whole(), PutRequest::new(0)),
        ("nothing sent", stream::empty().boxed(), PutRequest::new(1)),
        ("more than is allowed", whole(), PutRequest::up_to(len - 1)),
        ("nothing allowed", whole(), PutRequest::up_to(0)),
        ("broken at once, of any length", broken(0), PutRequest::up_to(len)),
        ("broken in the middle, of any length", broken(280_000), PutRequest::up_to(u64::MAX)),
        ("broken at the end, of any length", broken(body.len()), PutRequest::up_to(len)),
        ("another SHA-256, of any length", whole(), any),
        ("another MD5", whole(), md5),
        ("another SHA-256", whole(), sha256),
        ("another tag", whole(), update),
        ("there already", whole(), PutRequest::new(len).with_mode(PutMode::Create)),
    ]
}

#[tokio::test]
async fn a_body_that_is_refused_leaves_what_was_there() {
    let (folder, store) = store();
    let (old, body) = (body_of(1, 200_000), body_of(2, 300_000));
    put(&store, &key("one"), old.clone(), PutMode::Overwrite).await.unwrap();
    for (how, body, put) in refused(&body) {
        let is_mode = put.mode != PutMode::Overwrite;
        store.put(&key("one"), body, put).await.expect_err(how);
        assert_eq!(wrong_in(folder.path()), None, "{how}");
        assert_eq!(files_below(&folder.path().join("data")).len(), 1, "{how}");
        assert!(read(&store.open(&key("one")).await.unwrap()).await == old, "{how}, {is_mode}");
    }
    for (how, body, put) in
        refused(&body).into_iter().filter(|(.., put)| put.mode == PutMode::Overwrite)
    {
        store.put(&key("new"), body, put).await.expect_err(how);
        assert!(matches!(store.open(&key("new")).await, Err(StoreError::NotFound)), "{how}");
        assert_eq!(wrong_in(folder.path()), None, "{how}");
    }
}

#[tokio::test]
async fn a_part_that_is_refused_leaves_the_part_that_was_there() {
    let (folder, store) = store();
    let (old, body) = (body_of(1, 200_000), body_of(2, 300_000));
    let (u, one) = (key("u"), PartNumber::new(1).unwrap());
    let upload = store.create(&u, Attributes::new()).await.unwrap();
    let request = PutRequest::new(old.len() as u64);
    let etag = store.put_part(&u, &upload, one, bytes_of(old), request).await.unwrap();
    for (how, body, put) in
        refused(&body).into_iter().filter(|(.., put)| put.mode == PutMode::Overwrite)
    {
        store.put_part(&u, &upload, one, body, put).await.expect_err(how);
        let parts = PartStore::list(&store, &u, &upload).await.unwrap();
        assert!(parts.len() == 1 && parts[0].etag == etag, "{how}");
        assert_eq!(wrong_in(folder.path()), None, "{how}");
    }
}

/// The only record in a store, but for what no two versions have in common.
fn only_record(root: &Path) -> serde_json::Value {
    let records = files_below(&root.join("records"));
    let [record] = &records[..] else { panic!("{} records", records.len()) };
    let bytes = std::fs::read(record).unwrap();
    let mut values = serde_json::Deserializer::from_slice(&bytes).into_iter();
    let mut record: serde_json::Value = values.next().unwrap().unwrap();
    for field in ["id", "modified_unix_secs"] {
        record[field].take();
    }
    assert_eq!(record["segments"].as_array().unwrap().len(), 1);
    record["segments"][0]["data"].take();
    record
}

#[tokio::test]
async fn a_body_of_unknown_length_is_stored_as_one_of_that_length() {
    let (folder, store) = store();
    let one = key("one");
    for len in [0, 1, 65_535, 65_536, 262_144, 262_145, 700_000] {
        let body = body_of(3, len);
        let said = PutRequest::new(len as u64).with_content_type("text/csv");
        let expected = store.put(&one, trickle(&body), said).await.unwrap();
        let record = only_record(folder.path());
        for max in [len as u64, len as u64 + 1, u64::MAX] {
            let put = PutRequest::up_to(max).with_content_type("text/csv");
            let mut info = store.put(&one, trickle(&body), put).await.unwrap();
            info.last_modified = expected.last_modified;
            assert_eq!(info, expected, "{len}, {max}");
            assert_eq!(only_record(folder.path()), record, "{len}, {max}");
            assert!(read(&store.open(&one).await.unwrap()).await == body, "{len}, {max}");
            assert_eq!(wrong_in(folder.path()), None, "{len}, {max}");
        }
    }
}

#[tokio::test]
async fn a_part_of_unknown_length_is_stored_as_one_of_that_length() {
    let (folder, store) = store();
    let (u, body) = (key("u"), body_of(4, 300_000));
    let upload = store.create(&u, Attributes::new()).await.unwrap();
    for (number, put) in [(1, PutRequest::new(300_000)), (2, PutRequest::up_to(u64::MAX))] {
        let number = PartNumber::new(number).unwrap();
        store.put_part(&u, &upload, number, trickle(&body), put).await.unwrap();
    }
    let parts = PartStore::list(&store, &u, &upload).await.unwrap();
    let [one, other] = &parts[..] else { panic!("{} parts", parts.len()) };
    assert_eq!((one.size, &one.etag), (300_000, &other.etag));
    assert_eq!(one.size, other.size);
    assert_eq!(wrong_in(folder.path()), None);
}

/// What comes after the byte too many may be endless, or never come.
#[tokio::test]
async fn nothing_is_asked_for_after_the_first_byte_too_many() {
    let (folder, store) = store();
    let chunk = |len| Ok(Bytes::from(vec![7; len]));
    for put in [PutRequest::up_to(300_000), PutRequest::new(300_000)] {
        let body = stream::iter([chunk(300_000), chunk(1)]);
        let body = body.chain(stream::poll_fn(|_| panic!("asked for more"))).boxed();
        let error = store.put(&key("one"), body, put).await.unwrap_err();
        let is_right = matches!(
            error,
            StoreError::TooLarge { max: 300_000 }
                | StoreError::LengthMismatch { expected: 300_000 }
        );
        assert!(is_right, "{error}");
        assert_eq!(files_below(&folder.path().join("data")), Vec::<std::path::PathBuf>::new());
        assert_eq!(wrong_in(folder.path()), None);
    }
}

/// `stream::unfold` panics then.
#[tokio::test]
async fn a_body_is_not_asked_again_after_its_end() {
    let (_folder, store) = store();
    for put in [PutRequest::up_to(9), PutRequest::new(3)] {
        let next = |left: usize| async move {
            let left = left.checked_sub(1)?;
            Some((Ok(Bytes::from_static(b"x")), left))
        };
        let info = store.put(&key("one"), stream::unfold(3, next).boxed(), put).await.unwrap();
        assert_eq!(info.size, 3);
    }
}

#[tokio::test]
async fn attributes_that_no_record_holds_are_refused() {
    let (folder, store) = store();
    let mut attributes = Attributes::new();
    let name = object_store::Attribute::Metadata("long".into());
    attributes.insert(name, "v".repeat(9 * 1024 * 1024).into());
    store.create(&key("u"), attributes.clone()).await.unwrap_err();
    let mut put = PutRequest::new(1);
    put.attributes = attributes;
    store.put(&key("one"), bytes_of("x"), put).await.unwrap_err();
    assert_eq!(files_below(&folder.path().join("data")), Vec::<std::path::PathBuf>::new());
    assert_eq!(wrong_in(folder.path()), None);
}
