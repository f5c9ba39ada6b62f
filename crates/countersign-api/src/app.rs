use std::{fmt, sync::Arc};

use countersign::Timestamp;
use countersign_catalog::{Catalog, CatalogError, Intake, Stored, Upload};
use countersign_import::Fetcher;
use countersign_storage::{Backend, ObjectInfo, ObjectKey, PrefixSigner, UploadId, UrlSigner};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    error::ApiError,
    http::chain,
    import_queue::{ImportLimits, ImportQueue},
    previews::PREVIEWS_MAX,
    rate::{Meters, RateLimits},
};

/// The use cases, over the records and the bytes.
///
/// The clock is a function, so that a test can set it.
pub struct App {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) backend: Backend,
    pub(crate) url_signer: UrlSigner,
    pub(crate) prefix_signer: PrefixSigner,
    pub(crate) meters: Meters,
    /// Who may read a file for its preview.
    pub(crate) previews: Arc<Semaphore>,
    pub(crate) imports: Option<ImportQueue>,
    clock: fn() -> Timestamp,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("catalog", &self.catalog)
            .field("backend", &self.backend)
            .field("url_signer", &self.url_signer)
            .field("prefix_signer", &self.prefix_signer)
            .field("imports", &self.imports)
            .finish_non_exhaustive()
    }
}

/// Keys that are taken off the list of the doomed in one go.
const SWEEP_MAX: u32 = 1_000;

/// How long what was begun may be completed after its URLs have ended, in seconds.
const ABANDONED_SECS: i64 = 86_400;

/// Uploads that are ended in one go.
const ABANDONED_MAX: u32 = 100;

impl App {
    /// Joins a catalog, the bucket of the platform, and who signs the URLs that reach it: those to
    /// one object, and those below which files are put.
    #[must_use]
    pub fn new(
        catalog: Arc<dyn Catalog>,
        backend: Backend,
        (url_signer, prefix_signer): (UrlSigner, PrefixSigner),
        clock: fn() -> Timestamp,
    ) -> Self {
        let previews = Arc::new(Semaphore::new(PREVIEWS_MAX));
        let (meters, imports) = (Meters::default(), None);
        Self { catalog, backend, url_signer, prefix_signer, meters, previews, imports, clock }
    }

    /// The same, with limits of how often somebody may ask.
    #[must_use]
    pub fn with_rate_limits(self, limits: RateLimits) -> Self {
        Self { meters: Meters::new(limits), ..self }
    }

    /// Lets data sources be made of files that are fetched from other people's servers.
    #[must_use]
    pub fn with_imports(self, fetcher: Fetcher, limits: ImportLimits) -> Self {
        Self { imports: Some(ImportQueue::new(fetcher, limits)), ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Deletes bytes that no record has any more: what a crash or a failing medium left, and what
    /// came late through a URL that was still alive.
    ///
    /// To be called at a start and every now and then.
    pub async fn sweep_doomed(&self) {
        // What cannot be deleted stays on the list, at its head.
        while self.sweep_some().await == SWEEP_MAX {}
    }

    /// Forgets who has not asked for a while, where it is counted how often somebody asks.
    ///
    /// To be called every now and then.
    pub fn sweep_clients(&self) {
        self.meters.tidy();
    }

    /// Ends uploads that were begun and not completed a day after their URLs have ended: they have
    /// failed, and their bytes go.
    ///
    /// To be called every now and then.
    pub async fn sweep_abandoned(&self) {
        let now = self.now();
        let ended_by = now.unix_secs().saturating_sub(ABANDONED_SECS);
        let ended_by = Timestamp::from_unix_secs(ended_by).unwrap_or(Timestamp::MIN);
        loop {
            let found = match self.catalog.abandoned_uploads(ABANDONED_MAX, ended_by).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(%error, "what was begun and left cannot be looked for");
                    return;
                }
            };
            for upload in &found {
                match self.catalog.fail_upload(upload.id, "it was not completed", now).await {
                    Ok(()) => self.bury(upload).await,
                    // Somebody was faster: it is completed, or deleted.
                    Err(CatalogError::UploadClosed) => {}
                    Err(error) => {
                        tracing::warn!(%error, "what was begun and left stays for now");
                        return;
                    }
                }
            }
            if found.len() < ABANDONED_MAX as usize {
                return;
            }
        }
    }

    /// How many keys were taken off the list.
    async fn sweep_some(&self) -> u32 {
        let doomed = match self.catalog.doomed(SWEEP_MAX, self.now()).await {
            Ok(doomed) => doomed,
            Err(error) => {
                tracing::warn!(%error, "the list of what is to be deleted cannot be read");
                return 0;
            }
        };
        let mut swept_count = 0;
        for key in doomed {
            let swept = async {
                self.backend.objects().delete(&object_key(&key)?).await?;
                Ok::<_, ApiError>(self.catalog.forget_doomed(&key).await?)
            };
            match swept.await {
                Ok(()) => swept_count += 1,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "bytes that were deleted stay for now");
                }
            }
        }
        swept_count
    }

    /// Deletes bytes whose keys are doomed, without waiting for the sweep. They stay on its list: it
    /// makes sure. An upload in parts that is open still is ended in the storage, and its URLs with
    /// it. So is an import that is under way here.
    pub(crate) async fn bury(&self, upload: &Upload) {
        if let Some(imports) = &self.imports {
            imports.stop(upload.id);
        }
        let staging_key = match &upload.intake {
            Intake::Single { staging_key } => Some(staging_key),
            _ => None,
        };
        for key in staging_key.into_iter().chain([&upload.object_key]) {
            let buried = async {
                Ok::<_, ApiError>(self.backend.objects().delete(&object_key(key)?).await?)
            };
            if let Err(error) = buried.await {
                let error = chain(&error);
                tracing::warn!(error, "bytes that were deleted stay until they are swept");
            }
        }
        if let Intake::Multipart { upload_id, .. } = &upload.intake {
            let ended = async {
                let id = UploadId::new(&**upload_id).map_err(ApiError::internal)?;
                let key = object_key(&upload.object_key)?;
                Ok::<_, ApiError>(self.backend.parts().abort(&key, &id).await?)
            };
            if let Err(error) = ended.await {
                let error = chain(&error);
                tracing::warn!(error, "an upload in parts that was closed is open in the storage");
            }
        }
    }
}

/// A key for accepted bytes: nothing of it is a user's text, and nobody can guess it.
pub(crate) fn new_object_key(extension: &str) -> String {
    format!("objects/{}.{extension}", Uuid::new_v4())
}

/// A key for bytes that a URL puts there, to be frozen later: nothing of it is a user's text.
pub(crate) fn staging_key(job: Uuid, extension: &str) -> String {
    format!("staging/{job}/{}.{extension}", Uuid::new_v4())
}

/// What was stored, as the catalog records it.
pub(crate) fn stored(info: &ObjectInfo) -> Stored {
    Stored { size: info.size, etag: info.etag.as_str().into(), sha256: info.sha256 }
}

/// A key out of the catalog.
pub(crate) fn object_key(key: &str) -> Result<ObjectKey, ApiError> {
    ObjectKey::new(key).map_err(ApiError::internal)
}
