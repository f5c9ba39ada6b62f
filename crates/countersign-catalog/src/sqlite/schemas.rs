//! Schemas.

use async_trait::async_trait;
use countersign::Timestamp;
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    SqliteCatalog,
    rows::{column, failure, offset, timestamp, total},
    schema_files, upload_tokens,
};
use crate::{
    CatalogError, NewSchemaFile, NewUploadToken, Page, Schema, SchemaFile, SchemaFileFilter,
    SchemaFilePage, SchemaPage, Schemas, Slug, Stored, TeamId, UploadToken,
};

#[async_trait]
impl Schemas for SqliteCatalog {
    async fn add_schema(
        &self,
        team: TeamId,
        slug: &Slug,
        now: Timestamp,
    ) -> Result<Schema, CatalogError> {
        add(&self.writer, team, slug, now).await
    }

    async fn schema(&self, team: TeamId, slug: &Slug) -> Result<Option<Schema>, CatalogError> {
        find(&self.readers, team, slug).await
    }

    async fn schemas(&self, team: TeamId, page: Page) -> Result<SchemaPage, CatalogError> {
        let mut transaction = self.readers.begin().await.map_err(failure)?;
        let page = page_of(&mut transaction, team, page).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(page)
    }

    async fn add_upload_token(
        &self,
        new: &NewUploadToken,
        now: Timestamp,
    ) -> Result<UploadToken, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let token = upload_tokens::add(&mut transaction, new, now).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(token)
    }

    async fn upload_token(&self, id: Uuid) -> Result<Option<UploadToken>, CatalogError> {
        upload_tokens::find(&self.readers, id).await
    }

    async fn numbered_upload_token(
        &self,
        team: TeamId,
        number: i64,
    ) -> Result<Option<UploadToken>, CatalogError> {
        upload_tokens::numbered(&self.readers, team, number).await
    }

    async fn has_schema_file(&self, schema: i64, name: &str) -> Result<bool, CatalogError> {
        schema_files::exists(&self.readers, schema, name).await
    }

    async fn schema_files(
        &self,
        filter: SchemaFileFilter<'_>,
        page: Page,
    ) -> Result<SchemaFilePage, CatalogError> {
        let mut transaction = self.readers.begin().await.map_err(failure)?;
        let page = schema_files::page(&mut transaction, filter, page).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(page)
    }

    async fn add_schema_file(
        &self,
        new: &NewSchemaFile,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<SchemaFile, CatalogError> {
        let mut transaction = self.begin_write().await?;
        let file = schema_files::add(&mut transaction, new, stored, now).await?;
        transaction.commit().await.map_err(failure)?;
        Ok(file)
    }
}

async fn add(
    writer: &SqlitePool,
    team: TeamId,
    slug: &Slug,
    now: Timestamp,
) -> Result<Schema, CatalogError> {
    let done = sqlx::query("INSERT INTO schemas (team_id, slug, created_at) VALUES (?1, ?2, ?3)")
        .bind(team.as_i64())
        .bind(slug.as_str())
        .bind(now.unix_secs())
        .execute(writer)
        .await
        .map_err(failure)?;
    let id = done.last_insert_rowid();
    Ok(Schema { id, team, slug: slug.clone(), created_at: now })
}

async fn find(
    readers: &SqlitePool,
    team: TeamId,
    slug: &Slug,
) -> Result<Option<Schema>, CatalogError> {
    sqlx::query(
        "SELECT id, team_id, slug, created_at FROM schemas WHERE team_id = ?1 AND slug = ?2",
    )
    .bind(team.as_i64())
    .bind(slug.as_str())
    .fetch_optional(readers)
    .await
    .map_err(failure)?
    .map(|row| read(&row))
    .transpose()
}

async fn page_of(
    connection: &mut SqliteConnection,
    team: TeamId,
    page: Page,
) -> Result<SchemaPage, CatalogError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM schemas WHERE team_id = ?1")
        .bind(team.as_i64())
        .fetch_one(&mut *connection)
        .await
        .map_err(failure)?;
    let rows = sqlx::query(
        "SELECT id, team_id, slug, created_at FROM schemas WHERE team_id = ?1
         ORDER BY slug LIMIT ?2 OFFSET ?3",
    )
    .bind(team.as_i64())
    .bind(i64::from(page.limit))
    .bind(offset(page))
    .fetch_all(connection)
    .await
    .map_err(failure)?;
    let schemas = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(SchemaPage { schemas, total: total(count)? })
}

fn read(row: &SqliteRow) -> Result<Schema, CatalogError> {
    let slug = Slug::new(column::<Box<str>>(row, "slug")?)
        .map_err(|_| CatalogError::Damaged { place: "slug" })?;
    Ok(Schema {
        id: column(row, "id")?,
        team: TeamId::new(column(row, "team_id")?),
        slug,
        created_at: timestamp(row, "created_at")?,
    })
}
