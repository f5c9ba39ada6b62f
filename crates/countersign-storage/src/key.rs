use std::fmt;

/// The key of an object: any that S3 allows.
///
/// - 1 to 1,024 bytes of UTF-8, and no NUL.
/// - Nothing is normalised: `a//b`, `/lead`, `trail/` and `..` are keys of their own.
///
/// ```
/// use countersign_storage::ObjectKey;
///
/// assert_eq!(ObjectKey::new("a//../b")?.as_str(), "a//../b");
/// assert!(ObjectKey::new("").is_err());
/// # Ok::<(), countersign_storage::InvalidKey>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(Box<str>);

impl ObjectKey {
    /// The most bytes that a key has.
    pub const LEN_MAX: usize = 1024;

    /// Takes a key, byte for byte.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`], when it is empty, over 1,024 bytes, or has a NUL.
    pub fn new(key: impl Into<Box<str>>) -> Result<Self, InvalidKey> {
        let key = key.into();
        if key.is_empty() || key.len() > Self::LEN_MAX || key.contains('\0') {
            return Err(InvalidKey);
        }
        Ok(Self(key))
    }

    /// The key, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no key: empty, over 1,024 bytes, or with a NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object key has 1 to 1024 bytes and no NUL")]
#[non_exhaustive]
pub struct InvalidKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_1024_bytes_and_no_nul() {
        assert!(ObjectKey::new("k").is_ok());
        assert!(ObjectKey::new("é".repeat(512)).is_ok());
        for wrong in [String::new(), "é".repeat(513), String::from("a\0b")] {
            assert_eq!(ObjectKey::new(wrong), Err(InvalidKey));
        }
    }
}
