//! Upload tokens: whoever has one puts files under a schema, by any names, until it ends.
//!
//! The bytes go where nobody can guess; only once all of them are stored the file is recorded, under
//! a name that its schema has once. So there is never a part of a file, and never another one in its
//! place.

use countersign::Timestamp;
use countersign_catalog::{CatalogError, Identity, NewSchemaFile, NewUploadToken, UploadToken};
use countersign_storage::{Backend, ObjectInfo, ObjectKey, PrefixUrl};
use uuid::Uuid;

use crate::{App, app::stored, direct::direct_upload, error::ApiError};

/// The one format of these files, and its media type as clients know it.
const EXTENSION: &str = "jsonl";
const MEDIA_TYPE: &str = "application/x-ndjson";

/// Where a file goes that comes by an upload token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Berth {
    /// The bucket.
    pub backend: Backend,
    /// Its key there: nobody else's, and nothing of it is a user's text.
    pub key: ObjectKey,
    /// Its media type.
    pub media_type: &'static str,
}

/// Why a file does not come by an upload token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// There is no such token any more.
    #[error("there is no such upload token")]
    UnknownToken,
    /// Its name is not one of the format that is taken.
    #[error("the name of the file has not the extension .jsonl")]
    InvalidName,
    /// The schema has a file of this name.
    #[error("the schema has a file of this name")]
    Exists,
    /// The team may not have that much.
    #[error("the storage quota of the team is exceeded")]
    OverQuota,
    /// No space is left.
    #[error("no space is left")]
    Full,
    /// It cannot be said now. Why is in the log.
    #[error("not available right now")]
    Unavailable,
}

impl App {
    /// Makes a token for a schema of the team.
    pub(crate) async fn issue_upload_token(
        &self,
        owner: Identity,
        slug: &str,
        minutes: u32,
        now: Timestamp,
    ) -> Result<(UploadToken, PrefixUrl), ApiError> {
        let schema = self.schema(&owner, slug).await?;
        self.admit(owner.team, 0).await?;
        let lifetime = minutes.saturating_mul(60);
        let not_after = now.checked_add_secs(lifetime).unwrap_or(Timestamp::MAX);
        let new = NewUploadToken { id: Uuid::new_v4(), owner, schema: schema.id, not_after };
        let token = self.catalog.add_upload_token(&new, now).await?;
        let url = self.prefix_signer.put(token.id.into_bytes(), token.not_after);
        Ok((token, url))
    }

    /// Where a file goes that comes by this token, if it may. Whether the token is still good is
    /// known already.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal`]
    pub async fn begin_token_upload(&self, token: Uuid, name: &str) -> Result<Berth, TokenRefusal> {
        let begin = async {
            let Some(token) = self.catalog.upload_token(token).await? else {
                return Ok(Err(TokenRefusal::UnknownToken));
            };
            // To the letter, so that no two names differ in it alone.
            if name.strip_suffix(".jsonl").is_none_or(str::is_empty) {
                return Ok(Err(TokenRefusal::InvalidName));
            }
            if self.catalog.has_schema_file(token.schema, name).await? {
                return Ok(Err(TokenRefusal::Exists));
            }
            self.admit(token.owner.team, 0).await?;
            let key = self.reserve_key(EXTENSION, self.now()).await?;
            Ok(Ok(Berth { backend: self.backend.clone(), key, media_type: MEDIA_TYPE }))
        };
        begin.await.unwrap_or_else(|error| Err(refusal(&error)))
    }

    /// Gives up a file whose bytes did not come.
    pub async fn abandon_token_upload(&self, key: &ObjectKey) {
        self.clear_unstored(key).await;
    }

    /// Records a file that came by this token, and whose bytes are stored.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal`]. The bytes are deleted then, now or by [`sweep_doomed`](Self::sweep_doomed).
    pub async fn finish_token_upload(
        &self,
        (token, name): (Uuid, &str),
        key: &ObjectKey,
        info: &ObjectInfo,
    ) -> Result<(), TokenRefusal> {
        let refusal = match self.record_token_upload((token, name), key, info).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(refusal)) => refusal,
            Err(error) => refusal(&error),
        };
        self.withdraw(key).await;
        Err(refusal)
    }

    async fn record_token_upload(
        &self,
        (token, name): (Uuid, &str),
        key: &ObjectKey,
        info: &ObjectInfo,
    ) -> Result<Result<(), TokenRefusal>, ApiError> {
        let now = self.now();
        // It may be gone since the bytes began to come.
        let Some(token) = self.catalog.upload_token(token).await? else {
            return Ok(Err(TokenRefusal::UnknownToken));
        };
        let upload = direct_upload(key, token.owner, MEDIA_TYPE, now);
        let new = NewSchemaFile { token: token.id, name: name.into(), upload };
        match self.catalog.add_schema_file(&new, &stored(info), now).await {
            Ok(_) => Ok(Ok(())),
            Err(CatalogError::Conflict) => Ok(Err(TokenRefusal::Exists)),
            Err(error) => Err(error.into()),
        }
    }
}

/// What somebody is told who is not told more; and what the log is.
fn refusal(error: &ApiError) -> TokenRefusal {
    match error {
        ApiError::OverQuota(_) => TokenRefusal::OverQuota,
        ApiError::Full => {
            tracing::warn!("a file by an upload token found no space");
            TokenRefusal::Full
        }
        error => {
            tracing::error!(error = %crate::http::chain(error), "a file by an upload token failed");
            TokenRefusal::Unavailable
        }
    }
}
