//! The archive's files, as they lie there now.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use obs_archive::{ArchiveError, Line, Reader};
use obs_model::{FeedChange, FeedEvent, FeedId, Gap, HealedBar, VolumeBreak, trading_day};
use obs_pipeline::{decode_line, head_of, is_whole};
use obs_schema::{Decoded, Decoder, Record};
use obs_store::{Digest, Position};

use crate::{Progress, live::Live};

/// Something that a line says, and which line.
#[derive(Clone, Debug)]
pub(crate) struct Sourced<T> {
    pub(crate) what: T,
    pub(crate) file: usize,
    pub(crate) line: u64,
}

/// A file and what the store knows of it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// What names it in the store; `None` for an empty one.
    pub(crate) head: Option<Digest>,
    pub(crate) length: u64,
    pub(crate) position: Option<Position>,
    /// It begins with exactly what was loaded.
    pub(crate) is_unchanged: bool,
    /// Lines up to the position, or all if the file changed.
    pub(crate) loaded: Lines,
    /// Lines behind it.
    pub(crate) waiting: u64,
    /// When the oldest of them was recorded.
    pub(crate) waiting_since: Option<DateTime<Utc>>,
    /// When the newest of all was recorded.
    pub(crate) newest: Option<DateTime<Utc>>,
    /// On which days it has ticks and bars, and how many records.
    pub(crate) days: BTreeMap<NaiveDate, u64>,
}

/// What lines of a file are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) records: u64,
    /// Of the records: those that no table has, or the reject ledger.
    pub(crate) aside: u64,
    pub(crate) non_data: u64,
    pub(crate) rejects: u64,
}

impl Lines {
    pub(crate) const fn total(&self) -> u64 {
        self.records + self.non_data + self.rejects
    }
}

/// Everything that all files say about time and loss, which is little, and where the rest is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    pub(crate) files: Vec<File>,
    /// Folders that grow meanwhile.
    pub(crate) live: Vec<Live>,
    pub(crate) gaps: Vec<Sourced<Gap>>,
    pub(crate) losses: Vec<Sourced<VolumeBreak>>,
    pub(crate) healed: Vec<Sourced<HealedBar>>,
    /// In the order of each feed.
    pub(crate) feed_events: Vec<FeedEvent>,
    /// Where the last event of a feed is, if it is a sign of life.
    alive: HashMap<FeedId, usize>,
    /// Files that are copies of others, or the beginnings of copies.
    pub(crate) copies: u64,
    /// Files that begin like another and differ behind it, and that other.
    pub(crate) diverged: Vec<(PathBuf, PathBuf)>,
}

impl Archive {
    /// Reads all files once; some folders were being written before. Of those that begin alike, the one that was loaded counts, or else the longest.
    pub(crate) fn read(
        paths: &[PathBuf],
        (positions, written): (&[Position], &BTreeSet<PathBuf>),
        decoder: &Decoder,
        progress: &Progress,
    ) -> Result<Self, ArchiveError> {
        let mut archive = Self::default();
        let mut alike: BTreeMap<Digest, Vec<File>> = BTreeMap::new();
        for path in paths {
            let file = File::open(path, positions)?;
            match file.head {
                Some(head) => alike.entry(head).or_default().push(file),
                None => archive.files.push(file),
            }
        }
        for (_, mut files) in alike {
            let loaded = files.iter().position(|file| file.is_unchanged && file.position.is_some());
            let longest = || files.iter().enumerate().max_by_key(|(_, file)| file.length).map(|(nth, _)| nth);
            let Some(chosen) = loaded.or_else(longest) else { continue };
            let chosen = files.swap_remove(chosen);
            for other in files {
                let shared = other.length.min(chosen.length);
                if prefix(&other.path, shared)? == prefix(&chosen.path, shared)? {
                    archive.copies += 1;
                } else {
                    archive.diverged.push((other.path, chosen.path.clone()));
                }
            }
            archive.files.push(chosen);
        }
        // In the order in which they were given, which is the order of loading.
        let place = |file: &File| paths.iter().position(|path| *path == file.path);
        archive.files.sort_by_cached_key(place);
        progress.plan(archive.files.iter().map(|file| file.length).sum());
        for nth in 0..archive.files.len() {
            archive.read_file(nth, decoder.clone(), progress)?;
        }
        archive.live = Live::of(&archive.files, written)?;
        Ok(archive)
    }

    /// The days on which there are ticks or bars.
    pub(crate) fn days(&self) -> BTreeSet<NaiveDate> {
        self.files.iter().flat_map(|file| file.days.keys().copied()).collect()
    }

    /// Before this, the store has all trades and attestations that will ever come; at rest, before whatever instant.
    pub(crate) fn settled(&self) -> DateTime<Utc> {
        self.live.iter().map(|live| live.settled).min().unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// A line, as findings name it.
    pub(crate) fn place(&self, file: usize, line: u64) -> String {
        self.files.get(file).map_or_else(String::new, |file| format!("{}:{line}", file.path.display()))
    }

    /// The line that something comes from.
    pub(crate) fn place_of<T>(&self, from: &Sourced<T>) -> String {
        self.place(from.file, from.line)
    }

    fn read_file(&mut self, nth: usize, mut decoder: Decoder, progress: &Progress) -> Result<(), ArchiveError> {
        let mut file = self.files[nth].clone();
        let until = file.loaded_until();
        each_line(&file.path.clone(), |line| {
            progress.advance(line.end - line.offset);
            let decoded = decode_line(&mut decoder, line);
            let at = if let Decoded::Record(record) = &decoded { Some(record.at()) } else { None };
            file.newest = file.newest.max(at);
            if line.offset >= until {
                file.waiting += 1;
                file.waiting_since = file.waiting_since.into_iter().chain(at).min();
                return;
            }
            file.count(&decoded);
            if let Decoded::Record(record) = decoded {
                self.take(record, nth, line.number, &mut file);
            }
        })?;
        self.files[nth] = file;
        Ok(())
    }

    fn take(&mut self, record: Record, nth: usize, line: u64, file: &mut File) {
        let mut has_records_on = |day| *file.days.entry(day).or_default() += 1;
        match record {
            Record::Tick(record) => has_records_on(trading_day(record.tick.event_time)),
            Record::Bar(bar) => has_records_on(trading_day(bar.bar_time)),
            Record::Swing(record) => has_records_on(trading_day(record.bar.bar_time)),
            Record::Gap(what) => self.gaps.push(Sourced { what, file: nth, line }),
            Record::Loss(what) => self.losses.push(Sourced { what, file: nth, line }),
            Record::Healed(what) => self.healed.push(Sourced { what, file: nth, line }),
            Record::Feed(event) => self.take_feed_event(event),
            Record::Rejected(_) | Record::Slot(_) => {}
        }
    }

    /// Of many signs of life of a feed in a row, which is what most lines are, the latest says it all.
    fn take_feed_event(&mut self, event: FeedEvent) {
        if event.change != FeedChange::Alive {
            self.alive.remove(&event.feed_id);
            self.feed_events.push(event);
        } else if let Some(known) = self.alive.get(&event.feed_id).and_then(|nth| self.feed_events.get_mut(*nth)) {
            known.at = known.at.max(event.at);
        } else {
            self.alive.insert(event.feed_id.clone(), self.feed_events.len());
            self.feed_events.push(event);
        }
    }
}

impl File {
    fn open(path: &Path, positions: &[Position]) -> Result<Self, ArchiveError> {
        let head = head_of(path)?;
        let unreadable = |source| ArchiveError::Read { path: path.to_path_buf(), source: Arc::new(source) };
        let length = fs::metadata(path).map_err(unreadable)?.len();
        let position = head.and_then(|head| positions.iter().find(|position| position.head == head)).cloned();
        let is_unchanged = match &position {
            Some(position) if position.byte_offset <= length => prefix(path, position.byte_offset)? == position.content,
            Some(_) => false,
            None => true,
        };
        Ok(Self {
            path: path.to_path_buf(),
            head,
            length,
            position,
            is_unchanged,
            loaded: Lines::default(),
            waiting: 0,
            waiting_since: None,
            newest: None,
            days: BTreeMap::new(),
        })
    }

    /// Lines that begin before this offset have rows, as far as the file can tell.
    pub(crate) fn loaded_until(&self) -> u64 {
        match &self.position {
            None => 0,
            Some(position) if self.is_unchanged => position.byte_offset,
            // What was inserted or removed moved the rest; all of it may have been loaded.
            Some(_) => u64::MAX,
        }
    }

    /// How long it has become since; as long as it was if nobody can tell.
    pub(crate) fn length_now(&self) -> u64 {
        fs::metadata(&self.path).map_or(self.length, |file| file.len())
    }

    fn count(&mut self, decoded: &Decoded) {
        match decoded {
            Decoded::Record(record) => {
                self.loaded.records += 1;
                self.loaded.aside += u64::from(matches!(record, Record::Slot(_) | Record::Rejected(_)));
            }
            Decoded::NonData(_) => self.loaded.non_data += 1,
            Decoded::Reject(_) => self.loaded.rejects += 1,
        }
    }
}

/// Gives every line of a file to `take`: also the last one if it lacks only its line feed.
pub(crate) fn each_line(path: &Path, mut take: impl FnMut(&Line<'_>)) -> Result<(), ArchiveError> {
    let mut reader = Reader::open(path)?;
    while let Some(line) = reader.line()? {
        take(&line);
    }
    if let Some(line) = reader.unfinished()?
        && is_whole(&line)
    {
        take(&line);
    }
    Ok(())
}

fn prefix(path: &Path, length: u64) -> Result<Digest, ArchiveError> {
    Ok(Digest::new(Reader::open(path)?.skip_to(length, 0)?))
}
