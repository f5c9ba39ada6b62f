//! The numbers of headers and parameters.

/// A number in plain digits: no sign, no space. What does not fit is too large by any measure, and
/// stays so.
pub(crate) fn plain_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_digits() {
        assert_eq!(plain_number("05"), Some(5));
        assert_eq!(plain_number("99999999999999999999999"), Some(u64::MAX));
        for wrong in ["", "+5", "-5", " 5", "5 ", "0x5", "5.0", "٥"] {
            assert_eq!(plain_number(wrong), None, "{wrong:?}");
        }
    }
}
