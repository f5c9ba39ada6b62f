//! What a catalog does with schemas, whichever store is behind it.

use async_trait::async_trait;
use countersign::Timestamp;
use uuid::Uuid;

use crate::{
    CatalogError, NewSchemaFile, NewUploadToken, Page, Schema, SchemaFile, SchemaFileFilter,
    SchemaFilePage, SchemaPage, Slug, Stored, TeamId, UploadToken,
};

/// The schemas of a [`Catalog`](crate::Catalog), which says what holds for every method; the tokens
/// for uploads under them, and what came by these.
#[async_trait]
pub trait Schemas {
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

    /// The schema of the team with this slug.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn schema(&self, team: TeamId, slug: &Slug) -> Result<Option<Schema>, CatalogError>;

    /// The schemas of the team, in the order of their slugs. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn schemas(&self, team: TeamId, page: Page) -> Result<SchemaPage, CatalogError>;

    /// Records an upload token.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Conflict`], when the id is taken; [`CatalogError::OwnerUnknown`], also when
    /// the owner's team has no such schema; [`CatalogError::OutOfRange`].
    async fn add_upload_token(
        &self,
        new: &NewUploadToken,
        now: Timestamp,
    ) -> Result<UploadToken, CatalogError>;

    /// An upload token, whichever team has it, also one that no longer holds.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn upload_token(&self, id: Uuid) -> Result<Option<UploadToken>, CatalogError>;

    /// The upload token of the team that has this [number](UploadToken::number), also one that no
    /// longer holds.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn numbered_upload_token(
        &self,
        team: TeamId,
        number: i64,
    ) -> Result<Option<UploadToken>, CatalogError>;

    /// Whether the schema of this [number](Schema::id) has a file of this name.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn has_schema_file(&self, schema: i64, name: &str) -> Result<bool, CatalogError>;

    /// The files of a schema. Page and total are of one moment.
    ///
    /// # Errors
    ///
    /// Those of every method.
    async fn schema_files(
        &self,
        filter: SchemaFileFilter<'_>,
        page: Page,
    ) -> Result<SchemaFilePage, CatalogError>;

    /// Records a file under the schema of an upload token, with its upload, whose bytes are there
    /// already: as [`add_stored_upload`](crate::Catalog::add_stored_upload) does.
    ///
    /// Until when the token holds is not looked at here: it has to hold when the bytes begin to
    /// come, and they may take their time.
    ///
    /// # Errors
    ///
    /// The key stays doomed in every case.
    ///
    /// - [`CatalogError::Conflict`], when the schema has a file of this name; or when one of the ids
    ///   or keys of the upload was ever used.
    /// - [`CatalogError::UploadClosed`], when the key is not doomed, or is due.
    /// - [`CatalogError::OwnerUnknown`], when the team of the upload has no such token or no such
    ///   user.
    /// - [`CatalogError::OutOfRange`].
    async fn add_schema_file(
        &self,
        new: &NewSchemaFile,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<SchemaFile, CatalogError>;
}
