use std::{fmt::Display, sync::Arc};

use async_trait::async_trait;
use countersign_catalog::{Catalog, Intake, Upload, UploadRef, UploadState};
use countersign_gateway::{Access, Grant, Grants, Operation, Refusal};
use countersign_storage::{ObjectKey, StoreError};
use uuid::Uuid;

use super::{BUCKET, buckets::Buckets, key_ring::PLATFORM_KEY_ID};

/// What a key may do, as the catalog has it.
///
/// - The key of the platform signs for one object at a time, and the object or the upload has to be
///   there still: what was deleted is out of reach at once, however long its URLs live.
/// - A key pair of a team may do everything in the bucket of its team, and nothing elsewhere.
#[derive(Debug)]
pub(super) struct CatalogGrants {
    catalog: Arc<dyn Catalog>,
    buckets: Arc<Buckets>,
}

impl CatalogGrants {
    pub(super) fn new(catalog: Arc<dyn Catalog>, buckets: Arc<Buckets>) -> Self {
        Self { catalog, buckets }
    }

    async fn check_platform(&self, access: &Access<'_>) -> Result<(), Refusal> {
        if access.bucket != BUCKET {
            return Err(Refusal::Denied);
        }
        match access.operation {
            Operation::Get => {
                let exists = self.catalog.object_exists(access.key.as_str()).await;
                if exists.map_err(unavailable)? { Ok(()) } else { Err(Refusal::NoSuchKey) }
            }
            Operation::Put => self.check_staging(access.key).await,
            Operation::PutPart => self.check_multipart(access.key).await,
            _ => Err(Refusal::Denied),
        }
    }

    /// An upload takes bytes until they are frozen: afterwards its URL is worth nothing. Whoever froze
    /// them may have died before that was recorded; what came later would be lost, and not be missed.
    async fn check_staging(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let job = key.as_str().strip_prefix("staging/").and_then(|rest| rest.split('/').next());
        let job = job.and_then(|job| Uuid::try_parse(job).ok()).ok_or(Refusal::Denied)?;
        let is_single = |intake: &Intake| matches!(intake, Intake::Single { staging_key } if **staging_key == *key.as_str());
        let upload = self.pending(UploadRef::Id(job), is_single).await?.ok_or(Refusal::Denied)?;
        let frozen = ObjectKey::new(&*upload.object_key).map_err(unavailable)?;
        let bucket = self.buckets.open(BUCKET).await.map_err(unavailable)?;
        match bucket.objects().open(&frozen).await {
            Err(StoreError::NotFound) => Ok(()),
            Ok(_) => Err(Refusal::Denied),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Which upload the part is of, the storage knows: it has one for this key, or none.
    async fn check_multipart(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let is_multipart = |intake: &Intake| matches!(intake, Intake::Multipart { .. });
        let upload = self.pending(UploadRef::ObjectKey(key.as_str()), is_multipart).await?;
        upload.map(|_| ()).ok_or(Refusal::NoSuchUpload)
    }

    async fn pending(
        &self,
        upload: UploadRef<'_>,
        is_meant: impl Fn(&Intake) -> bool,
    ) -> Result<Option<Upload>, Refusal> {
        let upload = self.catalog.upload(upload).await.map_err(unavailable)?;
        let is_open =
            |upload: &Upload| upload.state == UploadState::Pending && is_meant(&upload.intake);
        Ok(upload.filter(is_open))
    }

    async fn check_team(&self, access: &Access<'_>) -> Result<(), Refusal> {
        let key = self.catalog.access_key(access.access_key_id).await.map_err(unavailable)?;
        // A bucket of somebody else's and one that nobody has are refused alike.
        let is_own = key.is_some_and(|key| *key.bucket == *access.bucket);
        if is_own { Ok(()) } else { Err(Refusal::Denied) }
    }
}

#[async_trait]
impl Grants for CatalogGrants {
    async fn grant(&self, access: &Access<'_>) -> Result<Grant, Refusal> {
        if access.access_key_id == PLATFORM_KEY_ID {
            self.check_platform(access).await?;
        } else {
            self.check_team(access).await?;
        }
        self.buckets.open(access.bucket).await.map(Grant::new).map_err(unavailable)
    }
}

fn unavailable(error: impl Display) -> Refusal {
    tracing::error!(%error, "the grants cannot be read");
    Refusal::Unavailable
}

#[cfg(test)]
mod tests {
    use countersign::Timestamp;
    use countersign_catalog::{NewFile, NewUpload, SqliteCatalog, TeamName, UserId};
    use countersign_storage::{PutRequest, bytes_of};

    use super::*;

    /// Completing froze the bytes and died before it was recorded: the upload is pending, and its URL
    /// would take bytes that nobody ever looks at.
    #[tokio::test]
    async fn what_is_frozen_takes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = SqliteCatalog::open(&folder.path().join("catalog.sqlite")).await.unwrap();
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let (team, user) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
        let owner = catalog.ensure_user(&team, &user, now).await.unwrap();
        let id = Uuid::new_v4();
        let staging = ObjectKey::new(format!("staging/{id}/1.csv")).unwrap();
        let frozen = ObjectKey::new("objects/1.csv").unwrap();
        let upload = NewUpload {
            id,
            owner,
            intake: Intake::Single { staging_key: staging.as_str().into() },
            object_key: frozen.as_str().into(),
            content_type: "text/csv".into(),
            declared_size: None,
            not_after: now,
        };
        catalog.add_file(&NewFile { name: "a.csv".into(), upload }, now).await.unwrap();
        let buckets = Arc::new(Buckets::new(folder.path().join("objects")));
        let backend = buckets.open(BUCKET).await.unwrap();
        let grants = CatalogGrants::new(Arc::new(catalog), buckets);

        grants.check_staging(&staging).await.unwrap();
        let objects = backend.objects();
        objects.put(&staging, bytes_of("first"), PutRequest::new(5)).await.unwrap();
        grants.check_staging(&staging).await.unwrap();
        objects.freeze(&staging, &frozen).await.unwrap();
        assert_eq!(grants.check_staging(&staging).await, Err(Refusal::Denied));
    }
}
