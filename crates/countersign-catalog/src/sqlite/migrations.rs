//! The schema, step by step.

use sqlx::{
    Connection, SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::rows::failure;
use crate::CatalogError;

/// Applies what is missing, all of it in one transaction.
///
/// `SQLite` has no lock for migrations of its own: `BEGIN IMMEDIATE` makes a second process wait, and
/// then find that nothing is missing. A crash leaves the schema as it was.
pub(super) async fn run(connection: &mut SqliteConnection) -> Result<(), CatalogError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
    migrator().run(&mut *transaction).await.map_err(migration_failure)?;
    transaction.commit().await.map_err(failure)
}

fn migrator() -> Migrator {
    let migration = |version, description: &'static str, sql: &'static str| {
        let kind = MigrationType::Simple;
        Migration::new(version, description.into(), kind, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "records", include_str!("../../migrations/0001_records.sql")),
        migration(2, "datasets", include_str!("../../migrations/0002_datasets.sql")),
        migration(3, "jobs and tokens", include_str!("../../migrations/0003_jobs_and_tokens.sql")),
        migration(6, "imports", include_str!("../../migrations/0006_imports.sql")),
    ])
}

fn migration_failure(error: MigrateError) -> CatalogError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failure(error),
        error => CatalogError::Backend { source: error.into() },
    }
}
