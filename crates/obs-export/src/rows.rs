//! Reading a stretch of a table in pieces.

use std::vec;

use arrow_array::RecordBatch;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use obs_model::{Gap, KST, Symbol, Tick};
use obs_store::{Store, TimeRange};

use crate::{Dataset, ExportError, tables};

/// Ticks of so much time are asked for at once: a few thousand rows on a busy day, tens of thousands in the first minute of a
/// very busy one.
const TICKS_AT_ONCE: TimeDelta = TimeDelta::minutes(1);
/// Rows of a piece. Ticks are collected until they are so many; the last minute may bring more.
const PIECE: usize = 16_384;

/// The instants of a trading day: a Korean calendar day.
#[must_use]
pub fn day_range(day: NaiveDate) -> TimeRange {
    let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(KST).single();
    let from = midnight.map_or(DateTime::<Utc>::MIN_UTC, |midnight| midnight.to_utc());
    TimeRange { from, until: from.checked_add_signed(TimeDelta::days(1)).unwrap_or(DateTime::<Utc>::MAX_UTC) }
}

/// The rows of a dataset whose time is in a range, of some symbols or of all, in the dataset's order, piece by piece.
///
/// A row belongs to the range in which its [`Dataset::time_column`] lies, so that each is in one day only. Ticks are read a
/// minute at a time, everything else of the range at once. A gap that touches all symbols touches any of them.
///
/// The pieces are no snapshot: rows that are written meanwhile may be among them or not.
pub struct Rows<'a> {
    store: &'a dyn Store,
    dataset: Dataset,
    range: TimeRange,
    symbols: &'a [Symbol],
    state: State,
}

enum State {
    /// From where on ticks have not been read, and those that wait for a piece.
    Ticks(DateTime<Utc>, Vec<Tick>),
    /// Nothing has been read.
    Unread,
    /// The pieces that are left.
    Read(vec::IntoIter<RecordBatch>),
}

impl<'a> Rows<'a> {
    /// Begins to read. Without symbols, all count.
    #[must_use]
    pub fn new(store: &'a dyn Store, dataset: Dataset, range: TimeRange, symbols: &'a [Symbol]) -> Self {
        let state = if dataset == Dataset::ScalpTicks { State::Ticks(range.from, Vec::new()) } else { State::Unread };
        Self { store, dataset, range, symbols, state }
    }

    /// The next piece, which has rows; `None` behind the last one.
    ///
    /// # Errors
    /// [`ExportError::Store`] when the store cannot answer.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ExportError> {
        if matches!(self.state, State::Unread) {
            self.state = State::Read(self.read().await?.into_iter());
        }
        let (store, until, symbols) = (self.store, self.range.until, self.symbols);
        match &mut self.state {
            State::Ticks(from, waiting) => {
                while *from < until && waiting.len() < PIECE {
                    let end = from.checked_add_signed(TICKS_AT_ONCE).map_or(until, |end| end.min(until));
                    let ticks = store.ticks(TimeRange { from: *from, until: end }, only(symbols)).await?;
                    waiting.extend(ticks.into_iter().filter(|tick| is_wanted(symbols, tick.symbol)));
                    *from = end;
                }
                let piece = if waiting.is_empty() { None } else { Some(tables::ticks(waiting)?) };
                waiting.clear();
                Ok(piece)
            }
            State::Read(pieces) => Ok(pieces.next()),
            State::Unread => Ok(None),
        }
    }

    /// All pieces of a dataset that is read at once.
    async fn read(&self) -> Result<Vec<RecordBatch>, ExportError> {
        let (store, range, symbol) = (self.store, self.range, only(self.symbols));
        let wants = |symbol: Symbol| is_wanted(self.symbols, symbol);
        let is_inside = |time: DateTime<Utc>| range.from <= time && time < range.until;
        match self.dataset {
            Dataset::ScalpTicks => Ok(Vec::new()),
            Dataset::ScalpBars => pieces(store.bars(range, symbol).await?, |bar| wants(bar.symbol), tables::bars),
            Dataset::ScalpBarsHealed => {
                let rows = store.bars_with_healing(range, symbol).await?;
                pieces(rows, |row| wants(row.bar.symbol), tables::bars_with_healing)
            }
            Dataset::HealedBars => {
                pieces(store.healed_bars(range, symbol).await?, |bar| wants(bar.symbol), tables::healed_bars)
            }
            Dataset::SwingBars => {
                pieces(store.swing_bars(range, symbol).await?, |bar| wants(bar.symbol), tables::swing_bars)
            }
            Dataset::Gaps => {
                let touches = |gap: &Gap| gap.symbols.is_empty() || gap.symbols.iter().any(|symbol| wants(*symbol));
                pieces(store.gaps(range).await?, |gap| is_inside(gap.start()) && touches(gap), tables::gaps)
            }
            Dataset::GapSymbols => {
                let mut gaps = store.gaps(range).await?;
                gaps.iter_mut().for_each(|gap| gap.symbols.retain(|symbol| wants(*symbol)));
                pieces(gaps, |gap| is_inside(gap.start()) && !gap.symbols.is_empty(), tables::gap_symbols)
            }
            Dataset::FeedSessions => {
                let rows = store.feed_sessions(range).await?;
                pieces(rows, |row| is_inside(row.attested_from) && wants(row.symbol), tables::feed_sessions)
            }
            Dataset::VolumeBreaks => {
                let rows = store.volume_breaks(range).await?;
                pieces(rows, |row| is_inside(row.before) && wants(row.symbol), tables::volume_breaks)
            }
        }
    }
}

/// What to ask the store for: it knows one symbol or all.
const fn only(symbols: &[Symbol]) -> Option<Symbol> {
    if let [symbol] = symbols { Some(*symbol) } else { None }
}

fn is_wanted(symbols: &[Symbol], symbol: Symbol) -> bool {
    symbols.is_empty() || symbols.contains(&symbol)
}

fn pieces<T>(
    mut rows: Vec<T>,
    is_wanted: impl Fn(&T) -> bool,
    batch: impl Fn(&[T]) -> Result<RecordBatch, ExportError>,
) -> Result<Vec<RecordBatch>, ExportError> {
    rows.retain(is_wanted);
    rows.chunks(PIECE).map(batch).collect()
}
