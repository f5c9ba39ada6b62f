use std::{fmt::Display, sync::Arc};

use async_trait::async_trait;
use countersign_catalog::{Catalog, Intake, UploadRef, UploadState};
use countersign_gateway::{Access, Grant, Grants, Operation, Refusal};
use countersign_storage::ObjectKey;
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

    /// An upload takes bytes until it is settled: afterwards its URL is worth nothing.
    async fn check_staging(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let job = key.as_str().strip_prefix("staging/").and_then(|rest| rest.split('/').next());
        let job = job.and_then(|job| Uuid::try_parse(job).ok()).ok_or(Refusal::Denied)?;
        let is_single = |intake: &Intake| matches!(intake, Intake::Single { staging_key } if **staging_key == *key.as_str());
        let is_open = self.is_open(UploadRef::Id(job), is_single).await?;
        if is_open { Ok(()) } else { Err(Refusal::Denied) }
    }

    /// Which upload the part is of, the storage knows: it has one for this key, or none.
    async fn check_multipart(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let is_multipart = |intake: &Intake| matches!(intake, Intake::Multipart { .. });
        let is_open = self.is_open(UploadRef::ObjectKey(key.as_str()), is_multipart).await?;
        if is_open { Ok(()) } else { Err(Refusal::NoSuchUpload) }
    }

    async fn is_open(
        &self,
        upload: UploadRef<'_>,
        is_meant: impl Fn(&Intake) -> bool,
    ) -> Result<bool, Refusal> {
        let upload = self.catalog.upload(upload).await.map_err(unavailable)?;
        Ok(upload
            .is_some_and(|upload| upload.state == UploadState::Pending && is_meant(&upload.intake)))
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
