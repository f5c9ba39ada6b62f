//! Records of files, and what was asked of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use countersign_gateway::{Arrival, Landing, PrefixUploads, Refusal};
use countersign_storage::{Backend, ETag, ObjectInfo, ObjectKey};

use crate::prefix::GRANT;

pub(crate) const CONTENT_TYPE: &str = "application/jsonl";

/// One grant, whose files have the names that nobody recorded before; a few names fail.
#[derive(Debug)]
pub(crate) struct Files {
    backend: Backend,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: Vec<String>,
    finished: usize,
    abandoned: usize,
    records: BTreeMap<String, Record>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: ETag,
}

impl Files {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, state: Mutex::default() }
    }

    /// The names that were asked for, in their order.
    pub(crate) fn begun(&self) -> Vec<String> {
        self.state().begun.clone()
    }

    /// How often a file was to be recorded.
    pub(crate) fn finished(&self) -> usize {
        self.state().finished
    }

    /// How often a file was given up that had been begun.
    pub(crate) fn abandoned(&self) -> usize {
        self.state().abandoned
    }

    pub(crate) fn record(&self, name: &str) -> Option<Record> {
        self.state().records.get(name).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// What a name fails with, where it is of those that fail.
fn failure(name: &str, step: &str) -> Result<(), Refusal> {
    match name.strip_prefix(step) {
        Some("-denied") => Err(Refusal::Denied),
        Some("-taken") => Err(Refusal::Exists),
        Some("-misnamed") => Err(Refusal::InvalidName),
        Some("-much") => Err(Refusal::OverQuota),
        Some("-full") => Err(Refusal::Full),
        Some("-later") => Err(Refusal::Unavailable),
        _ => Ok(()),
    }
}

async fn wait_where_slow(name: &str, step: &str) {
    if name.strip_prefix(step) == Some("-slow") {
        tokio::time::sleep(Duration::from_hours(24)).await;
    }
}

#[async_trait]
impl PrefixUploads for Files {
    async fn begin(&self, arrival: &Arrival<'_>) -> Result<Landing, Refusal> {
        let number = {
            let mut state = self.state();
            state.begun.push(arrival.name.into());
            state.begun.len()
        };
        if arrival.grant != GRANT {
            return Err(Refusal::Denied);
        }
        wait_where_slow(arrival.name, "begin").await;
        failure(arrival.name, "begin")?;
        if self.state().records.contains_key(arrival.name) {
            return Err(Refusal::Exists);
        }
        let is_shared = arrival.name.starts_with("shared");
        let key = if is_shared { "files/shared".into() } else { format!("files/{number}") };
        Ok(Landing::new(self.backend.clone(), ObjectKey::new(key).unwrap(), CONTENT_TYPE))
    }

    async fn abandon(&self, landing: &Landing) {
        landing.backend().objects().open(landing.key()).await.expect_err("nothing is stored");
        self.state().abandoned += 1;
    }

    async fn finish(
        &self,
        arrival: &Arrival<'_>,
        landing: &Landing,
        stored: &ObjectInfo,
    ) -> Result<(), Refusal> {
        self.state().finished += 1;
        landing.backend().objects().open(landing.key()).await.expect("its bytes are stored");
        wait_where_slow(arrival.name, "finish").await;
        failure(arrival.name, "finish")?;
        let mut state = self.state();
        if state.records.contains_key(arrival.name) {
            return Err(Refusal::Exists);
        }
        let (size, etag) = (stored.size, stored.etag.clone());
        let record = Record { key: landing.key().as_str().into(), size, etag };
        state.records.insert(arrival.name.into(), record);
        Ok(())
    }
}
