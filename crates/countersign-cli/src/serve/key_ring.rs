use std::{
    collections::HashMap,
    fmt::{self, Display},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use countersign::{Credentials, MasterKey, Scope, SigningKey};
use countersign_catalog::Catalog;
use countersign_gateway::{SigningKeys, Unavailable};

/// The id of the key that signs the URLs of the dialects. Nobody else is ever given it.
pub(super) const PLATFORM_KEY_ID: &str = "CS01COUNTERSIGNSERVE";

/// Keys of one day that are kept. Deriving one costs some microseconds, so that is no great matter.
const CACHED_MAX: usize = 1_024;

/// The signing keys: that of the platform, and the pairs in the catalog. All secrets follow from the
/// master key.
pub(super) struct KeyRing {
    master: MasterKey,
    platform: Credentials,
    catalog: Arc<dyn Catalog>,
    derived: Mutex<HashMap<Box<str>, Arc<SigningKey>>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

impl KeyRing {
    pub(super) fn new(master: MasterKey, catalog: Arc<dyn Catalog>) -> anyhow::Result<Self> {
        let secret = master.signing_secret(PLATFORM_KEY_ID);
        let platform = Credentials::new(PLATFORM_KEY_ID, secret)?;
        Ok(Self { master, platform, catalog, derived: Mutex::default() })
    }

    pub(super) const fn platform(&self) -> &Credentials {
        &self.platform
    }

    /// The key of the day; the last one of each id is kept.
    fn derive(&self, id: &str, scope: Scope<'_>) -> Option<Arc<SigningKey>> {
        let cached = || self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = cached().get(id).filter(|key| key.scope() == scope) {
            return Some(Arc::clone(key));
        }
        let credentials = Credentials::new(id, self.master.signing_secret(id)).ok()?;
        let key = Arc::new(SigningKey::derive(&credentials, scope));
        let mut cached = cached();
        if cached.len() >= CACHED_MAX {
            cached.clear();
        }
        cached.insert(id.into(), Arc::clone(&key));
        Some(key)
    }
}

#[async_trait]
impl SigningKeys for KeyRing {
    async fn signing_key(
        &self,
        access_key_id: &str,
        scope: Scope<'_>,
    ) -> Result<Option<Arc<SigningKey>>, Unavailable> {
        // The catalog is asked every time: a key that is gone is gone at once.
        let exists = access_key_id == PLATFORM_KEY_ID
            || self.catalog.access_key(access_key_id).await.map_err(unavailable)?.is_some();
        Ok(exists.then(|| self.derive(access_key_id, scope)).flatten())
    }
}

fn unavailable(error: impl Display) -> Unavailable {
    tracing::error!(%error, "the signing keys cannot be read");
    Unavailable
}
