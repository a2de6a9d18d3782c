//! How lines are taken: what names a file, and what its last line is worth without a line end. Loading and verification must agree.

use std::path::Path;

use obs_archive::{ArchiveError, Line, Reader};
use obs_schema::{Decoded, Decoder, MAX_LINE, RejectReason, Rejection};
use obs_store::Digest;

/// What names a file in the store: the digest of its first line that is not blank. `None` for a file without any bytes.
///
/// The line counts as if it ended in a line feed, whether it ends in CR and LF or nobody finished it yet: neither finishing it
/// nor an editor that changes line ends makes another file of it. A blank line would name many files alike.
///
/// # Errors
/// [`ArchiveError`] if the file cannot be read.
pub fn head_of(path: &Path) -> Result<Option<Digest>, ArchiveError> {
    let mut reader = Reader::open(path)?;
    while let Some(line) = reader.line()? {
        if !is_blank(&line) {
            return Ok(Some(name_of(line.bytes)));
        }
    }
    let has_lines = reader.offset() > 0;
    Ok(match reader.unfinished()? {
        Some(line) if !is_blank(&line) => Some(name_of(line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes))),
        Some(_) => Some(name_of(b"")),
        None => has_lines.then(|| name_of(b"")),
    })
}

/// What a line says; one that is too long is a reject.
pub fn decode_line(decoder: &mut Decoder, line: &Line<'_>) -> Decoded {
    if !line.too_long {
        return decoder.decode(line.bytes);
    }
    let detail = format!("it is {} bytes long; the most is {MAX_LINE}", line.end - line.offset);
    Decoded::Reject(Rejection { reason: RejectReason::TooLong, detail })
}

/// Whether a line that its file ends in without a line feed counts as a line: it is a whole JSON object, so that nothing which
/// could follow would make another line of it. A number is the beginning of a date, or of a longer number.
#[must_use]
pub fn is_whole(line: &Line<'_>) -> bool {
    use RejectReason::{NotJson, NotObject, NotUtf8, TooLong};
    let may_grow = |decoded| matches!(decoded, Decoded::Reject(rejection) if matches!(rejection.reason, NotJson | NotObject | NotUtf8 | TooLong));
    !line.too_long && !is_blank(line) && !may_grow(Decoder::default().decode(line.bytes))
}

pub(crate) fn is_blank(line: &Line<'_>) -> bool {
    !line.too_long && line.bytes.trim_ascii().is_empty()
}

fn name_of(line: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(line).update(b"\n");
    Digest::new(*hasher.finalize().as_bytes())
}
