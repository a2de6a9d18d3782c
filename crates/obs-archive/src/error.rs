//! What can go wrong with an archive, by what the caller can do about it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why an archive was not read or written.
///
/// A clone is the same failure: a writer that failed repeats its error at every later call.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Another process writes this folder.
    #[error("{} is being written by {}: stop it, or choose another data folder", .dir.display(), process(*.holder))]
    Locked {
        /// The data folder.
        dir: PathBuf,
        /// The writer's process id, if its lock file says so.
        holder: Option<u32>,
    },
    /// A file or folder could not be read.
    #[error("cannot read {}: {}", .path.display(), advice(.source, .path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// A file or folder could not be created or written. A writer that says so writes no more; open a new one when the cause
    /// is gone.
    #[error("cannot write {}: {}", .path.display(), advice(.source, .path))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Written bytes did not reach the disk, and nobody knows which. A writer that says so writes no more; open a new one when
    /// the cause is gone.
    #[error("what was last written to {} may not be on the disk: {}", .path.display(), advice(.source, .path))]
    Sync {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Something to append that is not one line. Nothing was appended, and the writer goes on.
    #[error("cannot append to the {stream} archive: the line {problem}; give one record as one line")]
    Line {
        /// The stream's folder.
        stream: &'static str,
        /// What is wrong with the line.
        problem: &'static str,
    },
    /// A file ends before the position to continue from: it is not the file that was read before.
    #[error("{} ends at byte {length}, before position {offset}: read it from its start as another file", .path.display())]
    Short {
        /// The file.
        path: PathBuf,
        /// The position asked for.
        offset: u64,
        /// Where the file, or the reader's limit, ends.
        length: u64,
    },
}

impl ArchiveError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn sync(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Sync { path: path.to_owned(), source: Arc::new(source) }
    }
}

fn process(holder: Option<u32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// What a person can do about an I/O error.
fn advice(error: &io::Error, path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    match error.kind() {
        ErrorKind::StorageFull => format!("the disk is full; make room for {folder}"),
        ErrorKind::QuotaExceeded => format!("the disk quota is used up; make room for {folder}"),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only; mount it for writing".to_owned(),
        ErrorKind::PermissionDenied => "permission denied; give this user access to it".to_owned(),
        ErrorKind::NotFound => "it does not exist; check the path".to_owned(),
        _ => format!("{error}; check the disk and what else uses it"),
    }
}
