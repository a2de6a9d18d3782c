//! Every ten-minute bar is the market's own.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_rest::{Schedule, Window};
use obs_model::{Calendar, GapScope, SwingBar, Symbol};
use obs_sim::Fault;

use super::{DELISTED, Played, date};

pub(super) fn every_window_is_the_markets_bar_or_in_a_gap(played: &Played, count: usize, problems: &mut Vec<String>) {
    let Played { simulator, symbols, found, .. } = played;
    let could_not_be_asked = |window: &Window| {
        played.planned.iter().filter(|fault| fault.fault == Fault::NetworkGone).any(|fault| {
            fault.at < window.complete_at() + TimeDelta::minutes(10) && window.complete_at() < fault.at + fault.lasting
        })
    };
    let bars: BTreeMap<(Symbol, DateTime<Utc>), &SwingBar> =
        found.bars.iter().map(|bar| ((bar.symbol, bar.bar_time), bar)).collect();
    let mut windows = Schedule::new(Calendar::krx()).of_day(date());
    windows.truncate(count);
    if bars.len() != found.bars.len() || windows.len() != count {
        problems.push(format!("{} bars in {} lines, {} windows", bars.len(), found.bars.len(), windows.len()));
    }
    for (symbol, window) in symbols.iter().flat_map(|symbol| windows.iter().map(move |window| (symbol, window))) {
        let candles = simulator.candles(*symbol, date());
        let in_gap = found.gaps.iter().any(|gap| {
            gap.scope == GapScope::Swing
                && gap.symbols.contains(symbol)
                && gap.start() <= window.start
                && window.end <= gap.end()
        });
        match (bars.get(&(*symbol, window.start)), in_gap) {
            (Some(bar), false) if told(bar) == expected(&candles, window) => {}
            (Some(bar), false) => problems.push(format!("{bar:?} is not {:?}", expected(&candles, window))),
            // A window is asked for in the ten minutes after its end.
            (None, true) if could_not_be_asked(window) || *symbol == symbols[DELISTED] => {}
            (None, true) => problems.push(format!("{symbol} {window:?} is a gap for no reason")),
            (Some(_), true) => problems.push(format!("{symbol} {window:?} has a bar and a gap")),
            (None, false) => problems.push(format!("{symbol} {window:?} has neither a bar nor a gap")),
        }
    }
}

/// Open, high, low, close, and shares. Nothing but shares where nothing was traded.
type Told = (Option<[i64; 4]>, i64);

fn told(bar: &SwingBar) -> Told {
    let won = |price: Option<obs_model::Price>| price.map(|price| price.whole_won().unwrap());
    let prices = [won(bar.open), won(bar.high), won(bar.low), won(bar.close)];
    let prices = prices.iter().all(Option::is_some).then(|| prices.map(Option::unwrap));
    (prices, bar.volume.unwrap().shares())
}

fn expected(candles: &[obs_sim::market::Candle], window: &Window) -> Told {
    let of_window: Vec<_> =
        candles.iter().filter(|candle| window.start <= candle.minute && candle.minute <= window.last_minute()).collect();
    let volume = of_window.iter().map(|candle| candle.volume).sum();
    let prices = of_window.first().zip(of_window.last()).map(|(first, last)| {
        let high = of_window.iter().map(|candle| candle.high).max().unwrap();
        let low = of_window.iter().map(|candle| candle.low).min().unwrap();
        [first.open, high, low, last.close]
    });
    (prices, volume)
}
