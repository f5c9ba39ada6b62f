//! Whatever range is asked for: selecting never panics, what is selected lies inside the object, and
//! it is byte for byte what RFC 9110, section 14, says of one range.
//!
//! The input is the size of the object in bytes, then the value of the header in the next line.
#![no_main]

use libfuzzer_sys::fuzz_target;

use crate::range::{Selected, select};

// The files themselves: the crate that has them takes minutes to build, and shows them to nobody.
#[path = "../../crates/countersign-gateway/src/number.rs"]
mod number;
#[path = "../../crates/countersign-gateway/src/range.rs"]
mod range;

/// Objects of up to this size are compared byte by byte, larger ones where something may end.
const COMPARED_BYTES_MAX: u64 = 64;

/// One range, its numbers as digits without leading zeros.
enum Model<'a> {
    Between(&'a str, Option<&'a str>),
    Last(&'a str),
}

impl<'a> Model<'a> {
    /// `None` for what is not one range of bytes.
    fn read(value: &'a str) -> Option<Self> {
        let equals = value.bytes().position(|byte| byte == b'=')?;
        if !value[..equals].trim_matches([' ', '\t']).eq_ignore_ascii_case("bytes") {
            return None;
        }
        let spec = value[equals + 1..].trim_matches([' ', '\t']);
        let dash = spec.bytes().position(|byte| byte == b'-')?;
        let (first, last) = (natural(&spec[..dash])?, natural(&spec[dash + 1..])?);
        match (&spec[..dash], &spec[dash + 1..]) {
            ("", "") => None,
            ("", _) => Some(Self::Last(last)),
            (_, "") => Some(Self::Between(first, None)),
            // A server may ignore what is the wrong way round, or refuse it. Of two numbers that are
            // no less than the largest one has, nobody sees which is the greater: past the end.
            _ if is_less(last, first) && is_less(last, &natural_of(u64::MAX)) => None,
            _ => Some(Self::Between(first, Some(last))),
        }
    }

    /// Whether the byte at this offset of an object is meant.
    fn has(&self, at: u64, size: u64) -> bool {
        match self {
            Self::Between(first, last) => {
                let at = natural_of(at);
                !is_less(&at, first) && last.is_none_or(|last| !is_less(last, &at))
            }
            Self::Last(length) => !is_less(length, &natural_of(size - at)),
        }
    }

    /// Offsets of an object beside which something may begin or end.
    fn borders(&self, size: u64) -> Vec<u64> {
        let number = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse() };
        let named = match self {
            Self::Between(first, last) => [number(first), last.map_or(Ok(0), number)],
            Self::Last(length) => [number(length).map(|length| size.saturating_sub(length)), Ok(0)],
        };
        let mut borders: Vec<u64> = named.into_iter().flatten().collect();
        borders.push(size);
        borders
    }
}

/// The digits behind the leading zeros, where there is nothing but digits; none for a zero.
fn natural(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.trim_start_matches('0'))
}

fn natural_of(number: u64) -> String {
    number.to_string().trim_start_matches('0').to_owned()
}

/// Compares numbers of any size.
fn is_less(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

fuzz_target!(|input: &str| {
    let Some((size, value)) = input.split_once('\n') else { return };
    let Ok(size) = size.parse::<u64>() else { return };
    let selected = select(value, size);
    if let Selected::Part(part) = &selected {
        assert!(part.start < part.end && part.end <= size, "{part:?}");
    }
    // What a header is made of. More does not get as far as this.
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return;
    }
    let Some(model) = Model::read(value) else {
        return assert_eq!(selected, Selected::Whole);
    };
    let part = match selected {
        Selected::Whole => panic!("a range is not seen"),
        Selected::Part(part) => part,
        Selected::Unsatisfiable => 0..0,
    };
    let mut borders = model.borders(size);
    borders.extend([part.start, part.end]);
    let beside = borders.iter().flat_map(|&at| at.saturating_sub(1)..=at.saturating_add(1));
    for at in (0..COMPARED_BYTES_MAX).chain(beside).filter(|&at| at < size) {
        assert_eq!(part.contains(&at), model.has(at, size), "byte {at} of {part:?}");
    }
});
