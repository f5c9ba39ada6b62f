//! Downloads of the current version of a dataset, by whoever has a token for it.

use std::fmt;

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_catalog::{DownloadToken, DownloadTokenHash, Identity};
use countersign_storage::Download;
use uuid::Uuid;

use crate::{
    App,
    app::object_key,
    datasets::gone_with,
    error::{ApiError, KeyFault},
    keys::random,
};

/// How long a token holds, in seconds.
pub(crate) const TOKEN_SECS: u32 = 120;

/// Random bytes of a token: 192 bits.
const TOKEN_BYTES: usize = 24;

/// A download token: the only time that it is seen.
///
/// Its `Debug` does not show it.
pub(crate) struct IssuedDownloadToken(String);

impl IssuedDownloadToken {
    /// The token, for who asked for it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IssuedDownloadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedDownloadToken(..)")
    }
}

/// What is asked of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Its bytes.
    Bytes,
    /// What is known of it.
    Head,
}

impl App {
    /// Makes a token that is good for the current version of a dataset, whichever that is then.
    pub(crate) async fn issue_download_token(
        &self,
        owner: Identity,
        dataset: Uuid,
        now: Timestamp,
    ) -> Result<IssuedDownloadToken, ApiError> {
        self.dataset(&owner, dataset).await?;
        let token = format!("cdt_{}", hex::encode(random::<TOKEN_BYTES>()?));
        let not_after = now.checked_add_secs(TOKEN_SECS).unwrap_or(Timestamp::MAX);
        let new = DownloadToken { owner, dataset, not_after };
        let hash = DownloadTokenHash::of(&token);
        let added = self.catalog.add_download_token(&hash, &new, now).await;
        added.map_err(gone_with(Some(dataset)))?;
        Ok(IssuedDownloadToken(token))
    }

    /// Who asks by a token for a dataset.
    pub(crate) async fn identify_by_token(
        &self,
        token: &str,
        dataset: Uuid,
        now: Timestamp,
    ) -> Result<Identity, ApiError> {
        let found = self.catalog.download_token(&DownloadTokenHash::of(token)).await?;
        let found = found.filter(|found| found.dataset == dataset && now < found.not_after);
        found.map(|found| found.owner).ok_or(ApiError::Unauthenticated(KeyFault::Wrong))
    }

    /// A URL to the bytes of the current version of a dataset, under the name of its file.
    pub(crate) async fn presign_current(
        &self,
        who: &Identity,
        dataset: Uuid,
        (asked, lifetime): (Asked, Lifetime),
        now: Timestamp,
    ) -> Result<PresignedUrl, ApiError> {
        let dataset = self.dataset(who, dataset).await?;
        let current = self.current_version(&dataset).await?.ok_or(ApiError::NotFound("version"))?;
        let key = object_key(&current.upload.object_key)?;
        let download = Download { file_name: Some(&current.name), ..Download::default() };
        Ok(match asked {
            Asked::Bytes => self.url_signer.get(&key, &download, lifetime, now)?,
            Asked::Head => self.url_signer.head(&key, lifetime, now)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_a_token() {
        let token = IssuedDownloadToken("cdt_0".into());
        assert_eq!((token.reveal(), &*format!("{token:?}")), ("cdt_0", "IssuedDownloadToken(..)"));
    }
}
