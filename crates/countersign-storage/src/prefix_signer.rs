use std::fmt;

use countersign::{PrefixTokenKey, Timestamp};

/// Makes URLs below which their holder puts files of any name: an address of our gateway, and a
/// prefix token.
///
/// ```
/// use countersign::{MasterKey, Timestamp};
/// use countersign_storage::PrefixSigner;
///
/// let key = MasterKey::new([7; 32]).prefix_token_key(); // of a good random source
/// let signer = PrefixSigner::new(key, "http://localhost:8080/p");
/// let not_after = Timestamp::parse("20261121T120000Z")?;
/// let url = signer.put([1; 16], not_after); // an id of the caller's, under which it has a record
/// assert!(url.as_str().starts_with("http://localhost:8080/p/CS01-0101"));
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug)]
pub struct PrefixSigner {
    key: PrefixTokenKey,
    base: Box<str>,
}

impl PrefixSigner {
    /// Signs with this key, for what is served at `base`: a URL without a slash at its end.
    #[must_use]
    pub fn new(key: PrefixTokenKey, base: impl Into<Box<str>>) -> Self {
        Self { key, base: base.into() }
    }

    /// A URL below which files are put, each with a slash and its name, until, and not at,
    /// `not_after`.
    #[must_use]
    pub fn put(&self, grant: [u8; 16], not_after: Timestamp) -> PrefixUrl {
        PrefixUrl(format!("{}/{}", self.base, self.key.issue(grant, not_after).as_str()))
    }
}

/// A URL below which files are put. Whoever has it may do so: `Debug` does not show it.
pub struct PrefixUrl(String);

impl PrefixUrl {
    /// The URL, for whom it is made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrefixUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrefixUrl(..)")
    }
}

#[cfg(test)]
mod tests {
    use countersign::MasterKey;

    use super::*;

    #[test]
    fn a_url_ends_with_its_token_and_debug_shows_neither() {
        let key = MasterKey::new([7; 32]).prefix_token_key();
        let signer = PrefixSigner::new(key.clone(), "https://data.example/p");
        let not_after = Timestamp::parse("20261121T120000Z").unwrap();
        let url = signer.put([1; 16], not_after);
        let token = url.as_str().strip_prefix("https://data.example/p/").unwrap();
        let now = Timestamp::parse("20261121T115959Z").unwrap();
        assert_eq!(key.verify(token, now).unwrap().grant(), [1; 16]);
        assert_eq!(format!("{url:?}"), "PrefixUrl(..)");
        assert!(!format!("{signer:?}").contains("CS01"));
    }
}
