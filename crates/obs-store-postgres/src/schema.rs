//! The schema and its history.

use obs_model::MigrationEntry;
use obs_store::{SchemaProblem, StoreError};
use sqlx::{PgConnection, PgPool};

use crate::{
    error::Failure,
    row::{cell, read_all},
    wire::Instant,
};

/// Name and statements of every migration, in order.
const MIGRATIONS: [(&str, &str); 7] = [
    ("001_create_scalp_tables", include_str!("../../../migrations/001_create_scalp_tables.sql")),
    ("002_create_swing_tables", include_str!("../../../migrations/002_create_swing_tables.sql")),
    ("003_create_portfolio_tables", include_str!("../../../migrations/003_create_portfolio_tables.sql")),
    ("004_create_loading_tables", include_str!("../../../migrations/004_create_loading_tables.sql")),
    ("005_create_accounting_tables", include_str!("../../../migrations/005_create_accounting_tables.sql")),
    ("006_create_coverage_functions", include_str!("../../../migrations/006_create_coverage_functions.sql")),
    ("007_extend_portfolio_tables", include_str!("../../../migrations/007_extend_portfolio_tables.sql")),
];

/// What the Python system logs besides the names that it shares with us. Its fourth migration adds tables of its own and
/// columns that may be NULL, so we can work beside it.
const FOREIGN: [&str; 2] = ["full_schema_creation", "004_create_analysis_tables"];

/// A number that no other program on the same server is likely to lock.
const LOCK: i64 = i64::from_be_bytes(*b"observer");

pub(crate) fn known() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name).collect()
}

/// Runs what has not run, each migration in a transaction of its own, and returns the names.
pub(crate) async fn migrate(pool: &PgPool, store: &str) -> Result<Vec<String>, Failure> {
    let mut ran = Vec::new();
    for (name, statements) in MIGRATIONS {
        let mut transaction = pool.begin().await?;
        // Held until the transaction ends, so that of two programs at once the second finds the work done.
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
        let applied = names(&mut transaction).await?;
        if let Some(problem @ SchemaProblem::Newer { .. }) = SchemaProblem::between(&known(), &FOREIGN, &applied) {
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

pub(crate) async fn applied(pool: &PgPool) -> Result<Vec<MigrationEntry>, Failure> {
    let mut connection = pool.acquire().await?;
    if !has_log(&mut connection).await? {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT id, migration_name, executed_at, status, details FROM migration_log ORDER BY id")
        .fetch_all(&mut *connection)
        .await?;
    let key = |row: &_| cell::<i32>(row, "id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
    let entries = read_all("migration_log", &rows, key, |row| {
        Ok(MigrationEntry {
            name: cell(row, "migration_name")?,
            executed_at: cell::<Option<Instant>>(row, "executed_at")?.map(|instant| instant.0),
            status: cell(row, "status")?,
            details: cell(row, "details")?,
        })
    })?;
    Ok(entries)
}

pub(crate) async fn check(pool: &PgPool, store: &str) -> Result<(), Failure> {
    let mut connection = pool.acquire().await?;
    match SchemaProblem::between(&known(), &FOREIGN, &names(&mut connection).await?) {
        None => Ok(()),
        Some(problem) => Err(StoreError::Schema { store: store.to_owned(), problem }.into()),
    }
}

/// The names of what succeeded, each once: the Python system logged a name as often as it ran the file.
async fn names(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    if !has_log(connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT migration_name FROM migration_log WHERE status = 'success' GROUP BY migration_name ORDER BY min(id)",
    )
    .fetch_all(connection)
    .await
}

async fn has_log(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('migration_log') IS NOT NULL").fetch_one(connection).await
}
