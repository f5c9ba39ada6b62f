use std::{path::PathBuf, sync::Mutex, thread, time::Duration};

use object_store::{CopyOptions, ListResult, MultipartUpload, ObjectMeta, PutResult, Result};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::{
    FileStore, bytes_of, collect,
    fs::history::{
        folder::quick_folder,
        layout::{files_below, wrong_in},
    },
};

fn store() -> Through {
    Through::new(Arc::new(object_store::memory::InMemory::new()))
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

#[tokio::test]
async fn keys_that_would_become_others_are_refused_by_name() {
    for text in ["a//b", "/lead", "trail/", "..", "a/../b", "."] {
        let refused = store().put(&key(text), bytes_of("x"), PutRequest::new(1)).await;
        assert!(matches!(refused, Err(StoreError::KeyUnsupported)), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_was_said_leaves_nothing() {
    let store = store();
    for length in [2, 4, BUFFER_LEN_MAX + 1] {
        let refused = store.put(&key("k"), bytes_of("abc"), PutRequest::new(length)).await;
        assert!(matches!(refused, Err(StoreError::LengthMismatch { .. })), "{length}");
        assert!(matches!(store.open(&key("k")).await, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn a_large_body_is_streamed_in_parts() {
    let store = store();
    let body = Bytes::from(vec![7; 9 * 1024 * 1024]);
    let put = PutRequest::new(body.len() as u64);
    store.put(&key("large"), bytes_of(body.clone()), put.clone()).await.unwrap();
    let object = store.open(&key("large")).await.unwrap();
    assert_eq!(collect(object.read(0..u64::MAX)).await.unwrap(), body);
    let create = put.with_mode(PutMode::Create);
    let refused = store.put(&key("large"), bytes_of(body), create).await;
    assert!(matches!(refused, Err(StoreError::ModeUnsupported)));
}

#[tokio::test]
async fn a_reader_of_an_old_version_fails_and_does_not_mix() {
    let store = store();
    store.put(&key("k"), bytes_of("old"), PutRequest::new(3)).await.unwrap();
    let object = store.open(&key("k")).await.unwrap();
    store.put(&key("k"), bytes_of("new"), PutRequest::new(3)).await.unwrap();
    assert!(collect(object.read(0..3)).await.is_err());
}

#[tokio::test]
async fn freezing_twice_freezes_once() {
    let store = store();
    let (from, to) = (key("staging"), key("final"));
    assert!(matches!(store.freeze(&from, &to).await, Err(StoreError::NotFound)));
    store.put(&from, bytes_of("one"), PutRequest::new(3)).await.unwrap();
    let first = store.freeze(&from, &to).await.unwrap();
    store.put(&from, bytes_of("late"), PutRequest::new(4)).await.unwrap();
    assert_eq!(store.freeze(&from, &to).await.unwrap(), first);
    let object = store.open(&to).await.unwrap();
    assert_eq!(collect(object.read(0..9)).await.unwrap(), "one");
}

/// A store on a disk that can be looked at, which notes what is sent to it.
#[derive(Debug)]
struct Noted {
    inside: FileStore,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Noted {
    fn note(&self, call: &'static str) {
        self.calls.lock().unwrap().push(call);
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("noted")
    }
}

#[async_trait]
impl ObjectStore for Noted {
    async fn put_opts(&self, at: &Path, body: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.note("put");
        self.inside.put_opts(at, body, how).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.note("multipart");
        self.inside.put_multipart_opts(at, how).await
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.inside.get_opts(at, how).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inside.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        ObjectStore::list(&self.inside, prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inside.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inside.copy_opts(from, to, how).await
    }
}

struct World {
    folder: TempDir,
    store: Through,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl World {
    fn new() -> Self {
        let (folder, calls) = (quick_folder(), Arc::<Mutex<Vec<_>>>::default());
        let inside = FileStore::open(folder.path()).unwrap();
        let store = Through::new(Arc::new(Noted { inside, calls: calls.clone() }));
        Self { folder, store, calls }
    }

    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// That neither bytes nor an upload are there, once the parts that were on their way have gone:
    /// their last step runs on another thread.
    async fn assert_empty(&self, context: &str) {
        let root = self.folder.path().to_path_buf();
        let left = move || {
            let folders = ["records", "data", "uploads", "tmp"];
            let mut left = Vec::new();
            for _ in 0..500 {
                left = folders.iter().flat_map(|it| files_below(&root.join(it))).collect();
                if left.is_empty() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
            (left, wrong_in(&root))
        };
        let found = tokio::task::spawn_blocking(left).await.unwrap();
        assert_eq!(found, (Vec::<PathBuf>::new(), None), "{context}");
    }
}

const CHUNK_LEN: usize = 256 * 1024;

/// A body of some length in chunks, none like another, and how it ends.
fn body_of(
    len: u64,
    end: Option<io::ErrorKind>,
) -> (Vec<u8>, BoxStream<'static, io::Result<Bytes>>) {
    let mut bytes = vec![0; usize::try_from(len).unwrap()];
    for (number, chunk) in (0..).zip(bytes.chunks_mut(CHUNK_LEN)) {
        chunk.fill(number);
    }
    let chunks: Vec<_> = bytes.chunks(CHUNK_LEN).map(Bytes::copy_from_slice).map(Ok).collect();
    let end = end.map(|kind| Err(io::Error::from(kind)));
    (bytes, stream::iter(chunks).chain(stream::iter(end)).boxed())
}

fn etag_of(bytes: &[u8]) -> ETag {
    ETag::of_digest(&Sha256::digest(bytes).into(), 1)
}

#[tokio::test]
async fn a_body_of_unknown_length_is_sent_in_one_call_where_it_fits() {
    let world = World::new();
    for (len, max, call) in [
        (0, 0, "put"),
        (0, u64::MAX, "put"),
        (9, 9, "put"),
        (9, 10, "put"),
        (9, u64::MAX, "put"),
        (BUFFER_LEN_MAX, BUFFER_LEN_MAX, "put"),
        (BUFFER_LEN_MAX, u64::MAX, "put"),
        (BUFFER_LEN_MAX + 1, BUFFER_LEN_MAX + 1, "multipart"),
        (BUFFER_LEN_MAX + 1, u64::MAX, "multipart"),
        (2 * BUFFER_LEN_MAX + 1, 1 << 40, "multipart"),
    ] {
        let (bytes, body) = body_of(len, None);
        let info = world.store.put(&key("k"), body, PutRequest::up_to(max)).await.unwrap();
        assert_eq!(info.size, len);
        assert_eq!(world.calls(), [call], "{len}, {max}");
        assert_eq!(info.etag == etag_of(&bytes), call == "put", "{len}, {max}");
        let object = world.store.open(&key("k")).await.unwrap();
        assert!(collect(object.read(0..u64::MAX)).await.unwrap() == bytes, "{len}, {max}");
        assert_eq!(wrong_in(world.folder.path()), None);
    }
}

#[tokio::test]
async fn a_body_that_is_refused_is_not_sent_or_is_taken_back() {
    let world = World::new();
    let large = BUFFER_LEN_MAX + 700_000;
    let broken = Some(io::ErrorKind::ConnectionReset);
    let wrong = |mut put: PutRequest| {
        put.sha256 = Some([1; 32]);
        put
    };
    for (how, len, end, put, sent) in [
        ("a byte too many", 1, None, PutRequest::up_to(0), 0),
        ("a byte too many of 10", 10, None, PutRequest::up_to(9), 0),
        (
            "a byte too many in memory",
            BUFFER_LEN_MAX + 1,
            None,
            PutRequest::up_to(BUFFER_LEN_MAX),
            0,
        ),
        ("a byte too many of many", large, None, PutRequest::up_to(large - 1), 1),
        ("broken at once", 0, broken, PutRequest::up_to(9), 0),
        ("broken", 5, broken, PutRequest::up_to(u64::MAX), 0),
        ("broken after all", 9, broken, PutRequest::up_to(9), 0),
        ("broken when large", large, broken, PutRequest::up_to(u64::MAX), 1),
        ("another SHA-256", 9, None, wrong(PutRequest::up_to(9)), 0),
        ("another SHA-256 when large", large, None, wrong(PutRequest::up_to(large)), 1),
        ("a byte less when large", large, None, PutRequest::new(large + 1), 1),
        ("a byte more when large", large, None, PutRequest::new(large - 1), 1),
        ("much less", 5, None, PutRequest::new(large), 0),
        ("broken of a large one", 5, broken, PutRequest::new(large), 0),
    ] {
        let error = world.store.put(&key("k"), body_of(len, end).1, put.clone()).await.unwrap_err();
        let is_right = match error {
            StoreError::TooLarge { max } => put.length == BodyLength::AtMost(max) && len > max,
            StoreError::LengthMismatch { expected } => {
                put.length == BodyLength::Exactly(expected) && len != expected
            }
            StoreError::Body(_) => end.is_some(),
            StoreError::Sha256Mismatch => put.sha256.is_some(),
            _ => false,
        };
        assert!(is_right, "{how}: {error}");
        assert_eq!(world.calls(), vec!["multipart"; sent], "{how}");
        world.assert_empty(how).await;
    }
}

#[tokio::test]
async fn a_condition_of_a_large_body_is_refused_before_anything_is_sent() {
    let world = World::new();
    let large = BUFFER_LEN_MAX + 1;
    for put in [PutRequest::up_to(u64::MAX), PutRequest::up_to(large), PutRequest::new(large)] {
        for mode in [PutMode::Create, PutMode::Update(etag_of(b"old"))] {
            let put = put.clone().with_mode(mode);
            let refused = world.store.put(&key("k"), body_of(large, None).1, put).await;
            assert!(matches!(refused, Err(StoreError::ModeUnsupported)));
            assert_eq!(world.calls(), Vec::<&str>::new());
            world.assert_empty("a condition").await;
        }
    }
    let unasked = stream::poll_fn(|_| panic!("what is refused by its length is not asked for"));
    let put = PutRequest::new(large).with_mode(PutMode::Create);
    let refused = world.store.put(&key("k"), unasked.boxed(), put).await;
    assert!(matches!(refused, Err(StoreError::ModeUnsupported)));
}

#[tokio::test]
async fn a_condition_of_a_small_body_of_unknown_length_is_kept() {
    let store = store();
    let put = |text: &'static str, mode| {
        let put = PutRequest::up_to(u64::MAX).with_mode(mode);
        let (store, key) = (store.clone(), key("k"));
        async move { store.put(&key, bytes_of(text), put).await }
    };
    let first = put("one", PutMode::Create).await.unwrap();
    assert!(matches!(put("two", PutMode::Create).await, Err(StoreError::AlreadyExists)));
    put("two", PutMode::Update(first.etag.clone())).await.unwrap();
    let refused = put("three", PutMode::Update(first.etag)).await;
    assert!(matches!(refused, Err(StoreError::Precondition)));
    let object = store.open(&key("k")).await.unwrap();
    assert_eq!(collect(object.read(0..9)).await.unwrap(), "two");
}

#[test]
fn parts_have_a_most_and_a_least() {
    let part_len = |length| part_len(length).unwrap() as u64;
    for length in [BodyLength::AtMost, BodyLength::Exactly] {
        assert_eq!(part_len(length(0)), BUFFER_LEN_MAX);
        assert_eq!(part_len(length(9_000 * BUFFER_LEN_MAX)), BUFFER_LEN_MAX);
        // The largest object of S3 for long.
        assert!(part_len(length(5 << 40)) * 10_000 >= 5 << 40);
        assert_eq!(part_len(length(u64::MAX)), PART_LEN_MAX);
    }
}
