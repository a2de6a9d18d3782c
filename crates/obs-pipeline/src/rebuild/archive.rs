//! What was loaded of an archive, read again.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use obs_aggregate::{Attested, Minutes};
use obs_archive::{ArchiveError, Reader};
use obs_model::{Bar, Gap, Symbol, trading_day};
use obs_schema::{Decoded, Decoder, Record};
use obs_store::{Digest, Position};

use crate::{
    LoadError,
    lines::{decode_line, head_of, is_whole},
    volumes::Volumes,
};

/// What all files say about time, which is little, and on which days they have ticks.
pub(super) struct Archive {
    files: Vec<Loaded>,
    attested: Attested,
    pub(super) gaps: Vec<Gap>,
    decoder: Decoder,
}

/// A loaded file.
struct Loaded {
    path: PathBuf,
    /// Lines that begin before this offset have rows.
    until: u64,
    /// The days of its ticks.
    days: BTreeSet<NaiveDate>,
}

impl Archive {
    /// Reads all files once. Files that were not loaded, and further copies of those that were, count for nothing.
    pub(super) fn read(paths: &[PathBuf], positions: &[Position], decoder: Decoder) -> Result<Self, LoadError> {
        let mut waiting: BTreeMap<Digest, &Position> = BTreeMap::new();
        waiting
            .extend(positions.iter().filter(|position| position.byte_offset > 0).map(|position| (position.head, position)));
        let mut archive = Self { files: Vec::new(), attested: Attested::default(), gaps: Vec::new(), decoder };
        let mut diverged = None;
        for path in paths {
            let Some((head, position)) = head_of(path)?.and_then(|head| Some((head, *waiting.get(&head)?))) else {
                continue;
            };
            if starts_with(path, position)? {
                waiting.remove(&head);
                archive.read_file(path, position.byte_offset)?;
            } else {
                diverged = Some(path);
            }
        }
        let Some(position) = waiting.values().next() else { return Ok(archive) };
        Err(match diverged {
            Some(path) => LoadError::Diverged {
                path: path.clone(),
                known: position.path.clone(),
                offset: position.byte_offset,
                difference: "is not the same up to there",
            },
            None => LoadError::Absent { known: position.path.clone(), others: waiting.len() - 1 },
        })
    }

    /// The bars of a day, of one symbol or of all, as loading made them.
    pub(super) fn bars(&self, day: NaiveDate, symbol: Option<Symbol>) -> Result<Vec<Bar>, LoadError> {
        let (mut minutes, mut volumes, mut totals) = (Minutes::default(), Volumes::default(), BTreeMap::new());
        for file in self.files.iter().filter(|file| file.days.contains(&day)) {
            let mut decoder = self.decoder.clone();
            each_record(&file.path, file.until, &mut decoder, |record| {
                let Record::Tick(record) = record else { return };
                if trading_day(record.tick.event_time) != day || symbol.is_some_and(|symbol| symbol != record.tick.symbol) {
                    return;
                }
                if Volumes::concerns(&record) && !volumes.knows(day) {
                    volumes.put(day, Vec::new());
                }
                minutes.add(&volumes.difference(record, &mut totals));
            })?;
        }
        Ok(minutes.take_changed(&self.attested))
    }

    fn read_file(&mut self, path: &Path, until: u64) -> Result<(), LoadError> {
        let mut days = BTreeSet::new();
        let Self { attested, gaps, decoder, .. } = self;
        each_record(path, until, decoder, |record| match record {
            Record::Tick(record) => drop(days.insert(trading_day(record.tick.event_time))),
            Record::Feed(event) => attested.apply(&event),
            Record::Gap(gap) => gaps.push(gap),
            _ => {}
        })?;
        self.files.push(Loaded { path: path.to_path_buf(), until, days });
        Ok(())
    }
}

/// Whether a file begins with what was loaded of it.
fn starts_with(path: &Path, position: &Position) -> Result<bool, LoadError> {
    match Reader::open(path)?.skip_to(position.byte_offset, 0) {
        Ok(content) => Ok(Digest::new(content) == position.content),
        Err(ArchiveError::Short { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Gives the records of the lines that begin before an offset to `take`: also the last one if it lacks only its line feed.
fn each_record(path: &Path, until: u64, decoder: &mut Decoder, mut take: impl FnMut(Record)) -> Result<(), LoadError> {
    let mut reader = Reader::open(path)?;
    while let Some(line) = reader.line()?.filter(|line| line.offset < until) {
        if let Decoded::Record(record) = decode_line(decoder, &line) {
            take(record);
        }
    }
    if let Some(line) = reader.unfinished()?.filter(|line| line.offset < until)
        && is_whole(&line)
        && let Decoded::Record(record) = decode_line(decoder, &line)
    {
        take(record);
    }
    Ok(())
}
