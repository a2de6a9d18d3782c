//! The PostgreSQL adapter against a real server.

mod aggregate;
mod catalogue;
mod conformance;
mod failures;
mod portfolio;
mod rows;
mod schema;

use obs_store::{SchemaRepository, Store, conformance::Outcome};
use obs_store_postgres::PostgresStore;
use obs_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Runs a conformance case on a migrated store in a database of its own.
async fn on_fresh_store(case: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    on_empty_store(async |store| {
        store.migrate().await?;
        case(store).await
    })
    .await
}

/// Runs a conformance case on a store without a schema.
async fn on_empty_store(case: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    let database = TestDatabase::create().await?;
    case(&PostgresStore::connect(database.url()).await?).await
}

/// A database, and a migrated store on it.
async fn migrated() -> anyhow::Result<(TestDatabase, PostgresStore)> {
    let database = TestDatabase::create().await?;
    let store = PostgresStore::connect(database.url()).await?;
    store.migrate().await?;
    Ok((database, store))
}

/// Runs statements behind the store's back.
async fn execute(database: &TestDatabase, statements: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(database.url()).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
    Ok(connection.close().await?)
}
