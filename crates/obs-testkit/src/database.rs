//! A database for one test.

use std::thread;

use anyhow::{Context, anyhow};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;
use url::Url;

use crate::server::{self, PostgresServer};

/// The server of this process. A failure is kept too: every test would meet the same one, after the same wait.
static SERVER: OnceCell<Result<PostgresServer, String>> = OnceCell::const_new();

/// A fresh, empty database, dropped with this value. Migrating it is the caller's job, through the adapter.
pub struct TestDatabase {
    name: String,
    url: Url,
    admin_url: String,
}

impl TestDatabase {
    /// Creates one on the server of this process, which the first call finds or starts.
    ///
    /// # Errors
    /// As [`PostgresServer::find_or_start`], or if its role may not create databases.
    pub async fn create() -> anyhow::Result<Self> {
        let found = SERVER
            .get_or_init(|| async { PostgresServer::find_or_start().await.map_err(|error| format!("{error:#}")) })
            .await;
        Self::create_on(found.as_ref().map_err(|error| anyhow!(error.clone()))?).await
    }

    /// Creates one on this server.
    ///
    /// # Errors
    /// If the server does not answer, or its role may not create databases.
    pub async fn create_on(server: &PostgresServer) -> anyhow::Result<Self> {
        let name = server::unique_name();
        let mut url = Url::parse(server.url())?;
        url.set_path(&name);
        // The same order of texts on every server, and nothing that somebody put into the server's own template.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
        execute(server.url(), create)
            .await
            .with_context(|| format!("cannot create a database on {}: its role needs CREATEDB", server.origin()))?;
        Ok(Self { name, url, admin_url: server.url().to_owned() })
    }

    /// Its address. It contains a password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // FORCE, because the test's pool may still be open. A thread, because the test's runtime cannot be waited for here.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let admin_url = std::mem::take(&mut self.admin_url);
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&admin_url, drop))
        });
        // A database that stays behind harms nobody, and its server most often ends with the run.
        let _ = dropping.join();
    }
}

async fn execute(url: &str, statement: String) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await?;
    Ok(())
}
