//! The parts of a trading day, and how much is traded in each.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, KST};

/// What the market is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nothing: it is night or a holiday.
    Closed,
    /// Orders are collected for the opening price: the half hour before the session.
    OpeningAuction,
    /// Orders trade as they come.
    Continuous,
    /// Orders are collected for the closing price: the last ten minutes of the session.
    ClosingAuction,
}

/// Activity over continuous trading in twenty parts of equal length, in percent of its mean: lively after the opening and
/// before the close, quiet at noon, as on every stock exchange.
const U_SHAPE: [u64; 20] = [260, 170, 130, 110, 95, 85, 78, 72, 66, 62, 60, 60, 62, 66, 72, 80, 92, 108, 125, 147];

/// The session of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) date: NaiveDate,
    pub(super) open: DateTime<Utc>,
    pub(super) close: DateTime<Utc>,
    pub(super) continuous_until: DateTime<Utc>,
}

impl Session {
    const OPENING_AUCTION: TimeDelta = TimeDelta::minutes(30);
    const CLOSING_AUCTION: TimeDelta = TimeDelta::minutes(10);

    /// The session of a Korean calendar day, if there is one.
    pub(super) fn on(calendar: &Calendar, date: NaiveDate) -> Option<Self> {
        let (open, close) = calendar.session(date)?;
        let closing_auction = if close - open < TimeDelta::days(1) { Self::CLOSING_AUCTION } else { TimeDelta::zero() };
        Some(Self { date, open, close, continuous_until: (close - closing_auction).max(open) })
    }

    /// The first session of a day after another, within a month.
    pub(super) fn after(calendar: &Calendar, date: NaiveDate) -> Option<Self> {
        date.iter_days().skip(1).take(32).find_map(|day| Self::on(calendar, day))
    }

    /// Whether it begins and ends with auctions. A market that never closes has none.
    pub(super) fn has_auctions(&self) -> bool {
        self.continuous_until < self.close
    }

    pub(super) fn phase(&self, at: DateTime<Utc>) -> Phase {
        match at {
            _ if at >= self.close => Phase::Closed,
            _ if at >= self.continuous_until => Phase::ClosingAuction,
            _ if at >= self.open => Phase::Continuous,
            _ if at >= self.open - Self::OPENING_AUCTION => Phase::OpeningAuction,
            _ => Phase::Closed,
        }
    }

    /// The instant by which as much has gone on since `at` as on average goes on in `activity_ns` nanoseconds of continuous
    /// trading. If the day has not that much left: what remains for the next.
    pub(super) fn later(&self, at: DateTime<Utc>, activity_ns: u64) -> Result<DateTime<Utc>, u64> {
        let curve: &[u64] = if self.has_auctions() { &U_SHAPE } else { &[100] };
        let parts = curve.len() as u64;
        let part_ns = nanoseconds(self.continuous_until - self.open) / parts;
        let (mut at, mut left) = (at.max(self.open), activity_ns);
        for (part, percent) in (1..).zip(curve) {
            // Division leaves a rest of a few nanoseconds to the last part.
            let end = if part == parts { self.continuous_until } else { self.open + delta(part_ns * part) };
            if end <= at {
                continue;
            }
            let (room, needed) = (nanoseconds(end - at), left.saturating_mul(100) / percent);
            if needed < room {
                return Ok(at + delta(needed));
            }
            left = left.saturating_sub(room * percent / 100);
            at = end;
        }
        Err(left)
    }
}

/// The instant at which a Korean calendar day begins.
pub(super) fn midnight(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_local_timezone(KST).earliest();
    midnight.map_or(DateTime::UNIX_EPOCH, |midnight| midnight.to_utc())
}

/// A day's spans fit many times over.
fn nanoseconds(span: TimeDelta) -> u64 {
    span.num_nanoseconds().and_then(|ns| u64::try_from(ns).ok()).unwrap_or_default()
}

fn delta(ns: u64) -> TimeDelta {
    TimeDelta::nanoseconds(i64::try_from(ns).unwrap_or(i64::MAX))
}
