//! The SQLite adapter on real files.

mod conformance;
mod failures;
mod file;
mod portfolio;
mod schema;

use std::path::PathBuf;

use obs_store::{SchemaRepository, Store, conformance::Outcome};
use obs_store_sqlite::SqliteStore;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// Runs a conformance case on a migrated store in a file of its own.
async fn on_fresh_store(case: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    on_empty_store(async |store| {
        store.migrate().await?;
        case(store).await
    })
    .await
}

/// Runs a conformance case on a store without a schema.
async fn on_empty_store(case: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    let folder = TempDir::new()?;
    case(&SqliteStore::open(folder.path().join("observer.db")).await?).await
}

/// A folder, the path of a file in it, and a migrated store on that file.
async fn migrated() -> anyhow::Result<(TempDir, PathBuf, SqliteStore)> {
    let folder = TempDir::new()?;
    let path = folder.path().join("observer.db");
    let store = SqliteStore::open(&path).await?;
    store.migrate().await?;
    Ok((folder, path, store))
}

/// Another program's connection to a file.
async fn connect(path: &PathBuf) -> anyhow::Result<SqliteConnection> {
    Ok(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).create_if_missing(true)).await?)
}

/// Runs statements behind the store's back.
async fn execute(path: &PathBuf, statements: &str) -> anyhow::Result<()> {
    let mut connection = connect(path).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
    Ok(connection.close().await?)
}
