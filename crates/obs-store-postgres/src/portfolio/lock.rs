//! The right to execute plans: a lock that the server holds for a connection, and gives up when the connection ends.

use obs_store::ExecutionLock;
use sqlx::{Executor, PgPool};

use crate::error::Failure;

/// Another number than the one for migrations, and as unlikely for other programs.
const LOCK: i64 = i64::from_be_bytes(*b"obs-exec");
/// A server notices within moments that a connection was closed, so whoever asks right after that waits a little.
const PATIENCE: &str = "SET lock_timeout = '1s'; SET idle_session_timeout = 0";
/// `lock_not_available`, by PostgreSQL's manual, appendix A.
const NOT_AVAILABLE: &str = "55P03";

pub(crate) async fn lock(pool: &PgPool) -> Result<Option<ExecutionLock>, Failure> {
    // Out of the pool for good: the lock belongs to this connection, and nobody else may get it.
    let mut connection = pool.acquire().await?.detach();
    connection.execute(PATIENCE).await?;
    match sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await {
        Ok(_) => Ok(Some(ExecutionLock::new(connection))),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_AVAILABLE) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
