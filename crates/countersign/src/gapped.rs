//! SHA-256 of texts that differ in a few bytes at one place and in nothing else: the strings to sign
//! of one second, the canonical requests for the parts of one upload.

use alloc::{boxed::Box, vec::Vec};

use sha2::block_api::compress256;
use zeroize::Zeroizing;

use crate::sha256::{BLOCK_LEN, DIGEST_LEN, Midstate, digest_of};

/// A text with a gap: hashed before it, laid out in padded blocks from there on. What fills the gap
/// is all that is left to write.
pub(crate) struct Gapped {
    /// Of the blocks before the gap. Wiped when dropped, for it may be one of a key.
    state: Zeroizing<[u32; 8]>,
    /// The block that the gap begins in and the next one, where there is one.
    around: [[u8; BLOCK_LEN]; 2],
    around_len: usize,
    gap_start: usize,
    gap_end: usize,
    behind: Box<[[u8; BLOCK_LEN]]>,
}

impl Gapped {
    /// The gap is no longer than a block, so it ends in the second at the latest.
    pub(crate) fn new(before: &Midstate, gap_len: usize, behind: &[u8]) -> Self {
        let gap_start = before.rest().len();
        let gap_end = gap_start.saturating_add(gap_len.min(BLOCK_LEN));
        let mut text = Vec::from(before.rest());
        text.resize(gap_end, 0);
        text.extend_from_slice(behind);
        before.pad(&mut text);
        let (blocks, _) = text.as_chunks();
        let mut around = [[0; BLOCK_LEN]; 2];
        let around_len = blocks.len().min(around.len());
        let (first, behind) = blocks.split_at(around_len);
        around.iter_mut().zip(first).for_each(|(place, block)| *place = *block);
        let (state, behind) = (before.state.clone(), behind.into());
        Self { state, around, around_len, gap_start, gap_end, behind }
    }

    /// The digest of the text, when its gap was filled.
    #[inline]
    pub(crate) fn digest(&self, fill: impl FnOnce(&mut [u8])) -> [u8; DIGEST_LEN] {
        let mut around = self.around;
        let gap = around.as_flattened_mut().get_mut(self.gap_start..self.gap_end);
        fill(gap.unwrap_or_default());
        let mut state = *self.state;
        compress256(&mut state, around.get(..self.around_len).unwrap_or_default());
        if !self.behind.is_empty() {
            compress256(&mut state, &self.behind);
        }
        digest_of(&state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;
    use crate::{sha256::CanonicalHasher, sink::Sink as _};

    proptest! {
        #[test]
        fn a_text_hashes_alike_with_and_without_a_gap(
            before in prop::collection::vec(any::<u8>(), 0..1500),
            within in prop::collection::vec(any::<u8>(), 0..=BLOCK_LEN),
            behind in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut hasher = CanonicalHasher::new();
            hasher.put(&before);
            let gapped = Gapped::new(&hasher.midstate(), within.len(), &behind);
            let expected: [u8; DIGEST_LEN] =
                sha2::Sha256::digest([&before[..], &within, &behind].concat()).into();
            // What filled the gap once is not there the next time.
            gapped.digest(|gap| gap.fill(!0));
            prop_assert_eq!(gapped.digest(|gap| gap.copy_from_slice(&within)), expected);
        }
    }

    /// Each place of a gap, and of the end of the text, in a block.
    #[test]
    fn a_gap_may_begin_and_end_anywhere() {
        for before_len in 0..=2 * BLOCK_LEN {
            for (gap_len, behind_len) in [(0, 0), (1, 0), (5, 42), (64, 0), (64, 64), (5, 150)] {
                let mut text = alloc::vec![b'a'; before_len];
                let mut hasher = CanonicalHasher::new();
                hasher.put(&text);
                let behind = alloc::vec![b'c'; behind_len];
                let gapped = Gapped::new(&hasher.midstate(), gap_len, &behind);
                text.resize(before_len + gap_len, b'b');
                text.extend(behind);
                let expected: [u8; DIGEST_LEN] = sha2::Sha256::digest(&text).into();
                let digest = gapped.digest(|gap| gap.fill(b'b'));
                assert_eq!(digest, expected, "{before_len}, {gap_len}, {behind_len}");
            }
        }
    }
}
