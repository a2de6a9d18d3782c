//! The minutes that a gap touched are asked for afterwards, and told as they were; the observed ones stay as they are.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Coverage, GapScope, QualityFlag, Symbol, minute_of};
use obs_store::{Origin, TimeRange};

use super::{Played, date};
use crate::support::{open, sqlite};

const MINUTE: TimeDelta = TimeDelta::minutes(1);

pub(super) fn every_healed_minute_is_the_markets(Played { simulator, found, .. }: &Played, problems: &mut Vec<String>) {
    for bar in &found.healed {
        let candles = simulator.candles(bar.symbol, date());
        let candle = candles.iter().find(|candle| candle.minute == bar.bar_time);
        let won = |price: obs_model::Price| price.whole_won().unwrap();
        let prices = [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()].map(won);
        if candle.is_none_or(|c| (prices, bar.volume.shares()) != ([c.open, c.high, c.low, c.close], c.volume)) {
            problems.push(format!("{bar:?} is not {candle:?}"));
        }
    }
    if found.healed.is_empty() {
        problems.push("nothing was healed".to_owned());
    }
}

/// Of each minute that a gap touched and in which there was trade there is a healed bar, which stands in for the observed one;
/// and the coverage of that says what was missed. Returns how many there are.
pub(super) async fn every_minute_of_a_gap_is_healed_beside_the_observed_one(
    played: &Played,
    problems: &mut Vec<String>,
) -> usize {
    let store = open(&sqlite(played.dir.path())).await;
    let mut minutes = 0;
    for (symbol, minute, missing) in touched(played) {
        if !played.simulator.candles(symbol, date()).iter().any(|candle| candle.minute == minute) {
            continue;
        }
        minutes += 1;
        let range = TimeRange { from: minute, until: minute + MINUTE };
        let observed = store.bars(range, Some(symbol)).await.unwrap();
        let most = (MINUTE - missing + TimeDelta::seconds(1)).as_seconds_f64() / 60.0;
        if observed.iter().any(|bar| bar.coverage.ratio() > most) {
            problems.push(format!("{missing} of {minute} was missed, and it says {observed:?}"));
        }
        let known = store.bars_with_healing(range, Some(symbol)).await.unwrap();
        let is_told = match &known[..] {
            // So little was missing that the observed bar is a good one.
            [bar] if observed.iter().any(|bar| bar.quality_flag == QualityFlag::Normal) => bar.origin == Origin::Observed,
            [bar] => {
                let coverage = observed.first().map_or(Coverage::NONE, |bar| bar.coverage);
                bar.origin == Origin::Healed && bar.bar.coverage == coverage
            }
            _ => false,
        };
        let healed = played.found.healed.iter().filter(|bar| (bar.symbol, bar.bar_time) == (symbol, minute)).count();
        if !is_told || healed != 1 {
            problems.push(format!("{symbol} {minute}: {healed} healed bars, and {known:?} beside {observed:?}"));
        }
    }
    minutes
}

/// The minutes that gaps of Track B touch, and how much of each.
fn touched(Played { found, .. }: &Played) -> Vec<(Symbol, DateTime<Utc>, TimeDelta)> {
    let mut touched = Vec::new();
    for gap in found.gaps.iter().filter(|gap| gap.scope == GapScope::Scalp) {
        for symbol in &gap.symbols {
            let (from, until) = (gap.start(), gap.end_of(*symbol));
            let minutes = std::iter::successors(Some(minute_of(from)), |minute| Some(*minute + MINUTE));
            for minute in minutes.take_while(|minute| *minute < until) {
                touched.push((*symbol, minute, until.min(minute + MINUTE) - from.max(minute)));
            }
        }
    }
    touched
}
