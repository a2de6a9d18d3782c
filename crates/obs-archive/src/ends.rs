//! The last line of a file.

use crate::{
    ArchiveError, MAX_LINE,
    line::{MAX_HELD, content},
};
use memchr::memrchr;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

/// The last complete line of a file without its line end, found from the file's end. `None` if the file has no complete line,
/// or none shorter than [`MAX_LINE`] in its last two mebibytes.
///
/// # Errors
///
/// [`ArchiveError::Read`].
pub fn last_line(path: &Path) -> Result<Option<Vec<u8>>, ArchiveError> {
    let find = || {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        // Nearly always the last line lies in the first, small piece.
        let mut window = 16 * 1024;
        loop {
            let tail = read_tail(&mut file, length, window)?;
            let whole = tail.len() as u64 == length;
            if let Some(end) = memrchr(b'\n', &tail) {
                match memrchr(b'\n', &tail[..end]) {
                    Some(before) => return Ok(Some(content(&tail[before + 1..=end]).to_vec())),
                    None if whole => return Ok(Some(content(&tail[..=end]).to_vec())),
                    None => {}
                }
            }
            if whole || window >= 2 * MAX_HELD {
                return Ok(None);
            }
            window = (8 * window).min(2 * MAX_HELD);
        }
    };
    Ok(find().map_err(ArchiveError::read(path))?.filter(|line: &Vec<u8>| line.len() <= MAX_LINE))
}

/// The last `window` bytes of a file of this length.
fn read_tail(file: &mut File, length: u64, window: usize) -> io::Result<Vec<u8>> {
    let start = length.saturating_sub(window as u64);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(length - start).read_to_end(&mut tail)?;
    Ok(tail)
}
