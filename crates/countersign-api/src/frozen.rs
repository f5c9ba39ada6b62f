//! Freeze before verify: bytes are looked at only where no URL can change them any more.

use countersign::Timestamp;
use countersign_catalog::{Intake, Upload, UploadRef, UploadState};
use countersign_storage::{ObjectInfo, ObjectKey, StoreError};
use uuid::Uuid;

use crate::{
    App,
    app::object_key,
    content::{self, ContentFault},
    direct::UNRECORDED_SECS_MAX,
    error::ApiError,
};

impl App {
    /// Takes what came by one PUT out of the reach of its URL. Asked again, it says the same.
    pub(crate) async fn freeze(&self, upload: &Upload) -> Result<ObjectInfo, ApiError> {
        let Intake::Single { staging_key } = &upload.intake else {
            return Err(ApiError::internal("an upload without a staging key"));
        };
        let (staging, frozen) = (object_key(staging_key)?, object_key(&upload.object_key)?);
        let frozen = self.backend.objects().freeze(&staging, &frozen).await;
        frozen.map_err(|error| match error {
            StoreError::NotFound => ApiError::NotUploaded,
            other => other.into(),
        })
    }

    /// Has the bytes of an upload swept that was closed while they were frozen. A store that gave no
    /// answer may move them yet, after whoever closed the upload had them deleted.
    pub(crate) async fn sweep_later(&self, upload: &Upload) {
        let due_at = self.now().checked_add_secs(UNRECORDED_SECS_MAX).unwrap_or(Timestamp::MAX);
        if let Err(error) = self.catalog.doom(&upload.object_key, due_at).await {
            tracing::warn!(%error, "bytes of an upload that was closed may stay");
        }
    }

    /// Why the bytes of an upload are refused, if they are not what the extension says.
    pub(crate) async fn look_at(
        &self,
        upload: &Upload,
        extension: Option<&str>,
    ) -> Result<Option<ContentFault>, ApiError> {
        self.look_at_object(&object_key(&upload.object_key)?, extension).await
    }

    /// As [`look_at`](Self::look_at), of an object that no URL was ever made for.
    pub(crate) async fn look_at_object(
        &self,
        key: &ObjectKey,
        extension: Option<&str>,
    ) -> Result<Option<ContentFault>, ApiError> {
        let object = self.backend.objects().open(key).await?;
        let checked = content::check(&object, extension).await;
        Ok(checked.map_err(ApiError::internal)?.err())
    }

    /// How far an upload has come by now. Who finds no bytes may have been overtaken.
    pub(crate) async fn state_of(&self, upload: Uuid) -> Result<UploadState, ApiError> {
        let found = self.catalog.upload(UploadRef::Id(upload)).await?;
        Ok(found.map_or(UploadState::Aborted, |upload| upload.state))
    }
}
