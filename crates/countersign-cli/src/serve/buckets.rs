use std::{collections::HashMap, path::PathBuf};

use anyhow::ensure;
use countersign_storage::{Backend, FileStore};
use tokio::sync::Mutex;

/// The buckets in a folder, each opened when it is asked for first, and once.
#[derive(Debug)]
pub(super) struct Buckets {
    folder: PathBuf,
    open: Mutex<HashMap<String, Backend>>,
}

impl Buckets {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::default() }
    }

    /// Opens a bucket. Its name comes out of the catalog or of the code, never out of a request.
    pub(super) async fn open(&self, name: &str) -> anyhow::Result<Backend> {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        ensure!(!name.is_empty() && name.bytes().all(is_plain), "{name} is no name for a bucket");
        let mut open = self.open.lock().await;
        if let Some(backend) = open.get(name) {
            return Ok(backend.clone());
        }
        let path = self.folder.join(name);
        let store = tokio::task::spawn_blocking(move || FileStore::open(path)).await??;
        let backend = store.backend();
        open.insert(name.to_owned(), backend.clone());
        Ok(backend)
    }
}
