//! The objects of a bucket of an S3 store.

use std::{fmt, io, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use countersign::Method;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use http::{HeaderName, HeaderValue, header};
use object_store::{Attribute, AttributeValue, Attributes, Error as ForeignError, path::Path};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    client::{Call, Client, Repeat},
    connector::unwrapped,
    error::S3Error,
    large::check_length,
    parts::{S3Parts, headers_of},
    prefix::Prefix,
    turns::Turns,
    xml,
};
use crate::{
    Object, ObjectInfo, ObjectKey, ObjectReader, Objects, PutRequest, StoreError,
    through::{Received, Through, path_of},
};

pub(super) const COPY_SOURCE: HeaderName = HeaderName::from_static("x-amz-copy-source");
const COPY_SOURCE_IF_MATCH: HeaderName = HeaderName::from_static("x-amz-copy-source-if-match");

const METADATA_DIRECTIVE: HeaderName = HeaderName::from_static("x-amz-metadata-directive");

/// How many bytes a store copies in a second at the least.
const COPIED_PER_SEC_MIN: u64 = 5 * 1024 * 1024;

/// What a copy source is written in: as `x-amz-copy-source` wants it, URL-encoded.
const COPY_SOURCE_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'/').remove(b'_').remove(b'~');

/// How often a freeze looks again because something changed meanwhile.
const LOOKS_MAX: usize = 5;

pub(super) struct S3Objects {
    pub(super) client: Arc<Client>,
    pub(super) through: Through,
    pub(super) parts: Arc<S3Parts>,
    pub(super) bucket: Box<str>,
    pub(super) prefix: Prefix,
    /// One freeze to a key at a time.
    pub(super) turns: Turns,
}

impl fmt::Debug for S3Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Objects")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let path = self.path(key)?;
        check_length(put.length)?;
        match Received::of(body, &put).await? {
            Received::Whole { payload, sha256 } => {
                let put = self.through.put_whole(&path, payload, put);
                put.await.map_err(plain)?;
                let info = self.info(&path).await?;
                Ok(ObjectInfo { sha256: Some(sha256), ..info })
            }
            Received::Begun { head, intake } => self.parts.put(key, (head, *intake), put).await,
        }
    }

    async fn open(&self, key: &ObjectKey) -> Result<Object, StoreError> {
        let object = self.through.open(&self.prefix.of(key)?).await.map_err(plain)?;
        Ok(Object::new(object.info().clone(), Arc::new(Reader(object))))
    }

    /// Copies, then deletes: S3 has no rename.
    ///
    /// - The copy is of the version that was looked at, and only made where there is nothing: a
    ///   store that knows these conditions sees to both. For one that does not, there is one freeze
    ///   to a key at a time in this process, and what is returned is looked at afterwards.
    /// - What ends between the two is mended by the next call: it finds both, alike, and deletes the
    ///   old one.
    async fn freeze(&self, from: &ObjectKey, to: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        let (from, to) = (self.path(from)?, self.path(to)?);
        let _turn = self.turns.of(to.as_ref()).lock().await;
        let mut changed = StoreError::Precondition;
        for _ in 0..LOOKS_MAX {
            // The old one first: what is copied below was there before the new key was seen to have
            // nothing, so no later version of it is.
            let staged = found(self.info(&from).await)?;
            if let Some(frozen) = found(self.info(&to).await)? {
                if staged.is_some_and(|staged| is_copy(&frozen, &staged)) {
                    self.clear_staged(&from).await;
                }
                return Ok(frozen);
            }
            let staged = staged.ok_or(StoreError::NotFound)?;
            match self.copy(&from, &to, &staged).await {
                Ok(()) => {
                    let frozen = self.info(&to).await?;
                    self.clear_staged(&from).await;
                    return Ok(frozen);
                }
                // Somebody was faster, or replaced or deleted the old one.
                Err(error @ (StoreError::Precondition | StoreError::NotFound)) => changed = error,
                Err(error) => return Err(error),
            }
        }
        Err(changed)
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.through.delete(&self.prefix.of(key)?).await.map_err(plain)
    }
}

impl S3Objects {
    fn path(&self, key: &ObjectKey) -> Result<Path, StoreError> {
        path_of(&self.prefix.of(key)?)
    }

    async fn info(&self, path: &Path) -> Result<ObjectInfo, StoreError> {
        self.through.info(path).await.map_err(plain)
    }

    /// [`CopyObject`][doc], with the content type and the user's metadata. What else whoever had the
    /// URL sent beside the bytes is left behind: a `Cache-Control` or a `Content-Encoding` would be
    /// obeyed by those who download, and no signature refuses it.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    async fn copy(&self, from: &Path, to: &Path, staged: &ObjectInfo) -> Result<(), StoreError> {
        let source = utf8_percent_encode(from.as_ref(), COPY_SOURCE_ENCODED);
        let source = HeaderValue::try_from(format!("/{}/{source}", self.bucket));
        let source = source.map_err(|_| S3Error::malformed("a key"))?;
        let tag = HeaderValue::try_from(staged.etag.quoted());
        let tag = tag.map_err(|_| S3Error::malformed("an entity tag"))?;
        let kept =
            |name: &Attribute| matches!(name, Attribute::ContentType | Attribute::Metadata(_));
        let kept: Attributes =
            staged.attributes.iter().filter(|(name, _)| kept(name)).map(owned).collect();
        let secs = staged.size / COPIED_PER_SEC_MIN;
        let call = Call::new(Method::PUT, to.as_ref(), Repeat::Always)
            .with_more_patience(Duration::from_secs(secs))
            .with_headers(headers_of(&kept)?)
            .with_header(METADATA_DIRECTIVE, HeaderValue::from_static("REPLACE"))
            .with_header(COPY_SOURCE, source)
            .with_header(COPY_SOURCE_IF_MATCH, tag)
            .with_header(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        let (_, body) = self.client.ask(call).await.map_err(|error| match error {
            // Another copy to this key is under way.
            S3Error::Refused { status: 409, .. } => StoreError::Precondition,
            error => error.into(),
        })?;
        xml::etag(&body, "CopyObjectResult")?;
        Ok(())
    }

    /// What cannot be deleted now is deleted by the next freeze or whoever sweeps staging keys.
    async fn clear_staged(&self, from: &Path) {
        let deleted = async {
            let key = ObjectKey::new(from.as_ref()).map_err(StoreError::backend)?;
            self.through.delete(&key).await.map_err(plain)
        };
        if let Err(error) = deleted.await {
            tracing::warn!(%error, "what was frozen stays at its staging key for now");
        }
    }
}

fn owned((name, value): (&Attribute, &AttributeValue)) -> (Attribute, AttributeValue) {
    (name.clone(), value.clone())
}

fn found(info: Result<ObjectInfo, StoreError>) -> Result<Option<ObjectInfo>, StoreError> {
    match info {
        Ok(info) => Ok(Some(info)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_copy(frozen: &ObjectInfo, staged: &ObjectInfo) -> bool {
    frozen.etag == staged.etag && frozen.size == staged.size
}

/// An error without what `object_store` says around it: a URL, and what the store wrote.
pub(super) fn plain(error: StoreError) -> StoreError {
    match error {
        StoreError::Backend { source } => unwrapped(&*source).into(),
        other => other,
    }
}

#[derive(Debug)]
struct Reader(Object);

impl ObjectReader for Reader {
    fn read(self: Arc<Self>, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let plain = |error: io::Error| match error.downcast::<ForeignError>() {
            Ok(foreign) => io::Error::other(plain(foreign.into())),
            Err(error) => error,
        };
        self.0.read(range).map_err(plain).boxed()
    }
}
