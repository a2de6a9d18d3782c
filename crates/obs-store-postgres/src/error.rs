//! From the driver's errors to what the caller can do.

use obs_store::StoreError;
use sqlx::error::DatabaseError;

/// What goes wrong inside the adapter.
pub(crate) enum Failure {
    /// The driver or the server said so.
    Engine(sqlx::Error),
    /// It is known already what the caller can do.
    Store(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// The error for the caller of a store.
    pub(crate) fn explain(self, store: &str, doing: &'static str) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Engine(error) => error,
        };
        let store = store.to_owned();
        match remedy(&error) {
            Remedy::Wait(reason) => StoreError::Unavailable { store, reason, source: Some(Box::new(error)) },
            Remedy::MakeRoom(reason) => StoreError::Full { store, reason },
            Remedy::Unknown => StoreError::Failed { store, doing, source: Box::new(error) },
        }
    }
}

enum Remedy {
    Wait(String),
    MakeRoom(String),
    Unknown,
}

fn remedy(error: &sqlx::Error) -> Remedy {
    match error {
        sqlx::Error::Io(error) => Remedy::Wait(format!("{error}; check that it runs, and its host and port")),
        sqlx::Error::PoolTimedOut => {
            Remedy::Wait("no connection was free, or could be made, within 5 s; check that it runs".to_owned())
        }
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Remedy::Wait("its connections are closed".to_owned()),
        sqlx::Error::Database(error) => remedy_for(error.as_ref()),
        _ => Remedy::Unknown,
    }
}

/// By the SQLSTATE codes of PostgreSQL's manual, appendix A.
fn remedy_for(error: &dyn DatabaseError) -> Remedy {
    let said = || error.message().to_owned();
    match error.code().as_deref() {
        // disk_full, read_only_sql_transaction
        Some("53100" | "25006") => Remedy::MakeRoom(said()),
        // lock_not_available; object_not_in_prerequisite_state, which is what a database says that admits nobody for a while
        Some("55P03" | "55000") => Remedy::Wait(said()),
        // Connection exceptions, insufficient resources, transaction rollbacks, and operator interventions from
        // admin_shutdown to idle_session_timeout.
        Some(code) if ["08", "53", "40", "57P0"].iter().any(|class| code.starts_with(class)) => Remedy::Wait(said()),
        _ => Remedy::Unknown,
    }
}
