//! From an archive and a store to a report.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use obs_archive::ArchiveError;
use obs_model::Symbol;
use obs_store::{RejectSelection, Store, StoreError, Table};
use tokio::task;

use crate::{
    Account, Code, Progress, Report, Request, Seconds, Section, Shares, Subject, TimelineGap, archive::Archive, files,
    incoming::Incoming, live::being_written, sanity::Sanity,
};

mod days;
mod events;

/// The version of the report's written form.
const VERSION: u32 = 1;

/// How many rejected lines are read to be named.
const REJECTS: u32 = 100;

/// Why a record could not be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file could not be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part of this program ended without a word. It is a fault in it.
    #[error("reading the archive stopped: please report this")]
    Stopped,
}

/// Compares an archive with a store, and both with themselves. Of a large archive it takes as long as reading it twice; one
/// trading day is in memory at once. Neither is changed.
///
/// A collector may go on writing the archive and loading it: what is not settled yet is left out, and a note says so. Other
/// changes of the store meanwhile are reported as differences.
///
/// # Errors
/// [`VerifyError`] if a file cannot be read or the store cannot answer. What is wrong with the record is no error, but a finding.
pub async fn verify(store: Arc<dyn Store>, request: Request, progress: Arc<Progress>) -> Result<Report, VerifyError> {
    store.check_schema().await?;
    let files = request.files.clone();
    let written = in_background(move || being_written(&files)).await?;
    let positions = Arc::new(store.positions().await?);
    let (files, decoder, known, shown) =
        (request.files.clone(), request.decoder.clone(), Arc::clone(&positions), Arc::clone(&progress));
    let archive = in_background(move || Archive::read(&files, (&known, &written), &decoder, &shown)).await?;
    let archive = Arc::new(archive);
    let mut verification = Verification::new(store, request, archive, progress);
    verification.sections.push(files::check(&verification.archive, &positions));
    verification.gaps().await?;
    verification.days().await?;
    verification.rejects().await?;
    Ok(verification.end())
}

/// Reads files where waiting for a disk keeps nobody else waiting.
async fn in_background<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, VerifyError> {
    Ok(task::spawn_blocking(read).await.map_err(|_| VerifyError::Stopped)??)
}

/// A verification at work.
struct Verification {
    store: Arc<dyn Store>,
    request: Request,
    archive: Arc<Archive>,
    progress: Arc<Progress>,
    sections: Vec<Section>,
    ticks: Section,
    bars: Section,
    swing: Section,
    shares: Section,
    sanity: Sanity,
    seconds: BTreeMap<(NaiveDate, Symbol), Seconds>,
    in_shares: BTreeMap<(NaiveDate, Symbol), Shares>,
    timeline: Vec<TimelineGap>,
    days: Option<(NaiveDate, NaiveDate)>,
}

impl Verification {
    fn new(store: Arc<dyn Store>, request: Request, archive: Arc<Archive>, progress: Arc<Progress>) -> Self {
        Self {
            store,
            request,
            archive,
            progress,
            sections: Vec::new(),
            ticks: Section::new(Subject::Ticks),
            bars: Section::new(Subject::Bars),
            swing: Section::new(Subject::Swing),
            shares: Section::new(Subject::Shares),
            sanity: Sanity::new(),
            seconds: BTreeMap::new(),
            in_shares: BTreeMap::new(),
            timeline: Vec::new(),
            days: None,
        }
    }

    /// What rows may be ahead of the lines that were read. To be asked for behind the rows.
    async fn incoming(&self) -> Result<Incoming, VerifyError> {
        let (archive, decoder) = (Arc::clone(&self.archive), self.request.decoder.clone());
        in_background(move || Incoming::read(&archive, &decoder)).await
    }

    async fn rejects(&mut self) -> Result<(), VerifyError> {
        let mut section = Section::new(Subject::Rejects);
        let stored = self.store.count(Table::LoadRejects).await?;
        section.count("entries of the ledger", stored);
        let in_archive: u64 = self.archive.files.iter().map(|file| file.loaded.rejects).sum();
        if stored < in_archive {
            let what = format!("it has {stored} entries, and the archive has {in_archive} rejected lines");
            section.find(Code::RejectCount, "load_rejects", what);
        }
        let unacknowledged = self.store.unacknowledged().await?;
        section.count("waiting to be acknowledged", unacknowledged);
        let waiting = RejectSelection { waiting: true, ..RejectSelection::default() };
        for reject in self.store.ledger(&waiting, REJECTS).await?.into_iter().map(|entry| entry.reject) {
            let place = format!("{}:{}", reject.path, reject.line_number);
            section.find(Code::RejectWaiting, place, format!("{}: {}", reject.reason, reject.detail));
        }
        if unacknowledged > 0 {
            // Those beyond the listed ones count as well.
            section.counts.insert(Code::RejectWaiting.as_str(), unacknowledged);
        }
        self.sections.push(section);
        Ok(())
    }

    fn end(self) -> Report {
        let (sanity, coverage, heat) = self.sanity.end();
        let mut sections = self.sections;
        sections.extend([self.ticks, self.bars, self.swing, self.shares, sanity]);
        sections.sort_by_key(|section| section.subject);
        let mut keys: Vec<_> = self.seconds.keys().chain(self.in_shares.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let account = |key: (NaiveDate, Symbol)| Account {
            day: key.0,
            symbol: key.1,
            seconds: self.seconds.get(&key).copied(),
            shares: self.in_shares.get(&key).copied(),
        };
        Report {
            version: VERSION,
            sound: sections.iter().all(Section::is_sound),
            store: self.store.name().to_owned(),
            days: self.days,
            accounts: keys.into_iter().map(account).collect(),
            sections,
            coverage,
            heat,
            timeline: self.timeline,
            queries: Vec::new(),
        }
    }
}

/// Turns a row that cannot be read into a finding: a store that is damaged in one place is compared in all others.
fn readable<T>(answer: Result<T, StoreError>, section: &mut Section) -> Result<Option<T>, VerifyError> {
    match answer {
        Ok(rows) => Ok(Some(rows)),
        Err(StoreError::CorruptRow { table, column, row, reason }) => {
            let what = format!("{reason}; nothing that lies around it could be compared");
            section.find(Code::CorruptRow, format!("{table}.{column} of row {row}"), what);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
