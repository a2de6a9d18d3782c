//! One-minute bars: what is stored against what the stored ticks and attestations add up to.

use std::collections::BTreeMap;

use obs_aggregate::{Attested, MinuteKey, Minutes};
use obs_model::{Bar, Tick};

use crate::{
    Code, Section,
    archive::{Archive, Sourced},
    report::korean,
};

/// The stored bars of a day that no comparison has met yet.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    stored: BTreeMap<MinuteKey, Bar>,
    /// Bars that came as records, of which aggregation keeps off. The last of equal keys wins.
    recorded: BTreeMap<MinuteKey, Sourced<Bar>>,
}

impl Bars {
    pub(crate) fn new(stored: Vec<Bar>, recorded: Vec<Sourced<Bar>>) -> Self {
        Self {
            stored: stored.into_iter().map(|bar| ((bar.bar_time, bar.symbol), bar)).collect(),
            recorded: recorded.into_iter().map(|from| ((from.what.bar_time, from.what.symbol), from)).collect(),
        }
    }

    /// Compares the bars of whole minutes with all ticks of these minutes.
    pub(crate) fn compare(&mut self, ticks: &[Tick], attested: &Attested, section: &mut Section) {
        let mut minutes = Minutes::default();
        ticks.iter().for_each(|tick| minutes.add(tick));
        for bar in minutes.take_changed(attested) {
            let key = (bar.bar_time, bar.symbol);
            if self.recorded.contains_key(&key) {
                continue;
            }
            section.count("bars compared", 1);
            match self.stored.remove(&key) {
                None => section.find(Code::BarMissing, name_of(&bar), "there are ticks of this minute, and no bar"),
                Some(stored) if stored == bar => {}
                Some(stored) => {
                    let what = format!("its ticks make another bar: {}", differences(&bar, &stored).join(", "));
                    section.find(Code::BarChanged, name_of(&stored), what);
                }
            }
        }
    }

    /// Compares the rest: bars that came as records, and those that came from nowhere.
    pub(crate) fn end(mut self, archive: &Archive, section: &mut Section) {
        for (key, line) in &self.recorded {
            section.count("bars compared", 1);
            let place = archive.place_of(line);
            match self.stored.remove(key) {
                None => section.find(Code::BarMissing, name_of(&line.what), format!("{place} says it, and there is no row")),
                Some(stored) if stored == line.what => {}
                Some(stored) => {
                    let what = format!("it differs from {place}: {}", differences(&line.what, &stored).join(", "));
                    section.find(Code::BarChanged, name_of(&stored), what);
                }
            }
        }
        for bar in self.stored.values() {
            section.find(Code::BarExtra, name_of(bar), "there are no ticks of this minute and no line of this bar");
        }
    }
}

fn differences(expected: &Bar, stored: &Bar) -> Vec<String> {
    let columns = |bar: &Bar| {
        let (ohlc, ratio) = (bar.ohlc, bar.coverage.ratio());
        [
            ("open", ohlc.open().to_string()),
            ("high", ohlc.high().to_string()),
            ("low", ohlc.low().to_string()),
            ("close", ohlc.close().to_string()),
            ("volume", bar.volume.to_string()),
            ("coverage_ratio", ratio.to_string()),
            ("session_id", bar.session_id.to_string()),
            ("quality_flag", bar.quality_flag.to_string()),
        ]
    };
    let pairs = columns(expected).into_iter().zip(columns(stored)).filter(|(expected, stored)| expected != stored);
    pairs.map(|((column, expected), (_, stored))| format!("{column} is {stored} instead of {expected}")).collect()
}

fn name_of(bar: &Bar) -> String {
    format!("scalp_1m_bars {} {}", bar.symbol, korean(bar.bar_time))
}
