//! What the simulator sent, against what the archive says.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::{Reader, segments};
use obs_model::{FeedChange, FeedEvent, Gap, GapReason, Symbol, VolumeBreak};
use obs_schema::{Decoded, Decoder, Record, TickRecord};
use obs_sim::Simulator;

use super::machine::Machine;

/// Event times are whole seconds, and a trade is some milliseconds on its way.
const TOLERANCE: TimeDelta = TimeDelta::milliseconds(1_500);

/// A trade as both sides know it: symbol, shares of the day, time, won, shares.
type Trade = (Symbol, i64, DateTime<Utc>, i64, i64);

#[derive(Default)]
struct Archive {
    ticks: Vec<TickRecord>,
    gaps: Vec<Gap>,
    losses: Vec<VolumeBreak>,
    /// When each symbol was subscribed for the first time, as far as anybody came to write it down. There its record begins.
    begins: BTreeMap<Symbol, DateTime<Utc>>,
}

/// Everything that does not add up.
pub(super) fn compare(simulator: &Simulator, machine: &Machine) -> anyhow::Result<Vec<String>> {
    let archive = read(&machine.dir)?;
    let mut problems = Vec::new();
    let mut archived: HashMap<Trade, u32> = HashMap::new();
    for tick in &archive.ticks {
        *archived.entry(trade_of(tick)).or_default() += 1;
    }
    let sent: HashMap<Trade, ()> = simulator
        .ledger()
        .snapshot()
        .iter()
        .map(|sent| ((sent.symbol, sent.cumulative_volume, sent.event_time, sent.price, sent.volume), ()))
        .collect();
    problems.extend(archived.iter().filter(|(_, times)| **times > 1).map(|trade| format!("doubled: {trade:?}")));
    problems
        .extend(archived.keys().filter(|trade| !sent.contains_key(*trade)).map(|trade| format!("never sent: {trade:?}")));
    let lies_in = |gap: &Gap, (symbol, _, at, ..): &Trade| {
        // Two trades bound a volume break, by the exchange's clock; other gaps are told by ours.
        let shown = if gap.reason == GapReason::VolumeBreak { vec![*at] } else { machine.shown(*at, TOLERANCE) };
        let is_in = |at: &DateTime<Utc>| gap.start() - TOLERANCE <= *at && *at <= gap.end_of(*symbol) + TOLERANCE;
        gap.symbols.contains(symbol) && shown.iter().any(is_in)
    };
    let lost = sent.keys().filter(|trade| !archived.contains_key(*trade));
    let is_before = |(symbol, _, at, ..): &Trade| {
        let begins = archive.begins.get(symbol).copied().unwrap_or(DateTime::<Utc>::MAX_UTC);
        machine.shown(*at, TOLERANCE).iter().any(|at| *at <= begins)
    };
    let unexplained = lost.filter(|trade| !is_before(trade) && !archive.gaps.iter().any(|gap| lies_in(gap, trade)));
    problems.extend(unexplained.map(|trade| format!("lost, and in no gap: {trade:?}")));
    problems.extend(shares(&archive));
    problems.truncate(20);
    Ok(problems)
}

/// Recorded and missing shares are what the running total says, from the first recorded trade of each symbol to its last.
fn shares(archive: &Archive) -> Vec<String> {
    let mut symbols: BTreeMap<Symbol, (i64, i64, i64)> = BTreeMap::new();
    for tick in &archive.ticks {
        let (symbol, total, _, _, volume) = trade_of(tick);
        let (first, last, recorded) = symbols.entry(symbol).or_insert((i64::MAX, 0, 0));
        (*first, *last, *recorded) = ((*first).min(total - volume), (*last).max(total), *recorded + volume);
    }
    let mut missing: BTreeMap<Symbol, i64> = BTreeMap::new();
    for loss in &archive.losses {
        *missing.entry(loss.symbol).or_default() += loss.shares.shares();
    }
    let differs = symbols.into_iter().filter_map(|(symbol, (first, last, recorded))| {
        let (traded, lost) = (last - first, missing.get(&symbol).copied().unwrap_or_default());
        (traded != recorded + lost)
            .then(|| format!("{symbol}: {traded} shares traded, {recorded} recorded, {lost} known to be missing"))
    });
    differs.collect()
}

fn trade_of(record: &TickRecord) -> Trade {
    let tick = &record.tick;
    let won = tick.last_price.and_then(|price| price.whole_won()).unwrap_or_default();
    let shares = |quantity: Option<obs_model::Quantity>| quantity.map_or(0, |quantity| quantity.shares());
    (tick.symbol, shares(record.cumulative_volume), tick.event_time, won, shares(tick.volume))
}

fn read(dir: &Path) -> anyhow::Result<Archive> {
    let (mut archive, mut decoder) = (Archive::default(), Decoder::default());
    for segment in segments(dir)? {
        let mut reader = Reader::open(&segment.path)?;
        while let Some(line) = reader.line()? {
            match decoder.decode(line.bytes) {
                Decoded::Record(Record::Tick(tick)) => archive.ticks.push(tick),
                Decoded::Record(Record::Gap(gap)) => archive.gaps.push(gap),
                Decoded::Record(Record::Loss(loss)) => archive.losses.push(loss),
                Decoded::Record(Record::Feed(FeedEvent { at, change: FeedChange::Subscribed { symbol }, .. })) => {
                    archive.begins.entry(symbol).or_insert(at);
                }
                _ => {}
            }
        }
    }
    Ok(archive)
}
