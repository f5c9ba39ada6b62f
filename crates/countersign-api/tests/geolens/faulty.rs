//! A bucket in memory that fails when it is told to.

use std::sync::{Arc, Mutex};

use countersign_storage::{ObjectKey, StoreError};
use futures_util::future::{BoxFuture, join};
use tokio::sync::Notify;

use crate::{
    common::House,
    watched::{Call, Watch, watched},
};

#[derive(Debug, Clone)]
pub(crate) struct Faulty {
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
    /// The same, and nobody is told.
    WaitAndAfter,
}

impl Faulty {
    /// A house over such a storage.
    pub(crate) async fn house() -> (House, Self) {
        let faulty = Self { plan: Arc::default() };
        (House::over(watched(&faulty.plan)).await, faulty)
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
        request: (impl Future<Output = T>, usize),
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.overtake_as(request, Fault::Wait, meanwhile).await
    }

    /// As [`overtake`](Self::overtake); and what the call did in the end, the request is not told.
    pub(crate) async fn overtake_unseen<T>(
        &self,
        request: (impl Future<Output = T>, usize),
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.overtake_as(request, Fault::WaitAndAfter, meanwhile).await
    }

    async fn overtake_as<T>(
        &self,
        (request, calls): (impl Future<Output = T>, usize),
        fault: Fault,
        meanwhile: impl Future<Output = ()>,
    ) -> T {
        self.fail_after(calls, fault);
        let overtaking = async {
            self.plan.has_arrived.notified().await;
            meanwhile.await;
            self.plan.may_go_on.notify_one();
        };
        join(request, overtaking).await.0
    }
}

impl Plan {
    fn next(&self) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let call = state.calls;
        state.calls += 1;
        let (_, fault) = state.fault.take_if(|(at, _)| *at == call)?;
        Some(fault)
    }
}

impl Watch for Plan {
    fn through<'f, T: Send + 'f>(
        &'f self,
        _: (Call, &ObjectKey),
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
                Some(fault @ (Fault::Wait | Fault::WaitAndAfter)) => {
                    self.has_arrived.notify_one();
                    self.may_go_on.notified().await;
                    let done = call.await?;
                    if fault == Fault::Wait { Ok(done) } else { Err(broken()) }
                }
            }
        })
    }
}

fn broken() -> StoreError {
    StoreError::Backend { source: "broken, as it was told to".into() }
}
