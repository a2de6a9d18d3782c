//! The schema and its history.

use obs_model::MigrationEntry;
use obs_store::{SchemaProblem, StoreError};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    error::Failure,
    row::{cell, cell_or_none, parsed_instant, read_all},
};

/// Name and statements of every migration, in order.
const MIGRATIONS: [(&str, &str); 7] = [
    ("001_create_scalp_tables", include_str!("../../../migrations/sqlite/001_create_scalp_tables.sql")),
    ("002_create_swing_tables", include_str!("../../../migrations/sqlite/002_create_swing_tables.sql")),
    ("003_create_portfolio_tables", include_str!("../../../migrations/sqlite/003_create_portfolio_tables.sql")),
    ("004_create_loading_tables", include_str!("../../../migrations/sqlite/004_create_loading_tables.sql")),
    ("005_create_accounting_tables", include_str!("../../../migrations/sqlite/005_create_accounting_tables.sql")),
    ("006_create_coverage_functions", include_str!("../../../migrations/sqlite/006_create_coverage_functions.sql")),
    ("007_extend_portfolio_tables", include_str!("../../../migrations/sqlite/007_extend_portfolio_tables.sql")),
];

pub(crate) fn known() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name).collect()
}

/// Runs what has not run, each migration in a transaction of its own, and returns the names.
pub(crate) async fn migrate(writer: &SqlitePool, store: &str) -> Result<Vec<String>, Failure> {
    let mut ran = Vec::new();
    for (name, statements) in MIGRATIONS {
        // Takes the lock at once, so that of two programs the second waits and then finds the work done.
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let applied = names(&mut transaction).await?;
        if let Some(problem @ SchemaProblem::Newer { .. }) = SchemaProblem::between(&known(), &[], &applied) {
            return Err(StoreError::Schema { store: store.to_owned(), problem }.into());
        }
        if !applied.iter().any(|applied| applied == name) {
            tracing::info!(store, migration = name, "migrating");
            sqlx::raw_sql(statements).execute(&mut *transaction).await?;
            ran.push(name.to_owned());
        }
        transaction.commit().await?;
    }
    Ok(ran)
}

pub(crate) async fn applied(pool: &SqlitePool) -> Result<Vec<MigrationEntry>, Failure> {
    let mut connection = pool.acquire().await?;
    if !has_log(&mut connection).await? {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT id, migration_name, executed_at, status, details FROM migration_log ORDER BY id")
        .fetch_all(&mut *connection)
        .await?;
    let key = |row: &_| cell::<i64>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
    let entries = read_all("migration_log", &rows, key, |row| {
        Ok(MigrationEntry {
            name: cell(row, "migration_name")?,
            executed_at: cell_or_none::<&str>(row, "executed_at")?
                .map(|text| parsed_instant("executed_at", text))
                .transpose()?,
            status: cell(row, "status")?,
            details: cell_or_none(row, "details")?,
        })
    })?;
    Ok(entries)
}

pub(crate) async fn check(pool: &SqlitePool, store: &str) -> Result<(), Failure> {
    let mut connection = pool.acquire().await?;
    match SchemaProblem::between(&known(), &[], &names(&mut connection).await?) {
        None => Ok(()),
        Some(problem) => Err(StoreError::Schema { store: store.to_owned(), problem }.into()),
    }
}

/// The names of what succeeded.
async fn names(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    if !has_log(connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT migration_name FROM migration_log WHERE status = 'success' GROUP BY migration_name ORDER BY min(id)",
    )
    .fetch_all(connection)
    .await
}

async fn has_log(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'migration_log')")
        .fetch_one(connection)
        .await
}
