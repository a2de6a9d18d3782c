//! The right to execute plans: a lock on a file beside the database, which the system gives up when the program ends.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use obs_store::ExecutionLock;

use crate::error::Failure;

pub(crate) async fn lock(database: &Path) -> Result<Option<ExecutionLock>, Failure> {
    let database = database.to_owned();
    let locked = tokio::task::spawn_blocking(move || try_lock(&database)).await;
    let locked = locked.unwrap_or_else(|error| Err(io::Error::other(error)));
    Ok(locked.map_err(sqlx::Error::Io)?.map(ExecutionLock::new))
}

/// Locks the file, or tells that somebody else has.
fn try_lock(database: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).write(true).truncate(false).open(beside(database)?)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The lock's place. However the database is named, by a link or a relative path, it is the same.
fn beside(database: &Path) -> io::Result<PathBuf> {
    let mut path = database.canonicalize()?.into_os_string();
    path.push(".rebalancer.lock");
    Ok(path.into())
}
