//! Under which key a form puts its file.

use crate::{InvalidValue, KeyFault, bucket::check_key};

/// Stands for the name of the file, as its client gives it.
pub(crate) const FILE_NAME_VARIABLE: &str = "${filename}";

/// The key under which a form puts its file: one key, or any below a prefix.
///
/// - What ends in `${filename}` is a prefix, to which the name of the file is added.
/// - `${filename}` stands nowhere else, for no condition could be met there.
///
/// ```
/// use countersign::post_policy::FormKey;
///
/// assert_eq!(FormKey::new("user/data.csv")?.prefix(), None);
/// assert_eq!(FormKey::new("user/${filename}")?.prefix(), Some("user/"));
/// assert!(FormKey::new("user/${filename}.csv").is_err());
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormKey<'a>(&'a str);

impl<'a> FormKey<'a> {
    /// Takes a key, or a prefix and `${filename}`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Key`], when the key is empty, over 1,024 bytes, or has a NUL byte; when the
    /// prefix is over 1,023 bytes; and when `${filename}` stands before the end.
    pub fn new(key: &'a str) -> Result<Self, InvalidValue> {
        let (fixed, is_prefix) = match key.strip_suffix(FILE_NAME_VARIABLE) {
            Some(prefix) => (prefix, true),
            None => (key, false),
        };
        if fixed.contains(FILE_NAME_VARIABLE) {
            return Err(InvalidValue::Key(KeyFault::Variable));
        }
        match check_key(fixed) {
            Err(InvalidValue::Key(KeyFault::Empty)) if is_prefix => {}
            checked => checked?,
        }
        // Room for a name of one byte; a form without one means the prefix itself.
        if is_prefix && fixed.len() >= 1024 {
            return Err(InvalidValue::Key(KeyFault::TooLong));
        }
        Ok(Self(key))
    }

    /// As it stands in the form.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// What is before the name of the file, or `None` where the key is given.
    #[must_use]
    pub fn prefix(self) -> Option<&'a str> {
        self.0.strip_suffix(FILE_NAME_VARIABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_the_name_of_the_file_is_a_prefix() {
        for (key, prefix) in
            [("user/a", None), ("user/${filename}", Some("user/")), ("${filename}", Some(""))]
        {
            let form_key = FormKey::new(key).unwrap();
            assert_eq!((form_key.as_str(), form_key.prefix()), (key, prefix));
        }
    }

    #[test]
    fn a_key_has_a_length_with_and_without_the_name() {
        let fault = |key: &str| match FormKey::new(key) {
            Err(InvalidValue::Key(fault)) => Some(fault),
            _ => None,
        };
        assert_eq!(fault(""), Some(KeyFault::Empty));
        assert_eq!(fault("${filename}"), None);
        assert_eq!(fault(&"k".repeat(1024)), None);
        assert_eq!(fault(&"k".repeat(1025)), Some(KeyFault::TooLong));
        let below = |len: usize| alloc::format!("{}{FILE_NAME_VARIABLE}", "k".repeat(len));
        assert_eq!(fault(&below(1023)), None);
        assert_eq!(fault(&below(1024)), Some(KeyFault::TooLong));
        assert_eq!(fault("a\0b"), Some(KeyFault::Nul));
        assert_eq!(fault("a\0${filename}"), Some(KeyFault::Nul));
        assert_eq!(fault("${filename}${filename}"), Some(KeyFault::Variable));
    }
}
