//! Every trade that the simulator sent is archived once, or lies in a gap, and no gap lies where trades were archived.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Gap, GapReason, GapScope, Symbol};
use obs_schema::TickRecord;
use obs_sim::Fault;

use super::{Played, TOLERANCE};

/// A trade as both sides know it: symbol, time, won, shares, shares of the day.
type Trade = (Symbol, DateTime<Utc>, i64, i64, i64);

fn trade_of(record: &TickRecord) -> Trade {
    let tick = &record.tick;
    let won = tick.last_price.unwrap().whole_won().unwrap();
    (tick.symbol, tick.event_time, won, tick.volume.unwrap().shares(), record.cumulative_volume.unwrap().shares())
}

pub(super) fn every_delivery_is_archived_or_in_a_gap(
    Played { simulator, found, until, .. }: &Played,
    skew: TimeDelta,
    problems: &mut Vec<String>,
) {
    let mut archived: HashMap<Trade, u32> = HashMap::new();
    for record in &found.ticks {
        *archived.entry(trade_of(record)).or_default() += 1;
    }
    let twice = archived.iter().filter(|(_, times)| **times > 1);
    problems.extend(twice.map(|trade| format!("archived more than once: {trade:?}")));

    let sent: HashSet<Trade> = simulator
        .ledger()
        .snapshot()
        .iter()
        .map(|sent| (sent.symbol, sent.event_time, sent.price, sent.volume, sent.cumulative_volume))
        .collect();
    let invented = archived.keys().filter(|trade| !sent.contains(trade));
    problems.extend(invented.map(|trade| format!("archived and never sent: {trade:?}")));
    let covers = |gap: &Gap, (symbol, when, ..): &Trade| {
        gap.scope == GapScope::Scalp
            && gap.symbols.contains(symbol)
            && gap.start() - skew - TOLERANCE <= *when
            && *when <= gap.end_of(*symbol) - skew + TOLERANCE
    };
    // What went out when nobody listened any more is the next run's to explain.
    let listened = |trade: &&Trade| trade.1 < *until - TimeDelta::minutes(1);
    let lost = sent
        .iter()
        .filter(listened)
        .filter(|trade| !archived.contains_key(trade) && !found.gaps.iter().any(|gap| covers(gap, trade)));
    problems.extend(lost.map(|trade| format!("sent, and neither archived nor in a gap: {trade:?}")));
}

pub(super) fn no_gap_lies_where_data_was_whole(Played { found, planned, .. }: &Played, problems: &mut Vec<String>) {
    let mut ticks: BTreeMap<Symbol, Vec<DateTime<Utc>>> = BTreeMap::new();
    for record in &found.ticks {
        ticks.entry(record.tick.symbol).or_default().push(record.tick.event_time);
    }
    // A slow server's acknowledgement comes late, and behind it what was traded meanwhile.
    let late = |at: DateTime<Utc>| {
        let mut slow = planned.iter().filter(|fault| matches!(fault.fault, Fault::Slow { .. } | Fault::StopReading));
        let is_slow = slow.any(|fault| fault.at <= at && at <= fault.at + fault.lasting + TimeDelta::minutes(1));
        if is_slow { TimeDelta::minutes(1) } else { TimeDelta::zero() }
    };
    for gap in found.gaps.iter().filter(|gap| gap.scope == GapScope::Scalp) {
        for symbol in &gap.symbols {
            let (start, end) = (gap.start() + TOLERANCE, gap.end_of(*symbol) - TOLERANCE - late(gap.end_of(*symbol)));
            let inside = ticks.get(symbol).into_iter().flatten().filter(|when| start < **when && **when < end);
            problems
                .extend(inside.map(|when| format!("{symbol} traded at {when} in its gap {start} to {end}, {}", gap.reason)));
        }
        // Giving up takes the liveness window, and coming back a pause of up to a minute and a quarter.
        let has_cause = planned.iter().any(|fault| {
            let over = fault.at + TimeDelta::from_std(fault.lasting).unwrap() + TimeDelta::minutes(4);
            gap.start() <= over && fault.at - TimeDelta::minutes(1) <= gap.end()
        });
        if !has_cause && gap.reason != GapReason::SlotEvicted {
            problems.push(format!("a gap without a cause: {} to {}, {}", gap.start(), gap.end(), gap.reason));
        }
    }
}
