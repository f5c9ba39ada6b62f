use std::fmt;

use async_trait::async_trait;
use countersign::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{CatalogError, Identity};

/// The SHA-256 of a download token, which is all that is kept of it: as of an
/// [API key](crate::ApiKeyHash).
#[derive(Clone)]
pub struct DownloadTokenHash([u8; 32]);

impl DownloadTokenHash {
    /// The digest of a token as it stands in the request.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The 32 bytes, for a catalog to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DownloadTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DownloadTokenHash(..)")
    }
}

/// Leave to read the current version of a dataset, for whoever has the token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "who, what, and until when")]
pub struct DownloadToken {
    /// Who asked for it.
    pub owner: Identity,
    /// The dataset, which its owner's team has.
    pub dataset: Uuid,
    /// From when on it does not hold.
    pub not_after: Timestamp,
}

/// The download tokens of a [`Catalog`](crate::Catalog), which says what holds for every method.
#[async_trait]
pub trait DownloadTokens {
    /// Records a download token. Those that are over are forgotten, and of a user's others the
    /// oldest, where there are more than 1,000.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when somebody has the token; [`CatalogError::OwnerUnknown`], also
    /// when the team of the owner has no such dataset.
    async fn add_download_token(
        &self,
        hash: &DownloadTokenHash,
        new: &DownloadToken,
        now: Timestamp,
    ) -> Result<(), CatalogError>;

    /// A download token, also one that no longer holds.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn download_token(
        &self,
        hash: &DownloadTokenHash,
    ) -> Result<Option<DownloadToken>, CatalogError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_digest() {
        let hash = DownloadTokenHash::of("abc");
        // The one-block message of FIPS 180-2, appendix B.1.
        assert_eq!(hash.as_bytes()[..8], 0xba78_16bf_8f01_cfea_u64.to_be_bytes());
        assert_eq!(format!("{hash:?}"), "DownloadTokenHash(..)");
    }
}
