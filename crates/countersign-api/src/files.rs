//! Files: uploaded in one piece through a URL, confirmed, downloaded through another.
//!
//! Freeze before verify: a URL may live on after its upload was confirmed, so what it can reach is
//! never what is read. The bytes land at a staging key; confirming moves them to a key that no URL
//! for uploads was ever made for, and only there they are looked at.

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_catalog::{
    CatalogError, File, FilePage, FileRef, Identity, Intake, NewFile, NewUpload, Page, Upload,
    UploadState,
};
use countersign_storage::{Bound, Download};
use uuid::Uuid;

use crate::{
    App,
    app::{new_object_key, object_key, staging_key, stored},
    error::ApiError,
    file_name::{FileName, extension_of},
    media_type::MediaType,
};

/// A file that waits for its bytes.
#[derive(Debug)]
pub(crate) struct BegunFile {
    pub(crate) file: File,
    pub(crate) upload_url: PresignedUrl,
}

impl App {
    /// Makes a file that has no bytes yet, and the URL that they are uploaded through.
    pub(crate) async fn begin_file(
        &self,
        owner: Identity,
        (name, content_type): (&FileName, &MediaType),
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<BegunFile, ApiError> {
        self.admit(owner.team, 0).await?;
        let job = Uuid::new_v4();
        let extension = name.extension().unwrap_or_else(|| "bin".into());
        let staging_key = staging_key(job, &extension);
        let bound = Bound { content_type: Some(content_type.as_str()), ..Bound::default() };
        let key = object_key(&staging_key)?;
        let upload_url = self.url_signer.put(&key, &bound, lifetime, now)?;
        let upload = NewUpload {
            id: job,
            owner,
            intake: Intake::Single { staging_key: staging_key.into() },
            object_key: new_object_key(&extension).into(),
            content_type: content_type.as_str().into(),
            declared_size: None,
            not_after: upload_url.expires_at(),
        };
        let file = NewFile { name: name.as_str().into(), upload };
        Ok(BegunFile { file: self.catalog.add_file(&file, now).await?, upload_url })
    }

    /// The file of a team.
    pub(crate) async fn file(&self, who: &Identity, file: FileRef<'_>) -> Result<File, ApiError> {
        self.catalog.file(who.team, file).await?.ok_or(ApiError::NotFound("file"))
    }

    /// A page of the files of a team, newest first.
    pub(crate) async fn files(&self, who: &Identity, page: Page) -> Result<FilePage, ApiError> {
        Ok(self.catalog.files(who.team, page).await?)
    }

    /// Takes the bytes of a file: frozen, looked at, recorded. Asked again, it says the same.
    pub(crate) async fn confirm_file(
        &self,
        who: &Identity,
        file: FileRef<'_>,
        now: Timestamp,
    ) -> Result<File, ApiError> {
        let found = self.file(who, file).await?;
        match found.upload.state {
            UploadState::Ready => return Ok(found),
            UploadState::Pending => self.accept(&found.upload, &found.name, now).await?,
            _ => return Err(ApiError::Closed),
        }
        self.file(who, file).await
    }

    /// Freezes what was uploaded, checks it, and makes it an object.
    async fn accept(&self, upload: &Upload, name: &str, now: Timestamp) -> Result<(), ApiError> {
        let looked_at = async {
            let info = self.freeze(upload).await?;
            Ok((info, self.look_at(upload, extension_of(name).as_deref()).await?))
        };
        let (info, fault) = match looked_at.await {
            Ok(seen) => seen,
            // Somebody else may have settled it meanwhile, and taken its bytes away.
            Err(error) => match self.state_of(upload.id).await? {
                UploadState::Ready => return Ok(()),
                UploadState::Pending => return Err(error),
                _ => {
                    self.sweep_later(upload).await;
                    return Err(ApiError::Closed);
                }
            },
        };
        if let Some(fault) = fault {
            self.catalog.fail_upload(upload.id, &fault.to_string(), now).await?;
            self.bury(upload).await;
            return Err(ApiError::Refused(fault));
        }
        let accepted = self.catalog.accept_upload(upload.id, &stored(&info), now).await;
        if matches!(accepted, Err(CatalogError::UploadClosed)) {
            // Deleted while its bytes were looked at: they were put back by the freezing.
            self.bury(upload).await;
        }
        accepted?;
        Ok(())
    }

    /// A URL that downloads a file under its own name.
    pub(crate) async fn download_file(
        &self,
        who: &Identity,
        file: FileRef<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<(File, PresignedUrl), ApiError> {
        let file = self.file(who, file).await?;
        if file.upload.state != UploadState::Ready {
            return Err(ApiError::NotUploaded);
        }
        let key = object_key(&file.upload.object_key)?;
        let download = Download { file_name: Some(&file.name), ..Download::default() };
        let url = self.url_signer.get(&key, &download, lifetime, now)?;
        Ok((file, url))
    }

    /// Deletes a file: first the record, so that no URL reaches it any more, then the bytes.
    pub(crate) async fn delete_file(
        &self,
        who: &Identity,
        file: FileRef<'_>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let deleted = self.catalog.delete_file(who.team, file, now).await?;
        let upload = deleted.ok_or(ApiError::NotFound("file"))?.upload;
        self.bury(&upload).await;
        Ok(())
    }
}
