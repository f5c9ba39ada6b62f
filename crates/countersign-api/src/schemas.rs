//! Schemas, and what was put under them.

use countersign::Timestamp;
use countersign_catalog::{
    Identity, Page, Schema, SchemaFileFilter, SchemaFilePage, SchemaPage, Slug, UploadToken,
};

use crate::{App, error::ApiError};

impl App {
    /// A schema of the team.
    pub(crate) async fn schema(&self, who: &Identity, slug: &str) -> Result<Schema, ApiError> {
        let unknown = || ApiError::NotFound("schema");
        // What cannot be a slug is as unknown as one of another team.
        let slug = Slug::new(slug).map_err(|_| unknown())?;
        self.catalog.schema(who.team, &slug).await?.ok_or_else(unknown)
    }

    /// The schemas of the team.
    pub(crate) async fn schemas(&self, who: &Identity, page: Page) -> Result<SchemaPage, ApiError> {
        Ok(self.catalog.schemas(who.team, page).await?)
    }

    /// Files of a schema, which is one of the team.
    pub(crate) async fn schema_files(
        &self,
        filter: SchemaFileFilter<'_>,
        page: Page,
    ) -> Result<SchemaFilePage, ApiError> {
        Ok(self.catalog.schema_files(filter, page).await?)
    }

    /// An upload token of the team, and whether it still holds.
    pub(crate) async fn upload_token(
        &self,
        who: &Identity,
        number: i64,
        now: Timestamp,
    ) -> Result<(UploadToken, bool), ApiError> {
        let token = self.catalog.numbered_upload_token(who.team, number).await?;
        let token = token.ok_or(ApiError::NotFound("upload token"))?;
        let is_valid = now < token.not_after;
        Ok((token, is_valid))
    }

    /// Whether the catalog answers.
    pub(crate) async fn check_catalog(&self) -> Result<(), ApiError> {
        self.catalog.has_api_keys().await?;
        Ok(())
    }
}
