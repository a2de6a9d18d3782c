//! Appending to the archive.

use crate::{
    ArchiveError, DurableLengths, MAX_LINE, Repair, Segment,
    layout::segments_of,
    lock::FolderLock,
    repair::{mend, sync_folder_of},
};
use chrono::{DateTime, Utc};
use memchr::memchr;
use obs_schema::Stream;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// When appended records are made durable: whichever limit is reached first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterSettings {
    /// The longest that a record may wait. The caller keeps it: see [`ArchiveWriter::sync_in`].
    pub fsync_interval: Duration,
    /// The most bytes that may wait. [`ArchiveWriter::append`] keeps it.
    pub fsync_bytes: usize,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { fsync_interval: Duration::from_millis(100), fsync_bytes: 1024 * 1024 }
    }
}

/// The one writer of a data folder.
///
/// Every call may block on the disk. Dropping it syncs what is pending and logs a failure; [`ArchiveWriter::close`] reports it.
///
/// After a failed write or fsync every later call repeats that error. The kernel may have dropped the pages of a failed fsync
/// and report the next one as successful, so that going on would claim what nobody knows. What was not synced is cut off, so
/// that opening anew is safe: what is in the files then ends at a line or is repaired.
#[derive(Debug)]
pub struct ArchiveWriter {
    dir: PathBuf,
    settings: WriterSettings,
    current: BTreeMap<Stream, Current>,
    durable: Arc<DurableLengths>,
    repairs: Vec<Repair>,
    failure: Option<ArchiveError>,
    _lock: FolderLock,
}

/// The segment that a stream is appended to.
#[derive(Debug)]
struct Current {
    path: PathBuf,
    file: File,
    /// The first instant that belongs into a later segment.
    end: DateTime<Utc>,
    /// Bytes on the disk.
    length: u64,
    /// Whole lines that are not yet written.
    pending: Vec<u8>,
    /// When the first of them was received.
    since: Option<DateTime<Utc>>,
}

impl ArchiveWriter {
    /// Opens a data folder for writing, creating it if need be, and mends the newest segment of each stream if a crash tore it.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Locked`] when another writer has the folder, and [`ArchiveError::Read`], [`ArchiveError::Write`] or
    /// [`ArchiveError::Sync`] when it cannot be prepared.
    pub fn open(dir: impl Into<PathBuf>, settings: WriterSettings) -> Result<(Self, Vec<Repair>), ArchiveError> {
        let dir = dir.into();
        let new = !dir.exists();
        for stream in Stream::ALL {
            let folder = dir.join(stream.folder());
            fs::create_dir_all(&folder).map_err(ArchiveError::write(&folder))?;
        }
        let lock = FolderLock::take(&dir)?;
        // The names of the streams' folders, and of the data folder itself.
        sync_folder_of(&dir.join(".lock"))?;
        if new {
            sync_folder_of(&dir)?;
        }
        let mut repairs = Vec::new();
        for stream in Stream::ALL {
            // Rotation syncs a segment before it creates the next one, so a crash tears the newest.
            if let Some(Segment { path, .. }) = segments_of(&dir, stream)?.into_iter().max_by_key(|found| found.start) {
                let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(ArchiveError::write(&path))?;
                repairs.extend(mend(&path, &mut file)?);
            }
        }
        let durable = Arc::new(DurableLengths::default());
        let current = BTreeMap::new();
        Ok((Self { dir, settings, current, durable, repairs: Vec::new(), failure: None, _lock: lock }, repairs))
    }

    /// Appends a record received at `at`, without line feed. It is durable after the next sync, which happens here when enough
    /// bytes are pending.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Line`] for something that is not one line; the writer goes on. Any other error is final.
    pub fn append(&mut self, stream: Stream, at: DateTime<Utc>, line: &[u8]) -> Result<(), ArchiveError> {
        self.alive()?;
        check(stream, line)?;
        // A record goes into the segment of its own time or the current one, whichever is later. If a clock step back reopened
        // an old segment, records around an hour's edge would swap files with every step, readers that left the old segment as
        // finished would miss the record, and each change would cost two fsyncs.
        let current = match self.current.remove(&stream) {
            Some(current) if at < current.end => current,
            ended => {
                let outcome = self.rotate(stream, at, ended);
                self.remember(outcome)?
            }
        };
        let current = self.current.entry(stream).or_insert(current);
        current.pending.extend_from_slice(line);
        current.pending.push(b'\n');
        current.since.get_or_insert(at);
        if self.current.values().map(|current| current.pending.len()).sum::<usize>() >= self.settings.fsync_bytes {
            self.sync()?;
        }
        Ok(())
    }

    /// Writes everything appended so far and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Write`] or [`ArchiveError::Sync`]; both are final.
    pub fn sync(&mut self) -> Result<(), ArchiveError> {
        self.alive()?;
        let outcome = self.current.values_mut().try_for_each(|current| current.sync(&self.durable));
        self.remember(outcome)
    }

    /// How long the oldest pending record may still wait for [`ArchiveWriter::sync`], `None` if nothing is pending. `now` is
    /// by the clock that `at` came from.
    #[must_use]
    pub fn sync_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        let since = self.current.values().filter_map(|current| current.since).min()?;
        // The clock was set back if `now` lies before the record: how long it has waited is unknown, so it waits no longer.
        Some((now - since).to_std().map_or(Duration::ZERO, |waited| self.settings.fsync_interval.saturating_sub(waited)))
    }

    /// Whether something is pending that should be synced now.
    #[must_use]
    pub fn sync_due(&self, now: DateTime<Utc>) -> bool {
        self.sync_in(now) == Some(Duration::ZERO)
    }

    /// What is known to be on the disk, for readers that follow this writer.
    #[must_use]
    pub fn durable(&self) -> Arc<DurableLengths> {
        Arc::clone(&self.durable)
    }

    /// Repairs made since opening, each given out once. There are some only when the writer went on with a segment that was
    /// not its stream's newest, such as after a clock that ran ahead was set right.
    pub fn repairs(&mut self) -> Vec<Repair> {
        std::mem::take(&mut self.repairs)
    }

    /// Syncs and ends.
    ///
    /// # Errors
    ///
    /// Those of [`ArchiveWriter::sync`].
    pub fn close(mut self) -> Result<(), ArchiveError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), ArchiveError> {
        self.sync()?;
        for (_, current) in std::mem::take(&mut self.current) {
            self.durable.retire(&current.path);
        }
        Ok(())
    }

    fn rotate(&mut self, stream: Stream, at: DateTime<Utc>, old: Option<Current>) -> Result<Current, ArchiveError> {
        let Some(mut old) = old else { return self.start(stream, at) };
        old.sync(&self.durable)?;
        let new = self.start(stream, at)?;
        self.durable.retire(&old.path);
        Ok(new)
    }

    fn start(&mut self, stream: Stream, at: DateTime<Utc>) -> Result<Current, ArchiveError> {
        let segment = Segment::of(&self.dir, stream, at);
        let (end, path) = (segment.end(), segment.path);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(ArchiveError::write(&path))?;
        self.repairs.extend(mend(&path, &mut file)?);
        sync_folder_of(&path)?;
        let length = file.metadata().map_err(ArchiveError::read(&path))?.len();
        // Published before the first write: from here on nobody reads to the file's end.
        self.durable.publish(&path, length);
        Ok(Current { path, file, end, length, pending: Vec::new(), since: None })
    }

    fn alive(&self) -> Result<(), ArchiveError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn remember<T>(&mut self, outcome: Result<T, ArchiveError>) -> Result<T, ArchiveError> {
        if let Err(error) = &outcome {
            self.failure = Some(error.clone());
        }
        outcome
    }
}

impl Drop for ArchiveWriter {
    fn drop(&mut self) {
        if self.failure.is_none()
            && let Err(error) = self.finish()
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the last records may not be on the disk");
        }
    }
}

impl Current {
    fn sync(&mut self, durable: &DurableLengths) -> Result<(), ArchiveError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.pending).map_err(ArchiveError::write(&self.path))?;
        if let Err(error) = self.file.sync_data() {
            // Linux forgets that such pages are not on the disk: whoever opens the file next could read and sync them, and
            // would believe it. Cut off, they are lost in a way that everybody can see. If that fails too, there is no more
            // to do.
            let _ = self.file.set_len(self.length);
            return Err(ArchiveError::sync(&self.path)(error));
        }
        self.length += self.pending.len() as u64;
        self.pending.clear();
        self.since = None;
        durable.publish(&self.path, self.length);
        Ok(())
    }
}

/// What is appended must come back from a [`Reader`](crate::Reader) as it was.
fn check(stream: Stream, line: &[u8]) -> Result<(), ArchiveError> {
    let problem = match line {
        [] => "is empty",
        [.., b'\r'] => "ends in a carriage return",
        line if line.len() > MAX_LINE => "is longer than 1 MiB",
        line if memchr(b'\n', line).is_some() => "contains a line feed",
        _ => return Ok(()),
    };
    Err(ArchiveError::Line { stream: stream.folder(), problem })
}
