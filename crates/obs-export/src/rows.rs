//! Reading a stretch of a table in pieces.

use std::vec;

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use obs_model::{Gap, Symbol};
use obs_store::{PageOf, Store, TimeRange};

use crate::{Dataset, ExportError, tables};

/// Rows of a piece, and of a page that the store is asked for: what is in memory at once, some megabytes.
const PIECE: u32 = 16_384;

/// Time and symbol, which are a bar's key.
type BarKey = (DateTime<Utc>, Symbol);

/// The rows of a dataset whose time is in a range, of some symbols or of all, in the dataset's order, piece by piece.
///
/// A row belongs to the range in which its [`Dataset::time_column`] lies, so that each is in one day only. Ticks and bars are
/// read a page at a time; gaps, feeds, missing shares and healed bars, of which there are few, at once. A gap that touches all
/// symbols touches any of them.
///
/// Ticks and bars that were there from the beginning come once, whatever is written meanwhile.
pub struct Rows<'a> {
    store: &'a dyn Store,
    dataset: Dataset,
    range: TimeRange,
    symbols: &'a [Symbol],
    state: State,
}

/// How far it has read.
enum State {
    /// Ticks behind this one are left.
    Ticks(Option<(DateTime<Utc>, i64)>),
    /// Bars behind this one are left.
    Bars(Option<BarKey>),
    /// Nothing has been read.
    Unread,
    /// These pieces are left.
    Read(vec::IntoIter<RecordBatch>),
}

impl<'a> Rows<'a> {
    /// Begins to read. Without symbols, all count.
    #[must_use]
    pub fn new(store: &'a dyn Store, dataset: Dataset, range: TimeRange, symbols: &'a [Symbol]) -> Self {
        let state = match dataset {
            Dataset::ScalpTicks => State::Ticks(None),
            Dataset::ScalpBars | Dataset::ScalpBarsHealed | Dataset::SwingBars => State::Bars(None),
            _ => State::Unread,
        };
        Self { store, dataset, range, symbols, state }
    }

    /// The next piece, which has rows; `None` behind the last one.
    ///
    /// # Errors
    /// [`ExportError::Store`] when the store cannot answer.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ExportError> {
        loop {
            let (state, piece) = match &mut self.state {
                State::Read(pieces) => return Ok(pieces.next()),
                State::Unread => (State::Read(self.read().await?.into_iter()), None),
                State::Ticks(after) => {
                    let page = self.store.ticks_page(page(self.range, self.symbols, *after)).await?;
                    let left = page.last().filter(|_| is_full(&page)).map(|(id, tick)| (tick.event_time, *id));
                    let ticks = page.into_iter().map(|(_, tick)| tick);
                    let wanted: Vec<_> = ticks.filter(|tick| is_wanted(self.symbols, tick.symbol)).collect();
                    (left.map(|last| State::Ticks(Some(last))).unwrap_or_default(), Some(tables::ticks(&wanted)?))
                }
                State::Bars(after) => {
                    let page = page(self.range, self.symbols, *after);
                    let (last, piece) = self.bars(page).await?;
                    (last.map(|last| State::Bars(Some(last))).unwrap_or_default(), Some(piece))
                }
            };
            self.state = state;
            if let Some(piece) = piece.filter(|piece| piece.num_rows() > 0) {
                return Ok(Some(piece));
            }
        }
    }

    /// A page of bars: the last one's key, if there are more behind it, and those that are wanted.
    async fn bars(&self, page: PageOf<BarKey>) -> Result<(Option<BarKey>, RecordBatch), ExportError> {
        if self.dataset == Dataset::SwingBars {
            let mut rows = self.store.swing_bars_page(page).await?;
            let left = rows.last().filter(|_| is_full(&rows)).map(|bar| (bar.bar_time, bar.symbol));
            rows.retain(|bar| is_wanted(self.symbols, bar.symbol));
            return Ok((left, tables::swing_bars(&rows)?));
        }
        let healed = self.dataset == Dataset::ScalpBarsHealed;
        let mut rows = self.store.bars_page(page, healed).await?;
        let left = rows.last().filter(|_| is_full(&rows)).map(|row| (row.bar.bar_time, row.bar.symbol));
        rows.retain(|row| is_wanted(self.symbols, row.bar.symbol));
        if healed {
            return Ok((left, tables::bars_with_healing(&rows)?));
        }
        Ok((left, tables::bars(&rows.into_iter().map(|row| row.bar).collect::<Vec<_>>())?))
    }

    /// All pieces of a dataset that is read at once.
    async fn read(&self) -> Result<Vec<RecordBatch>, ExportError> {
        let (store, range, symbol) = (self.store, self.range, only(self.symbols));
        let wants = |symbol: Symbol| is_wanted(self.symbols, symbol);
        let is_inside = |time: DateTime<Utc>| range.from <= time && time < range.until;
        match self.dataset {
            // They are read a page at a time.
            Dataset::ScalpTicks | Dataset::ScalpBars | Dataset::ScalpBarsHealed | Dataset::SwingBars => Ok(Vec::new()),
            Dataset::HealedBars => {
                pieces(store.healed_bars(range, symbol).await?, |bar| wants(bar.symbol), tables::healed_bars)
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

impl Default for State {
    /// Nothing is left.
    fn default() -> Self {
        Self::Read(Vec::new().into_iter())
    }
}

const fn page<K>(range: TimeRange, symbols: &[Symbol], after: Option<K>) -> PageOf<K>
where
    K: Copy,
{
    PageOf { range, symbol: only(symbols), after, limit: PIECE }
}

/// Whether there may be rows behind a page.
const fn is_full<T>(page: &[T]) -> bool {
    page.len() >= PIECE as usize
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
    rows.chunks(PIECE as usize).map(batch).collect()
}
