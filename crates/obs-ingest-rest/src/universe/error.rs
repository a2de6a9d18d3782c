//! Why there is no universe.

use std::{io, path::PathBuf};

use obs_kis::KisError;

/// Why there is no universe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UniverseError {
    /// A file could not be read or written.
    #[error("{} cannot be {action}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// A list holds no stock.
    #[error("{source_name} names no stock{}; expected is one code a line, or CSV with a column `symbol` (종목코드)", first(.first_problem))]
    Nothing {
        /// The list.
        source_name: String,
        /// What is wrong with its first line that gave nothing.
        first_problem: Option<String>,
    },
    /// No stock of a list passes the rule.
    #[error("none of the {entries} stocks of {source_name} closed at {minimum} won or more: lower the minimum")]
    AllBelowMinimum {
        /// The list.
        source_name: String,
        /// How many it names.
        entries: usize,
        /// The minimum in won.
        minimum: obs_model::Price,
    },
    /// A master file is not one.
    #[error("{source_name} is no master file of the broker's: {problem}")]
    NotAMaster {
        /// The file.
        source_name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The broker did not give its master file.
    #[error("the broker's master file cannot be had: {0}")]
    Broker(#[from] KisError),
    /// The calendar knows no trading day before today.
    #[error("the calendar has no trading day in the month before {0}: is the clock right?")]
    NoTradingDay(chrono::NaiveDate),
    /// The last good universe is not what was saved.
    #[error("{} is damaged: {problem}; delete it, and mend the source of the universe", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The source failed, and the last good universe is too old to stand in for it.
    #[error("{because}; and the last good universe is {days} days old, more than the {most} that are allowed")]
    TooOld {
        /// Why the source failed.
        because: Box<UniverseError>,
        /// Its age.
        days: i64,
        /// The most days.
        most: i64,
    },
}

fn first(problem: &Option<String>) -> String {
    problem.as_ref().map(|problem| format!(" ({problem})")).unwrap_or_default()
}
