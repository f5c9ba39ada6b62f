//! What goes with a dataset.

use countersign::Timestamp;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{datasets, rows::failure, uploads};
use crate::{CatalogError, DeletedDataset, TeamId, upload::STAGING_GRACE_SECS};

/// One statement, without building it at run time: of the uploads that the data sources and the jobs
/// of a dataset have. `?1` is the dataset.
macro_rules! of_its_uploads {
    ($start:expr, $end:expr) => {
        concat!(
            $start,
            " IN (SELECT upload_id FROM data_sources WHERE dataset_id = ?1
                  UNION SELECT upload_id FROM jobs WHERE dataset_id = ?1) ",
            $end
        )
    };
}

/// Removes a dataset from the catalog. All of its rows go by a few statements, however many there
/// are: there is one writer.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    team: TeamId,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<DeletedDataset>, CatalogError> {
    let found = datasets::find(&mut *connection, team, id).await?;
    let Some(dataset) = found else { return Ok(None) };
    // While their rows are there that tell which they are.
    abort_uploads(connection, id).await?;
    let uploads = sqlx::query(of_its_uploads!(
        concat!("SELECT ", uploads::columns!(), " FROM uploads u WHERE u.id"),
        "ORDER BY u.multipart_id IS NULL, u.rowid LIMIT 1000"
    ))
    .bind(id.as_bytes().as_slice())
    .fetch_all(&mut *connection)
    .await
    .map_err(failure)?;
    let uploads = uploads.iter().map(uploads::read).collect::<Result<_, _>>()?;
    doom_keys(connection, id, now).await?;
    for sql in [
        of_its_uploads!("DELETE FROM objects WHERE upload_id", ""),
        "DELETE FROM download_tokens WHERE dataset_id = ?1",
        "DELETE FROM dataset_columns WHERE dataset_id = ?1",
        "DELETE FROM data_sources WHERE dataset_id = ?1",
        "DELETE FROM jobs WHERE dataset_id = ?1",
        "DELETE FROM datasets WHERE id = ?1",
    ] {
        let done = sqlx::query(sql).bind(id.as_bytes().as_slice()).execute(&mut *connection);
        done.await.map_err(failure)?;
    }
    Ok(Some(DeletedDataset { dataset, uploads }))
}

/// As the upload of each is aborted where it alone is deleted, so that nobody can accept it again.
async fn abort_uploads(connection: &mut SqliteConnection, id: Uuid) -> Result<(), CatalogError> {
    sqlx::query(of_its_uploads!(
        "UPDATE uploads SET state = 'aborted' WHERE id",
        "AND state IN ('pending', 'ready')"
    ))
    .bind(id.as_bytes().as_slice())
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

/// As [`Upload::staging_due_at`](crate::Upload) has it: the key of a URL waits for its end.
async fn doom_keys(
    connection: &mut SqliteConnection,
    id: Uuid,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let staging = of_its_uploads!(
        "INSERT INTO doomed_objects (key, due_at)
             SELECT staging_key, max(min(not_after + ?3, ?4), ?2) FROM uploads
             WHERE staging_key IS NOT NULL AND id",
        "ORDER BY rowid
         ON CONFLICT (key) DO UPDATE SET due_at = max(due_at, excluded.due_at)"
    );
    let objects = of_its_uploads!(
        "INSERT INTO doomed_objects (key, due_at)
             SELECT object_key, ?2 FROM uploads WHERE id",
        "ORDER BY rowid
         ON CONFLICT (key) DO UPDATE SET due_at = max(due_at, excluded.due_at)"
    );
    let id = id.as_bytes().as_slice();
    sqlx::query(staging)
        .bind(id)
        .bind(now.unix_secs())
        .bind(i64::from(STAGING_GRACE_SECS))
        .bind(Timestamp::MAX.unix_secs())
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    let doomed = sqlx::query(objects).bind(id).bind(now.unix_secs()).execute(connection);
    doomed.await.map_err(failure)?;
    Ok(())
}
