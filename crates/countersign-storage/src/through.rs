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
    PutMode as ForeignMode, PutMultipartOptions, PutOptions, PutPayload, PutPayloadMut,
    RenameOptions, RenameTargetMode, UpdateVersion, WriteMultipart, path::Path,
};

use crate::{
    BodyLength, ETag, Object, ObjectInfo, ObjectKey, ObjectReader, Objects, PutMode, PutRequest,
    StoreError, intake::Intake,
};

/// The most bytes of an upload that are kept in memory, whole or per part, up to 72 GiB.
pub(crate) const BUFFER_LEN_MAX: u64 = 8 * 1024 * 1024;

/// The longest part of an upload, in bytes: 10,000 of them are 6 TiB. A body of which nothing is
/// known would else be kept whole.
const PART_LEN_MAX: u64 = 640 * 1024 * 1024;

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

    /// What is known of the object at a path.
    pub(crate) async fn info(&self, path: &Path) -> Result<ObjectInfo, StoreError> {
        info_of(&self.head(path).await?)
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

    /// A body that is in memory and was checked: stored in one call.
    pub(crate) async fn put_whole(
        &self,
        path: &Path,
        payload: PutPayload,
        put: PutRequest,
    ) -> Result<(), StoreError> {
        let mode = self.mode_of(path, put.mode).await?;
        let options = PutOptions { mode, attributes: put.attributes, ..PutOptions::default() };
        self.store.put_opts(path, payload, options).await?;
        Ok(())
    }

    /// A body that does not fit into memory, after its head: sent on in parts, and completed only
    /// once it was checked.
    async fn put_streamed(
        &self,
        path: &Path,
        (head, mut intake): (PutPayload, Intake),
        put: PutRequest,
    ) -> Result<(), StoreError> {
        let part_len = part_len(put.length)?;
        let options =
            PutMultipartOptions { attributes: put.attributes, ..PutMultipartOptions::default() };
        let upload = self.store.put_multipart_opts(path, options).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, part_len);
        let received = async {
            for chunk in head {
                writer.wait_for_capacity(PARTS_IN_FLIGHT_MAX).await?;
                writer.put(chunk);
            }
            while let Some(chunk) = intake.next().await? {
                writer.wait_for_capacity(PARTS_IN_FLIGHT_MAX).await?;
                writer.write(&chunk);
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

/// A body, as far as it fits into memory.
pub(crate) enum Received {
    /// All of it, checked.
    Whole { payload: PutPayload, sha256: [u8; 32] },
    /// More than is kept in memory. What is left is checked at its end.
    Begun { head: PutPayload, intake: Box<Intake> },
}

impl Received {
    pub(crate) async fn of(
        body: BoxStream<'static, io::Result<Bytes>>,
        put: &PutRequest,
    ) -> Result<Self, StoreError> {
        // `object_store` completes a multipart upload without a condition.
        let can_stream = put.mode == PutMode::Overwrite;
        // Refused before the first byte is asked for, where that can be known.
        let is_large = matches!(put.length, BodyLength::Exactly(it) if it > BUFFER_LEN_MAX);
        if is_large && !can_stream {
            return Err(StoreError::ModeUnsupported);
        }
        let mut intake = Intake::new(body, put);
        let head = gather(&mut intake).await?;
        if head.content_length() as u64 <= BUFFER_LEN_MAX {
            return Ok(Self::Whole { payload: head, sha256: intake.finish()? });
        }
        if !can_stream {
            return Err(StoreError::ModeUnsupported);
        }
        Ok(Self::Begun { head, intake: Box::new(intake) })
    }
}

/// The first bytes of a body: all of them, or more than are kept in memory.
///
/// Copied, for a chunk of one byte may hold on to a buffer of many.
async fn gather(intake: &mut Intake) -> Result<PutPayload, StoreError> {
    let mut head = PutPayloadMut::new();
    while head.content_length() as u64 <= BUFFER_LEN_MAX
        && let Some(chunk) = intake.next().await?
    {
        head.extend_from_slice(&chunk);
    }
    Ok(head.freeze())
}

/// 10,000 parts have to be enough for any length.
fn part_len(length: BodyLength) -> Result<usize, StoreError> {
    let len = (length.max() / 9_000).clamp(BUFFER_LEN_MAX, PART_LEN_MAX);
    usize::try_from(len).map_err(StoreError::backend)
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
        match Received::of(body, &put).await? {
            Received::Whole { payload, .. } => self.put_whole(&path, payload, put).await?,
            Received::Begun { head, intake } => {
                self.put_streamed(&path, (head, *intake), put).await?;
            }
        }
        self.info(&path).await
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
mod tests;
