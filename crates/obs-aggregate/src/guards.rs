//! Rules that tell a doubtful trade from a sound one, and from what cannot be a trade.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{Calendar, Price, Quantity, Symbol, Tick, trading_day};

use crate::Stretch;

mod rule;
mod settings;

pub use rule::{Rule, Verdict};
pub use settings::GuardSettings;

/// Judges trades, in order of arrival, each by itself and by those of its symbol before it.
///
/// What the exchange reports is a fact, however odd: nearly all rules only degrade. Rejected is what no market can do, and only
/// while it stands alone: when the next record agrees with a rejected one, both price and time go on from there. So one wrong
/// record does not spoil those behind it, whichever of them is the wrong one.
#[derive(Clone, Debug)]
pub struct Guards {
    settings: GuardSettings,
    calendar: Calendar,
    /// A session that the last trades lay in, with the time for its closing auction. It saves asking the calendar.
    open: Option<Stretch>,
    symbols: HashMap<Symbol, Known>,
}

/// What is known of a symbol.
#[derive(Clone, Debug)]
struct Known {
    /// The last price and the latest time that count.
    last: Mark,
    date: NaiveDate,
    /// The last price of the trading day before, which stands for the base price.
    close: Option<Price>,
    /// The trade that was rejected last, if nothing came since.
    outlier: Option<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: DateTime<Utc>,
    price: Option<Price>,
}

impl Guards {
    /// Guards that know of no trade yet.
    #[must_use]
    pub fn new(settings: GuardSettings, calendar: Calendar) -> Self {
        Self { settings, calendar, open: None, symbols: HashMap::new() }
    }

    /// Goes by another calendar from now on.
    pub fn set_calendar(&mut self, calendar: Calendar) {
        (self.calendar, self.open) = (calendar, None);
    }

    /// Judges a trade that reached us at an instant, with the day's cumulative volume behind it if it is known.
    pub fn check(&mut self, tick: &Tick, received_at: DateTime<Utc>, total: Option<Quantity>) -> Verdict {
        let alone = self.check_alone(tick, received_at, total);
        if matches!(alone, Verdict::Rejected(_)) {
            return alone;
        }
        let following = self.follow(tick);
        if alone == Verdict::Pass || matches!(following, Verdict::Rejected(_)) { following } else { alone }
    }

    /// Says that the trade of a symbol that was rejected last is a real one all the same, by other evidence. Those behind it are
    /// judged as if it had not come.
    pub fn overrule(&mut self, symbol: Symbol) {
        if let Some(known) = self.symbols.get_mut(&symbol) {
            known.outlier = None;
        }
    }

    /// Judges a trade by itself: the verdict is the same whatever was judged before.
    pub fn check_alone(&mut self, tick: &Tick, received_at: DateTime<Utc>, total: Option<Quantity>) -> Verdict {
        let settings = self.settings;
        let crossed = tick.bid_price.zip(tick.ask_price).is_some_and(|(bid, ask)| ask < bid);
        match tick.volume {
            Some(volume) if volume > settings.impossible_volume => Verdict::Rejected(Rule::Volume),
            Some(volume) if volume > settings.doubtful_volume => Verdict::Degraded(Rule::Volume),
            Some(volume) if total.is_some_and(|total| total < volume) => Verdict::Degraded(Rule::Total),
            _ if !self.is_open(tick.event_time) => Verdict::Degraded(Rule::OffSession),
            _ if crossed => Verdict::Degraded(Rule::CrossedQuotes),
            _ if tick.event_time - received_at > settings.ahead => Verdict::Degraded(Rule::TimeAhead),
            _ => Verdict::Pass,
        }
    }

    fn is_open(&mut self, at: DateTime<Utc>) -> bool {
        if self.open.is_some_and(|(from, until)| from <= at && at < until) {
            return true;
        }
        let session = self.calendar.session_at_or_after(at - self.settings.after_close);
        self.open = session.map(|(open, close)| (open, close + self.settings.after_close)).filter(|(open, _)| *open <= at);
        self.open.is_some()
    }

    /// Judges a trade by those of its symbol before it.
    fn follow(&mut self, tick: &Tick) -> Verdict {
        let mark = Mark { at: tick.event_time, price: tick.last_price };
        let date = trading_day(mark.at);
        let Some(known) = self.symbols.get_mut(&tick.symbol) else {
            self.symbols.insert(tick.symbol, Known { last: mark, date, close: None, outlier: None });
            return Verdict::Pass;
        };
        let Some(rule) = self.settings.forbids(&known.last, &mark, known.date == date) else {
            known.outlier = None;
            return known.go_on(mark, date, &self.settings);
        };
        let agrees = |outlier: Mark| self.settings.forbids(&outlier, &mark, true).is_none();
        if known.outlier.take().is_some_and(agrees) {
            *known = Known { last: mark, date, close: known.close, outlier: None };
            return Verdict::Degraded(rule);
        }
        known.outlier = Some(mark);
        Verdict::Rejected(rule)
    }
}

impl Known {
    /// Takes a trade that is possible.
    fn go_on(&mut self, mark: Mark, date: NaiveDate, settings: &GuardSettings) -> Verdict {
        if date > self.date {
            (self.date, self.close) = (date, self.last.price.or(self.close));
            self.last.price = None;
        }
        let moved =
            |base: Option<Price>, percent| base.zip(mark.price).is_some_and(|(base, price)| is_beyond(base, price, percent));
        let is_late = mark.at < self.last.at;
        let verdict = if self.last.at - mark.at > settings.late {
            Verdict::Degraded(Rule::TimeBackwards)
        } else if moved(self.close, settings.limit_percent) {
            Verdict::Degraded(Rule::PriceLimit)
        } else if moved(self.last.price, settings.jump_percent) {
            Verdict::Degraded(Rule::PriceJump)
        } else {
            Verdict::Pass
        };
        // A late price was followed by the one that is known.
        if !is_late {
            self.last = Mark { at: mark.at, price: mark.price.or(self.last.price) };
        }
        verdict
    }
}

impl GuardSettings {
    /// The rule by which one trade cannot follow another.
    fn forbids(&self, last: &Mark, next: &Mark, same_day: bool) -> Option<Rule> {
        let times = |one: Price, other: Price| {
            i128::from(one.ten_thousandths()) >= i128::from(other.ten_thousandths()) * i128::from(self.impossible_factor)
        };
        let jumps = || last.price.zip(next.price).is_some_and(|(last, next)| times(last, next) || times(next, last));
        if last.at - next.at >= self.backwards {
            Some(Rule::TimeBackwards)
        } else {
            (same_day && jumps()).then_some(Rule::PriceJump)
        }
    }
}

/// Whether a price lies further from another one than so many percent of that one.
fn is_beyond(base: Price, price: Price, percent: u32) -> bool {
    let (base, price) = (i128::from(base.ten_thousandths()), i128::from(price.ten_thousandths()));
    (price - base).abs() * 100 > base * i128::from(percent)
}
