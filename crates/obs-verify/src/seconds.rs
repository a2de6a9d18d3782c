//! The identity in seconds: while a symbol is subscribed, every second of a session is observed or in a gap, and in one of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_aggregate::{Attested, Stretch};
use obs_model::{Calendar, FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, Symbol, trading_day};

use crate::{
    Code, Section,
    report::{Seconds, korean},
    stretches::{difference, intersection, length, union},
};

/// What is shorter has no second of its own, and the recorder writes no gap for it.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(500);

/// Events of several connections come a little out of order; more than this, and the clock was set back.
const DISORDER: TimeDelta = TimeDelta::seconds(1);

/// Works out the identity for every symbol and session on a wanted day. A hole that ends behind `settled` is not told: its gap may
/// be written any moment.
pub(crate) fn account(
    (events, attested): (&[FeedEvent], &Attested),
    (gaps, settled): (&[Gap], DateTime<Utc>),
    calendar: &Calendar,
    is_wanted: impl Fn(NaiveDate, Symbol) -> bool,
    section: &mut Section,
) -> BTreeMap<(NaiveDate, Symbol), Seconds> {
    let observed = attested.by_symbol();
    let mut accounts = BTreeMap::new();
    let mut ends: BTreeMap<DateTime<Utc>, Vec<Symbol>> = BTreeMap::new();
    let shown_twice = shown_twice(events);
    let (subscribed_time, open_ended) = subscribed_time(events, &observed);
    for (symbol, subscribed) in subscribed_time {
        let observed = observed.get(&symbol).map_or(&[][..], Vec::as_slice);
        let (of_symbol, overlaps) = time_of_gaps(symbol, gaps);
        for (open, close) in sessions(&subscribed, calendar) {
            let day = trading_day(open);
            if !is_wanted(day, symbol) {
                continue;
            }
            let wanted = intersection(&subscribed, &[(open, close)]);
            let seen = intersection(&wanted, observed);
            let missing = intersection(&wanted, &of_symbol);
            let unexplained = long(difference(&difference(&wanted, &seen), &missing));
            let twice = union([intersection(&seen, &missing), intersection(&wanted, &overlaps)].concat());
            let twice = long(difference(&twice, &shown_twice));
            let place = |(from, until): &Stretch| format!("{symbol} {} to {}", korean(*from), korean(*until));
            for stretch in unexplained.iter().filter(|(_, until)| *until < settled) {
                section.find(Code::TimeUnexplained, place(stretch), "subscribed, and neither observed nor in a gap");
            }
            for stretch in &twice {
                section.find(Code::TimeTwice, place(stretch), "counted twice: observed and in a gap, or in two gaps");
            }
            let seconds = |stretches: &[Stretch]| length(stretches).num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6;
            let account = Seconds {
                subscribed: seconds(&wanted),
                observed: seconds(&seen),
                gaps: seconds(&missing),
                unexplained: seconds(&unexplained),
                twice: seconds(&twice),
            };
            accounts.insert((day, symbol), account);
            let is_end = |end: &DateTime<Utc>| open_ended.get(&symbol) == Some(end) && *end < close;
            if let Some(end) = wanted.last().map(|last| last.1).filter(is_end) {
                ends.entry(end).or_default().push(symbol);
            }
        }
    }
    for (end, symbols) in ends {
        let what = "the record ends here, before the session does; what follows is told when a recorder runs again";
        section.find(Code::TimeOpenEnd, format!("{} symbols, {}", symbols.len(), korean(end)), what);
    }
    section.count("symbol days", accounts.len() as u64);
    for stretch in &shown_twice {
        let what = "the clock was set back; what happened the first time and what happened the second cannot be told apart";
        section.find(Code::ClockSetBack, format!("{} to {}", korean(stretch.0), korean(stretch.1)), what);
    }
    for (name, of) in [
        ("seconds subscribed", (|account: &Seconds| account.subscribed) as fn(&Seconds) -> f64),
        ("seconds observed", |account| account.observed),
        ("seconds in gaps", |account| account.gaps),
        ("seconds unexplained", |account| account.unexplained),
        ("seconds counted twice", |account| account.twice),
    ] {
        // Sums of seconds are far below the whole numbers that a float holds exactly.
        section.count(name, accounts.values().map(of).sum::<f64>().round() as u64);
    }
    accounts
}

/// When somebody wanted each symbol: from its subscription, through losses, until it was given up or the record ends. Time
/// between giving up a subscription and taking it up again on the same day counts: another symbol had taken the slot.
///
/// Also gives the symbols that are wanted still when the record ends, and its end.
fn subscribed_time(
    events: &[FeedEvent],
    observed: &BTreeMap<Symbol, Vec<Stretch>>,
) -> (BTreeMap<Symbol, Vec<Stretch>>, BTreeMap<Symbol, DateTime<Utc>>) {
    let mut feeds: BTreeMap<&FeedId, BTreeSet<Symbol>> = BTreeMap::new();
    let mut since: BTreeMap<Symbol, DateTime<Utc>> = BTreeMap::new();
    let mut given_up: BTreeMap<Symbol, DateTime<Utc>> = BTreeMap::new();
    let mut found: BTreeMap<Symbol, Vec<Stretch>> = BTreeMap::new();
    for event in events {
        match event.change {
            FeedChange::Opened | FeedChange::Alive => {}
            FeedChange::Subscribed { symbol } => {
                feeds.entry(&event.feed_id).or_default().insert(symbol);
                let before = given_up.remove(&symbol).filter(|before| trading_day(*before) == trading_day(event.at));
                since.entry(symbol).or_insert(before.unwrap_or(event.at));
            }
            FeedChange::Unsubscribed { symbol } => {
                if let Some(symbols) = feeds.get_mut(&event.feed_id) {
                    symbols.remove(&symbol);
                }
                if !feeds.values().any(|symbols| symbols.contains(&symbol)) {
                    if let Some(from) = since.remove(&symbol) {
                        found.entry(symbol).or_default().push((from, event.at));
                    }
                    given_up.insert(symbol, event.at);
                }
            }
            FeedChange::Closed { .. } => drop(feeds.remove(&event.feed_id)),
        }
    }
    let mut open_ended = BTreeMap::new();
    for (symbol, from) in since {
        // The last sign of life, behind which the archive says nothing yet.
        let until = observed.get(&symbol).and_then(|stretches| stretches.last()).map_or(from, |last| last.1);
        found.entry(symbol).or_default().push((from, until));
        open_ended.insert(symbol, until);
    }
    let found = found.into_iter().map(|(symbol, stretches)| (symbol, union(stretches))).collect();
    (found, open_ended)
}

/// The time that a clock showed twice because it was set back: connections open before others were over.
fn shown_twice(events: &[FeedEvent]) -> Vec<Stretch> {
    let mut over = DateTime::<Utc>::MIN_UTC;
    let mut found = Vec::new();
    for event in events {
        match event.change {
            FeedChange::Closed { .. } => over = over.max(event.at),
            FeedChange::Opened if over.signed_duration_since(event.at) > DISORDER => found.push((event.at, over)),
            _ => {}
        }
    }
    union(found)
}

/// The time of a symbol's gaps, and the time that lies in more gaps than one. Volume breaks tell of records that are missing in
/// observed time, and do not count.
fn time_of_gaps(symbol: Symbol, gaps: &[Gap]) -> (Vec<Stretch>, Vec<Stretch>) {
    let touches = |gap: &&Gap| {
        let is_of_feeds = gap.scope != GapScope::Swing && gap.reason != GapReason::VolumeBreak;
        is_of_feeds && (gap.symbols.is_empty() || gap.symbols.contains(&symbol))
    };
    let mut stretches: Vec<Stretch> = gaps.iter().filter(touches).map(|gap| (gap.start(), gap.end_of(symbol))).collect();
    stretches.sort_unstable();
    let mut overlaps = Vec::new();
    let mut end = DateTime::<Utc>::MIN_UTC;
    for (from, until) in &stretches {
        overlaps.push((*from, end.min(*until)));
        end = end.max(*until);
    }
    (union(stretches), union(overlaps))
}

/// The sessions that some time touches, whole.
fn sessions(time: &[Stretch], calendar: &Calendar) -> Vec<Stretch> {
    let mut found = BTreeSet::new();
    for (from, until) in time {
        let days = trading_day(*from).pred_opt().unwrap_or(trading_day(*from)).iter_days();
        let days = days.take_while(|day| *day <= trading_day(*until));
        found.extend(days.filter_map(|day| calendar.session(day)).filter(|(open, close)| open < until && from < close));
    }
    found.into_iter().collect()
}

fn long(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|(from, until)| *until - *from >= SHORTEST);
    stretches
}
