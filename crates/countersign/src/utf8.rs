//! Whether bytes that come one by one are text: UTF-8 without NUL.
//!
//! The Unicode standard, table 3-7: well-formed UTF-8 byte sequences.

/// How far a character is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Utf8 {
    /// All of it, or none.
    Whole,
    LacksOne,
    LacksTwo,
    LacksThree,
    /// Behind these bytes, not all can follow that follow others.
    BehindE0,
    BehindEd,
    BehindF0,
    BehindF4,
    /// No way leads back from here.
    Wrong,
}

const STATES: [Utf8; 9] = [
    Utf8::Whole,
    Utf8::LacksOne,
    Utf8::LacksTwo,
    Utf8::LacksThree,
    Utf8::BehindE0,
    Utf8::BehindEd,
    Utf8::BehindF0,
    Utf8::BehindF4,
    Utf8::Wrong,
];

/// What follows each state, in their order, for every byte.
static NEXT: [[Utf8; 256]; STATES.len()] = {
    let mut table = [[Utf8::Wrong; 256]; STATES.len()];
    let mut state = 0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would tell"
    )]
    while state < STATES.len() {
        let mut byte = 0;
        while byte < 256 {
            table[state][byte] = STATES[state].behind(byte as u8);
            byte += 1;
        }
        state += 1;
    }
    table
};

impl Utf8 {
    /// Takes a byte.
    #[inline]
    pub(crate) fn next(self, byte: u8) -> Self {
        let of_state = NEXT.get(self as usize);
        of_state.and_then(|row| row.get(usize::from(byte))).copied().unwrap_or(Self::Wrong)
    }

    const fn behind(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Whole, 1..0x80) | (Self::LacksOne, 0x80..0xc0) => Self::Whole,
            (Self::Whole, 0xe0) => Self::BehindE0,
            (Self::Whole, 0xed) => Self::BehindEd,
            (Self::Whole, 0xf0) => Self::BehindF0,
            (Self::Whole, 0xf4) => Self::BehindF4,
            (Self::Whole, 0xc2..0xe0)
            | (Self::LacksTwo, 0x80..0xc0)
            | (Self::BehindE0, 0xa0..0xc0)
            | (Self::BehindEd, 0x80..0xa0) => Self::LacksOne,
            (Self::Whole, 0xe1..0xf0)
            | (Self::LacksThree, 0x80..0xc0)
            | (Self::BehindF0, 0x90..0xc0)
            | (Self::BehindF4, 0x80..0x90) => Self::LacksTwo,
            (Self::Whole, 0xf1..0xf4) => Self::LacksThree,
            _ => Self::Wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_text(bytes: &[u8]) -> bool {
        bytes.iter().fold(Utf8::Whole, |state, &byte| state.next(byte)) == Utf8::Whole
    }

    #[test]
    fn text_is_what_the_standard_library_says() {
        let check = |bytes: &[u8]| {
            let expected = !bytes.contains(&0) && core::str::from_utf8(bytes).is_ok();
            assert_eq!(is_text(bytes), expected, "{bytes:x?}");
        };
        let borders = [0, 1, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xf0, 0xff];
        check(&[]);
        for first in 0..=u8::MAX {
            check(&[first]);
            for second in 0..=u8::MAX {
                check(&[first, second]);
                for third in borders {
                    check(&[first, second, third]);
                    for fourth in borders.into_iter().filter(|_| first >= 0xf0) {
                        check(&[first, second, third, fourth]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_state_has_its_row() {
        for (index, state) in STATES.into_iter().enumerate() {
            assert_eq!(state as usize, index);
        }
    }
}
