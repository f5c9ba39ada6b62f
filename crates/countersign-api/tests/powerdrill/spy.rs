//! A bucket in memory that tells which keys were ever written.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Bytes;
use countersign_storage::{
    Attributes, Backend, CompletedPart, ETag, Object, ObjectInfo, ObjectKey, Objects, Part,
    PartNumber, PartStore, PutRequest, StoreError, UploadId,
};
use futures_util::{
    future::{BoxFuture, join, poll_fn},
    stream::BoxStream,
};

use crate::common::House;

#[derive(Debug, Clone)]
pub(crate) struct Spy {
    inner: Backend,
    keys: Arc<Mutex<Vec<ObjectKey>>>,
    gate: Arc<Gate>,
}

/// Where the next reader can be held up.
#[derive(Debug, Default)]
struct Gate {
    is_armed: AtomicBool,
    has_arrived: AtomicBool,
    is_open: AtomicBool,
}

impl Spy {
    /// A house over a storage that is watched.
    pub(crate) async fn house() -> (House, Self) {
        let spy = Self { inner: Backend::memory(), keys: Arc::default(), gate: Arc::default() };
        let parts = Arc::new(spy.clone());
        let house = House::over(Backend::new(Arc::new(spy.clone()), parts)).await;
        (house, spy)
    }

    /// The keys that bytes were put to, or tried to.
    pub(crate) fn keys(&self) -> Vec<ObjectKey> {
        self.keys.lock().unwrap().clone()
    }

    /// Lets a request run until it opens an object, then something else to its end, then the
    /// request to its own.
    pub(crate) async fn overtake<T>(
        &self,
        request: impl Future<Output = T>,
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.gate.is_armed.store(true, Ordering::Relaxed);
        let overtaking = async {
            wait_for(&self.gate.has_arrived).await;
            meanwhile.await;
            self.gate.is_open.store(true, Ordering::Relaxed);
        };
        join(request, overtaking).await.0
    }

    /// Those of them that have bytes.
    pub(crate) async fn stored(&self, house: &House) -> Vec<ObjectKey> {
        let mut stored = Vec::new();
        for key in self.keys() {
            if house.stored(&key).await.is_some() {
                stored.push(key);
            }
        }
        stored
    }
}

/// Asks again and again, for nobody tells.
async fn wait_for(flag: &AtomicBool) {
    let is_set = |cx: &mut Context<'_>| {
        cx.waker().wake_by_ref();
        if flag.swap(false, Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    };
    poll_fn(is_set).await;
}

impl Objects for Spy {
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
        self.keys.lock().unwrap().push(key.clone());
        self.inner.objects().put(key, body, put)
    }

    fn open<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<Object, StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        if !self.gate.is_armed.swap(false, Ordering::Relaxed) {
            return self.inner.objects().open(key);
        }
        Box::pin(async move {
            self.gate.has_arrived.store(true, Ordering::Relaxed);
            wait_for(&self.gate.is_open).await;
            self.inner.objects().open(key).await
        })
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
        self.inner.objects().freeze(from, to)
    }

    fn delete<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<(), StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.inner.objects().delete(key)
    }
}

impl PartStore for Spy {
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
        self.keys.lock().unwrap().push(key.clone());
        self.inner.parts().create(key, attributes)
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
        self.inner.parts().put_part(key, upload, number, body, put)
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
        self.inner.parts().list(key, upload)
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
        self.inner.parts().complete(key, upload, parts)
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
        self.inner.parts().abort(key, upload)
    }
}
