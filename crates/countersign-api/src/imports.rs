//! Data sources out of other people's servers: recorded at once, fetched afterwards.
//!
//! The URL may be a credential, so it is never recorded: it lives in the memory of the process that
//! fetches it. So nobody else can go on with an import, and one that is interrupted has failed. Who
//! fetches it holds a lease in the catalog, and whoever sees that it is over says so.

use std::{
    error::Error,
    io,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use countersign::Timestamp;
use countersign_catalog::{
    CatalogError, DataSource, DataSourceRef, Identity, NewImport, NewUpload, Stored,
};
use countersign_import::{FetchError, Fetched, ImportUrl};
use countersign_storage::{PutRequest, StoreError};
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use uuid::Uuid;

use crate::{
    App,
    app::{object_key, stored},
    content::ContentFault,
    data_sources::{SourceWish, target},
    datasets::gone_with,
    direct::direct_upload,
    error::ApiError,
    fields::{Reason, invalid},
    http::chain,
    import_queue::{ImportQueue, ImportWish, Stop, Ticket},
    source_name::SourceName,
};

/// How long a lease is good for, in seconds, and how often it is renewed: three renewals may fail.
const LEASE_SECS: u32 = 60;
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// Leases that are ended in one go.
const LAPSED_MAX: u32 = 1_000;

/// How long imports may take to stop, when the server does.
const STOP_MAX: Duration = Duration::from_secs(5);

const INTERRUPTED: &str = "interrupted";

/// Why an import came to nothing: what the user is told.
#[derive(Debug, thiserror::Error)]
enum ImportFault {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Content(#[from] ContentFault),
    #[error("it waited too long for its turn")]
    Waited,
    #[error("the storage quota of the team is exceeded")]
    OverQuota,
    #[error("no space is left")]
    Full,
    /// Deleted, or the server is about to end.
    #[error("{INTERRUPTED}")]
    Stopped,
    /// Our fault: whoever runs the server finds it in the log.
    #[error("the server failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// An import that is recorded, and has a place in the queue.
struct Import {
    url: ImportUrl,
    name: SourceName,
    source: DataSource,
    ticket: Ticket,
}

impl App {
    /// Makes a data source of the file at a URL, in a dataset that is there, or in a new one of its
    /// name. It is returned at once, on its way. Asked for again meanwhile, it is the same; asked for
    /// later, another one.
    pub(crate) async fn import_data_source(
        self: &Arc<Self>,
        who: &Identity,
        dataset: Option<Uuid>,
        (wish, url): (&SourceWish, &str),
        now: Timestamp,
    ) -> Result<DataSource, ApiError> {
        let queue = self.imports.as_ref().ok_or(ApiError::NoImport)?;
        let url = queue.fetcher.guard().parse(url);
        // Without the value: it may be a credential.
        let url = url.map_err(|fault| invalid("url", Reason::Url(fault), Value::Null))?;
        if let Some(id) = dataset {
            self.own_dataset(who, id).await?;
        }
        self.admit(who.team, 0).await?;
        let SourceWish { name, file_name, .. } = wish;
        let wish = ImportWish {
            owner: who.clone(),
            dataset,
            name: name.as_str().into(),
            file_name: file_name.as_str().into(),
            url,
        };
        let _alone = queue.beginning.lock().await;
        if let Some(upload) = queue.find(&wish) {
            let by_upload = DataSourceRef::Upload(upload);
            if let Some(found) = self.catalog.data_source(who.team, by_upload).await? {
                return Ok(found);
            }
        }
        let (id, url) = (Uuid::new_v4(), wish.url.clone());
        let ticket = queue.enter(id, wish)?;
        let key = self.reserve_key(file_name.extension(), now).await?;
        let upload = direct_upload(&key, who.clone(), file_name.media_type(), now);
        let new = NewImport {
            id: Uuid::new_v4(),
            dataset: target(dataset, who, name),
            name: name.as_str().into(),
            file_name: file_name.as_str().into(),
            upload: NewUpload { id, ..upload },
            // From now on, not from when it began to wait for its turn to be recorded.
            lease_ends_at: lease_from(self.now()),
        };
        let source = self.catalog.add_import(&new, now).await.map_err(gone_with(dataset))?;
        let import = Import { url, name: file_name.clone(), source: source.clone(), ticket };
        tokio::spawn(Arc::clone(self).import(import));
        Ok(source)
    }

    /// Ends the imports whose leases are over: who held them is gone.
    ///
    /// To be called more often than a lease lasts, also where nothing is imported any more.
    pub async fn sweep_imports(&self) {
        match self.catalog.lapse_imports(LAPSED_MAX, INTERRUPTED, self.now()).await {
            Ok(lapsed) => {
                for source in lapsed {
                    tracing::warn!(data_source = %source.id, "an import was interrupted");
                    self.bury(&source.upload).await;
                }
            }
            Err(error) => tracing::warn!(%error, "the imports cannot be looked after"),
        }
    }

    /// Stops the imports that are under way here, before the server ends. What does not stop in time
    /// is found by its lease.
    pub async fn stop_imports(&self) {
        let Some(queue) = &self.imports else { return };
        let ends_at = Instant::now() + STOP_MAX;
        while queue.stop_all() > 0 && Instant::now() < ends_at {
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn import(self: Arc<Self>, import: Import) {
        let Some(queue) = &self.imports else { return };
        let upload = &import.source.upload;
        let outcome = {
            let mut bring = pin!(self.bring(queue, &import));
            tokio::select! {
                outcome = bring.as_mut() => outcome,
                () = self.hold_lease(upload.id) => {
                    queue.stop(upload.id);
                    bring.await
                }
            }
        };
        match outcome {
            Ok(size) => {
                let (id, host) = (import.source.id, import.url.host());
                tracing::info!(data_source = %id, host, size, "a file was imported");
            }
            Err(fault) => self.give_up(&import, &fault).await,
        }
    }

    /// Renews a lease until it is nobody's any more.
    async fn hold_lease(&self, upload: Uuid) {
        let mut ticks = interval_at(Instant::now() + RENEW_EVERY, RENEW_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.catalog.renew_import(upload, lease_from(self.now())).await {
                Ok(()) => {}
                Err(CatalogError::UploadClosed) => return,
                Err(error) => tracing::warn!(%error, "the lease of an import is not renewed"),
            }
        }
    }

    /// Waits for its turn, fetches the file, looks at it, and makes the data source ready.
    async fn bring(&self, queue: &ImportQueue, import: &Import) -> Result<u64, ImportFault> {
        let mut stop = import.ticket.stop.clone();
        let (_turn, file) = tokio::select! {
            biased;
            () = stop.requested() => return Err(ImportFault::Stopped),
            begun = begin(queue, import) => begun?,
        };
        let upload = &import.source.upload;
        let key = object_key(&upload.object_key)?;
        let room = self.room_of(upload.owner.team).await?;
        let put = PutRequest::up_to(queue.fetcher.limits().bytes_max.min(room))
            .with_content_type(import.name.media_type());
        let fault = FaultSlot::default();
        let stored_at = self.store(&key, stoppable(file, stop, fault.clone()), put).await;
        let info = stored_at.map_err(|error| match error {
            StoreError::TooLarge { max } if max == room => ImportFault::OverQuota,
            error => fault.take().unwrap_or_else(|| error.into()),
        })?;
        let kept = self.keep_import(import, &stored(&info)).await;
        if kept.is_err() {
            self.withdraw(&key).await;
        }
        kept.map(|()| info.size)
    }

    async fn keep_import(&self, import: &Import, stored: &Stored) -> Result<(), ImportFault> {
        let upload = &import.source.upload;
        if let Some(fault) = self.look_at(upload, Some(import.name.extension())).await? {
            return Err(fault.into());
        }
        match self.catalog.finish_import(upload.id, stored, self.now()).await {
            Ok(_) => Ok(()),
            Err(CatalogError::UploadClosed) => Err(ImportFault::Stopped),
            Err(error) => Err(ApiError::from(error).into()),
        }
    }

    /// Says why an import failed, where its data source is still there to say it of.
    async fn give_up(&self, import: &Import, fault: &ImportFault) {
        let (id, host) = (import.source.id, import.url.host());
        if let ImportFault::Internal(error) = fault {
            tracing::error!(data_source = %id, host, error = chain(&**error), "an import failed");
        } else {
            tracing::info!(data_source = %id, host, reason = chain(fault), "an import failed");
        }
        let upload = import.source.upload.id;
        match self.catalog.fail_import(upload, &fault.to_string(), self.now()).await {
            Ok(_) | Err(CatalogError::UploadClosed) => {}
            // Its lease ends, and somebody else says that it was interrupted.
            Err(error) => tracing::warn!(%error, "an import that failed cannot be recorded"),
        }
    }
}

fn lease_from(now: Timestamp) -> Timestamp {
    now.checked_add_secs(LEASE_SECS).unwrap_or(Timestamp::MAX)
}

/// Waits for a turn, and asks for the file.
async fn begin(
    queue: &ImportQueue,
    import: &Import,
) -> Result<(impl Sized + use<>, Fetched), ImportFault> {
    let turn = timeout(queue.limits.wait_max, queue.turn(&import.ticket)).await;
    let turn = turn.ok().flatten().ok_or(ImportFault::Waited)?;
    Ok((turn, queue.fetcher.fetch(&import.url).await?))
}

/// Why a stream of bytes ended, for whoever gets nothing but the storage's word that it did.
#[derive(Clone, Default)]
struct FaultSlot(Arc<Mutex<Option<ImportFault>>>);

impl FaultSlot {
    fn put(&self, fault: ImportFault) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        io::Error::other("the file does not come")
    }

    fn take(&self) -> Option<ImportFault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The bytes of a file until it is to stop, which is an error: it is no end that a storage could take
/// for the file's own.
fn stoppable(file: Fetched, stop: Stop, fault: FaultSlot) -> BoxStream<'static, io::Result<Bytes>> {
    let chunks = stream::try_unfold((file, stop, fault), |(mut file, mut stop, fault)| async {
        let chunk = tokio::select! {
            biased;
            () = stop.requested() => Err(ImportFault::Stopped),
            chunk = file.chunk() => chunk.map_err(ImportFault::from),
        };
        let chunk = chunk.map_err(|error| fault.put(error))?;
        Ok(chunk.map(|bytes| (bytes, (file, stop, fault))))
    });
    chunks.boxed()
}

impl From<ApiError> for ImportFault {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::OverQuota(_) => Self::OverQuota,
            ApiError::Full => Self::Full,
            ApiError::Internal(source) => Self::Internal(source),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<StoreError> for ImportFault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge { max } => FetchError::TooLarge { bytes_max: max }.into(),
            other => ApiError::from(other).into(),
        }
    }
}
