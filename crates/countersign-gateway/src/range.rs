//! The part of an object that a request asks for ([RFC 9110], section 14).
//!
//! [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-14

use std::ops::Range;

use crate::number::plain_number;

/// What of an object is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selected {
    /// All of it.
    Whole,
    /// These bytes of it, at least one.
    Part(Range<u64>),
    /// Nothing: it has no such bytes.
    Unsatisfiable,
}

/// Selects by the value of a `Range` header.
///
/// A value that is malformed, has another unit, or names several ranges, selects the whole: a
/// server may ignore any range. The work is that of one pass over the value.
pub(crate) fn select(range: &str, size: u64) -> Selected {
    match parse(range) {
        None => Selected::Whole,
        Some(Spec::From(first, _) | Spec::All(first)) if first >= size => Selected::Unsatisfiable,
        Some(Spec::From(first, last)) => Selected::Part(first..last.saturating_add(1).min(size)),
        Some(Spec::All(first)) => Selected::Part(first..size),
        Some(Spec::Last(length)) if length == 0 || size == 0 => Selected::Unsatisfiable,
        Some(Spec::Last(length)) => Selected::Part(size.saturating_sub(length)..size),
    }
}

/// One range, as it is written.
enum Spec {
    /// `first-last`
    From(u64, u64),
    /// `first-`
    All(u64),
    /// `-length`
    Last(u64),
}

fn parse(range: &str) -> Option<Spec> {
    let (unit, spec) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    match spec.trim_matches([' ', '\t']).split_once('-')? {
        ("", length) => Some(Spec::Last(plain_number(length)?)),
        (first, "") => Some(Spec::All(plain_number(first)?)),
        (first, last) => {
            let (first, last) = (plain_number(first)?, plain_number(last)?);
            (first <= last).then_some(Spec::From(first, last))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Selected::*, *};

    #[test]
    fn one_range_is_served() {
        let table = [
            ("bytes=0-0", 10, Part(0..1)),
            ("bytes=0-9", 10, Part(0..10)),
            ("bytes=2-5", 10, Part(2..6)),
            ("bytes=5-99", 10, Part(5..10)),
            ("bytes=5-", 10, Part(5..10)),
            ("bytes=-3", 10, Part(7..10)),
            ("bytes=-99", 10, Part(0..10)),
            ("Bytes= 1-2 ", 10, Part(1..3)),
            ("bytes=0-18446744073709551615", 10, Part(0..10)),
            ("bytes=0-99999999999999999999999", 10, Part(0..10)),
            ("bytes=-99999999999999999999999", 10, Part(0..10)),
            ("bytes=0-18446744073709551615", u64::MAX, Part(0..u64::MAX)),
        ];
        for (range, size, selected) in table {
            assert_eq!(select(range, size), selected, "{range} of {size}");
        }
    }

    #[test]
    fn a_range_that_has_no_byte_is_unsatisfiable() {
        for (range, size) in [
            ("bytes=10-", 10),
            ("bytes=10-11", 10),
            ("bytes=-0", 10),
            ("bytes=18446744073709551616-", 10),
            ("bytes=0-0", 0),
            ("bytes=0-", 0),
            ("bytes=-5", 0),
        ] {
            assert_eq!(select(range, size), Unsatisfiable, "{range} of {size}");
        }
    }

    #[test]
    fn any_other_range_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=1-2,4-5",
            "bytes=1-2,",
            "bytes=,1-2",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=1 - 2",
            "bytes=0x1-2",
            "items=0-1",
            "bytes 0-1",
        ] {
            assert_eq!(select(range, 10), Whole, "{range:?}");
        }
        let many = format!("bytes={}", "0-0,".repeat(10_000));
        assert_eq!(select(&many, 10), Whole);
    }

    proptest! {
        #[test]
        fn what_is_selected_lies_inside(range in "(bytes=)?[-,= 0-9a]{0,24}", size in 0..40_u64) {
            if let Part(part) = select(&range, size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }

        #[test]
        fn the_bytes_are_those_of_a_naive_model(first in 0..40_u64, last in 0..40_u64, size in 0..40_u64) {
            let named: Vec<u64> = (0..size).filter(|at| (first..=last).contains(at)).collect();
            let expected = match (first <= last, named.first()) {
                (false, _) => Whole,
                (true, None) => Unsatisfiable,
                (true, Some(start)) => Part(*start..start + named.len() as u64),
            };
            prop_assert_eq!(select(&format!("bytes={first}-{last}"), size), expected);

            let tail: Vec<u64> = (0..size).rev().take(usize::try_from(last).unwrap()).collect();
            let expected = tail.last().map_or(Unsatisfiable, |start| Part(*start..size));
            prop_assert_eq!(select(&format!("bytes=-{last}"), size), expected);
        }
    }
}
