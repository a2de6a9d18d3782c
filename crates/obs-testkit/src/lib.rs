//! A real PostgreSQL for tests, and a fresh database on it for each test.
//!
//! ```no_run
//! # async fn a_test() -> anyhow::Result<()> {
//! let database = obs_testkit::TestDatabase::create().await?;
//! // Connect to `database.url()`, migrate, test. Dropping `database` drops it on the server.
//! # Ok(())
//! # }
//! ```
//!
//! The server comes from the first of these that works:
//!
//! 1. `OBS_TEST_DATABASE_URL`: a running server, and a role that may create databases. `cargo xtask test` sets it, so that
//!    one server serves a whole run.
//! 2. Docker, with the image named by `OBS_TEST_POSTGRES_IMAGE` (`postgres:15-alpine` by default).
//! 3. A private cluster made by the machine's own `initdb` and `pg_ctl`, version 15 or newer.
//!
//! What the testkit starts ends with the process that started it, even if that process is killed.

mod cluster;
mod database;
mod docker;
mod server;
mod settings;
mod statement;
mod ticks;
mod watchdog;

pub use database::TestDatabase;
pub use server::PostgresServer;
pub use statement::execute;
pub use ticks::{GeneratedTicks, TICK_COLUMNS, generate_ticks};
