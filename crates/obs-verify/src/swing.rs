//! Ten-minute bars: the lines of the archive against the rows of the store.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::silences;
use obs_model::{Calendar, Gap, GapScope, SwingBar};

use crate::{
    Code, Section,
    archive::{Archive, Sourced},
    report::korean,
    stretches::{difference, union},
};

/// The Python system slept for ten minutes between two rounds, and called eleven a gap.
const LONGEST: TimeDelta = TimeDelta::seconds(660);

/// Compares the lines of a day, of which the last of equal keys counts, with its rows.
pub(crate) fn compare(archive: &Archive, lines: Vec<Sourced<SwingBar>>, rows: Vec<SwingBar>, section: &mut Section) {
    section.count("rows compared", rows.len() as u64);
    let key_of = |bar: &SwingBar| (bar.symbol, bar.bar_time);
    let mut written: BTreeMap<_, _> = lines.into_iter().map(|line| (key_of(&line.what), line)).collect();
    for row in rows {
        let Some(line) = written.remove(&key_of(&row)) else {
            section.find(Code::SwingExtra, name_of(&row), "no line of the archive is like it");
            continue;
        };
        if line.what != row {
            let columns = differences(&line.what, &row).join(", ");
            section.find(
                Code::SwingChanged,
                name_of(&row),
                format!("it differs from {}: {columns}", archive.place_of(&line)),
            );
        }
    }
    for line in written.values() {
        let what = format!("there is no row of it: {}", name_of(&line.what));
        section.find(Code::SwingMissing, archive.place_of(line), what);
    }
}

/// Tells of the session time of a day in which the Python system asked for no symbol at all. It attested nothing and hardly ever
/// wrote a gap, so only the times of its lines tell. `gaps` are all that anybody wrote.
pub(crate) fn find_silences<'a>(
    asked: Vec<DateTime<Utc>>,
    gaps: impl Iterator<Item = &'a Gap>,
    calendar: &Calendar,
    section: &mut Section,
) {
    let is_of_all = |gap: &&Gap| gap.scope != GapScope::Scalp && gap.symbols.is_empty();
    let told = union(gaps.filter(is_of_all).map(|gap| (gap.start(), gap.end())).collect());
    let silent = difference(&silences(asked, LONGEST, calendar), &told);
    for (from, until) in silent.into_iter().filter(|(from, until)| *until - *from > LONGEST) {
        let what = format!("for {} seconds no symbol was asked for, and no gap tells why", (until - from).num_seconds());
        section.find(Code::SwingSilence, format!("swing_bars_10m {} to {}", korean(from), korean(until)), what);
    }
}

fn differences(written: &SwingBar, stored: &SwingBar) -> Vec<String> {
    fn shown<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(|| "none".to_owned(), |value| value.to_string())
    }
    let columns = |bar: &SwingBar| {
        [
            ("open", shown(bar.open)),
            ("high", shown(bar.high)),
            ("low", shown(bar.low)),
            ("close", shown(bar.close)),
            ("volume", shown(bar.volume)),
            ("bid_price", shown(bar.bid_price)),
            ("ask_price", shown(bar.ask_price)),
            ("session_id", bar.session_id.to_string()),
            ("schema_version", bar.schema_version.as_str().to_owned()),
            ("mitigation_level", bar.mitigation_level.to_string()),
            ("quality_flag", bar.quality_flag.to_string()),
        ]
    };
    let pairs = columns(written).into_iter().zip(columns(stored)).filter(|(written, stored)| written != stored);
    pairs.map(|((column, written), (_, stored))| format!("{column} is {stored} instead of {written}")).collect()
}

fn name_of(bar: &SwingBar) -> String {
    format!("swing_bars_10m {} {}", bar.symbol, korean(bar.bar_time))
}
