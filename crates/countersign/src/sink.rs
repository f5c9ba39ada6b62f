//! Where canonical text goes: into a hasher, mostly.

use alloc::{string::String, vec::Vec};

/// Takes text piece by piece.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// Takes text that is known to be UTF-8.
    fn put_str(&mut self, text: &str) {
        self.put(text.as_bytes());
    }
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

    fn put_str(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Writes a number in plain digits.
pub(crate) fn put_decimal(sink: &mut impl Sink, value: u32) {
    sink.put_str(Decimal::new(value).as_str());
}

/// The plain digits of a number.
pub(crate) struct Decimal {
    digits: [u8; 10],
    start: usize,
}

impl Decimal {
    pub(crate) fn new(mut value: u32) -> Self {
        let mut digits = [b'0'; 10];
        let mut start = digits.len();
        for place in digits.iter_mut().rev() {
            *place = b'0'.saturating_add(u8::try_from(value % 10).unwrap_or_default());
            value /= 10;
            start = start.saturating_sub(1);
            if value == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    pub(crate) fn as_str(&self) -> &str {
        let digits = self.digits.get(self.start..).unwrap_or_default();
        str::from_utf8(digits).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_plain_digits() {
        for value in [0, 1, 9, 10, 604_800, u32::MAX] {
            let mut text = String::new();
            put_decimal(&mut text, value);
            assert_eq!(text, alloc::format!("{value}"));
        }
    }
}
