//! An archive file as a source of drafts.

use std::path::{Path, PathBuf};

use obs_archive::{Line, Reader, head_digest};
use obs_schema::{Decoded, Decoder, RejectReason, Rejection};
use obs_store::{Advance, Digest, LineCounts, Position, Reject};

use crate::{
    LoadError,
    draft::{Draft, Tally},
};

/// How a line that its file may still finish is said in the reject ledger.
const UNFINISHED: &str = "the file ends in this line; it will be read again when the file has grown";

/// A file that is being loaded from a position on.
#[derive(Debug)]
pub(crate) struct Source {
    reader: Reader,
    decoder: Decoder,
    /// What names the file in the store.
    head: Digest,
    path: String,
    /// The offset that the store holds for the file.
    stored: Option<u64>,
    lines: LineCounts,
}

/// What names a file in the store: the digest of its first line. `None` for a file without any bytes.
///
/// A first line that nobody finished yet is named as if it were finished, so that finishing it does not make another file.
pub(crate) fn head_of(path: &Path) -> Result<Option<Digest>, LoadError> {
    if let Some(head) = head_digest(path)? {
        return Ok(Some(Digest::new(head)));
    }
    let mut reader = Reader::open(path)?;
    let Some(unfinished) = reader.unfinished()? else { return Ok(None) };
    let mut hasher = blake3::Hasher::new();
    hasher.update(unfinished.bytes);
    hasher.update(b"\n");
    Ok(Some(Digest::new(*hasher.finalize().as_bytes())))
}

impl Source {
    /// Opens a file, behind what was loaded of it before, and proves that it still begins with that.
    ///
    /// `Ok(None)` if there is nothing behind it, because the file is an earlier, shorter copy of what was loaded.
    pub(crate) fn open(
        path: &Path,
        head: Digest,
        known: Option<&Position>,
        decoder: Decoder,
    ) -> Result<Option<Self>, LoadError> {
        let mut reader = Reader::open(path)?;
        let shown = path.display().to_string();
        let Some(known) = known else {
            return Ok(Some(Self { reader, decoder, head, path: shown, stored: None, lines: LineCounts::default() }));
        };
        let diverged = |difference| LoadError::Diverged {
            path: path.to_path_buf(),
            known: known.path.clone(),
            offset: known.byte_offset,
            difference,
        };
        let length = length_of(path)?;
        if length < known.byte_offset {
            // An earlier copy of the file, perhaps. The loaded file itself can prove it, if it is still there.
            let proven = is_loaded(known) && prefix_digest(&known.path, length)? == reader.skip_to(length, 0)?;
            let difference = "ends before that, and the loaded file is not there to compare it with or differs";
            return if proven { Ok(None) } else { Err(diverged(difference)) };
        }
        if Digest::new(reader.skip_to(known.byte_offset, known.line_number)?) != known.content {
            return Err(diverged("is not the same up to there"));
        }
        let stored = Some(known.byte_offset);
        Ok(Some(Self { reader, decoder, head, path: shown, stored, lines: known.lines }))
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
        let mut read = 0;
        while read < most {
            let Some(line) = self.reader.line()? else { break };
            take(line, self.head, &self.path, &mut self.decoder, &mut draft);
            read += 1;
        }
        if read == 0 {
            return Ok(None);
        }
        self.step(&mut draft);
        Ok(Some(draft))
    }

    /// The line that the file ends in without a line feed. If it is a whole JSON object it is taken as a line, for nothing that
    /// could follow would make it another one. If not, it is rejected for now, and the position stays before it.
    pub(crate) fn last(&mut self) -> Result<Option<Draft>, LoadError> {
        let Some(line) = self.reader.unfinished()? else { return Ok(None) };
        let mut draft = Draft::default();
        if let Decoded::Reject(rejection) = self.decoder.decode(line.bytes) {
            let unfinished =
                matches!(rejection.reason, RejectReason::NotJson | RejectReason::NotUtf8 | RejectReason::TooLong);
            if unfinished || line.too_long {
                let rejection = Rejection { reason: RejectReason::UnfinishedLine, detail: UNFINISHED.to_owned() };
                reject(&line, rejection, self.head, &self.path, &mut draft);
                self.step(&mut draft);
                return Ok(Some(draft));
            }
        }
        let Some(line) = self.reader.take_unfinished()? else { return Ok(None) };
        take(line, self.head, &self.path, &mut self.decoder, &mut draft);
        self.step(&mut draft);
        Ok(Some(draft))
    }

    /// Puts the step of the position behind a draft.
    fn step(&mut self, draft: &mut Draft) {
        let Tally { rows, non_data, rejects } = &draft.tally;
        // A line that was rejected only for now is not behind the position.
        let unfinished = rejects.get(&RejectReason::UnfinishedLine).copied().unwrap_or_default();
        self.lines.rows += rows;
        self.lines.non_data += non_data.values().sum::<u64>();
        self.lines.rejects += rejects.values().sum::<u64>() - unfinished;
        let to = Position {
            head: self.head,
            path: self.path.clone(),
            byte_offset: self.reader.offset(),
            line_number: self.reader.line_number(),
            content: Digest::new(self.reader.content_digest()),
            lines: self.lines,
        };
        let from = self.stored.replace(to.byte_offset);
        draft.advance = Some(Advance { from, to });
    }
}

fn take(line: Line<'_>, head: Digest, path: &str, decoder: &mut Decoder, draft: &mut Draft) {
    let decoded = if line.too_long {
        let detail = format!("it is {} bytes long; the most is {}", line.end - line.offset, obs_schema::MAX_LINE);
        Decoded::Reject(Rejection { reason: RejectReason::TooLong, detail })
    } else {
        decoder.decode(line.bytes)
    };
    if let Decoded::Reject(rejection) = decoded {
        return reject(&line, rejection, head, path, draft);
    }
    draft.tally.count(&decoded);
    if let Decoded::Record(record) = decoded {
        draft.push(record);
    }
}

fn reject(line: &Line<'_>, rejection: Rejection, head: Digest, path: &str, draft: &mut Draft) {
    draft.rejects.push(Reject {
        head,
        path: path.to_owned(),
        line_number: line.number,
        byte_offset: line.offset,
        reason: rejection.reason.as_str().to_owned(),
        detail: rejection.detail.clone(),
        raw: line.bytes.to_vec(),
    });
    draft.tally.count(&Decoded::Reject(rejection));
}

fn length_of(path: &Path) -> Result<u64, LoadError> {
    let list = |error: std::io::Error| LoadError::List { path: path.to_path_buf(), reason: error.to_string() };
    Ok(std::fs::metadata(path).map_err(list)?.len())
}

/// Whether the file that a position speaks of still lies where it was, unchanged up to the position.
fn is_loaded(known: &Position) -> bool {
    prefix_digest(&known.path, known.byte_offset).is_ok_and(|digest| Digest::new(digest) == known.content)
}

fn prefix_digest(path: &str, length: u64) -> Result<[u8; 32], LoadError> {
    Ok(Reader::open(PathBuf::from(path))?.skip_to(length, 0)?)
}
