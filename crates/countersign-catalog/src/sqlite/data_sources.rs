//! Data sources.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    datasets, objects,
    rows::{column, failure, offset, size, timestamp, total, uuid},
    uploads,
};
use crate::{
    CatalogError, DataSource, DataSourceCounts, DataSourceFilter, DataSourcePage, DataSourceRef,
    DataSourceState, NewDataSource, Page, TargetDataset, TeamId, Upload, UploadRef, UploadState,
};

/// One statement, without building it at run time: `?1` is the team.
macro_rules! select_data_sources {
    ($rest:expr) => {
        concat!(
            "SELECT d.id AS data_source_id, d.dataset_id, d.name,
                    coalesce(d.file_name, d.name) AS file_name, d.state AS data_source_state,
                    d.failure AS data_source_failure, d.version, d.created_at, o.size, ",
            uploads::columns!(),
            " FROM data_sources d JOIN uploads u ON u.id = d.upload_id
                 LEFT JOIN objects o ON o.upload_id = d.upload_id
             WHERE d.team_id = ?1 ",
            $rest
        )
    };
}

/// `?2` is the dataset, `?3` whether every state is listed. `?4` to `?6` are the states, each of
/// them itself where it is listed, and NULL where it is not, which is in nothing.
macro_rules! listed {
    () => {
        "AND d.dataset_id = ?2 AND (?3 OR d.state IN (?4, ?5, ?6)) "
    };
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    team: TeamId,
    new: &NewDataSource,
    now: Timestamp,
) -> Result<DataSource, CatalogError> {
    let upload = free_upload(connection, team, new.upload).await?;
    let dataset = match &new.dataset {
        TargetDataset::Existing(id) => *id,
        // One of another team is recorded, refused by the foreign key below, and rolled back.
        TargetDataset::New(dataset) => datasets::add(connection, dataset, now).await?.id,
    };
    let record = Record {
        id: new.id,
        team,
        dataset,
        name: &new.name,
        file_name: &new.file_name,
        beginning: new.failure.as_deref().map_or(Beginning::Ready, Beginning::Failed),
        upload: upload.id,
        version: None,
    };
    insert(connection, &record, now).await?;
    if let Some(reason) = &new.failure {
        objects::remove(connection, upload.id).await?;
        uploads::make_failed(connection, &upload, reason, now).await?;
    }
    let added = find(connection, team, DataSourceRef::Upload(upload.id)).await?;
    added.ok_or(CatalogError::Damaged { place: "upload_id" })
}

/// A data source as it is first recorded.
pub(super) struct Record<'a> {
    pub(super) id: Uuid,
    pub(super) team: TeamId,
    pub(super) dataset: Uuid,
    pub(super) name: &'a str,
    pub(super) file_name: &'a str,
    pub(super) beginning: Beginning<'a>,
    pub(super) upload: Uuid,
    pub(super) version: Option<i64>,
}

/// How far a data source has come when it is first recorded.
#[derive(Clone, Copy)]
pub(super) enum Beginning<'a> {
    Ready,
    Failed(&'a str),
    Importing { lease_ends_at: Timestamp },
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    record: &Record<'_>,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let (state, reason, lease_ends_at) = match record.beginning {
        Beginning::Ready => (DataSourceState::Ready, None, None),
        Beginning::Failed(reason) => (DataSourceState::Failed, Some(reason), None),
        Beginning::Importing { lease_ends_at } => {
            (DataSourceState::Importing, None, Some(lease_ends_at.unix_secs()))
        }
    };
    sqlx::query(
        "INSERT INTO data_sources
             (id, team_id, dataset_id, name, file_name, state, failure, upload_id, version, created_at,
              lease_ends_at)
         VALUES (?1, ?2, ?3, ?4, nullif(?5, ?4), ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(record.id.as_bytes().as_slice())
    .bind(record.team.as_i64())
    .bind(record.dataset.as_bytes().as_slice())
    .bind(record.name)
    .bind(record.file_name)
    .bind(name_of(state))
    .bind(reason)
    .bind(record.upload.as_bytes().as_slice())
    .bind(record.version)
    .bind(now.unix_secs())
    .bind(lease_ends_at)
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

/// The upload, where it is of the team, ready, and nobody's yet.
///
/// Whether somebody has it comes first: whoever is told [`CatalogError::Conflict`] may look for the
/// data source of the upload, whatever became of its bytes.
async fn free_upload(
    connection: &mut SqliteConnection,
    team: TeamId,
    id: Uuid,
) -> Result<Upload, CatalogError> {
    let upload = uploads::find(&mut *connection, UploadRef::Id(id)).await?;
    let upload = upload.filter(|upload| upload.owner.team == team);
    let Some(upload) = upload else { return Err(CatalogError::UploadClosed) };
    let is_taken: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM files WHERE upload_id = ?1)
             OR EXISTS (SELECT 1 FROM data_sources WHERE upload_id = ?1)
             OR EXISTS (SELECT 1 FROM uploads
                        WHERE id = ?1 AND purpose IN ('job', 'schema file'))",
    )
    .bind(id.as_bytes().as_slice())
    .fetch_one(connection)
    .await
    .map_err(failure)?;
    match upload.state {
        _ if is_taken => Err(CatalogError::Conflict),
        UploadState::Ready => Ok(upload),
        _ => Err(CatalogError::UploadClosed),
    }
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    team: TeamId,
    data_source: DataSourceRef,
) -> Result<Option<DataSource>, CatalogError> {
    let query = match &data_source {
        DataSourceRef::Id { dataset, id } => {
            sqlx::query(select_data_sources!("AND d.dataset_id = ?2 AND d.id = ?3"))
                .bind(team.as_i64())
                .bind(dataset.as_bytes().as_slice())
                .bind(id.as_bytes().as_slice())
        }
        DataSourceRef::Upload(upload) => sqlx::query(select_data_sources!("AND d.upload_id = ?2"))
            .bind(team.as_i64())
            .bind(upload.as_bytes().as_slice()),
    };
    let row = query.fetch_optional(executor).await.map_err(failure)?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn page(
    connection: &mut SqliteConnection,
    filter: DataSourceFilter<'_>,
    page: Page,
) -> Result<DataSourcePage, CatalogError> {
    let listed = |state| {
        let is_listed = filter.states.is_some_and(|states| states.contains(&state));
        is_listed.then(|| name_of(state))
    };
    let count = sqlx::query_scalar(concat!(
        "SELECT count(*) FROM data_sources d WHERE d.team_id = ?1 ",
        listed!()
    ))
    .bind(filter.team.as_i64())
    .bind(filter.dataset.as_bytes().as_slice())
    .bind(filter.states.is_none())
    .bind(listed(DataSourceState::Importing))
    .bind(listed(DataSourceState::Ready))
    .bind(listed(DataSourceState::Failed))
    .fetch_one(&mut *connection)
    .await
    .map_err(failure)?;
    let rows = sqlx::query(concat!(
        select_data_sources!(listed!()),
        "ORDER BY d.number DESC LIMIT ?7 OFFSET ?8"
    ))
    .bind(filter.team.as_i64())
    .bind(filter.dataset.as_bytes().as_slice())
    .bind(filter.states.is_none())
    .bind(listed(DataSourceState::Importing))
    .bind(listed(DataSourceState::Ready))
    .bind(listed(DataSourceState::Failed))
    .bind(i64::from(page.limit))
    .bind(offset(page))
    .fetch_all(connection)
    .await
    .map_err(failure)?;
    let data_sources = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(DataSourcePage { data_sources, total: total(count)? })
}

pub(super) async fn counts(
    readers: &SqlitePool,
    team: TeamId,
    dataset: Uuid,
) -> Result<DataSourceCounts, CatalogError> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE state = 'importing') AS importing,
                count(*) FILTER (WHERE state = 'ready') AS ready,
                count(*) FILTER (WHERE state = 'failed') AS failed
         FROM data_sources WHERE team_id = ?1 AND dataset_id = ?2",
    )
    .bind(team.as_i64())
    .bind(dataset.as_bytes().as_slice())
    .fetch_one(readers)
    .await
    .map_err(failure)?;
    Ok(DataSourceCounts {
        importing: total(column(&row, "importing")?)?,
        ready: total(column(&row, "ready")?)?,
        failed: total(column(&row, "failed")?)?,
    })
}

pub(super) async fn versions(
    connection: &mut SqliteConnection,
    (team, dataset): (TeamId, Uuid),
    page: Page,
) -> Result<DataSourcePage, CatalogError> {
    let count = sqlx::query_scalar(
        "SELECT count(*) FROM data_sources
         WHERE team_id = ?1 AND dataset_id = ?2 AND version IS NOT NULL",
    )
    .bind(team.as_i64())
    .bind(dataset.as_bytes().as_slice())
    .fetch_one(&mut *connection)
    .await
    .map_err(failure)?;
    let rows = sqlx::query(select_data_sources!(
        "AND d.dataset_id = ?2 AND d.version IS NOT NULL
         ORDER BY d.version DESC LIMIT ?3 OFFSET ?4"
    ))
    .bind(team.as_i64())
    .bind(dataset.as_bytes().as_slice())
    .bind(i64::from(page.limit))
    .bind(offset(page))
    .fetch_all(connection)
    .await
    .map_err(failure)?;
    let data_sources = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(DataSourcePage { data_sources, total: total(count)? })
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    team: TeamId,
    data_source: DataSourceRef,
    now: Timestamp,
) -> Result<Option<DataSource>, CatalogError> {
    let found = find(&mut *connection, team, data_source).await?;
    let Some(data_source) = found else { return Ok(None) };
    sqlx::query("DELETE FROM data_sources WHERE team_id = ?1 AND id = ?2")
        .bind(team.as_i64())
        .bind(data_source.id.as_bytes().as_slice())
        .execute(&mut *connection)
        .await
        .map_err(failure)?;
    objects::remove(connection, data_source.upload.id).await?;
    uploads::abort(connection, data_source.upload.id).await?;
    objects::doom_all(connection, &data_source.upload, now).await?;
    Ok(Some(data_source))
}

fn read(row: &SqliteRow) -> Result<DataSource, CatalogError> {
    let state = match column(row, "data_source_state")? {
        "importing" => DataSourceState::Importing,
        "ready" => DataSourceState::Ready,
        "failed" => DataSourceState::Failed,
        _ => return Err(CatalogError::Damaged { place: "data_source_state" }),
    };
    Ok(DataSource {
        id: uuid(row, "data_source_id")?,
        dataset: uuid(row, "dataset_id")?,
        name: column(row, "name")?,
        file_name: column(row, "file_name")?,
        version: size(row, "version")?,
        state,
        failure: column(row, "data_source_failure")?,
        upload: uploads::read(row)?,
        size: size(row, "size")?,
        created_at: timestamp(row, "created_at")?,
    })
}

fn name_of(state: DataSourceState) -> &'static str {
    match state {
        DataSourceState::Importing => "importing",
        DataSourceState::Ready => "ready",
        DataSourceState::Failed => "failed",
    }
}
