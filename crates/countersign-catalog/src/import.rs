//! Data sources whose bytes the server itself fetches.

use async_trait::async_trait;
use countersign::Timestamp;
use uuid::Uuid;

use crate::{CatalogError, DataSource, NewUpload, Stored, TargetDataset};

/// A data source to be recorded whose bytes are on their way.
///
/// - `id` was never used before.
/// - `name` and `file_name` are 1 to 4,096 bytes.
/// - The object key of the upload is [doomed](crate::Catalog::doom), until long after the lease: so
///   whatever ends the import ends its bytes, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// The id of the data source, chosen by the caller.
    pub id: Uuid,
    /// The dataset that gets it.
    pub dataset: TargetDataset,
    /// Its name.
    pub name: Box<str>,
    /// The name of its file.
    pub file_name: Box<str>,
    /// How its bytes come in.
    pub upload: NewUpload,
    /// The second from which it has failed, unless its lease is renewed before.
    pub lease_ends_at: Timestamp,
}

/// The imports of a [`Catalog`](crate::Catalog), which says what holds for every method.
#[async_trait]
pub trait Imports {
    /// Records a data source whose bytes are on their way, its pending upload, and the dataset, where
    /// that is new.
    ///
    /// # Errors
    ///
    /// - [`CatalogError::Conflict`], when one of the ids or keys was ever used.
    /// - [`CatalogError::OwnerUnknown`], when the team of the upload has no such dataset, is not the
    ///   team of the owner of a new one, or has no such user.
    /// - [`CatalogError::OutOfRange`].
    async fn add_import(&self, new: &NewImport, now: Timestamp)
    -> Result<DataSource, CatalogError>;

    /// Says that the bytes of this upload are on their way still, and will be until then. A lease
    /// never becomes shorter.
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when its data source is settled or deleted: nobody wants the
    /// bytes any more.
    async fn renew_import(
        &self,
        upload: Uuid,
        lease_ends_at: Timestamp,
    ) -> Result<(), CatalogError>;

    /// Makes a data source ready whose bytes have come, and its upload; records the object, whose key
    /// is not doomed any more.
    ///
    /// # Errors
    ///
    /// The key stays doomed in every case.
    ///
    /// - [`CatalogError::UploadClosed`], when the data source is settled or deleted; or when the key
    ///   is not doomed, or is due, for its bytes may be gone.
    /// - [`CatalogError::OutOfRange`].
    async fn finish_import(
        &self,
        upload: Uuid,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError>;

    /// Makes a data source failed whose bytes were on their way, and its upload. The key stays
    /// doomed.
    ///
    /// The reason is at most 4,096 bytes.
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when the data source is settled or deleted;
    /// [`CatalogError::OutOfRange`].
    async fn fail_import(
        &self,
        upload: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<DataSource, CatalogError>;

    /// Makes those data sources failed whose lease is over: nobody fetches their bytes any more. The
    /// oldest come first, as many as the limit says; they are returned as they are now.
    ///
    /// # Errors
    ///
    /// [`CatalogError::OutOfRange`], when the reason has more than 4,096 bytes.
    async fn lapse_imports(
        &self,
        limit: u32,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<DataSource>, CatalogError>;
}
