//! Teams and their users.

use countersign::Timestamp;
use sqlx::SqlitePool;

use super::{
    SqliteCatalog,
    rows::{column, failure, size, total},
};
use crate::{CatalogError, Identity, TeamId, TeamLimits, TeamName, TeamUsage, UserId};

pub(super) async fn ensure_user(
    catalog: &SqliteCatalog,
    team: &TeamName,
    user: &UserId,
    now: Timestamp,
) -> Result<Identity, CatalogError> {
    // Nearly always both are there, and the one writer is not for reading.
    if let Some(identity) = find_user(&catalog.readers, team, user).await? {
        return Ok(identity);
    }
    let mut transaction = catalog.begin_write().await?;
    sqlx::query("INSERT INTO teams (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .bind(team.as_str())
        .bind(now.unix_secs())
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
    let team_id = sqlx::query_scalar("SELECT id FROM teams WHERE name = ?1")
        .bind(team.as_str())
        .fetch_one(&mut *transaction)
        .await
        .map_err(failure)?;
    sqlx::query(
        "INSERT INTO users (team_id, user_id, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
    )
    .bind(team_id)
    .bind(user.as_str())
    .bind(now.unix_secs())
    .execute(&mut *transaction)
    .await
    .map_err(failure)?;
    transaction.commit().await.map_err(failure)?;
    Ok(Identity { team: TeamId::new(team_id), user: user.clone() })
}

async fn find_user(
    readers: &SqlitePool,
    team: &TeamName,
    user: &UserId,
) -> Result<Option<Identity>, CatalogError> {
    let team_id: Option<i64> = sqlx::query_scalar(
        "SELECT t.id FROM teams t JOIN users u ON u.team_id = t.id
             WHERE t.name = ?1 AND u.user_id = ?2",
    )
    .bind(team.as_str())
    .bind(user.as_str())
    .fetch_optional(readers)
    .await
    .map_err(failure)?;
    Ok(team_id.map(|id| Identity { team: TeamId::new(id), user: user.clone() }))
}

pub(super) async fn has_user(readers: &SqlitePool, who: &Identity) -> Result<bool, CatalogError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE team_id = ?1 AND user_id = ?2)")
        .bind(who.team.as_i64())
        .bind(who.user.as_str())
        .fetch_one(readers)
        .await
        .map_err(failure)
}

pub(super) async fn find(
    readers: &SqlitePool,
    name: &TeamName,
) -> Result<Option<TeamId>, CatalogError> {
    let team_id: Option<i64> = sqlx::query_scalar("SELECT id FROM teams WHERE name = ?1")
        .bind(name.as_str())
        .fetch_optional(readers)
        .await
        .map_err(failure)?;
    Ok(team_id.map(TeamId::new))
}

pub(super) async fn limit(
    writer: &SqlitePool,
    team: TeamId,
    limits: &TeamLimits,
) -> Result<(), CatalogError> {
    let in_range =
        |max: Option<u64>| max.map(i64::try_from).transpose().map_err(|_| CatalogError::OutOfRange);
    let done =
        sqlx::query("UPDATE teams SET object_bytes_max = ?2, object_count_max = ?3 WHERE id = ?1")
            .bind(team.as_i64())
            .bind(in_range(limits.bytes_max)?)
            .bind(in_range(limits.objects_max)?)
            .execute(writer)
            .await
            .map_err(failure)?;
    if done.rows_affected() == 0 { Err(CatalogError::OwnerUnknown) } else { Ok(()) }
}

pub(super) async fn usage(readers: &SqlitePool, team: TeamId) -> Result<TeamUsage, CatalogError> {
    let row = sqlx::query(
        "SELECT object_bytes, object_count, object_bytes_max, object_count_max
         FROM teams WHERE id = ?1",
    )
    .bind(team.as_i64())
    .fetch_optional(readers)
    .await
    .map_err(failure)?
    .ok_or(CatalogError::OwnerUnknown)?;
    Ok(TeamUsage {
        bytes: total(column(&row, "object_bytes")?)?,
        objects: total(column(&row, "object_count")?)?,
        limits: TeamLimits {
            bytes_max: size(&row, "object_bytes_max")?,
            objects_max: size(&row, "object_count_max")?,
        },
    })
}
