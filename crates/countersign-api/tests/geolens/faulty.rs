//! A bucket in memory that fails when it is told to.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::body::Bytes;
use countersign_storage::{
    Attributes, Backend, CompletedPart, ETag, Object, ObjectInfo, ObjectKey, Objects, Part,
    PartNumber, PartStore, PutRequest, StoreError, UploadId,
};
use futures_util::{
    future::{BoxFuture, join},
    stream::BoxStream,
};
use tokio::sync::Notify;

use crate::common::House;

#[derive(Debug, Clone)]
pub(crate) struct Faulty {
    inner: Backend,
    plan: Arc<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    state: Mutex<State>,
    has_arrived: Notify,
    may_go_on: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: usize,
    fault: Option<(usize, Fault)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done.
    Before,
    /// All is done, and nobody is told.
    After,
    /// No space is left.
    Full,
    /// It is done once somebody else has done something.
    Wait,
}

impl Faulty {
    /// A house over such a storage.
    pub(crate) async fn house() -> (House, Self) {
        let faulty = Self { inner: Backend::memory(), plan: Arc::default() };
        let parts = Arc::new(faulty.clone());
        (House::over(Backend::new(Arc::new(faulty.clone()), parts)).await, faulty)
    }

    /// The call that comes after so many more fails.
    pub(crate) fn fail_after(&self, calls: usize, fault: Fault) {
        let mut state = self.plan.state.lock().unwrap();
        state.fault = Some((state.calls + calls, fault));
    }

    /// Whether the fault is still to come. It does not come any more.
    pub(crate) fn calm(&self) -> bool {
        self.plan.state.lock().unwrap().fault.take().is_some()
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.plan.state.lock().unwrap().calls
    }

    /// Lets a request run up to a call of the storage, then something else to its end, then the
    /// request to its own.
    pub(crate) async fn overtake<T>(
        &self,
        (request, calls): (impl Future<Output = T>, usize),
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.fail_after(calls, Fault::Wait);
        let overtaking = async {
            self.plan.has_arrived.notified().await;
            meanwhile.await;
            self.plan.may_go_on.notify_one();
        };
        join(request, overtaking).await.0
    }

    fn next(&self) -> Option<Fault> {
        let mut state = self.plan.state.lock().unwrap();
        let call = state.calls;
        state.calls += 1;
        let (_, fault) = state.fault.take_if(|(at, _)| *at == call)?;
        Some(fault)
    }

    fn through<'f, T: Send + 'f>(
        &'f self,
        call: BoxFuture<'f, Result<T, StoreError>>,
    ) -> BoxFuture<'f, Result<T, StoreError>> {
        let fault = self.next();
        Box::pin(async move {
            match fault {
                None => call.await,
                Some(Fault::Before) => Err(broken()),
                Some(Fault::After) => {
                    call.await?;
                    Err(broken())
                }
                Some(Fault::Full) => Err(StoreError::Full),
                Some(Fault::Wait) => {
                    self.plan.has_arrived.notify_one();
                    self.plan.may_go_on.notified().await;
                    call.await
                }
            }
        })
    }
}

fn broken() -> StoreError {
    StoreError::Backend { source: "broken, as it was told to".into() }
}

impl Objects for Faulty {
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
        self.through(self.inner.objects().put(key, body, put))
    }

    fn open<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<Object, StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.through(self.inner.objects().open(key))
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
        self.through(self.inner.objects().freeze(from, to))
    }

    fn delete<'s, 'k, 'f>(&'s self, key: &'k ObjectKey) -> BoxFuture<'f, Result<(), StoreError>>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        self.through(self.inner.objects().delete(key))
    }
}

impl PartStore for Faulty {
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
        self.through(self.inner.parts().create(key, attributes))
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
        self.through(self.inner.parts().put_part(key, upload, number, body, put))
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
        self.through(self.inner.parts().list(key, upload))
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
        self.through(self.inner.parts().complete(key, upload, parts))
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
        self.through(self.inner.parts().abort(key, upload))
    }
}
