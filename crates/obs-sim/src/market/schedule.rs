//! What happens in a market at a fixed instant, apart from the orders that come at random.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::Calendar;

use super::{
    instrument::Instrument,
    session::{Session, midnight},
};

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The day of a session begins.
    NewDay(Session),
    /// All stocks open.
    Opening(NaiveDate),
    /// A stock's halt ends.
    Resumption(NaiveDate, usize),
    /// All stocks close.
    Close(NaiveDate),
}

/// The events to come, up to the beginning of the next trading day.
#[derive(Default)]
pub(super) struct Schedule {
    events: VecDeque<(DateTime<Utc>, Event)>,
}

impl Schedule {
    /// Plans a day from an instant on. `session` is the day's, with the stocks that are traded in it.
    pub(super) fn fill(
        &mut self,
        calendar: &Calendar,
        day: NaiveDate,
        session: Option<(&Session, &[Instrument])>,
        from: DateTime<Utc>,
    ) {
        let mut events: Vec<_> = session.map(|(session, instruments)| of_session(session, instruments)).unwrap_or_default();
        let next = Session::after(calendar, day);
        events.extend(next.map(|session| (midnight(session.date), Event::NewDay(session))));
        events.retain(|(at, _)| *at >= from);
        // Stable, so that stocks keep their order.
        events.sort_by_key(|(at, _)| *at);
        self.events = events.into();
    }

    /// The next event before an instant, or, if so asked, at it.
    pub(super) fn take_before(&mut self, instant: DateTime<Utc>, or_at: bool) -> Option<(DateTime<Utc>, Event)> {
        self.events.pop_front_if(|(at, _)| *at < instant || or_at && *at == instant)
    }
}

fn of_session(session: &Session, instruments: &[Instrument]) -> Vec<(DateTime<Utc>, Event)> {
    if !session.has_auctions() {
        return Vec::new();
    }
    let halts = instruments.iter().enumerate().filter_map(|(index, instrument)| Some((index, instrument.plan.halt?)));
    let resumptions = halts.map(|(index, (_, end))| (end, Event::Resumption(session.date, index)));
    let ends = [(session.open, Event::Opening(session.date)), (session.close, Event::Close(session.date))];
    ends.into_iter().chain(resumptions).collect()
}
