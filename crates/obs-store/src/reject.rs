//! The reject ledger: lines that could not be loaded, until a person accepts their loss.

use chrono::{DateTime, Utc};

use crate::Digest;

/// A line that could not be loaded: a row of `load_rejects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file, by its first line.
    pub head: Digest,
    /// The file, by its path at the time.
    pub path: String,
    /// Which line, counted from 1.
    pub line_number: u64,
    /// Where the line starts.
    pub byte_offset: u64,
    /// The reason's code, such as `not_json`.
    pub reason: String,
    /// The reason in words.
    pub detail: String,
    /// The line without its line feed; of an over-long line the beginning.
    pub raw: Vec<u8>,
}

/// A row of the ledger with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The line.
    pub reject: Reject,
    /// When it was rejected, by the clock of the store.
    pub rejected_at: DateTime<Utc>,
    /// When a person accepted the loss, by the clock of the store; `None` fails verification.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// Which rows of the ledger are meant: those for which every given condition holds, so that the default is all of them.
///
/// A file and a byte offset name one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectSelection {
    /// Of the file with this first line.
    pub head: Option<Digest>,
    /// Of files with exactly this path.
    pub path: Option<String>,
    /// Starting at this byte of its file.
    pub byte_offset: Option<u64>,
    /// With this line number, counted from 1.
    pub line_number: Option<u64>,
    /// With this reason's code.
    pub reason: Option<String>,
    /// Only those that nobody has acknowledged.
    pub waiting: bool,
}
