//! A bucket in memory that tells which keys were ever written.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use countersign_api::App;
use countersign_storage::{ObjectKey, StoreError};
use futures_util::future::{BoxFuture, join, poll_fn};

use crate::{
    common::House,
    watched::{Call, Watch, watched},
};

#[derive(Debug, Clone)]
pub(crate) struct Spy(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    keys: Mutex<Vec<ObjectKey>>,
    gate: Gate,
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
        Self::house_with(|app| app).await
    }

    /// The same, and what else an API may have.
    pub(crate) async fn house_with(more: impl FnOnce(App) -> App) -> (House, Self) {
        let spy = Self(Arc::default());
        (House::with(watched(&spy.0), more).await, spy)
    }

    /// The keys that bytes were put to, or tried to.
    pub(crate) fn keys(&self) -> Vec<ObjectKey> {
        self.0.keys.lock().unwrap().clone()
    }

    /// Lets a request run until it opens an object, then something else to its end, then the
    /// request to its own.
    pub(crate) async fn overtake<T>(
        &self,
        request: impl Future<Output = T>,
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.0.gate.is_armed.store(true, Ordering::Relaxed);
        let overtaking = async {
            wait_for(&self.0.gate.has_arrived).await;
            meanwhile.await;
            self.0.gate.is_open.store(true, Ordering::Relaxed);
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

impl Watch for Seen {
    fn through<'f, T: Send + 'f>(
        &'f self,
        (call, key): (Call, &ObjectKey),
        made: BoxFuture<'f, Result<T, StoreError>>,
    ) -> BoxFuture<'f, Result<T, StoreError>> {
        match call {
            Call::Write => self.keys.lock().unwrap().push(key.clone()),
            Call::Open if self.gate.is_armed.swap(false, Ordering::Relaxed) => {
                return Box::pin(async move {
                    self.gate.has_arrived.store(true, Ordering::Relaxed);
                    wait_for(&self.gate.is_open).await;
                    made.await
                });
            }
            Call::Open | Call::Other => {}
        }
        made
    }
}
