//! An archive file as a source of drafts.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use obs_aggregate::{GuardSettings, Guards, Verdict};
use obs_archive::{Line, Reader};
use obs_model::{Calendar, QualityFlag};
use obs_schema::{Decoded, Decoder, Record, RejectReason, Rejection, TickRecord};
use obs_store::{Advance, Digest, LineCounts, Position, Reject};

use crate::{
    LoadError,
    draft::{Draft, Tally},
    lines::{decode_line, head_of, is_blank, is_whole},
};

/// How a line that its file may still finish is said in the reject ledger.
const UNFINISHED: &str = "the file ends in this line; it will be read again when the file has grown";

/// The most bytes of rejected lines in one draft: each may be a mebibyte long.
const REJECTED_BYTES: usize = 16 * 1024 * 1024;

/// A file that is being loaded from a position on.
#[derive(Debug)]
pub(crate) struct Source {
    reader: Reader,
    decoder: Decoder,
    guards: Guards,
    /// What names the file in the store.
    head: Digest,
    path: String,
    /// The offset that the store holds for the file.
    stored: Option<u64>,
    lines: LineCounts,
    /// The position lies behind a line that was taken without its line end.
    in_line: bool,
}

impl Source {
    /// Opens a file, behind what was loaded of it before, and proves that it still begins with that.
    ///
    /// `Ok(None)` if there is nothing behind it, because the file is an earlier, shorter copy of what was loaded. What was
    /// loaded is looked for where it was last seen, and among `witnesses`.
    pub(crate) fn open(
        path: &Path,
        head: Digest,
        known: Option<&Position>,
        (decoder, guards): (Decoder, GuardSettings),
        witnesses: &[PathBuf],
    ) -> Result<Option<Self>, LoadError> {
        let mut reader = Reader::open(path)?;
        let shown = path.display().to_string();
        let guards = Guards::new(guards, Calendar::krx());
        let Some(known) = known else {
            let lines = LineCounts::default();
            return Ok(Some(Self { reader, decoder, guards, head, path: shown, stored: None, lines, in_line: false }));
        };
        let diverged = |difference| LoadError::Diverged {
            path: path.to_path_buf(),
            known: known.path.clone(),
            offset: known.byte_offset,
            difference,
        };
        let length = length_of(path)?;
        if length < known.byte_offset {
            // An earlier copy of the file, perhaps. The loaded file itself can prove it, if it is still somewhere.
            let Some(loaded) = find_loaded(known, witnesses) else {
                return Err(diverged("ends before that, and the loaded file is not there to compare it with"));
            };
            let same = prefix_digest(&loaded, length)? == reader.skip_to(length, 0)?;
            return if same { Ok(None) } else { Err(diverged("ends before that, and differs")) };
        }
        if Digest::new(reader.skip_to(known.byte_offset, known.line_number)?) != known.content {
            return Err(diverged("is not the same up to there"));
        }
        let in_line = !ends_line(path, known.byte_offset)?;
        let stored = Some(known.byte_offset);
        Ok(Some(Self { reader, decoder, guards, head, path: shown, stored, lines: known.lines, in_line }))
    }

    /// The file.
    pub(crate) const fn path(&self) -> &str {
        self.path.as_str()
    }

    /// Bytes read.
    pub(crate) const fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Reads nothing behind an offset.
    pub(crate) fn limit(&mut self, bytes: u64) {
        self.reader.limit(bytes);
    }

    /// The next lines, at most so many. `None` if there are none now.
    pub(crate) fn next(&mut self, most: usize) -> Result<Option<Draft>, LoadError> {
        let mut draft = Draft::default();
        let (start, before) = (self.reader.offset(), self.lines.total());
        let (mut read, mut rejected) = (0, 0);
        while read < most as u64 && rejected < REJECTED_BYTES {
            let Some(line) = self.reader.line()? else { break };
            if std::mem::take(&mut self.in_line) && is_blank(&line) {
                // The line end of a line that was taken without it.
                continue;
            }
            read += 1;
            let line = Line { number: before + read, ..line };
            let decoded = decode(&line, &mut self.decoder, &mut self.guards);
            rejected += take(&line, decoded, self.head, &self.path, &mut draft);
        }
        if self.reader.offset() == start {
            return Ok(None);
        }
        self.step(&mut draft);
        Ok(Some(draft))
    }

    /// The line that the file ends in without a line feed. If it is a whole JSON object it is taken as a line, for nothing that
    /// could follow would make it another one. If not, it is rejected for now, and the position stays before it.
    pub(crate) fn last(&mut self) -> Result<Option<Draft>, LoadError> {
        let number = self.lines.total() + 1;
        let mut draft = Draft::default();
        let Some(line) = self.reader.unfinished()? else { return Ok(None) };
        if is_blank(&line) {
            return Ok(None);
        }
        let line = Line { number, ..line };
        if !is_whole(&line) {
            let rejection = Rejection { reason: RejectReason::UnfinishedLine, detail: UNFINISHED.to_owned() };
            take(&line, Decoded::Reject(rejection), self.head, &self.path, &mut draft);
            self.step(&mut draft);
            return Ok(Some(draft));
        }
        let Some(line) = self.reader.take_unfinished()? else { return Ok(None) };
        self.in_line = true;
        let line = Line { number, ..line };
        let decoded = decode(&line, &mut self.decoder, &mut self.guards);
        take(&line, decoded, self.head, &self.path, &mut draft);
        self.step(&mut draft);
        Ok(Some(draft))
    }

    /// Puts the step of the position behind a draft.
    fn step(&mut self, draft: &mut Draft) {
        let Tally { rows, non_data, rejects, .. } = &draft.tally;
        // A line that was rejected only for now is not behind the position.
        let unfinished = rejects.get(&RejectReason::UnfinishedLine).copied().unwrap_or_default();
        self.lines.rows += rows;
        self.lines.non_data += non_data.values().sum::<u64>();
        self.lines.rejects += draft.tally.rejected() - unfinished;
        let to = Position {
            head: self.head,
            path: self.path.clone(),
            byte_offset: self.reader.offset(),
            line_number: self.lines.total(),
            content: Digest::new(self.reader.content_digest()),
            lines: self.lines,
        };
        let from = self.stored.replace(to.byte_offset);
        draft.advance = Some(Advance { from, to });
    }
}

/// Decodes a line. Trades of others, which no recorder of ours has judged, are judged here, each by itself: so it makes no
/// difference where loading goes on. What they say is kept, however impossible.
fn decode(line: &Line<'_>, decoder: &mut Decoder, guards: &mut Guards) -> Decoded {
    let mut decoded = decode_line(decoder, line);
    if let Decoded::Record(Record::Tick(TickRecord { received_at, cumulative_volume, tick })) = &mut decoded
        && !is_ours(line)
        && guards.check_alone(tick, *received_at, *cumulative_volume) != Verdict::Pass
    {
        tick.quality_flag = tick.quality_flag.max(QualityFlag::Degraded);
    }
    decoded
}

/// Takes what a line says into a draft, and returns how many bytes of rejected lines it added.
fn take(line: &Line<'_>, decoded: Decoded, head: Digest, path: &str, draft: &mut Draft) -> usize {
    let (reason, detail) = match &decoded {
        Decoded::Reject(rejection) => (rejection.reason.as_str().to_owned(), rejection.detail.clone()),
        Decoded::Record(Record::Rejected(told)) => (told.reason.clone(), format!("{}: {}", told.source, told.detail)),
        _ => {
            draft.tally.count(&decoded);
            if let Decoded::Record(record) = decoded {
                draft.push(record);
            }
            return 0;
        }
    };
    draft.rejects.push(Reject {
        head,
        path: path.to_owned(),
        line_number: line.number,
        byte_offset: line.offset,
        reason,
        detail,
        raw: line.bytes.to_vec(),
    });
    draft.tally.count(&decoded);
    if let Decoded::Record(record) = decoded {
        draft.push(record);
    }
    line.bytes.len()
}

/// Whether a line has our own form.
fn is_ours(line: &Line<'_>) -> bool {
    line.bytes.trim_ascii_start().starts_with(b"{\"v\"")
}

fn length_of(path: &Path) -> Result<u64, LoadError> {
    Ok(std::fs::metadata(path).map_err(unreadable(path))?.len())
}

/// Whether an offset lies at a line's start.
fn ends_line(path: &Path, offset: u64) -> Result<bool, LoadError> {
    let Some(before) = offset.checked_sub(1) else { return Ok(true) };
    let read = || {
        let mut byte = [0];
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(before))?;
        file.read_exact(&mut byte)?;
        Ok(byte == *b"\n")
    };
    read().map_err(unreadable(path))
}

/// The file that a position speaks of, unchanged up to the position, if it still lies where it was or is among others.
fn find_loaded(known: &Position, witnesses: &[PathBuf]) -> Option<PathBuf> {
    let is_loaded = |path: &Path| prefix_digest(path, known.byte_offset).is_ok_and(|it| Digest::new(it) == known.content);
    let is_named_alike = |path: &&PathBuf| head_of(path).is_ok_and(|head| head == Some(known.head));
    let seen = PathBuf::from(&known.path);
    if is_loaded(&seen) {
        return Some(seen);
    }
    witnesses.iter().filter(is_named_alike).find(|path| is_loaded(path)).cloned()
}

fn prefix_digest(path: &Path, length: u64) -> Result<[u8; 32], LoadError> {
    Ok(Reader::open(path)?.skip_to(length, 0)?)
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> LoadError {
    move |error| LoadError::List { path: path.to_path_buf(), reason: error.to_string() }
}
