//! A database that goes away and comes back.

use anyhow::Context;
use obs_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

/// Takes a database away: its connections end and none is admitted. Returns a connection that can give it back.
pub(super) async fn take_away(database: &TestDatabase) -> anyhow::Result<PgConnection> {
    let (name, mut admin) = (name_of(database)?, administrator(database).await?);
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS false")))
        .execute(&mut admin)
        .await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
        .bind(name)
        .execute(&mut admin)
        .await?;
    Ok(admin)
}

pub(super) async fn give_back(database: &TestDatabase, mut admin: PgConnection) -> anyhow::Result<()> {
    let name = name_of(database)?;
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS true"))).execute(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// Lets the whole server crash: when one of its processes is killed, all others end, memory is thrown away, and with it the
/// last commits, for which nobody waited.
pub(super) async fn crash(database: &TestDatabase) -> anyhow::Result<()> {
    let mut admin = administrator(database).await?;
    let victim: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut admin).await?;
    let kill = format!("COPY (SELECT 1) TO PROGRAM 'kill -9 {victim}'");
    // It says nothing more.
    let _ = sqlx::query(AssertSqlSafe(kill)).execute(&mut admin).await;
    Ok(())
}

/// A connection to another database of the same server.
async fn administrator(database: &TestDatabase) -> anyhow::Result<PgConnection> {
    let mut url = Url::parse(database.url())?;
    url.set_path("postgres");
    PgConnection::connect(url.as_str()).await.context("the server does not let its administrator in")
}

fn name_of(database: &TestDatabase) -> anyhow::Result<String> {
    Ok(Url::parse(database.url())?.path().trim_start_matches('/').to_owned())
}
