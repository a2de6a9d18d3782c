//! Bars and gaps of past days made again.

use std::{path::PathBuf, sync::Arc};

use chrono::NaiveDate;
use obs_model::{Gap, Symbol};
use obs_schema::Decoder;
use obs_store::{Derived, Rebuilt, Store, TimeRange};
use tokio::task;

use crate::{LoadError, rebuild::archive::Archive};

mod archive;

/// Makes bars and gaps of past days again.
///
/// Out of the store, bars are made of its ticks and attestations, and gaps are left alone: what a gap was is known only to the
/// archive. Out of the archive, bars are made of the loaded tick lines and feed events, and gaps are the loaded gap lines; ticks
/// play no part that the store alone knows. On a sound record both come to the same.
pub struct Rebuilder {
    store: Arc<dyn Store>,
    archive: Option<Arc<Archive>>,
}

impl Rebuilder {
    /// Out of the store.
    #[must_use]
    pub fn from_store(store: Arc<dyn Store>) -> Self {
        Self { store, archive: None }
    }

    /// Out of the archive: those lines of these files that were loaded, in the order of the files. Reads all of them once.
    ///
    /// `decoder` must be what the files were loaded with.
    ///
    /// # Errors
    /// [`LoadError::Diverged`] if a file differs from what was loaded of it, and [`LoadError::Absent`] if a loaded file is not
    /// among them, because the rows of its lines would be removed; otherwise if a file cannot be read or the store cannot answer.
    pub async fn from_archive(store: Arc<dyn Store>, files: Vec<PathBuf>, decoder: Decoder) -> Result<Self, LoadError> {
        let positions = store.positions().await?;
        let reading = task::spawn_blocking(move || Archive::read(&files, &positions, decoder));
        let archive = reading.await.map_err(|_| stopped())??;
        Ok(Self { store, archive: Some(Arc::new(archive)) })
    }

    /// Makes the rows of a trading day again, of one symbol or of all, and tells what changed; a dry run only tells. All of a
    /// day changes in one transaction. With a symbol, gaps are left alone, since their rows are of many.
    ///
    /// # Errors
    /// [`LoadError`] if a file cannot be read or the store cannot answer; nothing of the day was changed then.
    pub async fn day(&self, day: NaiveDate, symbol: Option<Symbol>, dry_run: bool) -> Result<Rebuilt, LoadError> {
        let range = TimeRange::of_day(day);
        let derived = match &self.archive {
            None => Derived { range, symbol, bars: self.store.aggregate(range, symbol).await?, gaps: None },
            Some(archive) => {
                let reader = Arc::clone(archive);
                let bars = task::spawn_blocking(move || reader.bars(day, symbol)).await.map_err(|_| stopped())??;
                let starts = |gap: &&Gap| range.from <= gap.start() && gap.start() < range.until;
                let gaps = symbol.is_none().then(|| archive.gaps.iter().filter(starts).cloned().collect());
                Derived { range, symbol, bars, gaps }
            }
        };
        Ok(self.store.rebuild(&derived, dry_run).await?)
    }
}

fn stopped() -> LoadError {
    LoadError::Stopped { path: PathBuf::from("the archive") }
}
