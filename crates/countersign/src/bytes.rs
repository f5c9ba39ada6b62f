//! Looking through bytes several at a time. Readers of requests do little else.

/// Where the first byte is that is one of the two.
#[inline]
pub(crate) fn find_either(bytes: &[u8], one: u8, other: u8) -> Option<usize> {
    const WORD_LEN: usize = size_of::<u64>();
    let first = |word: &[u8; WORD_LEN]| {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ all(one)) | zero_bytes(word ^ all(other));
        let within = usize::try_from(found.trailing_zeros() / u8::BITS).unwrap_or_default();
        (found != 0).then_some(within)
    };
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().position(|&byte| byte == one || byte == other);
    };
    for (index, word) in bytes.as_chunks().0.iter().enumerate() {
        if let Some(within) = first(word) {
            return Some(index.saturating_mul(WORD_LEN).saturating_add(within));
        }
    }
    // The last word overlaps the one before it, in which there is none.
    Some(bytes.len().saturating_sub(WORD_LEN).saturating_add(first(last)?))
}

const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the highest bit of each byte that is zero. Above the first of them it may be wrong.
///
/// <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(all(0x01)) & !word & all(0x80)
}

/// Whether all bytes are unreserved characters (RFC 3986, section 2.3), or this one.
#[inline]
pub(crate) fn are_unreserved(bytes: &[u8], or: u8) -> bool {
    if bytes.len() < BLOCK_LEN {
        return bytes.iter().all(|&byte| is_unreserved(byte) || byte == or);
    }
    none(bytes, |byte| is_reserved(byte, or))
}

/// How many of them are at the start, before anything else.
///
/// There is one of it for all: where `or` is known, rustc 1.95 compares the bytes one by one.
#[inline(never)]
pub(crate) fn unreserved_len(bytes: &[u8], or: u8) -> usize {
    let Some(last) = bytes.last_chunk() else {
        let is_wrong = |&byte: &u8| !is_unreserved(byte) && byte != or;
        return bytes.iter().position(is_wrong).unwrap_or(bytes.len());
    };
    let (blocks, _) = bytes.as_chunks();
    let mut len = 0_usize;
    for block in blocks {
        if let Some(within) = first_reserved(block, or) {
            return len.saturating_add(within);
        }
        len = len.saturating_add(BLOCK_LEN);
    }
    if len == bytes.len() {
        return len;
    }
    // The last block overlaps the one before it, in which there is none.
    let start = bytes.len().saturating_sub(BLOCK_LEN);
    first_reserved(last, or).map_or(bytes.len(), |within| start.saturating_add(within))
}

#[inline]
fn first_reserved(block: &[u8; BLOCK_LEN], or: u8) -> Option<usize> {
    let mut reserved = [0; BLOCK_LEN];
    for (place, &byte) in reserved.iter_mut().zip(block) {
        *place = u8::from(is_reserved(byte, or));
    }
    let reserved = u128::from_le_bytes(reserved);
    let within = usize::try_from(reserved.trailing_zeros() / u8::BITS).unwrap_or_default();
    (reserved != 0).then_some(within)
}

#[expect(clippy::needless_bitwise_bool, reason = "a branch would end the comparing of blocks")]
const fn is_reserved(byte: u8, or: u8) -> bool {
    !(is_plain(byte) | (byte == or))
}

/// As [`is_unreserved`], without a table, so that the compiler compares all bytes of a block at once.
#[expect(clippy::needless_bitwise_bool, reason = "a branch would end the comparing of blocks")]
const fn is_plain(byte: u8) -> bool {
    let is_letter = (byte & 0xdf).wrapping_sub(b'A') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    let is_mark = (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~');
    is_letter | is_digit | is_mark
}

const BLOCK_LEN: usize = 16;

/// Whether no byte is one of these. What has no branch in it is asked of a block at once.
#[inline]
pub(crate) fn none(bytes: &[u8], is_wrong: impl Fn(u8) -> bool) -> bool {
    let is_good = |block: &[u8; BLOCK_LEN]| {
        let mut wrong = 0;
        for &byte in block {
            wrong |= u8::from(is_wrong(byte));
        }
        wrong == 0
    };
    match bytes.last_chunk() {
        // The last block may overlap the one before it.
        Some(last) => bytes.as_chunks().0.iter().all(is_good) && is_good(last),
        None => !bytes.iter().any(|&byte| is_wrong(byte)),
    }
}

fn is_unreserved(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut at = 0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "evaluated by the compiler, which would tell"
        )]
        while at < 256 {
            let byte = at as u8;
            table[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            at += 1;
        }
        table
    };
    TABLE.get(usize::from(byte)).copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unreserved_characters_are_those_of_the_rfc() {
        for byte in 0..=u8::MAX {
            let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            for len in [0, 1, 15, 16, 17, 33] {
                let mut text = alloc::vec![b'a'; len];
                text.push(byte);
                assert_eq!(are_unreserved(&text, b'~'), is_unreserved, "{byte}");
                assert_eq!(are_unreserved(&text, b'/'), is_unreserved || byte == b'/', "{byte}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_first(
            bytes in prop::collection::vec(prop_oneof![Just(b'&'), Just(b'='), any::<u8>()], 0..40),
            rare in prop::collection::vec(32_u8..128, 0..40),
            long in "[a-z]{0,60}[&%=]?[a-z]{0,20}",
        ) {
            for text in [bytes, rare, long.into_bytes()] {
                let first = |needles: &[u8]| text.iter().position(|byte| needles.contains(byte));
                prop_assert_eq!(find_either(&text, b'&', b'='), first(b"&="));
                prop_assert_eq!(find_either(&text, b'&', b'&'), first(b"&"));
                let plain: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
                prop_assert!(are_unreserved(&plain, b'~'));
                for or in [b'~', b'&'] {
                    let is_plain = |byte: &&u8| is_unreserved(**byte) || **byte == or;
                    let plain_len = text.iter().take_while(is_plain).count();
                    prop_assert_eq!(unreserved_len(&text, or), plain_len);
                    prop_assert_eq!(are_unreserved(&text, or), plain_len == text.len());
                }
            }
        }
    }
}
