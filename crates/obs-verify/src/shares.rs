//! The identity in shares: what was traded by the broker's running total is recorded, or told as lost.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use obs_aggregate::Shares as Account;
use obs_model::{Gap, GapReason, GapScope, Quantity, Symbol, Tick, VolumeBreak};

use crate::{
    Code, Section,
    archive::{Archive, Sourced},
    report::{Shares, korean},
};

/// Accounts for the shares of a day, and compares the holes with the losses that the archive tells of. Up to some time the lines
/// of a symbol may be those of others, who told none.
pub(crate) fn account(
    archive: &Archive,
    day: NaiveDate,
    (mut recorded, others_until): (Account, HashMap<Symbol, DateTime<Utc>>),
    losses: &[&Sourced<VolumeBreak>],
    section: &mut Section,
) -> BTreeMap<(NaiveDate, Symbol), Shares> {
    let mut told: BTreeMap<Symbol, i64> = BTreeMap::new();
    for loss in losses {
        *told.entry(loss.what.symbol).or_default() += loss.what.shares.shares();
    }
    // What each loss tells of that no hole has taken yet.
    let mut untaken: Vec<(i64, &Sourced<VolumeBreak>)> =
        losses.iter().map(|loss| (loss.what.shares.shares(), *loss)).collect();
    for hole in recorded.take_breaks(DateTime::<Utc>::MAX_UTC) {
        let is_told = |(shares, loss): &(i64, &Sourced<VolumeBreak>)| {
            let loss = &loss.what;
            let touches = loss.after <= hole.before && hole.after <= loss.before;
            loss.symbol == hole.symbol && touches && *shares >= hole.shares
        };
        // A late record may have cut a hole in two after the loss was told.
        let exact = untaken.iter().position(|loss| is_told(loss) && loss.0 == hole.shares);
        if let Some(nth) = exact.or_else(|| untaken.iter().position(is_told)) {
            untaken[nth].0 -= hole.shares;
            continue;
        }
        if hole.received.1 >= archive.settled() {
            // It may be filled or told any moment.
            continue;
        }
        let place = format!("{} {} to {}", hole.symbol, korean(hole.after), korean(hole.before));
        if lies_in_gap(archive, &hole) {
            let what = format!("{} shares are missing inside a gap, and no line tells how many", hole.shares);
            section.find(Code::SharesUnrecorded, place, what);
        } else if others_until.get(&hole.symbol).is_some_and(|until| hole.after <= *until) {
            let what = format!("{} shares are missing behind a line of a recorder that tells no losses", hole.shares);
            section.find(Code::SharesUnrecorded, place, what);
        } else {
            let what =
                format!("{} shares were traded between two records, and no record, loss or gap tells of them", hole.shares);
            section.find(Code::SharesUnexplained, place, what);
        }
    }
    for (shares, loss) in untaken.into_iter().filter(|(shares, _)| *shares > 0) {
        let (told, symbol) = (loss.what.shares, loss.what.symbol);
        let what = format!("it tells of {told} missing shares of {symbol}, and records have {shares} of them by now");
        section.find(Code::LossUnfounded, archive.place_of(loss), what);
    }
    let of_day = recorded.days().filter(|(_, date, _)| *date == day);
    let accounts: BTreeMap<_, _> = of_day
        .map(|(symbol, _, shares)| {
            let (recorded, before, missing) = (shares.recorded, shares.before, shares.missing);
            let told = told.get(&symbol).copied().unwrap_or_default();
            ((day, symbol), Shares { traded: shares.traded(), recorded, before, missing, told })
        })
        .collect();
    for (name, of) in [
        ("shares traded", (|account: &Shares| account.traded) as fn(&Shares) -> i64),
        ("shares recorded", |account| account.recorded),
        ("shares before the first record", |account| account.before),
        ("shares missing", |account| account.missing),
        ("shares told as lost", |account| account.told),
    ] {
        section.count(name, accounts.values().map(|account| of(account).unsigned_abs()).sum());
    }
    section.count("symbol days", accounts.len() as u64);
    accounts
}

/// What the rows of a symbol's day say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stored {
    shares: i64,
    /// Rows without volume.
    unknown: u64,
}

impl Stored {
    pub(crate) fn add(&mut self, row: &Tick) {
        self.shares = self.shares.saturating_add(row.volume.map_or(0, Quantity::shares));
        self.unknown += u64::from(row.volume.is_none());
    }
}

/// Compares the volumes that loading worked out with what the running totals add up to. Line by line they depend on the order of
/// loading; their sum does so only when lines that were loaded late are left without a volume.
pub(crate) fn compare_stored(
    stored: &BTreeMap<Symbol, Stored>,
    accounts: &BTreeMap<(NaiveDate, Symbol), Shares>,
    day: NaiveDate,
    section: &mut Section,
) {
    for (symbol, stored) in stored {
        let recorded = accounts.get(&(day, *symbol)).map_or(0, |account| account.recorded);
        let place = format!("scalp_ticks {symbol} {day}");
        // Of the first record of a day nobody knows the volume, in whatever order.
        if stored.shares < recorded && stored.unknown > 1 {
            let what = format!(
                "{} rows have no volume, and the others fall short of the running totals by {} shares",
                stored.unknown,
                recorded - stored.shares
            );
            section.find(Code::SharesUnknown, place, what);
        } else if stored.shares != recorded {
            let what = format!("its rows have {} shares, and the running totals of its lines say {recorded}", stored.shares);
            section.find(Code::SharesChanged, place, what);
        }
    }
}

/// Whether a gap of the symbol touches the time between two records: a feed's by our clock, one of shares by the exchange's.
fn lies_in_gap(archive: &Archive, hole: &obs_aggregate::VolumeBreak) -> bool {
    let symbol = hole.symbol;
    let is_of = |gap: &Gap| (gap.symbols.is_empty() || gap.symbols.contains(&symbol)) && gap.scope != GapScope::Swing;
    archive.gaps.iter().map(|line| &line.what).filter(|gap| is_of(gap)).any(|gap| {
        let (after, before) = if gap.reason == GapReason::VolumeBreak { (hole.after, hole.before) } else { hole.received };
        gap.start() <= before && after <= gap.end_of(symbol)
    })
}

/// Compares the lines of losses with their rows. Those of one symbol and the same times are one row, which has their sum.
pub(crate) fn compare_losses(
    archive: &Archive,
    lines: &[&Sourced<VolumeBreak>],
    rows: Vec<VolumeBreak>,
    section: &mut Section,
) {
    section.count("losses compared", rows.len() as u64);
    let key_of = |loss: &VolumeBreak| (loss.symbol, loss.before, loss.after);
    let mut written: BTreeMap<_, (i64, &Sourced<VolumeBreak>)> = BTreeMap::new();
    for line in lines {
        let (shares, last) = written.entry(key_of(&line.what)).or_insert((0, line));
        *shares += line.what.shares.shares();
        *last = line;
    }
    for row in rows {
        match written.remove(&key_of(&row)) {
            Some((shares, _)) if shares == row.shares.shares() => {}
            Some((shares, line)) => {
                let what =
                    format!("it differs from {}: shares are {} instead of {shares}", archive.place_of(line), row.shares);
                section.find(Code::LossChanged, name_of(&row), what);
            }
            None => section.find(Code::LossExtra, name_of(&row), "no line of the archive is like it"),
        }
    }
    for (_, line) in written.values() {
        section.find(Code::LossMissing, archive.place_of(line), format!("there is no row of it: {}", name_of(&line.what)));
    }
}

/// A loss, as findings name it.
fn name_of(loss: &VolumeBreak) -> String {
    format!("volume_breaks {} {} to {}, {} shares", loss.symbol, korean(loss.after), korean(loss.before), loss.shares)
}
