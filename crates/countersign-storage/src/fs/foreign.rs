//! The store as an [`ObjectStore`], for whoever has code for that.
//!
//! Its paths name fewer keys than there are: a key that is no path, `a//b` say, is left out of its
//! listings.

use std::{fmt, io, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    FutureExt, StreamExt, TryFutureExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    CopyMode, CopyOptions, Error as ForeignError, GetOptions, GetResult, GetResultPayload,
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode as ForeignMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart, path::Path,
};

use super::{FileStore, Inner, record::Record};
use crate::{
    CompletedPart, ETag, ObjectInfo, ObjectKey, Objects, PartNumber, PartStore, PutMode,
    PutRequest, StoreError, UploadId, part::PartSizes,
};

const STORE: &str = "countersign file store";

impl fmt::Display for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

/// One error of ours as one of theirs.
fn foreign(error: StoreError, path: impl fmt::Display) -> ForeignError {
    let (path, source) = (path.to_string(), Box::new(error));
    match *source {
        StoreError::NotFound => ForeignError::NotFound { path, source },
        StoreError::AlreadyExists => ForeignError::AlreadyExists { path, source },
        StoreError::Precondition => ForeignError::Precondition { path, source },
        _ => ForeignError::Generic { store: STORE, source },
    }
}

fn key_of(path: &Path) -> Result<ObjectKey> {
    let key = ObjectKey::new(path.as_ref());
    key.map_err(|error| ForeignError::Generic { store: STORE, source: Box::new(error) })
}

fn meta_of(location: Path, info: &ObjectInfo) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: info.last_modified.into(),
        size: info.size,
        e_tag: Some(info.etag.as_str().into()),
        version: None,
    }
}

fn body_of(payload: PutPayload) -> BoxStream<'static, io::Result<Bytes>> {
    stream::iter(payload.into_iter().map(Ok)).boxed()
}

fn result_of(info: &ObjectInfo) -> PutResult {
    PutResult {
        e_tag: Some(info.etag.as_str().into()),
        version: None,
        extensions: object_store::Extensions::default(),
    }
}

#[async_trait]
impl ObjectStore for FileStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let mode = match options.mode {
            ForeignMode::Overwrite => PutMode::Overwrite,
            ForeignMode::Create => PutMode::Create,
            ForeignMode::Update(version) => {
                let etag = version.e_tag.as_deref().and_then(ETag::parse);
                PutMode::Update(etag.ok_or_else(|| foreign(StoreError::Precondition, location))?)
            }
        };
        let length = payload.content_length() as u64;
        let put = PutRequest { mode, attributes: options.attributes, ..PutRequest::new(length) };
        let stored = self.put(&key_of(location)?, body_of(payload), put).await;
        // They say of an object that is absent that the precondition failed.
        let stored = stored.map_err(|error| match error {
            StoreError::NotFound => StoreError::Precondition,
            other => other,
        });
        Ok(result_of(&stored.map_err(|error| foreign(error, location))?))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let key = key_of(location)?;
        let upload = self.create(&key, options.attributes).await;
        let upload = upload.map_err(|error| foreign(error, location))?;
        Ok(Box::new(Parts { store: self.clone(), key, upload, next: 1 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let object = self.open(&key_of(location)?).await;
        let object = object.map_err(|error| foreign(error, location))?;
        let meta = meta_of(location.clone(), object.info());
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range
                .as_range(meta.size)
                .map_err(|error| ForeignError::Generic { store: STORE, source: Box::new(error) })?,
            None => 0..meta.size,
        };
        let bytes = if options.head { stream::empty().boxed() } else { object.read(range.clone()) };
        let wrong = |error: io::Error| ForeignError::Generic { store: STORE, source: error.into() };
        Ok(GetResult {
            payload: GetResultPayload::Stream(bytes.map_err(wrong).boxed()),
            meta,
            range,
            attributes: object.info().attributes.clone(),
            extensions: object_store::Extensions::default(),
        })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Path| {
            let store = store.clone();
            async move {
                let deleted = store.delete(&key_of(&location)?).await;
                deleted.map_err(|error| foreign(error, &location))?;
                Ok(location)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        let metas = async move {
            let paths = store.paths(prefix.as_ref()).await?;
            let meta = move |path| {
                let store = store.clone();
                async move { store.meta(path).await.transpose() }
            };
            Ok::<_, ForeignError>(stream::iter(paths).filter_map(meta))
        };
        metas.into_stream().try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut result = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
            extensions: object_store::Extensions::default(),
        };
        let root = prefix.cloned().unwrap_or_default();
        for path in self.paths(prefix).await? {
            let Some(mut below) = path.prefix_match(&root) else { continue };
            let (first, is_folder) = (below.next(), below.next().is_some());
            drop(below);
            match first {
                Some(first) if is_folder => {
                    let folder = root.clone().join(first);
                    // In order, so that a folder that is there is the last one.
                    if result.common_prefixes.last() != Some(&folder) {
                        result.common_prefixes.push(folder);
                    }
                }
                _ => result.objects.extend(self.meta(path).await?),
            }
        }
        result.common_prefixes.sort_unstable();
        result.common_prefixes.dedup();
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let (source, target) = (key_of(from)?, key_of(to)?);
        let copied = self.blocking(move |inner| inner.copy(&source, &target, &mode)).await;
        copied.map_err(|error| {
            let place = if matches!(error, StoreError::NotFound) { from } else { to };
            foreign(error, place)
        })
    }
}

impl FileStore {
    /// The keys below a prefix that are paths.
    async fn paths(&self, prefix: Option<&Path>) -> Result<Vec<Path>> {
        // Theirs go by segments: `a` is no prefix of `ab`.
        let begin = prefix.filter(|prefix| !prefix.as_ref().is_empty());
        let begin = begin.map_or_else(String::new, |prefix| format!("{prefix}/"));
        let keys = self.blocking(move |inner| inner.keys(begin.as_bytes())).await;
        let keys = keys.map_err(|error| foreign(error, STORE))?;
        let path = |key: ObjectKey| {
            Path::parse(key.as_str()).ok().filter(|path| path.as_ref() == key.as_str())
        };
        Ok(keys.into_iter().filter_map(path).collect())
    }

    /// `None` for what was deleted since it was listed.
    async fn meta(&self, path: Path) -> Result<Option<ObjectMeta>> {
        match self.open(&key_of(&path)?).await {
            Ok(object) => Ok(Some(meta_of(path, object.info()))),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(foreign(error, path)),
        }
    }
}

impl Inner {
    /// Copies an object: the same bytes under second names, which nobody can tell from a copy, for
    /// they never change.
    fn copy(
        self: &Arc<Self>,
        from: &ObjectKey,
        to: &ObjectKey,
        mode: &PutMode,
    ) -> std::result::Result<(), StoreError> {
        // Pinned, so that the bytes stay while they get their second names.
        let original = self.pin(from)?;
        let version = self.prepare(Record::copy_of(original.record())?)?;
        for (old, new) in original.record().data().zip(version.record().data()) {
            self.disk.link_data(old, new)?;
        }
        self.publish(to, version, mode)?;
        Ok(())
    }
}

/// A multipart upload as `object_store` has it.
#[derive(Debug)]
struct Parts {
    store: FileStore,
    key: ObjectKey,
    upload: UploadId,
    next: u16,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let number = PartNumber::new(self.next).map_err(StoreError::backend);
        self.next = self.next.saturating_add(1);
        let (store, key, upload) = (self.store.clone(), self.key.clone(), self.upload.clone());
        let put = async move {
            let request = PutRequest::new(payload.content_length() as u64);
            store.put_part(&key, &upload, number?, body_of(payload), request).await?;
            Ok(())
        };
        put.map_err(|error| foreign(error, STORE)).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let complete = async {
            let parts = PartStore::list(&self.store, &self.key, &self.upload).await?;
            // A part that failed leaves a hole, which is not to become part of an object.
            let expected = usize::from(self.next).saturating_sub(1);
            if parts.len() != expected {
                return Err(StoreError::InvalidPart { number: self.next });
            }
            let named = parts
                .into_iter()
                .map(|part| CompletedPart { number: part.number, etag: part.etag });
            let named: Vec<_> = named.collect();
            if named.is_empty() {
                let empty = PutRequest::new(0);
                let info = self.store.put(&self.key, stream::empty().boxed(), empty).await?;
                self.store.abort(&self.key, &self.upload).await?;
                return Ok(info);
            }
            self.store.complete_sized(&self.key, &self.upload, &named, PartSizes::Any).await
        };
        complete.await.map(|info| result_of(&info)).map_err(|error| foreign(error, &self.key))
    }

    async fn abort(&mut self) -> Result<()> {
        let aborted = PartStore::abort(&self.store, &self.key, &self.upload).await;
        aborted.map_err(|error| foreign(error, &self.key))
    }
}
