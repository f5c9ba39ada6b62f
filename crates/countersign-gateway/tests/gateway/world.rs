//! A gateway over a bucket in memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::Router;
use countersign::{
    Addressing, Credentials, Endpoint, Region, Scope, SecretKey, SigningKey, Timestamp,
};
use countersign_gateway::{
    Access, Gateway, Grant, Grants, Operation, Refusal, SigningKeys, Unavailable,
};
use countersign_storage::{Backend, ObjectKey, StoreError, collect};

use crate::prefix::{self, files::Files};

pub(crate) const HOST: &str = "localhost:8080";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ID: &str = "AKIAIOSFODNN7EXAMPLE";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("20261121T120000Z").unwrap()
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::parse("http://localhost:8080/s3", Addressing::Path).unwrap()
}

pub(crate) fn credentials(id: &str) -> Credentials {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    Credentials::new(id, secret).unwrap()
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) backend: Backend,
    pub(crate) files: Arc<Files>,
    grants: Arc<Bucket>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Backend::memory())
    }

    pub(crate) fn over(backend: Backend) -> Self {
        Self::at(endpoint(), backend)
    }

    pub(crate) fn at(endpoint: Endpoint, backend: Backend) -> Self {
        let grants = Arc::new(Bucket { backend: backend.clone(), asked: AtomicUsize::new(0) });
        let region = Region::new(REGION).unwrap();
        let gateway = Gateway::new(endpoint, region, Arc::new(Keys), grants.clone(), now);
        let files = Arc::new(Files::new(backend.clone()));
        let gateway = gateway.with_prefix_uploads(prefix::key(), files.clone());
        Self { router: gateway.router(), backend, files, grants }
    }

    /// How often a grant was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.grants.asked.load(Ordering::Relaxed)
    }

    /// What is stored, if anything is.
    pub(crate) async fn stored(&self, key: &str) -> Option<Vec<u8>> {
        match self.backend.objects().open(&ObjectKey::new(key).unwrap()).await {
            Ok(object) => Some(collect(object.read(0..u64::MAX)).await.unwrap().to_vec()),
            Err(StoreError::NotFound | StoreError::KeyUnsupported) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[derive(Debug)]
struct Keys;

#[async_trait]
impl SigningKeys for Keys {
    async fn signing_key(
        &self,
        access_key_id: &str,
        scope: Scope<'_>,
    ) -> Result<Option<Arc<SigningKey>>, Unavailable> {
        match access_key_id {
            ID | "OTHER" => {
                Ok(Some(Arc::new(SigningKey::derive(&credentials(access_key_id), scope))))
            }
            "LATER" => Err(Unavailable),
            _ => Ok(None),
        }
    }
}

/// One key may do all in the bucket `data`, but for some objects.
#[derive(Debug)]
struct Bucket {
    backend: Backend,
    asked: AtomicUsize,
}

#[async_trait]
impl Grants for Bucket {
    async fn grant(&self, access: &Access<'_>) -> Result<Grant, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let is_read_only = access.access_key_id != ID && access.operation != Operation::Get;
        match (access.bucket, access.key.as_str()) {
            ("data", "denied") => Err(Refusal::Denied),
            ("data", "gone") => Err(Refusal::NoSuchKey),
            ("data", "ended") => Err(Refusal::NoSuchUpload),
            ("data", "later") => Err(Refusal::Unavailable),
            ("data", _) if !is_read_only => Ok(Grant::new(self.backend.clone())),
            _ => Err(Refusal::Denied),
        }
    }
}
