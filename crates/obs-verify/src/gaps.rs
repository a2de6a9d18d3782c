//! Gaps and attested time: the lines of the archive against the rows of the store.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use obs_aggregate::{Attested, Stretch};
use obs_model::{Gap, GapReason, Symbol};
use obs_store::TimeRange;

use crate::{
    Code, Section,
    archive::{Archive, Sourced},
    report::korean,
    stretches::{difference, intersection},
};

/// Compares the lines of gaps with the rows of gaps.
pub(crate) fn compare(archive: &Archive, lines: Vec<&Sourced<Gap>>, mut rows: Vec<Gap>, section: &mut Section) {
    section.count("gaps compared", rows.len() as u64);
    let mut left = Vec::new();
    for line in lines {
        let written = as_stored(&line.what);
        match rows.iter().position(|row| *row == written) {
            Some(nth) => drop(rows.swap_remove(nth)),
            None => left.push(line),
        }
    }
    rows.sort_by_key(|row| (row.start(), row.end()));
    for line in left {
        let place = archive.place_of(line);
        match nearest(&line.what, &rows) {
            Some(nth) => {
                let row = rows.remove(nth);
                let what = format!("it differs from {place}: {}", differences(&as_stored(&line.what), &row).join(", "));
                section.find(Code::GapChanged, name_of(&row), what);
            }
            None => section.find(Code::GapMissing, place, format!("there is no row of it: {}", name_of(&line.what))),
        }
    }
    for row in rows {
        section.find(Code::GapExtra, name_of(&row), "no line of the archive is like it");
    }
}

/// A gap with its symbols as tables hold them: in order, each once.
pub(crate) fn as_stored(gap: &Gap) -> Gap {
    let mut stored = gap.clone();
    stored.symbols.sort_unstable();
    stored.symbols.dedup();
    stored
}

/// How many gaps there are, and how long they are together, by reason.
pub(crate) fn count_by_reason(rows: &[Gap], section: &mut Section) {
    for reason in GapReason::ALL {
        let of_reason = || rows.iter().filter(|gap| gap.reason == reason);
        if of_reason().next().is_some() {
            section.count(&format!("{reason}, gaps"), of_reason().count() as u64);
            let seconds = of_reason().map(|gap| u64::from(gap.seconds().unsigned_abs())).sum();
            section.count(&format!("{reason}, seconds"), seconds);
        }
    }
}

/// Compares the attested time that the archive's events add up to with that of the store.
pub(crate) fn compare_attested(archive: &Attested, store: &Attested, within: Option<TimeRange>, section: &mut Section) {
    let within = [within.map_or((DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC), |range| (range.from, range.until))];
    let (written, stored) = (archive.by_symbol(), store.by_symbol());
    let of = |symbol: &Symbol, stretches: &BTreeMap<Symbol, Vec<Stretch>>| {
        stretches.get(symbol).map(|stretches| intersection(&within, stretches)).unwrap_or_default()
    };
    let mut symbols: Vec<Symbol> = written.keys().chain(stored.keys()).copied().collect();
    symbols.sort_unstable();
    symbols.dedup();
    section.count("symbols with attested time", symbols.len() as u64);
    for symbol in symbols {
        let (written, stored) = (of(&symbol, &written), of(&symbol, &stored));
        let place = |(from, until): &Stretch| format!("feed_sessions {symbol} {} to {}", korean(*from), korean(*until));
        for stretch in difference(&written, &stored) {
            section.find(Code::FeedMissing, place(&stretch), "the archive attests this time, and the store does not");
        }
        for stretch in difference(&stored, &written) {
            section.find(Code::FeedExtra, place(&stretch), "the store attests this time, and the archive does not");
        }
    }
}

/// The row that a line's row has most likely become: of the same recorder and reason, nearest in time.
fn nearest(line: &Gap, rows: &[Gap]) -> Option<usize> {
    let distance = |row: &Gap| (row.start() - line.start()).abs().min((row.end() - line.end()).abs());
    let alike = rows.iter().enumerate().filter(|(_, row)| row.session_id == line.session_id && row.scope == line.scope);
    let touches = |row: &Gap| row.start() <= line.end() && line.start() <= row.end();
    let near = alike.filter(|(_, row)| row.reason == line.reason || touches(row));
    near.min_by_key(|(_, row)| distance(row)).map(|(nth, _)| nth)
}

fn differences(written: &Gap, stored: &Gap) -> Vec<String> {
    let symbols = |gap: &Gap| {
        let one = |symbol: &Symbol| match gap.returned().get(symbol) {
            Some(at) => format!("{symbol} until {}", korean(*at)),
            None => symbol.to_string(),
        };
        gap.symbols.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let columns = |gap: &Gap| {
        [
            ("gap_start_ts", korean(gap.start())),
            ("gap_end_ts", korean(gap.end())),
            ("scope", gap.scope.to_string()),
            ("reason", gap.reason.to_string()),
            ("session_id", gap.session_id.to_string()),
            ("symbols", symbols(gap)),
        ]
    };
    let pairs = columns(written).into_iter().zip(columns(stored)).filter(|(written, stored)| written != stored);
    pairs.map(|((column, written), (_, stored))| format!("{column} is {stored} instead of {written}")).collect()
}

/// A gap, as findings name it.
fn name_of(gap: &Gap) -> String {
    format!("scalp_gaps {} to {}, {} of {}", korean(gap.start()), korean(gap.end()), gap.reason, gap.session_id)
}
