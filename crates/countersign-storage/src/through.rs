//! Any `object_store` behind our own traits.

use std::{fmt, io, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    FutureExt, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    Error as ForeignError, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt,
    PutMode as ForeignMode, PutMultipartOptions, PutOptions, PutPayload, RenameOptions,
    RenameTargetMode, UpdateVersion, WriteMultipart, path::Path,
};

use crate::{
    ETag, Object, ObjectInfo, ObjectKey, ObjectReader, Objects, PutMode, PutRequest, StoreError,
    intake::Intake,
};

/// The most bytes of an upload that are kept in memory, whole or per part.
const BUFFER_LEN_MAX: u64 = 8 * 1024 * 1024;

/// Parts of one upload that are on their way at the same time.
const PARTS_IN_FLIGHT_MAX: usize = 2;

#[derive(Clone)]
pub(crate) struct Through {
    store: Arc<dyn ObjectStore>,
}

impl Through {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    async fn head(&self, path: &Path) -> Result<GetResult, StoreError> {
        Ok(self.store.get_opts(path, GetOptions::new().with_head(true)).await?)
    }

    /// The mode as the store has it: with the tag as the store spells it, quoted or not.
    async fn mode_of(&self, path: &Path, mode: PutMode) -> Result<ForeignMode, StoreError> {
        let etag = match mode {
            PutMode::Overwrite => return Ok(ForeignMode::Overwrite),
            PutMode::Create => return Ok(ForeignMode::Create),
            PutMode::Update(etag) => etag,
        };
        let current = self.head(path).await?;
        if info_of(&current)?.etag != etag {
            return Err(StoreError::Precondition);
        }
        let e_tag = current.meta.e_tag;
        Ok(ForeignMode::Update(UpdateVersion { e_tag, version: None }))
    }

    /// A body that fits into memory: read, checked, then stored in one call.
    async fn put_whole(
        &self,
        path: &Path,
        mut body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<(), StoreError> {
        let mut intake = Intake::new(&put);
        let mut chunks = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(StoreError::Body)? {
            intake.update(&chunk)?;
            chunks.push(chunk);
        }
        intake.finish()?;
        let mode = self.mode_of(path, put.mode).await?;
        let options = PutOptions { mode, attributes: put.attributes, ..PutOptions::default() };
        self.store.put_opts(path, PutPayload::from_iter(chunks), options).await?;
        Ok(())
    }

    /// A body that does not: sent on in parts, and completed only once it was checked.
    async fn put_streamed(
        &self,
        path: &Path,
        mut body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<(), StoreError> {
        // `object_store` completes a multipart upload without a condition.
        if put.mode != PutMode::Overwrite {
            return Err(StoreError::ModeUnsupported);
        }
        let mut intake = Intake::new(&put);
        let options =
            PutMultipartOptions { attributes: put.attributes, ..PutMultipartOptions::default() };
        let upload = self.store.put_multipart_opts(path, options).await?;
        // 10,000 parts have to be enough for any length.
        let part_len = (put.length / 9_000).max(BUFFER_LEN_MAX);
        let mut writer = WriteMultipart::new_with_chunk_size(
            upload,
            usize::try_from(part_len).map_err(StoreError::backend)?,
        );
        let received = async {
            while let Some(chunk) = body.try_next().await.map_err(StoreError::Body)? {
                intake.update(&chunk)?;
                writer.wait_for_capacity(PARTS_IN_FLIGHT_MAX).await?;
                writer.put(chunk);
            }
            intake.finish()
        };
        if let Err(error) = received.await {
            // The reason for the refusal is worth more than that of the cleaning up.
            if let Err(abort) = writer.abort().await {
                tracing::warn!(error = %abort, "a refused upload was not aborted");
            }
            return Err(error);
        }
        writer.finish().await?;
        Ok(())
    }
}

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not its Debug: stores have shown their credentials in it.
        f.debug_tuple("Through").field(&self.store.to_string()).finish()
    }
}

#[async_trait]
impl Objects for Through {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let path = path_of(key)?;
        if put.length <= BUFFER_LEN_MAX {
            self.put_whole(&path, body, put).await?;
        } else {
            self.put_streamed(&path, body, put).await?;
        }
        info_of(&self.head(&path).await?)
    }

    async fn open(&self, key: &ObjectKey) -> Result<Object, StoreError> {
        let path = path_of(key)?;
        let head = self.head(&path).await?;
        let info = info_of(&head)?;
        let reader = Reader { store: Arc::clone(&self.store), path, e_tag: head.meta.e_tag };
        Ok(Object::new(info, Arc::new(reader)))
    }

    async fn freeze(&self, from: &ObjectKey, to: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        let (from, to) = (path_of(from)?, path_of(to)?);
        let create = RenameOptions::new().with_target_mode(RenameTargetMode::Create);
        match self.store.rename_opts(&from, &to, create).await {
            Ok(()) | Err(ForeignError::AlreadyExists { .. } | ForeignError::NotFound { .. }) => {
                info_of(&self.head(&to).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match self.store.delete(&path_of(key)?).await {
            Ok(()) | Err(ForeignError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads one version: the tag is asked for with every read.
#[derive(Debug)]
struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// As the store spells it.
    e_tag: Option<String>,
}

impl ObjectReader for Reader {
    fn read(self: Arc<Self>, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        if range.is_empty() {
            return stream::empty().boxed();
        }
        let bytes = async move {
            let options = GetOptions::new()
                .with_range(Some(GetRange::Bounded(range)))
                .with_if_match(self.e_tag.clone());
            let result = self.store.get_opts(&self.path, options).await?;
            Ok::<_, ForeignError>(result.into_stream())
        };
        bytes.into_stream().try_flatten().map_err(io::Error::other).boxed()
    }
}

/// Only keys that come back as they went in.
pub(crate) fn path_of(key: &ObjectKey) -> Result<Path, StoreError> {
    match Path::parse(key.as_str()) {
        Ok(path) if path.as_ref() == key.as_str() => Ok(path),
        _ => Err(StoreError::KeyUnsupported),
    }
}

fn info_of(result: &GetResult) -> Result<ObjectInfo, StoreError> {
    let meta = &result.meta;
    let etag = meta.e_tag.as_deref().and_then(ETag::parse);
    let etag = etag.ok_or_else(|| StoreError::backend("the store gives no entity tags"))?;
    Ok(ObjectInfo {
        size: meta.size,
        etag,
        last_modified: meta.last_modified.into(),
        attributes: result.attributes.clone(),
        sha256: None,
    })
}

impl From<ForeignError> for StoreError {
    fn from(error: ForeignError) -> Self {
        match error {
            ForeignError::NotFound { .. } => Self::NotFound,
            ForeignError::AlreadyExists { .. } => Self::AlreadyExists,
            ForeignError::Precondition { .. } => Self::Precondition,
            ForeignError::InvalidPath { .. } => Self::KeyUnsupported,
            other => Self::backend(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bytes_of, collect};

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
}
