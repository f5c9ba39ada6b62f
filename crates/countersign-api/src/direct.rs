//! Files that come through the server itself.

use std::{io, time::Duration};

use axum::body::Bytes;
use countersign::Timestamp;
use countersign_catalog::{Identity, Intake, NewUpload, Upload};
use countersign_storage::{ObjectInfo, ObjectKey, PutRequest, StoreError};
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::{
    App,
    app::{new_object_key, object_key, stored},
    content::ContentFault,
    error::ApiError,
    http::chain,
    source_name::SourceName,
};

/// The most bytes of a file that comes this way: as many as of one PUT.
const SIZE_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// How long bytes may wait for their record, in seconds.
pub(crate) const UNRECORDED_SECS_MAX: u32 = 86_400;

/// How long a request may take that stores them: less, so that they come before they are swept.
pub(crate) const REQUEST_MAX: Duration = Duration::from_hours(12);

/// Bytes that are stored, and that no record has yet.
///
/// Their key is doomed from before the first byte, so whatever ends the request ends them too.
#[derive(Debug)]
pub(crate) struct Deposit {
    pub(crate) key: ObjectKey,
    pub(crate) info: ObjectInfo,
    pub(crate) media_type: &'static str,
}

impl App {
    /// Stores a file.
    pub(crate) async fn deposit(
        &self,
        name: &SourceName,
        bytes: BoxStream<'static, io::Result<Bytes>>,
        now: Timestamp,
    ) -> Result<Deposit, ApiError> {
        self.deposit_as((name.extension(), name.media_type()), SIZE_MAX, bytes, now).await
    }

    /// Stores a file of an extension and a media type, and of at most so many bytes.
    pub(crate) async fn deposit_as(
        &self,
        (extension, media_type): (&str, &'static str),
        size_max: u64,
        bytes: BoxStream<'static, io::Result<Bytes>>,
        now: Timestamp,
    ) -> Result<Deposit, ApiError> {
        let key = self.reserve_key(extension, now).await?;
        let put = PutRequest::up_to(size_max).with_content_type(media_type);
        let info = self.store(&key, bytes, put).await.map_err(refused_body)?;
        let deposit = Deposit { key, info, media_type };
        if deposit.info.size == 0 {
            self.withdraw(&deposit.key).await;
            return Err(ApiError::Refused(ContentFault::Empty));
        }
        Ok(deposit)
    }

    /// Stores bytes at a key that is doomed. Of what was not stored whole nothing stays.
    pub(crate) async fn store(
        &self,
        key: &ObjectKey,
        bytes: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let stored = self.backend.objects().put(key, bytes, put).await;
        match &stored {
            Ok(_) => {}
            // Perhaps only the answer was lost.
            Err(StoreError::Backend { .. }) => self.clear_unstored(key).await,
            Err(_) => self.withdraw(key).await,
        }
        stored
    }

    /// A key for bytes that no record has yet. It is doomed: whatever ends the request that brings
    /// them ends them too.
    pub(crate) async fn reserve_key(
        &self,
        extension: &str,
        now: Timestamp,
    ) -> Result<ObjectKey, ApiError> {
        let key = object_key(&new_object_key(extension))?;
        let due_at = now.checked_add_secs(UNRECORDED_SECS_MAX).unwrap_or(Timestamp::MAX);
        self.catalog.doom(key.as_str(), due_at).await?;
        Ok(key)
    }

    /// Gives stored bytes to their owner.
    pub(crate) async fn keep(
        &self,
        deposit: &Deposit,
        owner: Identity,
        now: Timestamp,
    ) -> Result<Upload, ApiError> {
        let new = direct_upload(&deposit.key, owner, deposit.media_type, now);
        Ok(self.catalog.add_stored_upload(&new, &stored(&deposit.info), now).await?)
    }

    /// Deletes stored bytes that nobody gets.
    pub(crate) async fn refuse(&self, deposit: Deposit) {
        self.withdraw(&deposit.key).await;
    }

    /// Deletes what may be there of bytes that were not stored. Their key stays doomed: a store that
    /// gave no answer may have taken them, and have them yet to show.
    pub(crate) async fn clear_unstored(&self, key: &ObjectKey) {
        if let Err(error) = self.delete_unrecorded(key).await {
            let error = chain(&error);
            tracing::warn!(error, "bytes that were not stored whole stay until they are swept");
        }
    }

    /// Deletes bytes that no record has, and will not have.
    pub(crate) async fn withdraw(&self, key: &ObjectKey) {
        let withdrawn = async {
            if self.delete_unrecorded(key).await? {
                self.catalog.forget_doomed(key.as_str()).await?;
            }
            Ok::<_, ApiError>(())
        };
        if let Err(error) = withdrawn.await {
            tracing::warn!(error = chain(&error), "refused bytes stay until they are swept");
        }
    }

    /// Deletes bytes, but for those that have a record: perhaps it was written, and only the answer
    /// got lost. Whether they had none.
    async fn delete_unrecorded(&self, key: &ObjectKey) -> Result<bool, ApiError> {
        if self.catalog.object_exists(key.as_str()).await? {
            return Ok(false);
        }
        self.backend.objects().delete(key).await?;
        Ok(true)
    }
}

/// The upload of bytes that are there, as it is to be recorded.
pub(crate) fn direct_upload(
    key: &ObjectKey,
    owner: Identity,
    media_type: &str,
    now: Timestamp,
) -> NewUpload {
    NewUpload {
        id: Uuid::new_v4(),
        owner,
        intake: Intake::Direct,
        object_key: key.as_str().into(),
        content_type: media_type.into(),
        declared_size: None,
        not_after: now,
    }
}

fn refused_body(error: StoreError) -> ApiError {
    match error {
        // Whoever sent it broke off, or sent no form.
        StoreError::Body(_) => ApiError::NotForm,
        StoreError::TooLarge { .. } => ApiError::TooLarge,
        other => other.into(),
    }
}
