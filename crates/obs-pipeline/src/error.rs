//! What can go wrong while recording and loading.

use std::path::PathBuf;

use obs_archive::ArchiveError;
use obs_store::StoreError;

/// Why a file was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read. Other files may still load.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The store failed. What was committed before stays; a second run goes on behind it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file begins like one that was loaded before, and differs from it in what was loaded. Nothing of it was loaded.
    #[error(
        "{} begins like {known}, which is loaded up to byte {offset}, but {difference}: it is a damaged or edited copy. \
         Compare the two, and load the right one",
        .path.display()
    )]
    Diverged {
        /// The file.
        path: PathBuf,
        /// Where the loaded file was last seen.
        known: String,
        /// How far that one was loaded.
        offset: u64,
        /// What differs.
        difference: &'static str,
    },
    /// A file that was loaded is not among those from which rows are to be made again: those of its lines would be removed.
    #[error("{known}, which is loaded, is not there, nor are {others} others: name the folders where they lie")]
    Absent {
        /// Where the file was last seen.
        known: String,
        /// How many more there are.
        others: usize,
    },
    /// A folder or file that was named does not exist or cannot be listed.
    #[error("cannot list {}: {reason}", .path.display())]
    List {
        /// What was named.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// A part of this program ended without a word. It is a fault in it.
    #[error("the reader of {} stopped: please report this", .path.display())]
    Stopped {
        /// The file that was being read.
        path: PathBuf,
    },
}

impl LoadError {
    /// Whether loading may go on with another file.
    #[must_use]
    pub const fn is_of_file(&self) -> bool {
        matches!(self, Self::Archive(_) | Self::Diverged { .. } | Self::List { .. })
    }
}

/// Why recording ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The archive could not be written. What was written and synced before is safe.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The recorder's thread could not be started or ended without a word.
    #[error("the recorder's thread failed: {0}")]
    Thread(String),
}
