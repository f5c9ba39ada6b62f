//! A storage that fails, in the way that a test asks for.

use std::{future::ready, io, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use countersign_storage::{
    Backend, CompletedPart, ETag, Object, ObjectInfo, ObjectKey, ObjectReader, Objects, Part,
    PartNumber, PartStore, PutRequest, StoreError, UploadId,
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use object_store::Attributes;

type Body = BoxStream<'static, io::Result<Bytes>>;

/// Takes nothing; what it was made with can be opened, and not be read to its end.
#[derive(Debug)]
pub(crate) struct Broken {
    inside: Backend,
    why: fn() -> StoreError,
    end: End,
}

/// How the bytes of an object end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With an error before any byte.
    Begin,
    /// With an error after the first half.
    Error,
    /// Without one.
    Nothing,
}

impl Broken {
    pub(crate) fn over(inside: Backend, why: fn() -> StoreError, end: End) -> Backend {
        let both = Arc::new(Self { inside, why, end });
        Backend::new(both.clone(), both)
    }
}

#[async_trait]
impl Objects for Broken {
    async fn put(&self, _: &ObjectKey, _: Body, _: PutRequest) -> Result<ObjectInfo, StoreError> {
        Err((self.why)())
    }

    async fn open(&self, key: &ObjectKey) -> Result<Object, StoreError> {
        let object = self.inside.objects().open(key).await.map_err(|_| (self.why)())?;
        Ok(Object::new(object.info().clone(), Arc::new(Half(object, self.end))))
    }

    async fn freeze(&self, _: &ObjectKey, _: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        Err((self.why)())
    }

    async fn delete(&self, _: &ObjectKey) -> Result<(), StoreError> {
        Err((self.why)())
    }
}

/// Reads the first half, or nothing; ends some time after it.
#[derive(Debug)]
struct Half(Object, End);

impl ObjectReader for Half {
    fn read(self: Arc<Self>, range: Range<u64>) -> Body {
        let half = self.0.read(range.start..u64::midpoint(range.start, range.end));
        let error = || Err(io::Error::other("damaged"));
        let end = self.1;
        let later = stream::once(tokio::time::sleep(Duration::from_millis(50)));
        let last = later.filter_map(move |()| ready((end == End::Error).then(error)));
        if end == End::Begin { stream::iter([error()]).boxed() } else { half.chain(last).boxed() }
    }
}

#[async_trait]
impl PartStore for Broken {
    async fn create(&self, _: &ObjectKey, _: Attributes) -> Result<UploadId, StoreError> {
        Err((self.why)())
    }

    async fn put_part(
        &self,
        _: &ObjectKey,
        _: &UploadId,
        _: PartNumber,
        _: Body,
        _: PutRequest,
    ) -> Result<ETag, StoreError> {
        Err((self.why)())
    }

    async fn list(&self, _: &ObjectKey, _: &UploadId) -> Result<Vec<Part>, StoreError> {
        Err((self.why)())
    }

    async fn complete(
        &self,
        _: &ObjectKey,
        _: &UploadId,
        _: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        Err((self.why)())
    }

    async fn abort(&self, _: &ObjectKey, _: &UploadId) -> Result<(), StoreError> {
        Err((self.why)())
    }
}
