//! Healed minutes: the lines of the archive against the rows of the store.

use std::collections::BTreeMap;

use obs_model::HealedBar;

use crate::{
    Code, Section,
    archive::{Archive, Sourced},
    report::korean,
};

/// Compares the lines, of which the last of equal keys counts, with the rows.
pub(crate) fn compare(archive: &Archive, lines: &[&Sourced<HealedBar>], rows: Vec<HealedBar>, section: &mut Section) {
    section.count("healed minutes compared", rows.len() as u64);
    let key_of = |bar: &HealedBar| (bar.symbol, bar.bar_time);
    let mut written: BTreeMap<_, _> = lines.iter().map(|line| (key_of(&line.what), line)).collect();
    for row in rows {
        match written.remove(&key_of(&row)) {
            Some(line) if line.what == row => {}
            Some(line) => {
                let what = format!("it differs from {}: {}", archive.place_of(line), values_of(&line.what));
                section.find(Code::HealedChanged, format!("{} {}", name_of(&row), values_of(&row)), what);
            }
            None => section.find(Code::HealedExtra, name_of(&row), "no line of the archive is like it"),
        }
    }
    for line in written.values() {
        let what = format!("there is no row of it: {}", name_of(&line.what));
        section.find(Code::HealedMissing, archive.place_of(line), what);
    }
}

fn values_of(bar: &HealedBar) -> String {
    let ohlc = bar.ohlc;
    format!("{} {} {} {}, {} shares", ohlc.open(), ohlc.high(), ohlc.low(), ohlc.close(), bar.volume)
}

fn name_of(bar: &HealedBar) -> String {
    format!("healed_1m_bars {} {}", bar.symbol, korean(bar.bar_time))
}
