//! Loading what a recorder writes, as it writes it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use obs_aggregate::GuardSettings;
use obs_archive::{ArchiveError, DurableLengths, segments};
use obs_schema::Decoder;
use obs_store::{Store, StoreError};
use tokio::{
    sync::watch,
    task,
    time::{Instant, sleep, timeout_at},
};
use tracing::{info, warn};

use crate::{Clock, LoadError, Recording, draft::Draft, lines::head_of, projector::Projector, source::Source};

/// Lines of one transaction: what 2,000 ticks a second bring in some seconds, so that catching up is quick.
const BATCH_LINES: usize = 10_000;

/// How often the folder is searched for new files. A folder of years holds thousands, which is too much for every fsync.
const SEARCH_EVERY: Duration = Duration::from_millis(200);

/// How often loading is tried when the recorder has ended and the store is away: some seconds, since somebody waits.
const LAST_TRIES: u32 = 5;

mod stats;

pub use stats::{Delays, FollowStats};

/// Follows a recorder: loads what lies in its folder, and then what it writes, never more of a file than is known to be on the
/// disk. While the store is away it waits; the archive grows meanwhile, and nothing is lost.
pub struct Follower {
    store: Arc<dyn Store>,
    dir: PathBuf,
    durable: Arc<DurableLengths>,
    synced: watch::Receiver<u64>,
    projector: Projector,
    /// Files that the recorder writes, in the order of loading.
    written: Vec<PathBuf>,
    /// Those of them that are open.
    sources: HashMap<PathBuf, Source>,
    /// Files that were read to their end, and how long they were. The recorder may go on with one.
    finished: HashMap<PathBuf, u64>,
    /// The store was asked which files were finished before.
    asked: bool,
    /// Something was committed since loading last paused.
    progressed: bool,
    /// When the folder is to be searched again.
    search_at: Instant,
    clock: Clock,
    /// When it was made, by the recorder's clock.
    started: DateTime<Utc>,
    stats: Arc<FollowStats>,
}

/// A file and how far it may be read.
struct Readable {
    path: PathBuf,
    bytes: u64,
    /// The recorder appends to it.
    is_written: bool,
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
            written: Vec::new(),
            sources: HashMap::new(),
            finished: HashMap::new(),
            asked: false,
            progressed: false,
            search_at: Instant::now(),
            clock: Arc::clone(&recording.clock),
            started: (recording.clock)(),
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
    /// [`LoadError`] when going on is senseless: the archive cannot be read, the store refuses for good, or it is away when the
    /// recorder ends and does not come back within seconds. A later run loads the rest.
    pub async fn run(mut self) -> Result<(), LoadError> {
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(15))
            .without_max_times()
            .with_jitter();
        let mut waits = patience.build();
        let mut last_tries = 0;
        loop {
            // The recorder may end while a round runs; then one more round finds what it wrote last.
            let ended = self.synced.has_changed().is_err();
            if ended && last_tries == 0 {
                waits = patience.build();
            }
            last_tries += u32::from(ended);
            match self.round(ended).await {
                Ok(_) if ended => return Ok(()),
                Ok(searched) => {
                    waits = patience.build();
                    self.changed(searched).await;
                }
                Err(LoadError::Store(error)) if last_tries < LAST_TRIES && passes(&error) => {
                    if std::mem::take(&mut self.progressed) {
                        waits = patience.build();
                    }
                    let wait = waits.next().unwrap_or(Duration::from_secs(15));
                    warn!(%error, wait_ms = wait.as_millis(), "Loading pauses; the archive goes on");
                    // What was read and not committed is read again. So is what a store that broke down may have lost.
                    self.sources.clear();
                    self.finished.clear();
                    self.asked = false;
                    self.search_at = Instant::now();
                    self.wait(wait, ended).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until there is more on the disk. A round that did not search the folder may have missed a new file; then it waits
    /// no longer than until the next search.
    async fn changed(&mut self, searched: bool) {
        // An error says that the recorder has ended, which the next turn sees for itself.
        if searched {
            let _ = self.synced.changed().await;
        } else {
            let _ = timeout_at(self.search_at, self.synced.changed()).await;
        }
    }

    /// Waits before trying again, but not longer than until the recorder ends.
    async fn wait(&mut self, wait: Duration, ended: bool) {
        if ended {
            return sleep(wait).await;
        }
        let mut synced = self.synced.clone();
        let ends = async move { while synced.changed().await.is_ok() {} };
        tokio::select! {
            () = sleep(wait) => {}
            () = ends => {}
        }
    }

    /// Loads everything that is on the disk now, and says whether it searched the folder for it.
    async fn round(&mut self, ended: bool) -> Result<bool, LoadError> {
        if !self.asked {
            self.find_finished().await?;
            self.asked = true;
        }
        let searches = ended || self.written.is_empty() || self.search_at <= Instant::now();
        let files = if searches {
            // Before the search, so that a file that is made meanwhile is found by the next one.
            self.search_at = Instant::now() + SEARCH_EVERY;
            self.search().await?
        } else {
            self.readable(self.written.clone()).await?
        };
        self.written.clear();
        self.written.extend(files.iter().filter(|file| file.is_written).map(|file| file.path.clone()));
        for file in files {
            if self.finished.get(&file.path) != Some(&file.bytes) {
                self.load(file).await?;
            }
        }
        Ok(searches)
    }

    /// All files of the archive, with what attests before what it attests.
    async fn search(&self) -> Result<Vec<Readable>, LoadError> {
        let dir = self.dir.clone();
        let mut found = task::spawn_blocking(move || segments(&dir)).await.map_err(|_| self.stopped())??;
        found.sort_by_key(|segment| (segment.stream, segment.start));
        self.readable(found.into_iter().map(|segment| segment.path).collect()).await
    }

    async fn readable(&self, paths: Vec<PathBuf>) -> Result<Vec<Readable>, LoadError> {
        let durable = Arc::clone(&self.durable);
        let measure = move |path: PathBuf| {
            // Asked first: a file that is closed after this is read to its end in the next round.
            let is_written = durable.length_of(&path).is_some();
            Ok(Readable { bytes: durable.readable(&path)?, is_written, path })
        };
        let measured = task::spawn_blocking(move || paths.into_iter().map(measure).collect::<Result<_, ArchiveError>>());
        Ok(measured.await.map_err(|_| self.stopped())??)
    }

    /// Finds the files of our own folder that are loaded to their end. Nobody but our recorder writes there, its lock sees to
    /// that, so a file whose length is the loaded length needs no second look.
    async fn find_finished(&mut self) -> Result<(), LoadError> {
        let positions = self.store.positions().await?;
        let ours = positions.into_iter().map(|position| (PathBuf::from(position.path), position.byte_offset));
        self.finished = ours.filter(|(path, _)| path.starts_with(&self.dir)).collect();
        Ok(())
    }

    async fn load(&mut self, file: Readable) -> Result<(), LoadError> {
        // A file's first line names it, and is not whole before it is on the disk.
        if file.bytes == 0 {
            return Ok(());
        }
        let mut source = match self.sources.remove(&file.path) {
            Some(source) => Some(source),
            None => self.open(&file.path).await?,
        };
        while let Some(mut reading) = source.take() {
            reading.limit(file.bytes);
            let read = task::spawn_blocking(move || reading.next(BATCH_LINES).map(|draft| (reading, draft)));
            let (reading, draft) = read.await.map_err(|_| self.stopped())??;
            if let Some(draft) = draft {
                self.commit(draft).await?;
                source = Some(reading);
            } else if file.is_written {
                self.sources.insert(file.path, reading);
                return Ok(());
            } else {
                info!(file = reading.path(), bytes = reading.offset(), "Loaded to its end");
            }
        }
        if !file.is_written {
            // Nobody looks at it again, so it must not be lost with the store's power.
            self.store.settle().await?;
            self.finished.insert(file.path, file.bytes);
        }
        Ok(())
    }

    async fn open(&self, path: &Path) -> Result<Option<Source>, LoadError> {
        let owned = path.to_path_buf();
        let head = task::spawn_blocking(move || head_of(&owned)).await.map_err(|_| self.stopped())??;
        let Some(head) = head else { return Ok(None) };
        let known = self.store.position(head).await?;
        let owned = path.to_path_buf();
        // What it follows was judged when it was recorded.
        let as_recorded = (Decoder::default(), GuardSettings::default());
        let open = move || Source::open(&owned, head, known.as_ref(), as_recorded, &[]);
        task::spawn_blocking(open).await.map_err(|_| self.stopped())?
    }

    async fn commit(&mut self, draft: Draft) -> Result<(), LoadError> {
        let newest = draft.newest;
        // What lay in the folder before was not on its way since it was received.
        let received = draft.ticks.iter().map(|tick| tick.received_at).filter(|at| *at >= self.started).collect::<Vec<_>>();
        let committed = self.projector.commit(draft).await?;
        self.progressed = true;
        self.stats.add(&committed, newest);
        self.stats.add_delays(&received, (self.clock)());
        Ok(())
    }

    fn stopped(&self) -> LoadError {
        LoadError::Stopped { path: self.dir.clone() }
    }
}

/// Whether an error may be gone when the same is tried again. A conflict is: the position is read again.
fn passes(error: &StoreError) -> bool {
    error.is_transient() || matches!(error, StoreError::Conflict { .. })
}
