//! The backends that the suite runs on.

use countersign::{Credentials, SecretKey, Timestamp};
use countersign_storage::{Backend, FileStore, S3, S3Settings};
use tempfile::TempDir;

use super::{
    folder::quick_folder,
    server::{ACCESS_KEY_ID, BUCKET, SECRET, Server},
};

/// A backend under test, and what has to live as long.
pub(crate) struct Store {
    pub(crate) name: &'static str,
    pub(crate) backend: Backend,
    pub(crate) s3: Option<S3>,
    settings: Option<S3Settings>,
    _folder: Option<TempDir>,
    pub(crate) server: Option<Server>,
}

impl Store {
    /// Waits for another second by the clock of a foreign store: some tell parts apart by it.
    pub(crate) async fn next_second(&self) {
        if setting("COUNTERSIGN_TEST_S3").is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        }
    }

    /// The same store, as a process sees it that was just started; for an S3 store.
    pub(crate) fn restarted(&self) -> Option<Backend> {
        let settings = self.settings.clone()?;
        Some(S3::new(settings).unwrap().backend())
    }
}

/// All of them, empty.
pub(crate) async fn stores() -> Vec<Store> {
    let s3 = s3().await;
    if setting("COUNTERSIGN_TEST_S3").is_some() {
        return vec![s3];
    }
    let folder = quick_folder();
    let files = FileStore::open(folder.path().join("bucket")).unwrap();
    let memory = Store {
        name: "memory",
        backend: Backend::memory(),
        s3: None,
        settings: None,
        _folder: None,
        server: None,
    };
    let files = Store {
        name: "files",
        backend: files.backend(),
        s3: None,
        settings: None,
        _folder: Some(folder),
        server: None,
    };
    vec![memory, files, s3]
}

/// An S3 store, with a prefix of its own.
pub(crate) async fn s3() -> Store {
    let (endpoint, server) = if let Some(endpoint) = setting("COUNTERSIGN_TEST_S3") {
        (endpoint, None)
    } else {
        let server = Server::start().await;
        (server.endpoint(), Some(server))
    };
    let settings = settings(&endpoint);
    let s3 = S3::new(settings.clone()).unwrap();
    Store {
        name: "s3",
        backend: s3.backend(),
        s3: Some(s3),
        settings: Some(settings),
        _folder: None,
        server,
    }
}

/// The settings of the store that is tested, at an endpoint.
pub(crate) fn settings(endpoint: &str) -> S3Settings {
    let or = |name: &str, other: &str| setting(name).unwrap_or_else(|| other.into());
    let secret = SecretKey::new(or("COUNTERSIGN_TEST_S3_SECRET", SECRET)).unwrap();
    let id = or("COUNTERSIGN_TEST_S3_KEY", ACCESS_KEY_ID);
    let credentials = Credentials::new(id, secret).unwrap();
    let bucket = or("COUNTERSIGN_TEST_S3_BUCKET", BUCKET);
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let prefix = format!("suite/{}", hex::encode(random));
    S3Settings::new(bucket, "us-east-1", endpoint, credentials).with_prefix(prefix)
}

#[expect(clippy::disallowed_methods, reason = "a foreign store is named by the environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "a store that runs has a clock too")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_secs(i64::try_from(since.as_secs()).unwrap()).unwrap()
}
