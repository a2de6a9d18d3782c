//! Reading a file line by line from a known position.

use crate::{
    ArchiveError, Line, SHOWN,
    line::{MAX_HELD, content},
};
use blake3::Hasher;
use memchr::memchr;
use std::{
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// What is read at once: enough to hash several chunks side by side, small enough to stay in the processor's cache.
const BUFFER: usize = 256 * 1024;

/// Reads the complete lines of a file, which may be growing.
///
/// A line is consumed when it is returned. [`offset`](Self::offset), [`line_number`](Self::line_number) and
/// [`content_digest`](Self::content_digest) speak of the consumed lines, so that together they are a position to
/// continue from: see [`skip_to`](Self::skip_to).
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
    /// Where the operating system reads on.
    cursor: u64,
    /// Nothing at or behind this offset is read.
    limit: u64,
    buffer: Vec<u8>,
    /// What is read and not consumed: `buffer[start..end]`, which is the file's content at `offset`.
    start: usize,
    end: usize,
    /// `buffer[hashed..start]` is consumed and not yet in `hasher`: many lines at once hash several times faster.
    hashed: usize,
    hasher: Hasher,
    offset: u64,
    line_number: u64,
    /// Bytes of a line that does not lie in the buffer.
    shown: Vec<u8>,
}

/// What comes next in the file.
struct Next {
    /// Bytes up to and with the line feed, or else to the end.
    length: u64,
    /// There is a line feed.
    complete: bool,
    /// For a line that was read past, because it is too long to hold: the hash with it. What follows it is in the buffer.
    past: Option<Hasher>,
}

impl Reader {
    /// Opens a file at its start.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Read`] when it cannot be opened.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let path = path.into();
        let file = File::open(&path).map_err(ArchiveError::read(&path))?;
        Ok(Self {
            path,
            file,
            cursor: 0,
            limit: u64::MAX,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            hashed: 0,
            hasher: Hasher::new(),
            offset: 0,
            line_number: 0,
            shown: Vec::new(),
        })
    }

    /// Consumes the next complete line. `None` means that there is none now; when the file has grown, or the limit was raised,
    /// a later call may return one.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Read`].
    #[inline]
    pub fn line(&mut self) -> Result<Option<Line<'_>>, ArchiveError> {
        if let Some(at) = memchr(b'\n', &self.buffer[self.start..self.end]) {
            return Ok(Some(self.take_held(at + 1)));
        }
        let next = self.look_ahead()?;
        if next.complete {
            return Ok(Some(self.take(next)));
        }
        self.forget();
        Ok(None)
    }

    /// The bytes behind the last line feed, if the file ends in some right where the reader stands. They are not consumed. No
    /// end of line is taken off them.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Read`].
    pub fn unfinished(&mut self) -> Result<Option<Line<'_>>, ArchiveError> {
        let next = self.look_ahead()?;
        let found = !next.complete && next.length > 0;
        if found && next.past.is_none() {
            self.shown.clear();
            self.shown.extend_from_slice(&self.buffer[self.start..self.end]);
        }
        self.forget();
        let (number, offset, end) = (self.line_number + 1, self.offset, self.offset + next.length);
        let line = Line::held(number, offset, end, &self.shown);
        Ok(found.then_some(Line { too_long: line.too_long || next.past.is_some(), ..line }))
    }

    /// Consumes the bytes behind the last line feed as a line. This is for a file that nobody writes any more: if it grows
    /// after all, the rest of the line will come as a line of its own.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Read`].
    pub fn take_unfinished(&mut self) -> Result<Option<Line<'_>>, ArchiveError> {
        let next = self.look_ahead()?;
        if !next.complete && next.length > 0 {
            return Ok(Some(self.take(next)));
        }
        self.forget();
        Ok(None)
    }

    /// Reads nothing at or behind this offset: for following a writer up to its
    /// [durable length](crate::DurableLengths::readable).
    pub fn limit(&mut self, bytes: u64) {
        if bytes < self.offset + (self.end - self.start) as u64 {
            self.forget();
        }
        self.limit = bytes;
    }

    /// Starts over and goes to a position reached before, hashing what lies before it without looking at lines. Returns the
    /// digest of those bytes: if it is the position's, the file still begins with what was read then.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Short`] when the file, or the limit, ends before `offset`, and [`ArchiveError::Read`]. The reader is
    /// at the file's start then.
    pub fn skip_to(&mut self, offset: u64, line_number: u64) -> Result<[u8; 32], ArchiveError> {
        self.rewind();
        if let Err(error) = self.skip(offset) {
            self.rewind();
            return Err(error);
        }
        self.line_number = line_number;
        Ok(self.content_digest())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes consumed: where the next line starts.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Lines consumed: the number of the last one.
    #[must_use]
    pub const fn line_number(&self) -> u64 {
        self.line_number
    }

    /// BLAKE3 digest of the bytes consumed, line ends included.
    #[must_use]
    pub fn content_digest(&self) -> [u8; 32] {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.buffer[self.hashed..self.start]);
        *hasher.finalize().as_bytes()
    }

    /// Consumes a line of `length` bytes that lies in the buffer.
    #[inline]
    fn take_held(&mut self, length: usize) -> Line<'_> {
        let (from, offset) = (self.start, self.offset);
        self.start += length;
        self.offset += length as u64;
        self.line_number += 1;
        Line::held(self.line_number, offset, self.offset, content(&self.buffer[from..self.start]))
    }

    fn take(&mut self, next: Next) -> Line<'_> {
        let Some(hasher) = next.past else { return self.take_held(usize::try_from(next.length).unwrap_or(usize::MAX)) };
        let offset = self.offset;
        self.hasher = hasher;
        self.offset += next.length;
        self.line_number += 1;
        Line { number: self.line_number, offset, end: self.offset, bytes: &self.shown, too_long: true }
    }

    /// Reads on until the next line feed, the end or the limit.
    #[cold]
    fn look_ahead(&mut self) -> Result<Next, ArchiveError> {
        let mut searched = 0;
        loop {
            let held = &self.buffer[self.start..self.end];
            if let Some(at) = memchr(b'\n', &held[searched..]) {
                return Ok(Next { length: (searched + at + 1) as u64, complete: true, past: None });
            }
            searched = held.len();
            if searched >= MAX_HELD {
                return self.look_past();
            }
            if !self.fill()? {
                return Ok(Next { length: searched as u64, complete: false, past: None });
            }
        }
    }

    /// Reads past a line that is too long to hold, hashing it.
    fn look_past(&mut self) -> Result<Next, ArchiveError> {
        self.hash_consumed();
        self.shown.clear();
        self.shown.extend_from_slice(&self.buffer[self.start..self.start + SHOWN]);
        let mut hasher = self.hasher.clone();
        let mut length = 0;
        loop {
            let held = &self.buffer[self.start..self.end];
            let line_feed = memchr(b'\n', held);
            let passed = line_feed.map_or(held.len(), |at| at + 1);
            hasher.update(&held[..passed]);
            length += passed as u64;
            self.start += passed;
            self.hashed = self.start;
            if line_feed.is_some() {
                return Ok(Next { length, complete: true, past: Some(hasher) });
            }
            (self.start, self.end, self.hashed) = (0, 0, 0);
            if !self.read(self.offset + length)? {
                return Ok(Next { length, complete: false, past: Some(hasher) });
            }
        }
    }

    fn skip(&mut self, offset: u64) -> Result<(), ArchiveError> {
        while self.offset < offset {
            if !self.fill()? {
                return Err(ArchiveError::Short { path: self.path.clone(), offset, length: self.offset });
            }
            let wanted = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            let taken = wanted.min(self.end - self.start);
            self.start += taken;
            self.offset += taken as u64;
        }
        Ok(())
    }

    /// Reads more behind what is held; `false` if there is no more.
    fn fill(&mut self) -> Result<bool, ArchiveError> {
        self.hash_consumed();
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end, self.hashed) = (0, self.end - self.start, 0);
        if self.end == self.buffer.len() {
            self.buffer.resize((2 * self.end).min(MAX_HELD), 0);
        }
        self.read(self.offset + self.end as u64)
    }

    /// Reads the file's bytes from `from` on to the end of the buffer.
    fn read(&mut self, from: u64) -> Result<bool, ArchiveError> {
        let allowed = usize::try_from(self.limit.saturating_sub(from)).unwrap_or(usize::MAX);
        let until = self.buffer.len().min(self.end.saturating_add(allowed));
        if until == self.end {
            return Ok(false);
        }
        if self.cursor != from {
            self.cursor = self.file.seek(SeekFrom::Start(from)).map_err(ArchiveError::read(&self.path))?;
        }
        loop {
            match self.file.read(&mut self.buffer[self.end..until]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => {
                    let read = read.map_err(ArchiveError::read(&self.path))?;
                    self.end += read;
                    self.cursor += read as u64;
                    return Ok(read > 0);
                }
            }
        }
    }

    fn hash_consumed(&mut self) {
        self.hasher.update(&self.buffer[self.hashed..self.start]);
        self.hashed = self.start;
    }

    /// Drops what was read and not consumed. At the end of a file that is the beginning of a line, which a repair may cut off
    /// and another line replace before the next call.
    fn forget(&mut self) {
        self.hash_consumed();
        (self.start, self.end, self.hashed) = (0, 0, 0);
    }

    fn rewind(&mut self) {
        self.forget();
        self.hasher.reset();
        self.offset = 0;
        self.line_number = 0;
    }
}
