//! What a recorder wrote since the positions were looked at.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use obs_archive::{ArchiveError, Reader};
use obs_model::{Gap, Symbol};
use obs_pipeline::decode_line;
use obs_schema::{Decoded, Decoder, Record};

use crate::{archive::Archive, gaps::as_stored};

/// Rows that may be in the store or not, and may be new or old. A row is never stored before its line is written; so, asked for
/// behind the rows, this is all that they can be ahead of the lines that were read.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) gaps: HashSet<Gap>,
    /// Losses by symbol, end and start.
    pub(crate) losses: HashSet<(Symbol, DateTime<Utc>, DateTime<Utc>)>,
    /// Healed minutes.
    pub(crate) healed: HashSet<(Symbol, DateTime<Utc>)>,
    /// Ten-minute bars.
    pub(crate) swing_bars: HashSet<(Symbol, DateTime<Utc>)>,
}

impl Incoming {
    /// Reads the ends of the files that grow; nothing of an archive at rest.
    pub(crate) fn read(archive: &Archive, decoder: &Decoder) -> Result<Self, ArchiveError> {
        let mut incoming = Self::default();
        let grows = |path| archive.live.iter().any(|live| live.holds(path));
        for file in archive.files.iter().filter(|file| grows(&file.path) && file.loaded_until() < file.length_now()) {
            let (mut reader, mut decoder) = (Reader::open(&file.path)?, decoder.clone());
            reader.skip_to(file.loaded_until(), 0)?;
            while let Some(line) = reader.line()? {
                if let Decoded::Record(record) = decode_line(&mut decoder, &line) {
                    incoming.take(&record);
                }
            }
        }
        Ok(incoming)
    }

    fn take(&mut self, record: &Record) {
        match record {
            Record::Gap(gap) => drop(self.gaps.insert(as_stored(gap))),
            Record::Loss(loss) => drop(self.losses.insert((loss.symbol, loss.before, loss.after))),
            Record::Healed(bar) => drop(self.healed.insert((bar.symbol, bar.bar_time))),
            Record::Swing(record) => drop(self.swing_bars.insert((record.bar.symbol, record.bar.bar_time))),
            Record::Tick(_) | Record::Bar(_) | Record::Feed(_) | Record::Rejected(_) | Record::Slot(_) => {}
        }
    }
}
