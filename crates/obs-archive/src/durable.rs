//! What is known to be on the disk.

use crate::ArchiveError;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many bytes of a writer's current segments are on the disk, for readers that follow it.
///
/// A length moves only after a successful fsync and always stands at the end of a line. Paths are compared as written: use
/// those of [`segments`](crate::segments) with the writer's own data folder.
#[derive(Debug, Default)]
pub struct DurableLengths {
    lengths: Mutex<HashMap<PathBuf, u64>>,
}

impl DurableLengths {
    /// The durable length of a segment that the writer appends to. `None` means that it does not append to this file now.
    #[must_use]
    pub fn length_of(&self, path: &Path) -> Option<u64> {
        self.lengths().get(path).copied()
    }

    /// How far a file may be read now: to its durable length while the writer appends to it, otherwise to its end.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Read`] when the file's length cannot be determined.
    pub fn readable(&self, path: &Path) -> Result<u64, ArchiveError> {
        // The file's length comes first. If the writer does not hold the file afterwards, then every byte seen here was there
        // before it opened the file or after it closed it, and both mean synced.
        let length = fs::metadata(path).map_err(ArchiveError::read(path))?.len();
        Ok(self.length_of(path).unwrap_or(length))
    }

    pub(crate) fn publish(&self, path: &Path, length: u64) {
        self.lengths().insert(path.to_owned(), length);
    }

    pub(crate) fn retire(&self, path: &Path) {
        self.lengths().remove(path);
    }

    fn lengths(&self) -> MutexGuard<'_, HashMap<PathBuf, u64>> {
        // Every change is one insertion or removal, so a panic elsewhere leaves nothing half done.
        self.lengths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
