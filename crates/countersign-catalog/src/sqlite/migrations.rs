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

/// The file of a step.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../migrations/", $name, ".sql"))
    };
}

/// Number, description, statements. None is ever changed: it may have been applied.
const STEPS: [(i64, &str, &str); 8] = [
    (1, "records", sql!("0001_records")),
    (2, "datasets", sql!("0002_datasets")),
    (3, "jobs and tokens", sql!("0003_jobs_and_tokens")),
    (4, "changed datasets", sql!("0004_changed_datasets")),
    (5, "datasets that change", sql!("0005_datasets_that_change")),
    (6, "imports", sql!("0006_imports")),
    (7, "lists of schema files", sql!("0007_lists_of_schema_files")),
    (8, "quotas", sql!("0008_quotas")),
];

fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(version, description.into(), kind, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.into_iter().map(migration).collect())
}

fn migration_failure(error: MigrateError) -> CatalogError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failure(error),
        error => CatalogError::Backend { source: error.into() },
    }
}
