//! From the engine's errors to what the caller can do.

use obs_store::StoreError;
use sqlx::error::DatabaseError;

/// What goes wrong inside the adapter.
pub(crate) enum Failure {
    /// The engine said so.
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
        sqlx::Error::PoolTimedOut => Remedy::Wait("another call has been writing for more than 5 s".to_owned()),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Remedy::Wait("it is closed".to_owned()),
        sqlx::Error::Database(error) => remedy_for(error.as_ref()),
        _ => Remedy::Unknown,
    }
}

/// By SQLite's result codes, whose lowest byte tells the kind.
fn remedy_for(error: &dyn DatabaseError) -> Remedy {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const READ_ONLY: u32 = 8;
    const FULL: u32 = 13;

    let code = error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    match code {
        Some(BUSY | LOCKED) => Remedy::Wait(format!("{}; another process is writing to it", error.message())),
        Some(FULL | READ_ONLY) => Remedy::MakeRoom(error.message().to_owned()),
        _ => Remedy::Unknown,
    }
}
