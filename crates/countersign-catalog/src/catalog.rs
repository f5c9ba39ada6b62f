//! What a catalog does, whichever store is behind it.

use std::fmt::Debug;

use async_trait::async_trait;
use countersign::Timestamp;
use uuid::Uuid;

use crate::{
    AccessKey, ApiKeyHash, CatalogError, File, FilePage, FileRef, Identity, NewFile, Page, Schema,
    Slug, Stored, TeamId, TeamName, Upload, UserId,
};

/// The records. The example is at the [head of the crate](crate).
///
/// - What one method writes is written whole or not at all, also when its future is dropped or the
///   power fails, and is on the disk before the method returns.
/// - Another process may use the same catalog at the same time.
/// - Where a team is an argument, what another team has is as good as not there.
/// - Text is kept verbatim.
///
/// # Errors
///
/// Every method may return [`CatalogError::Busy`], [`CatalogError::Full`],
/// [`CatalogError::Damaged`] and [`CatalogError::Backend`]. What else a method returns stands there.
#[async_trait]
pub trait Catalog: Debug + Send + Sync + 'static {
    /// The user in the team. Both are made when missing.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn ensure_user(
        &self,
        team: &TeamName,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Identity, CatalogError>;

    /// The team of this name.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn team(&self, name: &TeamName) -> Result<Option<TeamId>, CatalogError>;

    /// Gives the user an API key.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when somebody has the key; [`CatalogError::OwnerUnknown`].
    async fn add_api_key(
        &self,
        hash: &ApiKeyHash,
        owner: &Identity,
        now: Timestamp,
    ) -> Result<(), CatalogError>;

    /// Whose API key it is.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn api_key_owner(&self, hash: &ApiKeyHash) -> Result<Option<Identity>, CatalogError>;

    /// Whether anybody has an API key.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn has_api_keys(&self) -> Result<bool, CatalogError>;

    /// Records the public half of a signing key pair.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id is taken; [`CatalogError::OwnerUnknown`];
    /// [`CatalogError::OutOfRange`].
    async fn add_access_key(&self, key: &AccessKey, now: Timestamp) -> Result<(), CatalogError>;

    /// The signing key pair of this access key id.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, CatalogError>;

    /// Makes a schema.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the team has the slug; [`CatalogError::OwnerUnknown`].
    async fn add_schema(
        &self,
        team: TeamId,
        slug: &Slug,
        now: Timestamp,
    ) -> Result<Schema, CatalogError>;

    /// Records a file and its pending upload.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id of the upload or one of its keys was ever used;
    /// [`CatalogError::OwnerUnknown`]; [`CatalogError::OutOfRange`].
    async fn add_file(&self, new: &NewFile, now: Timestamp) -> Result<File, CatalogError>;

    /// A file of the team.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn file(&self, team: TeamId, file: FileRef<'_>) -> Result<Option<File>, CatalogError>;

    /// The files of the team, the newest first. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn files(&self, team: TeamId, page: Page) -> Result<FilePage, CatalogError>;

    /// The upload of this id, whichever team has it.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn upload(&self, id: Uuid) -> Result<Option<Upload>, CatalogError>;

    /// Makes a pending upload ready, records its object and dooms its staging key: a late request
    /// may put bytes there again, and where freezing is a copy, the original stays there. A ready
    /// one stays as it is, and nothing is doomed again.
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when it is failed, aborted or unknown. Its object key is
    /// doomed then, as the caller may just have put bytes there. [`CatalogError::OutOfRange`].
    async fn accept_upload(
        &self,
        id: Uuid,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<(), CatalogError>;

    /// Makes a pending upload failed and dooms both its keys. A failed one stays as it is.
    ///
    /// The reason is at most 4,096 bytes.
    ///
    /// # Errors
    ///
    /// [`CatalogError::UploadClosed`], when it is ready, aborted or unknown: nothing is doomed then.
    /// [`CatalogError::OutOfRange`].
    async fn fail_upload(&self, id: Uuid, reason: &str, now: Timestamp)
    -> Result<(), CatalogError>;

    /// Deletes a file and the record of its object, dooms both keys, and aborts its upload unless
    /// that failed. Returns the file as it was, or `None` where the team has no such file.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn delete_file(
        &self,
        team: TeamId,
        file: FileRef<'_>,
        now: Timestamp,
    ) -> Result<Option<File>, CatalogError>;

    /// Whether an accepted object of this key is there to be read.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn object_exists(&self, object_key: &str) -> Result<bool, CatalogError>;

    /// Keys whose bytes are to be deleted and that are due, in the order in which they were doomed.
    ///
    /// - An object key is due at once.
    /// - A staging key is due a day after [`Upload::not_after`], or at once where that is later: a
    ///   URL may put bytes there until then, and an upload that began through it may still be
    ///   streaming. Bytes that arrive after a sweep would stay for ever.
    /// - A key that is doomed again keeps its place, and the later due time counts.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn doomed(&self, limit: u32, now: Timestamp) -> Result<Vec<Box<str>>, CatalogError>;

    /// Strikes a key from the doomed once its bytes are gone. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn forget_doomed(&self, key: &str) -> Result<(), CatalogError>;
}
