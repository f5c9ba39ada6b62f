//! Where canonical text goes: into a hasher, mostly.

use alloc::{string::String, vec::Vec};

use hmac::digest::Update;

/// Takes text piece by piece.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A URL under construction. Only text that this crate encoded goes into one, and that is ASCII.
impl Sink for String {
    fn put(&mut self, bytes: &[u8]) {
        // The default is never taken; a panic would be worse than a URL that does not verify.
        self.push_str(core::str::from_utf8(bytes).unwrap_or_default());
    }
}

/// Most canonical requests are shorter.
const BUFFER_LEN: usize = 512;

/// A stack buffer in front of a hasher.
///
/// Canonical text comes in a few dozen pieces of a few bytes. A hasher that is given each of them
/// spends more time on its own book-keeping than on them.
pub(crate) struct Buffered<H> {
    inner: H,
    buffer: [u8; BUFFER_LEN],
    filled: usize,
}

impl<H: Update> Buffered<H> {
    pub(crate) const fn new(inner: H) -> Self {
        Self { inner, buffer: [0; BUFFER_LEN], filled: 0 }
    }

    /// The hasher, with all that was put.
    pub(crate) fn into_inner(mut self) -> H {
        self.flush();
        self.inner
    }

    fn flush(&mut self) {
        self.inner.update(self.buffer.get(..self.filled).unwrap_or_default());
        self.filled = 0;
    }
}

impl<H: Update> Sink for Buffered<H> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.filled.saturating_add(bytes.len());
        if let Some(free) = self.buffer.get_mut(self.filled..end) {
            free.copy_from_slice(bytes);
            self.filled = end;
            return;
        }
        self.flush();
        match self.buffer.get_mut(..bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.filled = bytes.len();
            }
            None => self.inner.update(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    proptest! {
        #[test]
        fn pieces_hash_as_their_sum(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..1200), 0..12,
        )) {
            let mut buffered = Buffered::new(Sha256::new());
            for piece in &pieces {
                buffered.put(piece);
            }
            let whole: Vec<u8> = pieces.concat();
            prop_assert_eq!(buffered.into_inner().finalize(), Sha256::digest(&whole));
        }
    }
}
