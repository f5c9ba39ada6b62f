//! Data sources: a name in a dataset for a file that was uploaded before.
//!
//! The bytes are where no URL can change them before they are looked at, so they are looked at once.

use std::{fmt, sync::Arc};

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_catalog::{
    CatalogError, DataSource, DataSourceFilter, DataSourcePage, DataSourceRef, DataSourceState,
    Identity, NewDataSource, NewDataset, Page, Purpose, TargetDataset, Upload, UploadRef,
    UploadState,
};
use countersign_storage::Download;
use uuid::Uuid;

use crate::{
    App,
    app::object_key,
    error::ApiError,
    source_name::{PlainName, SourceName},
};

/// A data source as it is wished for.
#[derive(Debug)]
pub(crate) struct SourceWish {
    /// Its name.
    pub(crate) name: PlainName,
    /// The name of its file, which says what its bytes have to be.
    pub(crate) file_name: SourceName,
    /// Where its bytes come from.
    pub(crate) origin: Origin,
}

/// Where the bytes of a data source come from.
pub(crate) enum Origin {
    /// A file that was uploaded: what was answered to that.
    Upload(String),
    /// Somebody else's server.
    Url(String),
}

/// Without the URL: it may be a credential.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(key) => f.debug_tuple("Upload").field(key).finish(),
            Self::Url(_) => f.write_str("Url(..)"),
        }
    }
}

impl SourceWish {
    /// Whether this is what came of it.
    fn is(&self, found: &DataSource, dataset: Option<Uuid>) -> bool {
        *found.name == *self.name.as_str()
            && *found.file_name == *self.file_name.as_str()
            && dataset.is_none_or(|dataset| dataset == found.dataset)
    }
}

impl App {
    /// Makes a data source, in a dataset that is there, or in a new one of its name.
    pub(crate) async fn create_data_source(
        self: &Arc<Self>,
        who: &Identity,
        dataset: Option<Uuid>,
        wish: &SourceWish,
        now: Timestamp,
    ) -> Result<DataSource, ApiError> {
        match &wish.origin {
            Origin::Upload(key) => self.use_upload(who, dataset, (wish, key), now).await,
            Origin::Url(url) => self.import_data_source(who, dataset, (wish, url), now).await,
        }
    }

    /// A file makes one data source: asked for again, it is returned.
    async fn use_upload(
        &self,
        who: &Identity,
        dataset: Option<Uuid>,
        (wish, file_object_key): (&SourceWish, &str),
        now: Timestamp,
    ) -> Result<DataSource, ApiError> {
        if let Some(id) = dataset {
            self.own_dataset(who, id).await?;
        }
        let upload = self.own_upload(who, file_object_key).await?;
        if let Some(found) = self.data_source_of(&upload, dataset, wish).await? {
            return Ok(found);
        }
        if upload.state != UploadState::Ready {
            return Err(ApiError::NotFound("file_object_key"));
        }
        match self.make_data_source(&upload, dataset, wish, now).await {
            Ok(made) => Ok(made),
            Err(error) => {
                // Perhaps somebody was faster, with the same wish, or with a deletion after it.
                if let Some(found) = self.data_source_of(&upload, dataset, wish).await? {
                    return Ok(found);
                }
                let upload = self.own_upload(who, file_object_key).await?;
                let is_there = upload.state == UploadState::Ready;
                Err(if is_there { error } else { ApiError::NotFound("file_object_key") })
            }
        }
    }

    async fn make_data_source(
        &self,
        upload: &Upload,
        dataset: Option<Uuid>,
        wish: &SourceWish,
        now: Timestamp,
    ) -> Result<DataSource, ApiError> {
        let fault = self.look_at(upload, Some(wish.file_name.extension())).await?;
        let new = NewDataSource {
            id: Uuid::new_v4(),
            dataset: target(dataset, &upload.owner, &wish.name),
            name: wish.name.as_str().into(),
            file_name: wish.file_name.as_str().into(),
            upload: upload.id,
            failure: fault.map(|fault| fault.to_string().into()),
        };
        let made = self.catalog.add_data_source(upload.owner.team, &new, now).await;
        let made = made.map_err(|error| match error {
            // Deleted since it was looked at.
            CatalogError::OwnerUnknown => ApiError::NotFound("dataset"),
            CatalogError::Conflict | CatalogError::UploadClosed => ApiError::Taken,
            other => other.into(),
        })?;
        if made.state == DataSourceState::Failed {
            self.bury(upload).await;
        }
        Ok(made)
    }

    /// The upload behind a handle. It is nobody's but the uploader's until it is a data source.
    pub(crate) async fn own_upload(
        &self,
        who: &Identity,
        file_object_key: &str,
    ) -> Result<Upload, ApiError> {
        let upload = self.catalog.upload(UploadRef::ObjectKey(file_object_key)).await?;
        // What is uploaded for something else is completed there, with its own checks.
        let is_own =
            |upload: &Upload| upload.owner == *who && upload.purpose == Purpose::DataSource;
        let upload = upload.filter(is_own);
        upload.ok_or(ApiError::NotFound("file_object_key"))
    }

    /// What a file has become already, if it was asked for in the same words.
    async fn data_source_of(
        &self,
        upload: &Upload,
        dataset: Option<Uuid>,
        wish: &SourceWish,
    ) -> Result<Option<DataSource>, ApiError> {
        let by_upload = DataSourceRef::Upload(upload.id);
        let found = self.catalog.data_source(upload.owner.team, by_upload).await?;
        match found {
            Some(found) if wish.is(&found, dataset) => Ok(Some(found)),
            Some(_) => Err(ApiError::Taken),
            None => Ok(None),
        }
    }

    /// A page of the data sources of a dataset, newest first; `states` has those to list.
    pub(crate) async fn data_sources(
        &self,
        who: &Identity,
        dataset: Uuid,
        states: Option<&[DataSourceState]>,
        page: Page,
    ) -> Result<DataSourcePage, ApiError> {
        self.dataset(who, dataset).await?;
        let filter = DataSourceFilter { team: who.team, dataset, states };
        Ok(self.catalog.data_sources(filter, page).await?)
    }

    /// A data source in a dataset of a team.
    pub(crate) async fn data_source(
        &self,
        who: &Identity,
        dataset: Uuid,
        id: Uuid,
    ) -> Result<DataSource, ApiError> {
        self.dataset(who, dataset).await?;
        let found = self.catalog.data_source(who.team, DataSourceRef::Id { dataset, id }).await?;
        found.ok_or(ApiError::NotFound("data source"))
    }

    /// A URL that downloads a data source under the name of its file.
    pub(crate) async fn presign_data_source(
        &self,
        who: &Identity,
        (dataset, id): (Uuid, Uuid),
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, ApiError> {
        let found = self.data_source(who, dataset, id).await?;
        if found.state != DataSourceState::Ready {
            return Err(ApiError::NotUploaded);
        }
        let key = object_key(&found.upload.object_key)?;
        let download = Download { file_name: Some(&found.file_name), ..Download::default() };
        Ok(self.url_signer.get(&key, &download, lifetime, now)?)
    }

    /// Deletes a data source: first the record, so that no URL reaches it any more, then the bytes.
    pub(crate) async fn delete_data_source(
        &self,
        who: &Identity,
        dataset: Uuid,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        self.own_dataset(who, dataset).await?;
        let which = DataSourceRef::Id { dataset, id };
        let deleted = self.catalog.delete_data_source(who.team, which, now).await?;
        self.bury(&deleted.ok_or(ApiError::NotFound("data source"))?.upload).await;
        Ok(())
    }
}

/// The dataset that is there, or a new one of the name of its data source.
pub(crate) fn target(dataset: Option<Uuid>, owner: &Identity, name: &PlainName) -> TargetDataset {
    match dataset {
        Some(id) => TargetDataset::Existing(id),
        None => TargetDataset::New(NewDataset {
            id: Uuid::new_v4(),
            owner: owner.clone(),
            name: name.as_str().into(),
            description: Box::default(),
            columns: Vec::new(),
        }),
    }
}
