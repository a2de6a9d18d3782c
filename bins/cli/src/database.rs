//! A database's address, and the store behind it.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use obs_store::{SchemaProblem, Store, StoreError};
use obs_store_postgres::PostgresStore;
use obs_store_sqlite::SqliteStore;
use url::Url;

/// A database's address. It prints without the password.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Url),
}

/// An address that is neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database address begins with {scheme:?}; use postgres://user:password@host:port/name or sqlite://path/to/file.db"
)]
pub struct InvalidDatabase {
    /// What it begins with. The rest may hold a password.
    scheme: String,
}

impl FromStr for Database {
    type Err = InvalidDatabase;

    fn from_str(address: &str) -> Result<Self, InvalidDatabase> {
        let scheme = address.split(':').next().unwrap_or_default();
        let invalid = || InvalidDatabase { scheme: scheme.chars().take(20).collect() };
        match scheme {
            "sqlite" => {
                let path = address.trim_start_matches("sqlite:").trim_start_matches("//");
                let path = path.split('?').next().unwrap_or_default();
                if path.is_empty() { Err(invalid()) } else { Ok(Self::Sqlite(PathBuf::from(path))) }
            }
            "postgres" | "postgresql" => Url::parse(address).map(Self::Postgres).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let mut shown = url.clone();
                // A URL without a host has no password either.
                let _ = shown.set_password(None);
                // Parameters may hold one too.
                shown.set_query(None);
                write!(f, "{shown}")
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Opens the store behind an address. The schema is not looked at.
///
/// # Errors
/// [`StoreError::Unavailable`] if it does not answer within five seconds.
pub async fn open_store(database: &Database) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match database {
        Database::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
        Database::Postgres(url) => Arc::new(PostgresStore::connect(url.as_str()).await?),
    })
}

/// Opens the store behind an address and sees to its schema: an empty database gets one, any other must have the right one.
///
/// # Errors
/// As [`open_store`], and [`StoreError::Schema`] for a schema of another version.
pub async fn prepare_store(database: &Database) -> Result<Arc<dyn Store>, StoreError> {
    let store = open_store(database).await?;
    match store.check_schema().await {
        Err(StoreError::Schema { problem: SchemaProblem::Empty, .. }) => {
            store.migrate().await?;
            store.check_schema().await?;
        }
        checked => checked?,
    }
    Ok(store)
}
