//! Folders of the archive that a recorder is writing while they are verified.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::{ArchiveError, is_being_written};
use obs_model::minute_of;

use crate::archive::File;

/// What a recorder wrote so long ago, by its own clock, is in the store unless loading has stopped.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(10);

/// Trades and attestations that are loaded now may be of this time: connections say within two minutes that they were alive.
const UNSETTLED: TimeDelta = TimeDelta::minutes(3);

/// A folder that a recorder is writing.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) dir: PathBuf,
    /// When its newest line was recorded.
    newest: DateTime<Utc>,
    /// Before this, no trade comes and nothing is attested any more.
    pub(crate) settled: DateTime<Utc>,
}

/// The data folders of files that are being written now.
pub(crate) fn being_written(files: &[PathBuf]) -> Result<BTreeSet<PathBuf>, ArchiveError> {
    let mut found = BTreeSet::new();
    for dir in files.iter().map(|file| data_folder(file)).collect::<BTreeSet<_>>() {
        if is_being_written(dir)? {
            found.insert(dir.to_path_buf());
        }
    }
    Ok(found)
}

/// Where a file's data folder is, if it is of an archive of ours: each stream has a folder of its own in it.
fn data_folder(file: &Path) -> &Path {
    file.parent().and_then(Path::parent).unwrap_or(Path::new(""))
}

impl Live {
    /// The folders of files that are being written, or were before any of it was read: a recorder may have ended since.
    pub(crate) fn of(files: &[File], before: &BTreeSet<PathBuf>) -> Result<Vec<Self>, ArchiveError> {
        let mut folders: BTreeMap<&Path, Vec<&File>> = BTreeMap::new();
        for file in files {
            folders.entry(data_folder(&file.path)).or_default().push(file);
        }
        let mut found = Vec::new();
        for (dir, files) in folders {
            let waiting_since = files.iter().filter_map(|file| file.waiting_since).min();
            let Some(newest) = files.iter().filter_map(|file| file.newest).max() else { continue };
            if before.contains(dir) || is_being_written(dir)? {
                let loaded = waiting_since.map_or(newest, |since| since.min(newest));
                found.push(Self { dir: dir.to_path_buf(), newest, settled: minute_of(loaded - UNSETTLED) });
            }
        }
        Ok(found)
    }

    /// Whether a file lies in the folder.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.dir)
    }

    /// Whether what waits in a file was written just now, and whoever loads it has had no time yet.
    pub(crate) fn brings(&self, file: &File) -> bool {
        let is_new = |since: DateTime<Utc>| self.newest - since <= ON_ITS_WAY;
        self.holds(&file.path) && file.waiting_since.is_some_and(is_new)
    }
}
