//! What the gateway asks of whoever runs it: keys and grants.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use countersign::{Scope, SigningKey};
use countersign_storage::{Backend, ObjectKey};

/// Where the keys are that requests were signed with.
///
/// [`Gateway`](crate::Gateway) has an example.
#[async_trait]
pub trait SigningKeys: fmt::Debug + Send + Sync + 'static {
    /// The key that `access_key_id` has in `scope`, if there is such a key.
    ///
    /// Asked for every request whose form, time and scope are right, so by anybody: a bounded cache
    /// of day keys belongs before whatever is slow. A key that is absent should take as long to
    /// miss as one that is there takes to find.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], when it cannot be said now. Whoever returns it logs why.
    async fn signing_key(
        &self,
        access_key_id: &str,
        scope: Scope<'_>,
    ) -> Result<Option<Arc<SigningKey>>, Unavailable>;
}

/// What the holders of keys may do.
///
/// [`Gateway`](crate::Gateway) has an example.
#[async_trait]
pub trait Grants: fmt::Debug + Send + Sync + 'static {
    /// What a verified request may do, and where its bytes are.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with what the client is told. Whoever returns [`Refusal::Unavailable`] logs why.
    async fn grant(&self, access: &Access<'_>) -> Result<Grant, Refusal>;
}

/// What a verified request asks for. Only the gateway makes one, once the signature was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access<'a> {
    /// Whose key signed.
    pub access_key_id: &'a str,
    /// The bucket, decoded.
    pub bucket: &'a str,
    /// The key of the object, decoded.
    pub key: &'a ObjectKey,
    /// What is to be done with it.
    pub operation: Operation,
}

impl<'a> Access<'a> {
    pub(crate) const fn new(
        access_key_id: &'a str,
        bucket: &'a str,
        key: &'a ObjectKey,
        operation: Operation,
    ) -> Self {
        Self { access_key_id, bucket, key, operation }
    }
}

/// What a request does with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Reads it, or what is known of it: GET and HEAD.
    Get,
    /// Stores it whole.
    Put,
    /// Stores one part of a multipart upload of it.
    PutPart,
}

/// Leave to do what an [`Access`] asks for, in one backend.
#[derive(Debug, Clone)]
pub struct Grant {
    backend: Backend,
}

impl Grant {
    /// Grants it in this backend, under the key that was asked for.
    #[must_use]
    pub const fn new(backend: Backend) -> Self {
        Self { backend }
    }

    pub(crate) const fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// Why nothing is granted, and what the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such object: `NoSuchKey`.
    #[error("there is no such object")]
    NoSuchKey,
    /// There is no such multipart upload: `NoSuchUpload`.
    #[error("there is no such upload")]
    NoSuchUpload,
    /// The holder of the key may not do this: `AccessDenied`.
    #[error("the holder of the key may not do this")]
    Denied,
    /// There is one of this name already, and it is not replaced: `PreconditionFailed`.
    #[error("there is one already")]
    Exists,
    /// The name is none that is taken here: `InvalidArgument`.
    #[error("the name is not valid")]
    InvalidName,
    /// Who owns it may not have that much: `QuotaExceeded`.
    #[error("more than may be stored")]
    OverQuota,
    /// There is no room for it: `InsufficientStorage`.
    #[error("there is no room")]
    Full,
    /// It cannot be said now: `ServiceUnavailable`.
    #[error("the grants cannot be read now")]
    Unavailable,
}

/// The keys cannot be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys cannot be read now")]
#[expect(clippy::exhaustive_structs, reason = "made by whoever implements `SigningKeys`")]
pub struct Unavailable;
