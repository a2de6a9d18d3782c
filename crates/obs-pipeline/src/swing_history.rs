//! What Track A recorded last.

use std::path::Path;

use obs_archive::{ArchiveError, Reader, segments};
use obs_model::{Gap, GapScope, SwingBar};
use obs_schema::{Decoded, Decoder, Record, Stream};

/// The ten-minute bars of the last day that has any, and the gaps of Track A that were written on that day and after.
///
/// It is what a recorder needs to know of the one before it, to go on without a window twice or not at all.
///
/// # Errors
/// [`ArchiveError`] if a file cannot be read.
pub fn swing_history(dir: &Path) -> Result<(Vec<SwingBar>, Vec<Gap>), ArchiveError> {
    let segments = segments(dir)?;
    let last = segments.iter().rfind(|segment| segment.stream == Stream::Swing);
    let Some(last) = last else { return Ok((Vec::new(), Vec::new())) };
    let (mut bars, mut gaps) = (Vec::new(), Vec::new());
    let since = segments.iter().filter(|segment| segment.stream == Stream::Events && segment.start >= last.start);
    for path in std::iter::once(&last.path).chain(since.map(|segment| &segment.path)) {
        let (mut reader, mut decoder) = (Reader::open(path)?, Decoder::default());
        while let Some(line) = reader.line()? {
            match decoder.decode(line.bytes) {
                Decoded::Record(Record::Swing(swing)) => bars.push(swing.bar),
                Decoded::Record(Record::Gap(gap)) if gap.scope != GapScope::Scalp => gaps.push(gap),
                _ => {}
            }
        }
    }
    Ok((bars, gaps))
}
