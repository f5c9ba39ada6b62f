use std::sync::{Arc, Mutex, PoisonError};

use countersign::{Credentials, Region, Scope, Service, SigningKey, Timestamp};

/// The signing key of the day that was asked for last. Shared between threads.
pub(crate) struct KeyOfDay {
    credentials: Credentials,
    key: Mutex<Arc<SigningKey>>,
}

impl KeyOfDay {
    /// Derives the first key.
    pub(crate) fn new(credentials: Credentials, region: Region<'_>, now: Timestamp) -> Self {
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        Self { credentials, key: Mutex::new(Arc::new(key)) }
    }

    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// One that begins with the key of this day.
    pub(crate) fn copy_at(&self, now: Timestamp) -> Self {
        Self { credentials: self.credentials.clone(), key: Mutex::new(self.at(now)) }
    }

    pub(crate) fn at(&self, now: Timestamp) -> Arc<SigningKey> {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if key.scope().date() != now.date() {
            let scope = Scope::new(now.date(), key.scope().region(), Service::S3);
            *key = Arc::new(SigningKey::derive(&self.credentials, scope));
        }
        Arc::clone(&key)
    }
}
