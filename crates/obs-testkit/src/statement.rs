//! A statement behind the back of an adapter: how a test damages a store.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// Runs a statement on the database at an address, `postgres://…` or `sqlite://…`, and gives the number of rows that it touched.
///
/// # Errors
/// If the database cannot be reached or refuses it.
pub async fn execute(url: &str, statement: &str) -> anyhow::Result<u64> {
    let statement = AssertSqlSafe(statement.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await?;
        let done = connection.execute(statement).await?;
        connection.close().await?;
        return Ok(done.rows_affected());
    }
    let mut connection = PgConnection::connect(url).await?;
    let done = connection.execute(statement).await?;
    connection.close().await?;
    Ok(done.rows_affected())
}
