//! What a body is held to while it streams in.

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::{PutRequest, StoreError};

/// Counts and digests a body as it passes.
pub(crate) struct Intake {
    length: u64,
    received: u64,
    sha256: Sha256,
    sha256_expected: Option<[u8; 32]>,
    /// Only when somebody said which: an MD5 costs as much as the SHA-256.
    md5: Option<(Md5, [u8; 16])>,
}

impl Intake {
    pub(crate) fn new(put: &PutRequest) -> Self {
        Self {
            length: put.length,
            received: 0,
            sha256: Sha256::new(),
            sha256_expected: put.sha256,
            md5: put.md5.map(|expected| (Md5::new(), expected)),
        }
    }

    /// Refuses a body at the first byte that is too many: what comes after may be endless.
    pub(crate) fn update(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        self.received = self.received.saturating_add(chunk.len() as u64);
        if self.received > self.length {
            return Err(StoreError::LengthMismatch { expected: self.length });
        }
        self.sha256.update(chunk);
        if let Some((md5, _)) = &mut self.md5 {
            md5.update(chunk);
        }
        Ok(())
    }

    /// The SHA-256 of a body that is all that was said of it.
    pub(crate) fn finish(self) -> Result<[u8; 32], StoreError> {
        if self.received != self.length {
            return Err(StoreError::LengthMismatch { expected: self.length });
        }
        if let Some((md5, expected)) = self.md5
            && <[u8; 16]>::from(md5.finalize()) != expected
        {
            return Err(StoreError::Md5Mismatch);
        }
        let sha256 = self.sha256.finalize().into();
        if self.sha256_expected.is_some_and(|expected| expected != sha256) {
            return Err(StoreError::Sha256Mismatch);
        }
        Ok(sha256)
    }
}
