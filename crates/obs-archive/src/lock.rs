//! One writer per data folder.

use crate::ArchiveError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    path::Path,
    sync::Arc,
    thread,
};

/// Whether a process is writing a data folder now.
///
/// # Errors
///
/// [`ArchiveError::Read`] when the folder's lock cannot be looked at.
pub fn is_being_written(dir: &Path) -> Result<bool, ArchiveError> {
    let path = dir.join(".lock");
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file.map_err(ArchiveError::read(&path))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(ArchiveError::Read { path, source: Arc::new(source) }),
    }
}

/// The right to write a data folder, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, ArchiveError> {
        let path = dir.join(".lock");
        let failed = || ArchiveError::write(&path);
        // Not truncated on opening: until the lock is ours, the text is the other writer's.
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed())?;
        match take_from_askers(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The process id is a help for people; that there is a lock is certain without it.
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(ArchiveError::Locked { dir: dir.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
        file.set_len(0).map_err(failed())?;
        writeln!(file, "{}", std::process::id()).map_err(failed())?;
        Ok(Self { _file: file })
    }
}

/// Takes the lock unless a writer has it. Whoever only [asks](is_being_written) shares it for an instant, and is waited for.
fn take_from_askers(file: &File) -> Result<(), TryLockError> {
    while let Err(taken) = file.try_lock() {
        if !matches!(taken, TryLockError::WouldBlock) {
            return Err(taken);
        }
        file.try_lock_shared()?;
        file.unlock().map_err(TryLockError::Error)?;
        thread::yield_now();
    }
    Ok(())
}
