//! How a dataset goes, with all that is in it.
//!
//! A dataset may have any number of data sources, and there is one writer: so all of one table is done
//! by one statement.

use countersign::Timestamp;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{datasets, rows::failure, uploads};
use crate::{CatalogError, DeletedDataset, TeamId, Upload, upload::STAGING_GRACE_SECS};

/// The uploads of what is in the dataset `?1`. What was committed is a data source, or was deleted as
/// one, and its keys were doomed then.
macro_rules! contained {
    () => {
        "(SELECT upload_id FROM data_sources WHERE dataset_id = ?1
          UNION ALL
          SELECT upload_id FROM jobs WHERE dataset_id = ?1 AND committed_at IS NULL)"
    };
}

/// What goes, in an order in which nothing ever points to what is gone.
const DELETIONS: [&str; 7] = [
    concat!("DELETE FROM objects WHERE upload_id IN ", contained!()),
    concat!(
        "UPDATE uploads SET state = 'aborted' WHERE state IN ('pending', 'ready') AND id IN ",
        contained!()
    ),
    "DELETE FROM data_sources WHERE dataset_id = ?1",
    "DELETE FROM jobs WHERE dataset_id = ?1",
    "DELETE FROM download_tokens WHERE dataset_id = ?1",
    "DELETE FROM dataset_columns WHERE dataset_id = ?1",
    "DELETE FROM datasets WHERE id = ?1",
];

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    team: TeamId,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<DeletedDataset>, CatalogError> {
    let Some(dataset) = datasets::find(&mut *connection, team, id).await? else {
        return Ok(None);
    };
    let uploads = told_of(connection, id).await?;
    doom_staging(connection, id, now).await?;
    doom_objects(connection, id, now).await?;
    for deletion in DELETIONS {
        sqlx::query(deletion)
            .bind(id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await
            .map_err(failure)?;
    }
    Ok(Some(DeletedDataset { dataset, uploads }))
}

async fn told_of(
    connection: &mut SqliteConnection,
    dataset: Uuid,
) -> Result<Vec<Upload>, CatalogError> {
    sqlx::query(concat!(
        "SELECT ",
        uploads::columns!(),
        " FROM uploads u WHERE u.id IN ",
        contained!(),
        " ORDER BY u.multipart_id IS NOT NULL AND u.state = 'pending' DESC, u.rowid LIMIT ?2"
    ))
    .bind(dataset.as_bytes().as_slice())
    .bind(DeletedDataset::UPLOADS_MAX)
    .fetch_all(connection)
    .await
    .map_err(failure)?
    .iter()
    .map(uploads::read)
    .collect()
}

/// As [`Upload::staging_due_at`] says.
async fn doom_staging(
    connection: &mut SqliteConnection,
    dataset: Uuid,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query(concat!(
        "INSERT INTO doomed_objects (key, due_at)
             SELECT staging_key, max(min(not_after + ?2, ?3), ?4) FROM uploads
             WHERE staging_key IS NOT NULL AND id IN ",
        contained!(),
        " ORDER BY rowid
         ON CONFLICT (key) DO UPDATE SET due_at = max(due_at, excluded.due_at)"
    ))
    .bind(dataset.as_bytes().as_slice())
    .bind(STAGING_GRACE_SECS)
    .bind(Timestamp::MAX.unix_secs())
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

async fn doom_objects(
    connection: &mut SqliteConnection,
    dataset: Uuid,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query(concat!(
        "INSERT INTO doomed_objects (key, due_at)
             SELECT object_key, ?2 FROM uploads WHERE id IN ",
        contained!(),
        " ORDER BY rowid
         ON CONFLICT (key) DO UPDATE SET due_at = max(due_at, excluded.due_at)"
    ))
    .bind(dataset.as_bytes().as_slice())
    .bind(now.unix_secs())
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}
