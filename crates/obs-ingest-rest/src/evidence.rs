//! What the broker's minute chart has said of one stock so far.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use obs_kis::MinuteRow;

use crate::Window;

/// The most rows of one answer: a shorter one says that there are no earlier rows.
pub const CHART_ROWS: usize = 30;

/// The minutes of one stock, gathered from one or several answers of the minute chart.
///
/// Rows may come in any order, and a minute may come twice: of two rows the one with the greater cumulative value was written
/// later, and counts. What it says does not depend on the order in which pages are added.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    rows: BTreeMap<NaiveDateTime, MinuteRow>,
    /// Whether there are no earlier rows than these.
    from_the_first: bool,
}

impl Evidence {
    /// What one answer says.
    #[must_use]
    pub fn of(page: &[MinuteRow]) -> Self {
        let mut evidence = Self::default();
        evidence.add(page);
        evidence
    }

    /// What is known of a stock that has not traded since midnight: that there is nothing to know.
    #[must_use]
    pub fn of_a_day_without_trades() -> Self {
        Self { rows: BTreeMap::new(), from_the_first: true }
    }

    /// Adds one answer as it was sent. An empty one tells nothing, unless it is about the time before known rows.
    pub fn add(&mut self, page: &[MinuteRow]) {
        let tells = !page.is_empty() || !self.rows.is_empty();
        self.from_the_first |= tells && page.len() < CHART_ROWS;
        for row in page {
            let minute = row.date.and_time(row.time);
            let known = self.rows.get(&minute);
            if known.is_none_or(|known| order(known) < order(row)) {
                self.rows.insert(minute, *row);
            }
        }
    }

    /// Whether nothing was sent at all: a stock that the broker does not know, or that has not traded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.from_the_first
    }

    /// Whether all minutes from this one on are in it, and the one before, which tells whether this one had a trade. Before the
    /// first minute of a calendar day there is none.
    #[must_use]
    pub fn reaches(&self, minute: NaiveDateTime) -> bool {
        let midnight = minute.date().and_time(NaiveTime::MIN);
        self.from_the_first || self.oldest().is_some_and(|oldest| oldest < minute || oldest == midnight)
    }

    /// The minute to ask for next, to learn what was before these rows: the one before the oldest. `None` when nothing can be
    /// learned by that, because the rows begin on an earlier day or with the day.
    #[must_use]
    pub fn walk_back(&self, day: NaiveDate) -> Option<NaiveTime> {
        let before = self.oldest()? - TimeDelta::minutes(1);
        (before.date() == day).then(|| before.time())
    }

    /// The oldest minute.
    #[must_use]
    pub fn oldest(&self) -> Option<NaiveDateTime> {
        self.rows.first_key_value().map(|(minute, _)| *minute)
    }

    /// The rows of a window, oldest first.
    pub(crate) fn of_window(&self, window: &Window) -> impl Iterator<Item = (&NaiveDateTime, &MinuteRow)> {
        self.rows.iter().filter(|(minute, _)| window.holds(**minute))
    }

    /// The last row before a minute, on its day.
    pub(crate) fn before(&self, minute: NaiveDateTime) -> Option<&MinuteRow> {
        let earlier = self.rows.range(minute.date().and_time(NaiveTime::MIN)..minute);
        earlier.map(|(_, row)| row).next_back()
    }
}

/// Of two rows of a minute the greater counts. All of a row takes part, so that the order of arrival never decides.
fn order(row: &MinuteRow) -> impl Ord + use<> {
    (row.cumulative_value.won(), row.volume, row.high, std::cmp::Reverse(row.low), row.close, row.open)
}
