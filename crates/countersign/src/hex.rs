//! Hex digits, lower case.

const ALPHABET: [u8; 16] = *b"0123456789abcdef";

/// The two digits of each byte.
static DIGITS: [[u8; 2]; 256] = digits();

const fn digits() -> [[u8; 2]; 256] {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would tell"
    )]
    while byte < 256 {
        table[byte] = [ALPHABET[byte / 16], ALPHABET[byte % 16]];
        byte += 1;
    }
    table
}

/// What a digit is worth, or [`NO_DIGIT`].
const VALUES: [u8; 256] = values();
static DIGIT_VALUES: [u8; 256] = VALUES;

const NO_DIGIT: u8 = 0xff;

const fn values() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0_u8;
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would tell"
    )]
    while value < 16 {
        table[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    table
}

/// The two digits of a byte.
pub(crate) fn of_byte(byte: u8) -> [u8; 2] {
    DIGITS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The 64 digits of a digest.
///
/// Without a table, so that the compiler makes many digits at once. It writes them in long pieces,
/// too: a hasher that reads sixteen bytes waits for a processor that wrote them two by two.
#[inline]
pub(crate) fn of_digest(digest: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    write_digest(digest, &mut text);
    text
}

/// The same where they are to stand: a processor that copies what it just wrote has to wait for it.
#[inline]
pub(crate) fn write_digest(digest: &[u8; 32], text: &mut [u8; 64]) {
    let digit = |value: u8| {
        let to_letter = if value > 9 { b'a' - b'9' - 1 } else { 0 };
        value.wrapping_add(b'0').wrapping_add(to_letter)
    };
    // High and low apart: of pairs, the compiler makes half as many at once.
    let (mut high, mut low) = ([0; 32], [0; 32]);
    for ((high, low), byte) in high.iter_mut().zip(&mut low).zip(digest) {
        *high = digit(byte >> 4);
        *low = digit(byte & 0xf);
    }
    for ((place, high), low) in text.as_chunks_mut().0.iter_mut().zip(high).zip(low) {
        *place = [high, low];
    }
}

/// Reads exactly two digits for each byte, in lower case. What we take in hex has one spelling: a
/// reader of upper-case digits too would have two URLs for one claim.
pub(crate) fn decode<const LEN: usize>(text: &[u8]) -> Option<[u8; LEN]> {
    let mut bytes = [0; LEN];
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != LEN || !rest.is_empty() {
        return None;
    }
    // One look at the end for all digits: a wrong one sets all bits.
    let mut seen = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let value = |digit: &u8| DIGIT_VALUES.get(usize::from(*digit)).copied().unwrap_or(NO_DIGIT);
        let (high, low) = (value(high), value(low));
        seen |= high | low;
        *byte = joined(high, low);
    }
    (seen != NO_DIGIT).then_some(bytes)
}

/// The byte of two digits, by the low half of what each is worth.
const fn joined(high: u8, low: u8) -> u8 {
    (high << 4) | (low & 0xf)
}

/// What a digit of an escape is worth, in its low half; with [`LOWER`] where it is a small letter.
static ESCAPE_VALUES: [u8; 256] = escape_values();

pub(crate) const LOWER: u8 = 0x40;
/// The bit that only [`NO_DIGIT`] has.
pub(crate) const WRONG: u8 = 0x80;

const fn escape_values() -> [u8; 256] {
    let mut table = VALUES;
    let mut letter = b'a';
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would tell"
    )]
    while letter <= b'f' {
        table[letter.to_ascii_uppercase() as usize] = table[letter as usize];
        table[letter as usize] |= LOWER;
        letter += 1;
    }
    table
}

/// The byte that the two digits of a percent escape stand for, in either case; and all bits of what
/// the digits are worth: [`LOWER`], where one is spelled as encoders do not spell it, and [`WRONG`],
/// where one is no digit.
#[inline]
pub(crate) fn escape_value(high: u8, low: u8) -> (u8, u8) {
    let value = |digit: u8| ESCAPE_VALUES.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT);
    let (high, low) = (value(high), value(low));
    (joined(high, low), high | low)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_byte_has_its_digits() {
        for byte in 0..=u8::MAX {
            let text = alloc::format!("{byte:02x}");
            assert_eq!(of_byte(byte), text.as_bytes());
            assert_eq!(decode::<1>(text.as_bytes()), Some([byte]));
        }
        let digest: Vec<u8> = (0..32).collect();
        let text = of_digest(digest.as_slice().try_into().unwrap());
        assert_eq!(text.as_slice(), hex::encode(&digest).as_bytes());
        assert_eq!(decode::<32>(&text).as_ref().map(<[u8; 32]>::as_slice), Some(&*digest));
    }

    #[test]
    fn escapes_are_read_in_either_case() {
        for byte in 0..=u8::MAX {
            for (text, is_canonical) in
                [(alloc::format!("{byte:02X}"), true), (alloc::format!("{byte:02x}"), false)]
            {
                let [high, low] = *text.as_bytes() else { panic!("two digits") };
                let (value, seen) = escape_value(high, low);
                let has_letter = text.bytes().any(|digit| digit.is_ascii_alphabetic());
                let is_upper = is_canonical || !has_letter;
                assert_eq!((value, seen & LOWER == 0, seen & WRONG), (byte, is_upper, 0));
            }
            for (_, seen) in [escape_value(byte, b'0'), escape_value(b'0', byte)] {
                assert_eq!(seen & WRONG == 0, byte.is_ascii_hexdigit());
            }
        }
    }

    #[test]
    fn only_lower_case_digits_of_the_right_number_are_read() {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        for high in 0..=u8::MAX {
            for low in 0..=u8::MAX {
                let are_digits = is_digit(high) && is_digit(low);
                assert_eq!(decode::<1>(&[high, low]).is_some(), are_digits, "{high} {low}");
            }
        }
        for wrong in ["", "0", "000", "0000"] {
            assert_eq!(decode::<1>(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
