//! What an earlier run recorded, so that a restart neither repeats nor forgets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{Gap, GapReason, GapScope, SchemaVersion, SessionId, SwingBar, Symbol, trading_day};

use crate::{Schedule, Window, losses::Losses};

/// A gap's first instant, and the first after it.
type Ends = (DateTime<Utc>, DateTime<Utc>);

/// What an earlier run recorded.
///
/// Show it the ten-minute bars of the last trading day that has any, and the gaps of that day and after. Windows of that day
/// which are neither, and the sessions since, become gaps with reason `process_restart`; those of today are caught up. Shown nothing,
/// it is the first run: nothing is owed but today's windows.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    bars: HashSet<(Symbol, DateTime<Utc>)>,
    gaps: HashMap<Symbol, Vec<Ends>>,
    gaps_of_all: Vec<Ends>,
    /// The stocks of each day that was recorded; none where only gaps of the whole scope are known.
    days: BTreeMap<NaiveDate, BTreeSet<Symbol>>,
}

impl Resume {
    /// Takes note of a bar. Those of the Python system are none of a window, and are passed over.
    pub fn observe_bar(&mut self, bar: &SwingBar) {
        if bar.schema_version == SchemaVersion::V2 {
            self.bars.insert((bar.symbol, bar.bar_time));
            self.days.entry(trading_day(bar.bar_time)).or_default().insert(bar.symbol);
        }
    }

    /// Takes note of a gap. Those of Track B are passed over.
    pub fn observe_gap(&mut self, gap: &Gap) {
        if gap.scope == GapScope::Scalp {
            return;
        }
        let ends = (gap.start(), gap.end());
        let day = self.days.entry(trading_day(gap.start())).or_default();
        day.extend(&gap.symbols);
        for symbol in &gap.symbols {
            self.gaps.entry(*symbol).or_default().push(ends);
        }
        if gap.symbols.is_empty() {
            self.gaps_of_all.push(ends);
        }
    }

    /// Whether a window of a stock is accounted for.
    pub(crate) fn is_done(&self, symbol: Symbol, window: &Window) -> bool {
        let of_symbol = self.gaps.get(&symbol).map(Vec::as_slice).unwrap_or_default();
        self.bars.contains(&(symbol, window.start)) || covers(of_symbol, window) || covers(&self.gaps_of_all, window)
    }

    /// The gaps of the days before `today` that nobody told.
    pub(crate) fn owed(&self, schedule: &Schedule, today: NaiveDate, session_id: &SessionId) -> Vec<Gap> {
        let mut losses = Losses::default();
        let first = self.days.keys().next().copied().unwrap_or(today);
        for day in first.iter_days().take_while(|day| *day < today) {
            let symbols = self.days.get(&day);
            for window in schedule.of_day(day) {
                match symbols.filter(|symbols| !symbols.is_empty()) {
                    Some(symbols) => {
                        for symbol in symbols.iter().filter(|symbol| !self.is_done(**symbol, &window)) {
                            losses.add(window, *symbol, GapReason::ProcessRestart);
                        }
                    }
                    // On that day nothing ran, or nothing that named its stocks.
                    None if !covers(&self.gaps_of_all, &window) => losses.add_all(window, GapReason::ProcessRestart),
                    None => {}
                }
            }
        }
        losses.into_gaps(session_id)
    }
}

fn covers(gaps: &[Ends], window: &Window) -> bool {
    gaps.iter().any(|(start, end)| *start <= window.start && window.end <= *end)
}
