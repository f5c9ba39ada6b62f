//! A storage whose every call is seen before it is made.

use std::{io, sync::Arc};

use axum::body::Bytes;
use countersign_storage::{
    Attributes, Backend, CompletedPart, ETag, Object, ObjectInfo, ObjectKey, Objects, Part,
    PartNumber, PartStore, PutRequest, StoreError, UploadId,
};
use futures_util::{future::BoxFuture, stream::BoxStream};

/// What a call is, as far as anybody wants to know.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    /// Bytes come, or parts of them will.
    Write,
    /// An object is opened.
    Open,
    /// Anything else.
    Other,
}

/// Who sees a call, and makes it, later, or not at all. Nothing is done until it is awaited.
pub(crate) trait Watch: std::fmt::Debug + Send + Sync + 'static {
    fn through<'f, T: Send + 'f>(
        &'f self,
        call: (Call, &ObjectKey),
        made: BoxFuture<'f, Result<T, StoreError>>,
    ) -> BoxFuture<'f, Result<T, StoreError>>;
}

/// A bucket in memory, and who watches it.
#[derive(Debug)]
struct Watched<W> {
    inner: Backend,
    watch: Arc<W>,
}

/// A new bucket in memory that is watched.
pub(crate) fn watched<W: Watch>(watch: &Arc<W>) -> Backend {
    let inner = Backend::memory();
    let objects = Watched { inner: inner.clone(), watch: Arc::clone(watch) };
    let parts = Watched { inner, watch: Arc::clone(watch) };
    Backend::new(Arc::new(objects), Arc::new(parts))
}

impl<W: Watch> Objects for Watched<W> {
    fn put<'s, 'k, 'f>(
        &'s self,
        key: &'k ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> BoxFuture<'f, Result<ObjectInfo, StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Write, key), self.inner.objects().put(key, body, put))
    }

    fn open<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<Object, StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Open, key), self.inner.objects().open(key))
    }

    fn freeze<'s, 'k, 't, 'f>(
        &'s self,
        from: &'k ObjectKey,
        to: &'t ObjectKey,
    ) -> BoxFuture<'f, Result<ObjectInfo, StoreError>>
    where
        's: 'f,
        'k: 'f,
        't: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Other, to), self.inner.objects().freeze(from, to))
    }

    fn delete<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<(), StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Other, key), self.inner.objects().delete(key))
    }
}

impl<W: Watch> PartStore for Watched<W> {
    fn create<'s, 'k, 'f>(
        &'s self,
        key: &'k ObjectKey,
        attributes: Attributes,
    ) -> BoxFuture<'f, Result<UploadId, StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Write, key), self.inner.parts().create(key, attributes))
    }

    fn put_part<'s, 'k, 'u, 'f>(
        &'s self,
        key: &'k ObjectKey,
        upload: &'u UploadId,
        number: PartNumber,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> BoxFuture<'f, Result<ETag, StoreError>>
    where
        's: 'f,
        'k: 'f,
        'u: 'f,
        Self: 'f,
    {
        self.watch.through(
            (Call::Other, key),
            self.inner.parts().put_part(key, upload, number, body, put),
        )
    }

    fn list<'s, 'k, 'u, 'f>(
        &'s self,
        key: &'k ObjectKey,
        upload: &'u UploadId,
    ) -> BoxFuture<'f, Result<Vec<Part>, StoreError>>
    where
        's: 'f,
        'k: 'f,
        'u: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Other, key), self.inner.parts().list(key, upload))
    }

    fn complete<'s, 'k, 'u, 'p, 'f>(
        &'s self,
        key: &'k ObjectKey,
        upload: &'u UploadId,
        parts: &'p [CompletedPart],
    ) -> BoxFuture<'f, Result<ObjectInfo, StoreError>>
    where
        's: 'f,
        'k: 'f,
        'u: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Other, key), self.inner.parts().complete(key, upload, parts))
    }

    fn abort<'s, 'k, 'u, 'f>(
        &'s self,
        key: &'k ObjectKey,
        upload: &'u UploadId,
    ) -> BoxFuture<'f, Result<(), StoreError>>
    where
        's: 'f,
        'k: 'f,
        'u: 'f,
        Self: 'f,
    {
        self.watch.through((Call::Other, key), self.inner.parts().abort(key, upload))
    }
}
