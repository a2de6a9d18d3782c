//! Loading what a recorder writes, as it writes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use obs_archive::{DurableLengths, segments};
use obs_schema::Decoder;
use obs_store::{Store, StoreError, Table};
use tokio::{sync::watch, task, time::sleep};
use tracing::{info, warn};

use crate::{
    LoadError, Recording,
    draft::Draft,
    projector::Projector,
    source::{Source, head_of},
};

/// Lines of one transaction: what 2,000 ticks a second bring in some seconds, so that catching up is quick.
const BATCH_LINES: usize = 10_000;

/// What was loaded so far, for a status line on another thread.
#[derive(Debug, Default)]
pub struct FollowStats {
    ticks: AtomicU64,
    bars: AtomicU64,
    rejects: AtomicU64,
    /// Microseconds since 1970; 0 for none.
    newest: AtomicU64,
}

impl FollowStats {
    /// Ticks committed.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// One-minute bars committed, each counted once.
    #[must_use]
    pub fn bars(&self) -> u64 {
        self.bars.load(Ordering::Relaxed)
    }

    /// Lines rejected.
    #[must_use]
    pub fn rejects(&self) -> u64 {
        self.rejects.load(Ordering::Relaxed)
    }

    /// When the newest committed record reached the recorder.
    #[must_use]
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        let micros = i64::try_from(self.newest.load(Ordering::Relaxed)).ok().filter(|micros| *micros > 0)?;
        DateTime::from_timestamp_micros(micros)
    }
}

/// Follows a recorder: loads what lies in its folder, and then what it writes, never more of a file than is known to be on the
/// disk. While the store is away it waits; the archive grows meanwhile, and nothing is lost.
pub struct Follower {
    store: Arc<dyn Store>,
    dir: PathBuf,
    durable: Arc<DurableLengths>,
    synced: watch::Receiver<u64>,
    projector: Projector,
    sources: BTreeMap<PathBuf, Source>,
    /// Files that are loaded to their end and are no longer written.
    finished: BTreeSet<PathBuf>,
    /// The store was asked which files were finished before.
    asked: bool,
    stats: Arc<FollowStats>,
}

impl Follower {
    /// A follower of a recorder that has just been started on `dir`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, dir: impl Into<PathBuf>, recording: &Recording) -> Self {
        Self {
            projector: Projector::new(Arc::clone(&store)),
            store,
            dir: dir.into(),
            durable: Arc::clone(&recording.durable),
            synced: recording.synced.clone(),
            sources: BTreeMap::new(),
            finished: BTreeSet::new(),
            asked: false,
            stats: Arc::default(),
        }
    }

    /// What was loaded so far.
    #[must_use]
    pub fn stats(&self) -> Arc<FollowStats> {
        Arc::clone(&self.stats)
    }

    /// Loads until the recorder has ended and everything that it wrote is committed.
    ///
    /// # Errors
    /// [`LoadError`] when going on is senseless: the archive cannot be read, or the store refuses for good.
    pub async fn run(mut self) -> Result<(), LoadError> {
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(15))
            .without_max_times()
            .with_jitter();
        let mut waits = patience.build();
        loop {
            // The recorder may end while a round runs; then one more round finds what it wrote last.
            let ended = self.synced.has_changed().is_err();
            match self.round().await {
                Ok(()) => {
                    waits = patience.build();
                    if ended {
                        return Ok(());
                    }
                    // An error says that the recorder has ended, which the next turn sees for itself.
                    let _ = self.synced.changed().await;
                }
                Err(LoadError::Store(error)) if error.is_transient() || matches!(error, StoreError::Conflict { .. }) => {
                    let wait = waits.next().unwrap_or(Duration::from_secs(15));
                    warn!(%error, wait_ms = wait.as_millis(), "Loading pauses; the archive goes on");
                    self.start_over();
                    sleep(wait).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Everything in memory may be ahead of the store: it is read from there again.
    fn start_over(&mut self) {
        self.projector.reset();
        self.sources.clear();
    }

    /// Loads everything that is on the disk now.
    async fn round(&mut self) -> Result<(), LoadError> {
        if !self.asked {
            self.find_finished().await?;
            self.asked = true;
        }
        let dir = self.dir.clone();
        let mut files = task::spawn_blocking(move || segments(&dir)).await.map_err(|_| self.stopped())??;
        // What attests comes before what it attests.
        files.sort_by_key(|segment| (segment.stream, segment.start));
        for segment in files {
            if !self.finished.contains(&segment.path) {
                self.load(segment.path).await?;
            }
        }
        Ok(())
    }

    /// Finds the files of our own folder that are loaded to their end. Nobody but our recorder writes there, its lock sees to
    /// that, so a file whose length is the loaded length needs no second look.
    async fn find_finished(&mut self) -> Result<(), LoadError> {
        for position in self.store.positions().await? {
            let path = PathBuf::from(&position.path);
            let is_whole = std::fs::metadata(&path).is_ok_and(|file| file.len() == position.byte_offset);
            if path.starts_with(&self.dir) && is_whole && self.durable.length_of(&path).is_none() {
                self.finished.insert(path);
            }
        }
        Ok(())
    }

    async fn load(&mut self, path: PathBuf) -> Result<(), LoadError> {
        // Asked first: a file that is closed after this is read to its end in the next round.
        let is_written = self.durable.length_of(&path).is_some();
        let readable = self.durable.readable(&path)?;
        let Some(mut source) = self.source(&path).await? else { return Ok(()) };
        if source.offset() < readable {
            source.limit(readable);
            loop {
                let (back, draft) = self.next(source).await?;
                source = back;
                let Some(draft) = draft else { break };
                self.commit(draft).await?;
            }
        }
        if is_written {
            self.sources.insert(path, source);
        } else {
            info!(file = source.path(), bytes = source.offset(), "Loaded to its end");
            self.finished.insert(path);
        }
        Ok(())
    }

    async fn source(&mut self, path: &Path) -> Result<Option<Source>, LoadError> {
        if let Some(source) = self.sources.remove(path) {
            return Ok(Some(source));
        }
        let owned = path.to_path_buf();
        let head = task::spawn_blocking(move || head_of(&owned)).await.map_err(|_| self.stopped())??;
        let Some(head) = head else { return Ok(None) };
        let known = self.store.position(head).await?;
        let owned = path.to_path_buf();
        let open = move || Source::open(&owned, head, known.as_ref(), Decoder::default());
        task::spawn_blocking(open).await.map_err(|_| self.stopped())?
    }

    async fn next(&self, mut source: Source) -> Result<(Source, Option<Draft>), LoadError> {
        let read = task::spawn_blocking(move || source.next(BATCH_LINES).map(|draft| (source, draft)));
        read.await.map_err(|_| self.stopped())?
    }

    async fn commit(&mut self, draft: Draft) -> Result<(), LoadError> {
        let newest = draft.newest;
        let batch = self.projector.project(draft).await?;
        let committed = self.store.commit(&batch).await?;
        let inserted = |table| committed.of(table).inserted;
        self.stats.ticks.fetch_add(inserted(Table::ScalpTicks), Ordering::Relaxed);
        self.stats.bars.fetch_add(inserted(Table::ScalpBars), Ordering::Relaxed);
        self.stats.rejects.fetch_add(inserted(Table::LoadRejects), Ordering::Relaxed);
        let micros = newest.and_then(|at| u64::try_from(at.timestamp_micros()).ok()).unwrap_or_default();
        self.stats.newest.fetch_max(micros, Ordering::Relaxed);
        Ok(())
    }

    fn stopped(&self) -> LoadError {
        LoadError::Stopped { path: self.dir.clone() }
    }
}
