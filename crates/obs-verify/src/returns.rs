//! The first records behind gaps, which must say so.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Gap, GapReason, GapScope, QualityFlag, SessionId, Symbol, trading_day};
use obs_schema::TickRecord;

/// After a shorter absence nothing is marked.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(500);

/// When the symbols of each recorder were back from the gaps of a day. Another recorder of the same symbol may never have lost it.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    waiting: HashMap<Symbol, Vec<Return>>,
}

#[derive(Debug)]
struct Return {
    session_id: SessionId,
    at: DateTime<Utc>,
}

impl Returns {
    /// The returns from gaps that end on a day. What is lost when the session ends may come back on a later day, where its gap
    /// has another part or none.
    pub(crate) fn of<'a>(gaps: impl Iterator<Item = &'a Gap>, day: NaiveDate) -> Self {
        let mut waiting: HashMap<Symbol, Vec<Return>> = HashMap::new();
        // Shares that are missing in observed time are no absence.
        for gap in gaps.filter(|gap| gap.scope != GapScope::Swing && gap.reason != GapReason::VolumeBreak) {
            let ends = gap.symbols.iter().map(|symbol| (*symbol, gap.end_of(*symbol)));
            let is_here = |at: DateTime<Utc>| trading_day(at) == day && at - gap.start() >= SHORTEST;
            for (symbol, at) in ends.filter(|(_, at)| is_here(*at)) {
                waiting.entry(symbol).or_default().push(Return { session_id: gap.session_id.clone(), at });
            }
        }
        Self { waiting }
    }

    /// Takes a record of ours, in order of arrival, and says whether it is the first behind a gap and does not say so.
    pub(crate) fn is_unmarked(&mut self, record: &TickRecord) -> bool {
        let Some(waiting) = self.waiting.get_mut(&record.tick.symbol) else { return false };
        let is_marked = record.tick.quality_flag == QualityFlag::Gap;
        let (at, before) = (record.received_at, waiting.len());
        // What arrived in the instant of the return may have come before it.
        waiting.retain(|back| back.session_id != record.tick.session_id || at < back.at || (at == back.at && !is_marked));
        waiting.len() < before && !is_marked
    }
}
