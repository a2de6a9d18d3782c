//! Ten minutes of a session, and which come next.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use obs_model::{Calendar, KST, trading_day};

/// How long a window is.
pub const WINDOW: TimeDelta = TimeDelta::minutes(10);

/// Ten minutes of a session: what one bar tells.
///
/// Windows are aligned to the Korean clock (09:00, 09:10, …). Should a session open or close in between, its first or last window
/// is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Its first instant, which is its bar's `bar_time`.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
    /// Whether the session ends with it. Then the closing auction belongs to it, whose row is stamped with the minute of the
    /// close (15:30).
    pub closes: bool,
}

impl Window {
    /// The trading day it belongs to.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        trading_day(self.start)
    }

    /// The start of its last minute: 09:09 of the first window, 15:30 of the last one.
    #[must_use]
    pub fn last_minute(&self) -> DateTime<Utc> {
        if self.closes { self.end } else { self.end - TimeDelta::minutes(1) }
    }

    /// When its last minute is over: no trade of it can come any more.
    #[must_use]
    pub fn complete_at(&self) -> DateTime<Utc> {
        self.last_minute() + TimeDelta::minutes(1)
    }

    /// Whether a minute, named by its start in Korean time, belongs to it.
    #[must_use]
    pub fn holds(&self, minute: NaiveDateTime) -> bool {
        (korean(self.start)..=korean(self.last_minute())).contains(&minute)
    }
}

/// An instant as Korean clocks show it.
pub(crate) fn korean(instant: DateTime<Utc>) -> NaiveDateTime {
    instant.with_timezone(&KST).naive_local()
}

/// The windows of a calendar's sessions.
///
/// ```
/// use obs_ingest_rest::Schedule;
/// use obs_model::Calendar;
///
/// let schedule = Schedule::new(Calendar::krx());
/// // A Friday after the close: the next window is Monday's first.
/// let next = schedule.next("2026-11-20T07:00:00Z".parse()?).unwrap();
/// assert_eq!(next.start.to_rfc3339(), "2026-11-23T00:00:00+00:00");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    calendar: Calendar,
}

impl Schedule {
    /// The windows of this calendar.
    #[must_use]
    pub const fn new(calendar: Calendar) -> Self {
        Self { calendar }
    }

    /// The window that an instant lies in, or else the next one, within a month.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<Window> {
        let session = self.calendar.session_at_or_after(now)?;
        self.of_session(session).find(|window| window.end > now)
    }

    /// The windows that end after `from` and not after `until`, in order.
    #[must_use]
    pub fn ended_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut at = from;
        while let Some(window) = self.next(at).filter(|window| window.end <= until) {
            at = window.end;
            windows.push(window);
        }
        windows
    }

    /// The windows of a Korean calendar day, in order; none when the market is closed.
    #[must_use]
    pub fn of_day(&self, day: NaiveDate) -> Vec<Window> {
        self.calendar.session(day).map(|session| self.of_session(session).collect()).unwrap_or_default()
    }

    fn of_session(&self, (open, close): (DateTime<Utc>, DateTime<Utc>)) -> impl Iterator<Item = Window> + use<> {
        // A market that never closes has no closing auction: the minute of its close is the next session's first.
        let auction = !self.calendar.contains(close);
        let starts = std::iter::successors(Some(open), |start| Some(next_boundary(*start)));
        starts.take_while(move |start| *start < close).map(move |start| {
            let end = next_boundary(start).min(close);
            Window { start, end, closes: auction && end == close }
        })
    }
}

/// The next full ten minutes of the Korean clock, which is a whole number of hours from UTC.
fn next_boundary(instant: DateTime<Utc>) -> DateTime<Utc> {
    let length = WINDOW.num_seconds();
    instant + TimeDelta::seconds(length - instant.timestamp().rem_euclid(length))
}

/// The last trading day before a day, within a month: by the calendar, so that a Monday after a holiday is right too.
#[must_use]
pub fn trading_day_before(calendar: &Calendar, day: NaiveDate) -> Option<NaiveDate> {
    let before = day.pred_opt()?;
    before.iter_days().rev().take(32).find(|day| calendar.session(*day).is_some())
}

/// The last trading day up to and including a day, within a month.
pub(crate) fn trading_day_until(calendar: &Calendar, day: NaiveDate) -> Option<NaiveDate> {
    if calendar.session(day).is_some() { Some(day) } else { trading_day_before(calendar, day) }
}
