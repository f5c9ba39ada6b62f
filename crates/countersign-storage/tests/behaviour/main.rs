//! What every backend keeps to: one suite, on memory, on a folder, and on an S3 store that runs in
//! the test.
//!
//! With `COUNTERSIGN_TEST_S3=http://127.0.0.1:18333` it runs on that store instead, and on nothing
//! else; `tests/foreign/seaweedfs_suite.py` starts one. `COUNTERSIGN_TEST_S3_BUCKET`, `…_KEY` and
//! `…_SECRET` say the rest.

#[path = "../support/folder.rs"]
mod folder;
mod freeze;
mod objects;
mod parts;
mod server;
mod stores;
mod urls;

use bytes::Bytes;
use countersign_storage::{Backend, ObjectKey, StoreError, collect};

const MIB: usize = 1024 * 1024;

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

/// Bytes that are not like those of another seed.
fn bytes_like(seed: u8, len: usize) -> Bytes {
    let period: Vec<_> = (0..251).map(|place| seed.wrapping_mul(31).wrapping_add(place)).collect();
    period.into_iter().cycle().take(len).collect()
}

async fn read(backend: &Backend, at: &ObjectKey) -> Result<Bytes, StoreError> {
    let object = backend.objects().open(at).await?;
    Ok(collect(object.read(0..u64::MAX)).await.unwrap())
}

async fn is_absent(backend: &Backend, at: &ObjectKey) -> bool {
    matches!(backend.objects().open(at).await, Err(StoreError::NotFound))
}
