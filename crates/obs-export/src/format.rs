//! Formats of files and answers.

use std::{fmt, str::FromStr};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Apache Parquet with Snappy, statistics and row groups of 100,000 rows: the smallest, and the best to search.
    Parquet,
    /// A file of Arrow's IPC format, also called Feather 2: the quickest to read.
    Arrow,
    /// A stream of Arrow's IPC format, which can be read while it arrives.
    ArrowStream,
    /// Comma-separated values with a header. Nothing stands for null.
    Csv,
    /// A JSON object a line. Prices are text, so that no reader makes floats of them.
    JsonLines,
}

/// A text that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of {names}", names = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(String);

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Parquet, Self::Arrow, Self::ArrowStream, Self::Csv, Self::JsonLines];

    /// Its name, which also ends the names of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::ArrowStream => "arrows",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.file",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| UnknownFormat(name.chars().take(80).collect()))
    }
}
