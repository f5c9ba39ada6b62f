//! Download tokens.

use async_trait::async_trait;
use countersign::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::{
    SqliteCatalog,
    rows::{failure, identity, timestamp, uuid},
};
use crate::{CatalogError, DownloadToken, DownloadTokenHash, DownloadTokens};

/// The most tokens of a user.
const COUNT_MAX: i64 = 1_000;

#[async_trait]
impl DownloadTokens for SqliteCatalog {
    async fn add_download_token(
        &self,
        hash: &DownloadTokenHash,
        new: &DownloadToken,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin_write().await?;
        add(&mut transaction, hash, new, now).await?;
        transaction.commit().await.map_err(failure)
    }

    async fn download_token(
        &self,
        hash: &DownloadTokenHash,
    ) -> Result<Option<DownloadToken>, CatalogError> {
        find(&self.readers, hash).await
    }
}

async fn add(
    connection: &mut SqliteConnection,
    hash: &DownloadTokenHash,
    new: &DownloadToken,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM download_tokens WHERE not_after <= ?1")
        .bind(now.unix_secs())
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    sqlx::query(
        "INSERT INTO download_tokens (hash, team_id, user_id, dataset_id, not_after)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(hash.as_bytes().as_slice())
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(new.dataset.as_bytes().as_slice())
    .bind(new.not_after.unix_secs())
    .execute(&mut *connection)
    .await
    .map_err(failure)?;
    sqlx::query(
        "DELETE FROM download_tokens WHERE hash IN
             (SELECT hash FROM download_tokens WHERE team_id = ?1 AND user_id = ?2 AND hash <> ?3
              ORDER BY not_after DESC LIMIT -1 OFFSET ?4)",
    )
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(hash.as_bytes().as_slice())
    .bind(COUNT_MAX - 1)
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

async fn find(
    readers: &SqlitePool,
    hash: &DownloadTokenHash,
) -> Result<Option<DownloadToken>, CatalogError> {
    let row = sqlx::query(
        "SELECT team_id, user_id, dataset_id, not_after FROM download_tokens WHERE hash = ?1",
    )
    .bind(hash.as_bytes().as_slice())
    .fetch_optional(readers)
    .await
    .map_err(failure)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(DownloadToken {
        owner: identity(&row)?,
        dataset: uuid(&row, "dataset_id")?,
        not_after: timestamp(&row, "not_after")?,
    }))
}
