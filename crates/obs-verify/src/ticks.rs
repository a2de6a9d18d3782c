//! Ticks: the lines of the archive against the rows of the store.

use std::{collections::HashMap, ops::Range};

use chrono::{DateTime, Utc};
use obs_model::{Price, QualityFlag, Quantity, Symbol, Tick};

use crate::{Code, Section, archive::Archive, day::TickLine, report::korean};

/// Compares the lines of some time with the rows of the same time. Both become sorted by time and symbol; within that they
/// keep the order of arrival.
pub(crate) fn compare(archive: &Archive, lines: &mut [TickLine], rows: &mut [Tick], section: &mut Section) {
    section.count("lines compared", lines.len() as u64);
    section.count("rows compared", rows.len() as u64);
    lines.sort_by_key(|line| (line.tick.event_time, line.tick.symbol));
    rows.sort_by_key(|row| (row.event_time, row.symbol));
    let (mut line, mut row) = (0, 0);
    while line < lines.len() || row < rows.len() {
        // The same instant and symbol on both sides, or on one of them.
        let key = match (lines.get(line).map(|line| key_of(&line.tick)), rows.get(row).map(key_of)) {
            (Some(line), Some(row)) => line.min(row),
            (line, row) => match line.or(row) {
                Some(key) => key,
                None => break,
            },
        };
        let lines_here = run(line, lines, |line| key_of(&line.tick) == key);
        let rows_here = run(row, rows, |row| key_of(row) == key);
        (line, row) = (lines_here.end, rows_here.end);
        compare_instant(archive, &lines[lines_here], &rows[rows_here], section);
    }
}

/// When a tick happened, and of what it is.
type Key = (DateTime<Utc>, Symbol);

const fn key_of(tick: &Tick) -> Key {
    (tick.event_time, tick.symbol)
}

/// The items from `start` on that belong together.
fn run<T>(start: usize, items: &[T], belongs: impl Fn(&T) -> bool) -> Range<usize> {
    start..start + items[start..].iter().take_while(|item| belongs(item)).count()
}

/// Compares lines and rows of one symbol and instant.
fn compare_instant(archive: &Archive, lines: &[TickLine], rows: &[Tick], section: &mut Section) {
    if lines.len() == rows.len() && lines.iter().zip(rows).all(|(line, row)| is_row_of(line, row)) {
        return;
    }
    // Rows by what loading never works out.
    let mut waiting: HashMap<Tick, Vec<&Tick>> = HashMap::new();
    for row in rows {
        waiting.entry(as_written(row)).or_default().push(row);
    }
    let mut missing = Vec::new();
    for line in lines {
        let alike = waiting.get_mut(&as_written(&line.tick));
        match alike.and_then(|alike| alike.iter().position(|row| is_row_of(line, row)).map(|nth| alike.remove(nth))) {
            Some(_) => {}
            None => missing.push(line),
        }
    }
    let mut left: Vec<&Tick> = waiting.into_values().flatten().collect();
    left.sort_by_key(|row| (row.last_price, row.volume));
    for line in missing {
        let place = archive.place(line.file, line.line);
        // What differs least from it is what became of it.
        let nearest = left.iter().enumerate().min_by_key(|(_, row)| differences(line, row).len()).map(|(nth, _)| nth);
        match nearest.map(|nth| left.remove(nth)) {
            Some(row) => {
                let what = format!("the row of {place} differs from it: {}", differences(line, row).join(", "));
                section.find(Code::TickChanged, name_of(row), what);
            }
            None => section.find(Code::TickMissing, place, format!("there is no row of it: {}", name_of(&line.tick))),
        }
    }
    for row in left {
        if let Some(line) = lines.iter().find(|line| as_written(&line.tick) == as_written(row)) {
            let what = format!("it is there once more than its line {}", archive.place(line.file, line.line));
            section.find(Code::TickDoubled, name_of(row), what);
        } else {
            section.find(Code::TickExtra, name_of(row), "no line of the archive is like it");
        }
    }
}

/// A tick without what loading may work out: its volume and its flag.
fn as_written(tick: &Tick) -> Tick {
    Tick { volume: None, quality_flag: QualityFlag::Normal, ..tick.clone() }
}

/// Whether loading makes this row of this line.
fn is_row_of(line: &TickLine, row: &Tick) -> bool {
    let volume = line.is_differenced || line.tick.volume == row.volume;
    volume && flag_of(line, row) == row.quality_flag && as_written(&line.tick) == as_written(row)
}

/// The flag that a line's row should have. Loading may lower those of others; it does where it finds no volume.
fn flag_of(line: &TickLine, row: &Tick) -> QualityFlag {
    let is_unknown = line.is_differenced && row.volume.is_none();
    let least = if is_unknown { QualityFlag::Degraded } else { QualityFlag::Normal }.max(line.tick.quality_flag);
    if line.is_ours { least } else { least.max(row.quality_flag) }
}

/// The columns in which a row differs from its line.
fn differences(line: &TickLine, row: &Tick) -> Vec<String> {
    let (one, other) = (&line.tick, row);
    let price = |price: Option<Price>| price.map_or_else(|| "none".to_owned(), |price| price.to_string());
    let shares = |shares: Option<Quantity>| shares.map_or_else(|| "none".to_owned(), |shares| shares.to_string());
    let volume = if line.is_differenced { other.volume } else { one.volume };
    let flag = flag_of(line, row);
    [
        ("last_price", price(one.last_price), price(other.last_price)),
        ("volume", shares(volume), shares(other.volume)),
        ("bid_price", price(one.bid_price), price(other.bid_price)),
        ("ask_price", price(one.ask_price), price(other.ask_price)),
        ("bid_size", shares(one.bid_size), shares(other.bid_size)),
        ("ask_size", shares(one.ask_size), shares(other.ask_size)),
        ("session_id", one.session_id.to_string(), other.session_id.to_string()),
        ("mitigation_level", one.mitigation_level.to_string(), other.mitigation_level.to_string()),
        ("quality_flag", flag.to_string(), other.quality_flag.to_string()),
    ]
    .into_iter()
    .filter(|(_, written, stored)| written != stored)
    .map(|(column, written, stored)| format!("{column} is {stored} instead of {written}"))
    .collect()
}

/// A row, as findings name it.
fn name_of(tick: &Tick) -> String {
    let price = tick.last_price.map_or_else(|| "no price".to_owned(), |price| format!("{price} won"));
    let shares = tick.volume.map_or_else(|| "unknown volume".to_owned(), |shares| format!("{shares} shares"));
    format!("scalp_ticks {} {}, {price}, {shares}, {}", tick.symbol, korean(tick.event_time), tick.session_id)
}
