//! Datasets.

use countersign::Timestamp;
use sqlx::{Executor, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    columns,
    rows::{column, failure, identity, offset, optional_timestamp, timestamp, total, uuid},
};
use crate::{
    CatalogError, CurrentVersion, Dataset, DatasetChange, DatasetPage, Identity, NewDataset, Page,
    TeamId,
};

/// One statement, without building it at run time: `?1` is the team.
macro_rules! select_datasets {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.team_id, d.user_id, d.name, d.description, d.version, d.created_at, d.changed_at,
                    c.name AS current_name, c.created_at AS current_created_at
             FROM datasets d
                 LEFT JOIN data_sources c ON c.dataset_id = d.id AND c.version = d.version
             WHERE d.team_id = ?1 ",
            $rest
        )
    };
}

/// `?2` is what to search for. `instr` has no wildcards, counts in bytes up to the last one, also
/// beyond a NUL, and finds the empty text everywhere; `lower` folds ASCII only.
macro_rules! found {
    () => {
        "AND (?2 IS NULL OR instr(lower(d.name), lower(?2)) > 0
              OR instr(lower(d.description), lower(?2)) > 0) "
    };
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    new: &NewDataset,
    now: Timestamp,
) -> Result<Dataset, CatalogError> {
    sqlx::query(
        "INSERT INTO datasets (id, team_id, user_id, name, description, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(new.id.as_bytes().as_slice())
    .bind(new.owner.team.as_i64())
    .bind(new.owner.user.as_str())
    .bind(&*new.name)
    .bind(&*new.description)
    .bind(now.unix_secs())
    .execute(&mut *connection)
    .await
    .map_err(failure)?;
    columns::add(connection, new.id, &new.columns).await?;
    let NewDataset { id, owner, name, description, .. } = new.clone();
    Ok(Dataset {
        id,
        owner,
        name,
        description,
        version: 0,
        current: None,
        created_at: now,
        changed_at: None,
    })
}

pub(super) async fn change(
    connection: &mut SqliteConnection,
    (team, id): (TeamId, Uuid),
    change: &DatasetChange,
    now: Timestamp,
) -> Result<Option<Dataset>, CatalogError> {
    sqlx::query(
        "UPDATE datasets SET name = coalesce(?3, name), description = coalesce(?4, description),
             changed_at = iif(?3 IS NULL AND ?4 IS NULL, changed_at, ?5)
         WHERE team_id = ?1 AND id = ?2",
    )
    .bind(team.as_i64())
    .bind(id.as_bytes().as_slice())
    .bind(change.name.as_deref())
    .bind(change.description.as_deref())
    .bind(now.unix_secs())
    .execute(&mut *connection)
    .await
    .map_err(failure)?;
    find(connection, team, id).await
}

pub(super) async fn count_of(readers: &SqlitePool, who: &Identity) -> Result<u64, CatalogError> {
    let count =
        sqlx::query_scalar("SELECT count(*) FROM datasets WHERE team_id = ?1 AND user_id = ?2")
            .bind(who.team.as_i64())
            .bind(who.user.as_str())
            .fetch_one(readers)
            .await
            .map_err(failure)?;
    total(count)
}

/// Counts in the row of the dataset, not in its data sources: a deleted version keeps its number.
///
/// `None`, where the team has no such dataset.
pub(super) async fn next_version(
    connection: &mut SqliteConnection,
    team: TeamId,
    id: Uuid,
) -> Result<Option<i64>, CatalogError> {
    sqlx::query_scalar(
        "UPDATE datasets SET version = version + 1 WHERE team_id = ?1 AND id = ?2
         RETURNING version",
    )
    .bind(team.as_i64())
    .bind(id.as_bytes().as_slice())
    .fetch_optional(connection)
    .await
    .map_err(failure)
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Sqlite>,
    team: TeamId,
    id: Uuid,
) -> Result<Option<Dataset>, CatalogError> {
    sqlx::query(select_datasets!("AND d.id = ?2"))
        .bind(team.as_i64())
        .bind(id.as_bytes().as_slice())
        .fetch_optional(executor)
        .await
        .map_err(failure)?
        .map(|row| read(&row))
        .transpose()
}

pub(super) async fn page(
    connection: &mut SqliteConnection,
    team: TeamId,
    search: Option<&str>,
    page: Page,
) -> Result<DatasetPage, CatalogError> {
    let count = sqlx::query_scalar(concat!(
        "SELECT count(*) FROM datasets d WHERE d.team_id = ?1 ",
        found!()
    ))
    .bind(team.as_i64())
    .bind(search)
    .fetch_one(&mut *connection)
    .await
    .map_err(failure)?;
    let rows = sqlx::query(concat!(
        select_datasets!(""),
        found!(),
        "ORDER BY d.number DESC LIMIT ?3 OFFSET ?4"
    ))
    .bind(team.as_i64())
    .bind(search)
    .bind(i64::from(page.limit))
    .bind(offset(page))
    .fetch_all(connection)
    .await
    .map_err(failure)?;
    let datasets = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(DatasetPage { datasets, total: total(count)? })
}

fn read(row: &SqliteRow) -> Result<Dataset, CatalogError> {
    let current =
        match (column(row, "current_name")?, optional_timestamp(row, "current_created_at")?) {
            (Some(name), Some(created_at)) => Some(CurrentVersion { name, created_at }),
            _ => None,
        };
    Ok(Dataset {
        id: uuid(row, "id")?,
        owner: identity(row)?,
        name: column(row, "name")?,
        description: column(row, "description")?,
        version: total(column(row, "version")?)?,
        current,
        created_at: timestamp(row, "created_at")?,
        changed_at: optional_timestamp(row, "changed_at")?,
    })
}
