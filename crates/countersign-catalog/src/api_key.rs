//! What the catalog keeps of keys: enough to know them again, too little to use them.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::TeamId;

/// The SHA-256 of an API key, which is all that is kept of it.
///
/// - A plain digest is enough: a key is 256 random bits, so there is nothing to guess, and a salt
///   or a slow hash, which protect passwords, would only cost time on every request.
/// - It is looked up by an index and not in constant time. What a caller could learn from the time
///   is how far two digests agree, and nobody can choose the digest of a key.
/// - No `==` and no `Display`, and [`Debug`] does not show it.
///
/// ```
/// use countersign_catalog::ApiKeyHash;
///
/// let hash = ApiKeyHash::of("cs_0123456789abcdef");
/// assert_eq!(format!("{hash:?}"), "ApiKeyHash(..)");
/// ```
#[derive(Clone)]
pub struct ApiKeyHash([u8; 32]);

impl ApiKeyHash {
    /// The digest of a key as it stands in the request.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// The 32 bytes, for a catalog to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyHash(..)")
    }
}

/// The public half of an S3 signing key pair. The secret is derived elsewhere and never kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessKey {
    /// The access key id, which stands in every URL: 1 to 128 bytes, unique in the catalog.
    pub id: Box<str>,
    /// The team whose URLs it signs.
    pub team: TeamId,
    /// The one bucket that it is for: 1 to 255 bytes.
    pub bucket: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_digest_and_debug_does_not_show_it() {
        let hash = ApiKeyHash::of("abc");
        // The one-block message of FIPS 180-2, appendix B.1.
        assert_eq!(hash.as_bytes()[..8], 0xba78_16bf_8f01_cfea_u64.to_be_bytes());
        assert_eq!(hash.as_bytes()[24..], 0xb410_ff61_f200_15ad_u64.to_be_bytes());
        assert_eq!(format!("{hash:?}"), "ApiKeyHash(..)");
    }
}
