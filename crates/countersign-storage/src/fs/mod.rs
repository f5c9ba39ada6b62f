//! A bucket in a folder.

mod data;
mod disk;
mod foreign;
#[cfg(test)]
pub(crate) mod history;
mod id;
mod key_path;
mod list;
mod parts;
mod pins;
mod publish;
mod read;
mod record;
mod recover;
mod stage;

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use self::{disk::Disk, pins::Pins};
use crate::{Backend, Object, ObjectInfo, ObjectKey, Objects, PutRequest, StoreError};

/// Keeps a bucket in a folder, and keeps what it acknowledged.
///
/// - Bytes, their name and their record are durable before a call returns: a power cut takes
///   nothing of it.
/// - Replacing, freezing and completing are one rename: a reader sees the old object or the new
///   one, and a reader of the old one may read it to its end.
/// - Every [`ObjectKey`] is a key, and no two are one: no case, no Unicode form, no `a` beside
///   `a/b` matters to the file system.
/// - Nothing outside of the folder is ever reached, and no symbolic link followed out of it. Files
///   are readable for their owner only.
/// - What was damaged on the medium is not served: every block is checked when it is read.
///
/// One process may have a folder open. The medium must be able to rename and to hard-link; a copy of
/// the folder keeps hard links, or leaves `tmp/` out.
///
/// ```
/// use countersign_storage::{FileStore, ObjectKey, Objects, PutRequest, bytes_of, collect};
///
/// # let folder = tempfile::tempdir()?;
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let store = FileStore::open(folder.path())?;
/// let key = ObjectKey::new("a//../b")?;
/// store.put(&key, bytes_of("hello"), PutRequest::new(5)).await?;
/// let object = store.open(&key).await?;
/// assert_eq!(collect(object.read(1..5)).await?, "ello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FileStore {
    inner: Arc<Inner>,
}

/// Keys whose records change at the same time.
const STRIPES: usize = 256;

struct Inner {
    disk: Disk,
    /// Whoever changes or opens the record of a key holds its stripe; never while a body streams.
    stripes: [Mutex<()>; STRIPES],
    hasher: RandomState,
    pins: Pins,
}

impl FileStore {
    /// Opens a folder, making it when it is missing, and clears up after a crash.
    ///
    /// Blocks; meant for a start.
    ///
    /// # Errors
    ///
    /// - [`StoreError::InUse`], when somebody has it open.
    /// - [`StoreError::Backend`], when it cannot be read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let disk = Disk::open(path.as_ref()).map_err(StoreError::backend)?;
        let inner = Inner {
            disk: disk.ok_or(StoreError::InUse)?,
            stripes: [const { Mutex::new(()) }; STRIPES],
            hasher: RandomState::new(),
            pins: Pins::default(),
        };
        inner.recover()?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The bucket as a [`Backend`].
    #[must_use]
    pub fn backend(self) -> Backend {
        Backend::new(Arc::new(self.clone()), Arc::new(self))
    }

    /// Runs what blocks where it may.
    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Arc<Inner>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || act(&inner)).await.map_err(StoreError::backend)?
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").finish_non_exhaustive()
    }
}

impl Inner {
    fn stripe_of(&self, key: &ObjectKey) -> usize {
        let hash = usize::try_from(self.hasher.hash_one(key) % STRIPES as u64);
        hash.unwrap_or_default()
    }

    fn lock_stripe(&self, stripe: usize) -> Option<MutexGuard<'_, ()>> {
        // A poisoned lock guards no data, only an order.
        Some(self.stripes.get(stripe)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self, key: &ObjectKey) -> Option<MutexGuard<'_, ()>> {
        self.lock_stripe(self.stripe_of(key))
    }
}

#[async_trait]
impl Objects for FileStore {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let staged = self.stage(body, &put).await?;
        let key = key.clone();
        self.blocking(move |inner| {
            let version = inner.prepare_staged(staged, &put, None)?;
            inner.publish(&key, version, &put.mode)
        })
        .await
    }

    async fn open(&self, key: &ObjectKey) -> Result<Object, StoreError> {
        let key = key.clone();
        self.blocking(move |inner| inner.open_version(&key)).await
    }

    async fn freeze(&self, from: &ObjectKey, to: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.blocking(move |inner| inner.freeze(&from, &to)).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.blocking(move |inner| inner.delete(&key)).await
    }
}
