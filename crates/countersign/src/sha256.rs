//! SHA-256 and HMAC-SHA-256 of text that comes in pieces, on the block function of `sha2`.
//!
//! A signature is ten blocks or so. The hashers of the `sha2` and `hmac` crates take a fifth of that
//! again for book-keeping: a call for each block, a buffer of one block, a copy of both for each
//! message. Here text gathers in a buffer that is as long as nearly all of it, and is hashed by one
//! call; a key is two midstates of 32 bytes.
//!
//! FIPS 180-4, section 5.1.1 (padding), and RFC 2104.

use alloc::vec::Vec;
use core::slice;

use sha2::block_api::compress256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{hex, sink::Sink};

pub(crate) const BLOCK_LEN: usize = 64;
pub(crate) const DIGEST_LEN: usize = 32;

/// What is behind a digest in a message of two blocks: a one bit, zeros, and the length in bits.
const OUTER_PADDING: [u8; BLOCK_LEN - DIGEST_LEN] = {
    let mut padding = [0; BLOCK_LEN - DIGEST_LEN];
    padding[0] = 0x80;
    // 96 bytes are 0x300 bits.
    padding[30] = 0x03;
    padding
};

/// The fractional parts of the square roots of the first eight primes.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// SHA-256 of what is [put](Sink::put) into it. Its state is wiped when dropped, for it may be one of
/// a key.
///
/// `LEN` is that of its buffer, a multiple of 64 and at least 128: what is shorter by a block is
/// hashed by one call.
#[derive(Clone)]
pub(crate) struct Sha256<const LEN: usize> {
    state: Zeroizing<[u32; 8]>,
    /// The bytes that `state` has taken in, whole blocks.
    taken: u64,
    buffer: [u8; LEN],
    /// Never within the last block of the buffer, which is kept for the padding.
    filled: usize,
}

/// Nearly all canonical requests are shorter.
pub(crate) type CanonicalHasher = Sha256<704>;

/// All strings to sign are shorter, but those of regions with very long names.
pub(crate) type MacHasher = Sha256<256>;

impl<const LEN: usize> Sha256<LEN> {
    const FILLED_MAX: usize = LEN.saturating_sub(BLOCK_LEN);

    pub(crate) fn new() -> Self {
        Self::continuing(INITIAL, 0)
    }

    fn continuing(state: [u32; 8], taken: u64) -> Self {
        Self { state: Zeroizing::new(state), taken, buffer: [0; LEN], filled: 0 }
    }

    /// What was put so far, hashed as far as it fills blocks: for many texts that begin alike.
    pub(crate) fn midstate(mut self) -> Midstate {
        self.compress();
        let mut rest = [0; BLOCK_LEN];
        let len = self.filled;
        if let (Some(place), Some(text)) = (rest.get_mut(..len), self.buffer.get(..len)) {
            place.copy_from_slice(text);
        }
        Midstate { state: self.state, taken: self.taken, rest, len }
    }

    /// Hashes the whole blocks of the buffer, and moves the rest to its front.
    fn compress(&mut self) {
        let filled = self.buffer.get(..self.filled).unwrap_or_default();
        let (blocks, rest) = filled.as_chunks::<BLOCK_LEN>();
        compress256(&mut self.state, blocks);
        let rest_len = rest.len();
        let hashed = self.filled.saturating_sub(rest_len);
        self.taken = self.taken.saturating_add(u64::try_from(hashed).unwrap_or(u64::MAX));
        self.buffer.copy_within(hashed..self.filled, 0);
        self.filled = rest_len;
    }

    /// Takes what does not fit the buffer any more.
    #[cold]
    fn put_long(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let free = Self::FILLED_MAX.saturating_sub(self.filled);
            let (now, later) = bytes.split_at(free.min(bytes.len()));
            let end = self.filled.saturating_add(now.len());
            if let Some(place) = self.buffer.get_mut(self.filled..end) {
                place.copy_from_slice(now);
            }
            self.filled = end;
            if !later.is_empty() {
                self.compress();
            }
            bytes = later;
        }
    }

    /// Ends the text; nothing may be put after that. It would take itself by value, if that were no
    /// copy of the buffer.
    pub(crate) fn finish(&mut self) -> [u8; DIGEST_LEN] {
        let len = u64::try_from(self.filled).unwrap_or(u64::MAX);
        let bits = self.taken.saturating_add(len).saturating_mul(8);
        // A one bit, zeros to the end of a block, and in its last eight bytes the length.
        let end = self.filled.saturating_add(9).next_multiple_of(BLOCK_LEN);
        let padded = self.buffer.get_mut(..end).unwrap_or_default();
        if let Some((mark, rest)) = padded.get_mut(self.filled..).and_then(<[u8]>::split_first_mut)
        {
            *mark = 0x80;
            rest.fill(0);
        }
        if let Some(place) = padded.last_chunk_mut() {
            *place = bits.to_be_bytes();
        }
        compress256(&mut self.state, padded.as_chunks().0);
        digest_of(&self.state)
    }

    /// The same for what nobody else may read. The buffer is not wiped else: it costs as much as a
    /// block, and holds what stands in the URL.
    fn finish_secret(mut self) -> Zeroizing<[u8; DIGEST_LEN]> {
        let digest = Zeroizing::new(self.finish());
        self.buffer.zeroize();
        digest
    }
}

pub(crate) fn digest_of(state: &[u32; 8]) -> [u8; DIGEST_LEN] {
    let mut digest = [0; DIGEST_LEN];
    for (place, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    digest
}

impl<const LEN: usize> Sha256<LEN> {
    /// Puts the digits of a digest.
    #[inline]
    pub(crate) fn put_hex(&mut self, digest: &[u8; DIGEST_LEN]) {
        const DIGITS_LEN: usize = 2 * DIGEST_LEN;
        let end = self.filled.saturating_add(DIGITS_LEN);
        let place = self.buffer.get_mut(self.filled..).and_then(<[u8]>::first_chunk_mut);
        match place.filter(|_| end <= Self::FILLED_MAX) {
            Some(place) => {
                hex::write_digest(digest, place);
                self.filled = end;
            }
            None => self.put_long(&hex::of_digest(digest)),
        }
    }
}

impl<const LEN: usize> Sink for Sha256<LEN> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.filled.saturating_add(bytes.len());
        if end <= Self::FILLED_MAX
            && let Some(place) = self.buffer.get_mut(self.filled..end)
        {
            place.copy_from_slice(bytes);
            self.filled = end;
        } else {
            self.put_long(bytes);
        }
    }
}

/// The beginning of a text, hashed. Its state is wiped when dropped, for it may be one of a key.
pub(crate) struct Midstate {
    pub(crate) state: Zeroizing<[u32; 8]>,
    taken: u64,
    rest: [u8; BLOCK_LEN],
    len: usize,
}

impl Midstate {
    /// What is not hashed yet, less than a block.
    pub(crate) fn rest(&self) -> &[u8] {
        self.rest.get(..self.len).unwrap_or_default()
    }

    /// Ends a text that begins with the [rest](Self::rest), so that it is whole blocks.
    pub(crate) fn pad(&self, text: &mut Vec<u8>) {
        let len = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let bits = self.taken.saturating_add(len).saturating_mul(8);
        text.push(0x80);
        let end = text.len().saturating_add(8).next_multiple_of(BLOCK_LEN);
        text.resize(end.saturating_sub(8), 0);
        text.extend_from_slice(&bits.to_be_bytes());
    }
}

/// A key of HMAC-SHA-256, taken in, which is half of its work. Wiped when dropped.
///
/// Aligned, so that none of them lies across two lines of the cache, and takes a cycle longer than one
/// that nobody has.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct MacKey {
    inner: Zeroizing<[u32; 8]>,
    outer: Zeroizing<[u32; 8]>,
}

impl MacKey {
    /// A key of any length: padded to one block, or hashed where it is longer.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_LEN]);
        if let Some(start) = block.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            let mut hasher = Sha256::<256>::new();
            hasher.put(key);
            let digest = hasher.finish_secret();
            block.iter_mut().zip(&*digest).for_each(|(byte, of_digest)| *byte = *of_digest);
        }
        let padded = |pad: u8| {
            let mut state = Zeroizing::new(INITIAL);
            let block = Zeroizing::new(block.map(|byte| byte ^ pad));
            compress256(&mut state, slice::from_ref(&*block));
            state
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// The hasher for a message.
    pub(crate) fn begin(&self) -> MacHasher {
        Sha256::continuing(*self.inner, BLOCK_LEN as u64)
    }

    /// The MAC of the message that was put into a hasher of this key.
    pub(crate) fn finish(&self, message: &mut MacHasher) -> Mac {
        self.finish_digest(&message.finish())
    }

    /// The MAC of a message that has this digest, when it is begun with this key.
    pub(crate) fn finish_digest(&self, digest: &[u8; DIGEST_LEN]) -> Mac {
        self.finish_in(&mut [0; BLOCK_LEN], digest)
    }

    /// The MAC of a message that is there as a whole.
    pub(crate) fn mac<'m>(&self, message: impl IntoIterator<Item = &'m [u8]>) -> Mac {
        let mut hasher = self.begin();
        message.into_iter().for_each(|piece| hasher.put(piece));
        // In the derivation of a key it holds what is as good as the key.
        self.finish_in(&mut Zeroizing::new([0; BLOCK_LEN]), &hasher.finish())
    }

    /// Hashes one more block: a digest, and the padding that stands behind every digest.
    fn finish_in(&self, block: &mut [u8; BLOCK_LEN], digest: &[u8; DIGEST_LEN]) -> Mac {
        let (place, padding) = block.split_at_mut(DIGEST_LEN);
        place.copy_from_slice(digest);
        padding.copy_from_slice(&OUTER_PADDING);
        let mut state = self.outer.clone();
        compress256(&mut state, slice::from_ref(block));
        Mac(digest_of(&state))
    }
}

/// A MAC that was computed here. It has no `==`.
pub(crate) struct Mac([u8; DIGEST_LEN]);

impl Mac {
    /// Compares in constant time.
    pub(crate) fn is(&self, received: &[u8; DIGEST_LEN]) -> bool {
        is_equal(&self.0, received)
    }

    /// The same with its 64 lower-case digits.
    pub(crate) fn is_hex(&self, received: &[u8; 64]) -> bool {
        is_equal(&hex::of_digest(&self.0), received)
    }

    /// The bytes, for whoever is to have them.
    pub(crate) const fn into_bytes(self) -> [u8; DIGEST_LEN] {
        self.0
    }
}

/// Compares in constant time, in the one place where a MAC is compared.
fn is_equal<const LEN: usize>(one: &[u8; LEN], other: &[u8; LEN]) -> bool {
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let pairs = one.as_chunks().0.iter().zip(other.as_chunks().0);
    let difference = pairs.fold(0, |all, (one, other)| all | (word(one) ^ word(other)));
    difference.ct_eq(&0).into()
}

/// SHA-256 of a text that is there as a whole.
pub(crate) fn digest(text: &[u8]) -> [u8; DIGEST_LEN] {
    let mut hasher = CanonicalHasher::new();
    hasher.put(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;
    use serde_json::Value;
    use sha2::Digest as _;

    use super::*;

    fn unhex(value: &Value) -> Vec<u8> {
        ::hex::decode(value.as_str().expect("a string")).expect("hex")
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).expect("a vector file")
    }

    fn hmac(key: &[u8], data: &[u8]) -> [u8; DIGEST_LEN] {
        MacKey::new(key).mac([data]).into_bytes()
    }

    #[test]
    fn rfc_4231_section_4() {
        let vectors = json(include_str!("../tests/data/rfc4231/hmac_sha256.json"));
        let cases = vectors["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), 7);
        for case in cases {
            let expected = unhex(&case["hmac_sha256_hex"]);
            let mac = hmac(&unhex(&case["key_hex"]), &unhex(&case["data_hex"]));
            assert_eq!(mac.get(..expected.len()), Some(expected.as_slice()), "{case}");
        }
    }

    #[test]
    fn wycheproof_hmac_sha256() {
        let vectors = json(include_str!("../tests/data/wycheproof/hmac_sha256_test.json"));
        let mut cases = 0;
        for group in vectors["testGroups"].as_array().expect("groups") {
            for case in group["tests"].as_array().expect("tests") {
                let tag = unhex(&case["tag"]);
                let mac = hmac(&unhex(&case["key"]), &unhex(&case["msg"]));
                let is_valid = mac.get(..tag.len()) == Some(tag.as_slice());
                assert_eq!(is_valid, case["result"] == "valid", "{case}");
                cases += 1;
            }
        }
        assert_eq!(cases, 174);
    }

    /// Lengths around each border of a block and of the buffer.
    #[test]
    fn every_length_is_padded_right() {
        let text: Vec<u8> = (0..3000_u32).map(|at| at.to_le_bytes()[0]).collect();
        for len in (0..300).chain(1000..1100).chain(2040..2200) {
            let expected: [u8; DIGEST_LEN] = sha2::Sha256::digest(&text[..len]).into();
            let mut short = Sha256::<256>::new();
            short.put(&text[..len]);
            assert_eq!(*short.finish_secret(), expected, "{len}");
            let mut hasher = CanonicalHasher::new();
            hasher.put(&text[..len]);
            assert_eq!(hasher.finish(), expected, "{len}");
        }
    }

    #[test]
    fn a_mac_is_equal_to_itself_only() {
        let key = MacKey::new(b"key");
        let right = key.mac([&b"message"[..]]).into_bytes();
        assert!(key.mac([&b"mess"[..], b"age"]).is(&right));
        for place in 0..32 {
            let mut wrong = right;
            wrong[place] ^= 1;
            let mac = key.mac([&b"message"[..]]);
            assert!(!mac.is(&wrong) && !mac.is_hex(&hex::of_digest(&wrong)), "{place}");
            assert!(mac.is_hex(&hex::of_digest(&right)));
        }
    }

    /// A comparison that adds differences up takes two that cancel each other for none.
    #[test]
    fn two_differences_are_no_less_than_one() {
        let mac = MacKey::new(b"key").mac([&b"message"[..]]);
        let right = MacKey::new(b"key").mac([&b"message"[..]]).into_bytes();
        let digits = hex::of_digest(&right);
        for (one, other) in (0..64).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let mut wrong = digits;
            wrong[one] ^= 1;
            wrong[other] ^= 1;
            assert!(!mac.is_hex(&wrong), "{one}, {other}");
            if one < DIGEST_LEN {
                let mut wrong = right;
                wrong[one] ^= 1;
                wrong[other] ^= 1;
                assert!(!mac.is(&wrong), "{one}, {other}");
            }
        }
    }

    /// Wherever in the buffer they come to stand, and where there is no room for them.
    #[test]
    fn the_digits_of_a_digest_are_put_as_their_text_is() {
        let digest = [0xa5; DIGEST_LEN];
        for len in 0..400 {
            let text = alloc::vec![b'a'; len];
            let expected: [u8; DIGEST_LEN] =
                sha2::Sha256::digest([&text[..], &hex::of_digest(&digest)].concat()).into();
            let mut hasher = MacHasher::new();
            hasher.put(&text);
            hasher.put_hex(&digest);
            assert_eq!(hasher.finish(), expected, "{len}");
        }
    }

    proptest! {
        #[test]
        fn pieces_hash_as_their_sum(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..12),
        ) {
            let expected: [u8; DIGEST_LEN] = sha2::Sha256::digest(pieces.concat()).into();
            let mut long = CanonicalHasher::new();
            let mut short = Sha256::<128>::new();
            for piece in &pieces {
                long.put(piece);
                short.put(piece);
            }
            prop_assert_eq!(long.finish(), expected);
            prop_assert_eq!(short.finish(), expected);
        }
    }
}
