//! From an archive and a store to a report.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use obs_aggregate::Attested;
use obs_archive::ArchiveError;
use obs_model::{Gap, Symbol, trading_day};
use obs_store::{Position, RejectSelection, Store, StoreError, Table, TimeRange};
use tokio::task;

use crate::{
    Account, Code, Progress, Report, Request, Seconds, Section, Shares, Subject, TimelineGap,
    archive::{Archive, Sourced},
    bars::Bars,
    day::Day,
    files, gaps, healed,
    request::{range_of, windows_of},
    sanity::Sanity,
    seconds, shares, swing, ticks,
};

/// The version of the report's written form.
const VERSION: u32 = 1;

/// The tables that are compared day by day.
const COMPARED: [Table; 3] = [Table::ScalpTicks, Table::ScalpBars, Table::SwingBars];

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
/// The store should be at rest: what is loaded meanwhile is reported as a difference.
///
/// # Errors
/// [`VerifyError`] if a file cannot be read or the store cannot answer. What is wrong with the record is no error, but a finding.
pub async fn verify(store: Arc<dyn Store>, request: Request, progress: Arc<Progress>) -> Result<Report, VerifyError> {
    store.check_schema().await?;
    let positions = store.positions().await?;
    let archive = Arc::new(read_archive(&request, &positions, &progress).await?);
    let mut verification = Verification::new(store, request, archive, progress);
    verification.sections.push(files::check(&verification.archive, &positions));
    verification.gaps().await?;
    verification.days().await?;
    verification.rejects().await?;
    Ok(verification.end())
}

async fn read_archive(request: &Request, positions: &[Position], progress: &Arc<Progress>) -> Result<Archive, VerifyError> {
    let (paths, decoder, positions) = (request.files.clone(), request.decoder.clone(), positions.to_vec());
    let progress = Arc::clone(progress);
    let reading = task::spawn_blocking(move || Archive::read(&paths, &positions, &decoder, &progress));
    Ok(reading.await.map_err(|_| VerifyError::Stopped)??)
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

    /// Compares gaps and attested time, and works out the identity in seconds.
    async fn gaps(&mut self) -> Result<(), VerifyError> {
        let (range, archive) = (self.request.range(), Arc::clone(&self.archive));
        let mut section = Section::new(Subject::Gaps);
        let touches = |gap: &Gap| gap.start() < range.until && (range.from < gap.end() || range.from <= gap.start());
        let lines: Vec<&Sourced<Gap>> = archive.gaps.iter().filter(|line| touches(&line.what)).collect();
        if let Some(rows) = readable(self.store.gaps(range).await, &mut section)? {
            gaps::count_by_reason(&rows, &mut section);
            let span = |gap: &Gap| TimelineGap { start: gap.start(), end: gap.end(), reason: gap.reason };
            self.timeline = rows.iter().map(span).collect();
            gaps::compare(&archive, lines, rows, &mut section);
        }
        let mut attested = Attested::default();
        archive.feed_events.iter().for_each(|event| attested.apply(event));
        if let Some(sessions) = readable(self.store.feed_sessions(range).await, &mut section)? {
            gaps::compare_attested(&attested, &Attested::new(sessions), Some(range), &mut section);
        }
        self.sections.push(section);
        self.losses(range).await?;

        let mut section = Section::new(Subject::Seconds);
        let gaps: Vec<Gap> = archive.gaps.iter().map(|line| line.what.clone()).collect();
        let (calendar, request) = (&self.request.calendar, &self.request);
        let is_wanted = |day, symbol| request.is_wanted(day, symbol);
        self.seconds = seconds::account((&archive.feed_events, &attested), &gaps, calendar, is_wanted, &mut section);
        self.sections.push(section);
        Ok(())
    }

    /// Compares losses and healed minutes.
    async fn losses(&mut self, range: TimeRange) -> Result<(), VerifyError> {
        let (archive, symbol) = (Arc::clone(&self.archive), self.request.symbol);
        let is_of = |of: Symbol| symbol.is_none_or(|symbol| symbol == of);
        let touches = |after, before| after < range.until && range.from <= before;
        let lines =
            archive.losses.iter().filter(|line| is_of(line.what.symbol) && touches(line.what.after, line.what.before));
        if let Some(mut rows) = readable(self.store.volume_breaks(range).await, &mut self.shares)? {
            rows.retain(|row| is_of(row.symbol) && touches(row.after, row.before));
            shares::compare_losses(&archive, &lines.collect::<Vec<_>>(), rows, &mut self.shares);
        }
        let starts = |at| range.from <= at && at < range.until;
        let lines = archive.healed.iter().filter(|line| is_of(line.what.symbol) && starts(line.what.bar_time));
        if let Some(rows) = readable(self.store.healed_bars(range, symbol).await, &mut self.shares)? {
            healed::compare(&archive, &lines.collect::<Vec<_>>(), rows, &mut self.shares);
        }
        Ok(())
    }

    /// Goes through the trading days on which the archive has anything.
    async fn days(&mut self) -> Result<(), VerifyError> {
        let days: Vec<NaiveDate> = self.archive.days().into_iter().filter(|day| self.request.has_day(*day)).collect();
        self.days = days.first().copied().zip(days.last().copied());
        let reads = |day: &NaiveDate| -> u64 {
            let files = self.archive.files.iter().filter(|file| file.days.contains_key(day));
            files.map(|file| file.length).sum()
        };
        self.progress.plan(days.iter().map(reads).sum());
        let mut compared = [0; COMPARED.len()];
        for day in days {
            let of_day = self.day(day).await?;
            compared.iter_mut().zip(of_day).for_each(|(sum, rows)| *sum += rows);
        }
        if self.request.is_of_all() {
            for (table, rows) in COMPARED.into_iter().zip(compared) {
                self.outside(table, rows).await?;
            }
        }
        Ok(())
    }

    /// Compares a day, and gives the number of rows that it has in each of the tables.
    async fn day(&mut self, day: NaiveDate) -> Result<[u64; COMPARED.len()], VerifyError> {
        let mut lines = self.read_day(day).await?;
        let (archive, symbol, range) = (Arc::clone(&self.archive), self.request.symbol, range_of(day));
        self.sanity.lines(&archive, &lines);

        let losses: Vec<_> = archive
            .losses
            .iter()
            .filter(|line| trading_day(line.what.before) == day && symbol.is_none_or(|of| of == line.what.symbol))
            .collect();
        let recorded = std::mem::take(&mut lines.shares);
        self.in_shares.extend(shares::account(&archive, day, recorded, &losses, &mut self.shares));

        let sessions = readable(self.store.feed_sessions(range).await, &mut self.bars)?.unwrap_or_default();
        let attested = Attested::new(sessions);
        let stored = readable(self.store.bars(range, symbol).await, &mut self.bars)?;
        self.sanity.bars(stored.as_deref().unwrap_or_default());
        let bars_compared = stored.as_ref().map_or(0, Vec::len) as u64;
        let mut bars = stored.map(|stored| Bars::new(stored, std::mem::take(&mut lines.bars)));

        // By time, then by arrival; a stable sort would need as much memory again.
        lines.ticks.sort_unstable_by_key(|line| (line.tick.event_time, line.file, line.line));
        let mut ticks = lines.ticks.as_mut_slice();
        let mut ticks_compared = 0;
        for window in windows_of(range) {
            let until = window.until;
            let (here, later) = ticks.split_at_mut(ticks.partition_point(|line| line.tick.event_time < until));
            ticks = later;
            let Some(mut rows) = readable(self.store.ticks(window, symbol).await, &mut self.ticks)? else { continue };
            ticks_compared += rows.len() as u64;
            self.sanity.ticks(&rows);
            if let Some(bars) = &mut bars {
                bars.compare(&rows, &attested, &mut self.bars);
            }
            ticks::compare(&archive, here, &mut rows, &mut self.ticks);
        }
        if let Some(bars) = bars {
            bars.end(&archive, &mut self.bars);
        }
        let swing_bars = readable(self.store.swing_bars(range, symbol).await, &mut self.swing)?.unwrap_or_default();
        let compared = [ticks_compared, bars_compared, swing_bars.len() as u64];
        self.sanity.swing_bars(&swing_bars);
        swing::compare(&archive, lines.swing_bars, swing_bars, &mut self.swing);
        Ok(compared)
    }

    async fn read_day(&self, day: NaiveDate) -> Result<Day, VerifyError> {
        let (archive, progress) = (Arc::clone(&self.archive), Arc::clone(&self.progress));
        let (symbol, decoder) = (self.request.symbol, self.request.decoder.clone());
        let reading = task::spawn_blocking(move || Day::read(&archive, day, symbol, &decoder, &progress));
        Ok(reading.await.map_err(|_| VerifyError::Stopped)??)
    }

    /// Rows on days of which the archive knows nothing.
    async fn outside(&mut self, table: Table, compared: u64) -> Result<(), VerifyError> {
        let stored = self.store.count(table).await?;
        if stored > compared {
            let (section, code) = match table {
                Table::ScalpTicks => (&mut self.ticks, Code::TickOutside),
                Table::ScalpBars => (&mut self.bars, Code::BarExtra),
                _ => (&mut self.swing, Code::SwingExtra),
            };
            let what = format!("{} rows lie on days of which the archive knows nothing", stored - compared);
            section.find(code, table.name(), what);
        }
        Ok(())
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
