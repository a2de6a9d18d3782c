//! A line and its end.

/// The longest line that is held in memory, in bytes without its line end: 1 MiB.
pub const MAX_LINE: usize = 1024 * 1024;

/// How many bytes of a longer line are kept to show to a person.
pub const SHOWN: usize = 4 * 1024;

/// The most bytes that a line of [`MAX_LINE`] takes in a file, with CR and LF.
pub(crate) const MAX_HELD: usize = MAX_LINE + 2;

/// A line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number; the first line is 1.
    pub number: u64,
    /// Where it starts in the file.
    pub offset: u64,
    /// Where the next line starts.
    pub end: u64,
    /// Its content without line end: LF, or CR and LF, which some editors write. Of a line that is too long, the first
    /// [`SHOWN`] bytes.
    pub bytes: &'a [u8],
    /// Its content is longer than [`MAX_LINE`].
    pub too_long: bool,
}

impl<'a> Line<'a> {
    /// A line that is held whole.
    #[inline]
    pub(crate) fn held(number: u64, offset: u64, end: u64, content: &'a [u8]) -> Self {
        let too_long = content.len() > MAX_LINE;
        Self { number, offset, end, bytes: if too_long { &content[..SHOWN] } else { content }, too_long }
    }
}

/// A line without its end.
#[inline]
pub(crate) fn content(line: &[u8]) -> &[u8] {
    match line {
        [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content,
        unfinished => unfinished,
    }
}
