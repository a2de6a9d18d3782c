//! How far an archive file has been loaded.

use std::{fmt, str::FromStr};

/// A 256-bit BLAKE3 digest, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// A digest from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest of 64 hexadecimal digits")]
pub struct InvalidDigest(String);

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let invalid = || InvalidDigest(text.chars().take(80).collect());
        if text.len() != 64 || !text.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

/// How far one archive file has been loaded: a row of `load_positions`.
///
/// A file is known by its content, not its path: `head` names it (the digest of its first line that is not blank), `content` proves that what
/// lies before `byte_offset` is what was loaded. A file may therefore be moved, copied or grown between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Digest of the file's first line that is not blank, as if a line feed ended it, whatever does.
    pub head: Digest,
    /// Where the file was last seen; for people, not for recognition.
    pub path: String,
    /// Bytes loaded: the offset of the next line.
    pub byte_offset: u64,
    /// Lines loaded.
    pub line_number: u64,
    /// Digest of the first `byte_offset` bytes.
    pub content: Digest,
    /// What became of the lines.
    pub lines: LineCounts,
}

/// What became of a file's lines. The three add up to all lines read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Lines that are a row of some table.
    pub rows: u64,
    /// Lines known to carry no data: trigger events, overflow entries, blank lines.
    pub non_data: u64,
    /// Lines in the reject ledger.
    pub rejects: u64,
}

impl LineCounts {
    /// All lines.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.rows + self.non_data + self.rejects
    }
}
