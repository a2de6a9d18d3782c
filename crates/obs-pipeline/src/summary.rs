//! What a run of loading did.

use std::{collections::BTreeMap, path::PathBuf};

use obs_schema::{NonData, RejectReason};
use obs_store::Committed;

use crate::{LoadError, draft::Tally};

/// What became of one file.
#[derive(Debug)]
pub struct FileSummary {
    /// The file.
    pub path: PathBuf,
    /// Lines that an earlier run had loaded already.
    pub already_loaded: u64,
    /// Lines that are a row now.
    pub rows: u64,
    /// Lines that carry no data, by kind.
    pub non_data: BTreeMap<NonData, u64>,
    /// Lines in the reject ledger that could not be read, by reason.
    pub rejects: BTreeMap<RejectReason, u64>,
    /// Lines in the reject ledger in which a recorder tells of what it received and did not record.
    pub told_rejects: u64,
    /// What the rows did to the tables; bars made from ticks included.
    pub tables: Committed,
    /// Why the file was not loaded to its end, if it was not.
    pub outcome: FileOutcome,
}

/// Whether a file was loaded to its end.
#[derive(Debug)]
pub enum FileOutcome {
    /// It was.
    Complete,
    /// It was not: somebody asked to stop. A second run goes on here.
    Interrupted,
    /// It was not: this went wrong.
    Failed(LoadError),
}

impl FileSummary {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            already_loaded: 0,
            rows: 0,
            non_data: BTreeMap::new(),
            rejects: BTreeMap::new(),
            told_rejects: 0,
            tables: Committed::default(),
            outcome: FileOutcome::Complete,
        }
    }

    pub(crate) fn add(&mut self, tally: Tally, committed: &Committed) {
        let mut sum = Tally {
            rows: self.rows,
            non_data: std::mem::take(&mut self.non_data),
            rejects: std::mem::take(&mut self.rejects),
            told_rejects: self.told_rejects,
        };
        sum.merge(&tally);
        (self.rows, self.non_data) = (sum.rows, sum.non_data);
        (self.rejects, self.told_rejects) = (sum.rejects, sum.told_rejects);
        self.tables.merge(committed);
    }

    /// Lines without data.
    #[must_use]
    pub fn non_data_lines(&self) -> u64 {
        self.non_data.values().sum()
    }

    /// Lines in the reject ledger.
    #[must_use]
    pub fn rejected_lines(&self) -> u64 {
        self.rejects.values().sum::<u64>() + self.told_rejects
    }

    /// All lines that the file was seen to have.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.already_loaded + self.rows + self.non_data_lines() + self.rejected_lines()
    }
}

/// What became of all files.
#[derive(Debug, Default)]
pub struct LoadSummary {
    /// Every file that was begun, in order.
    pub files: Vec<FileSummary>,
}

impl LoadSummary {
    /// What was done to the tables in all.
    #[must_use]
    pub fn tables(&self) -> Committed {
        let mut sum = Committed::default();
        self.files.iter().for_each(|file| sum.merge(&file.tables));
        sum
    }

    /// Whether every file was loaded to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.files.iter().all(|file| matches!(file.outcome, FileOutcome::Complete))
    }
}
