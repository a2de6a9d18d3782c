//! Prices and volumes out of the record.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, Gap, GapScope, Price, PriceSource, Quantity, SchemaVersion, Symbol};
use obs_portfolio::KnownPrice;
use obs_store::{Store, StoreError, TimeRange};

/// Ten-minute bars that a mean volume is made of: about half a day of trading.
const VOLUME_BARS: usize = 20;
/// Bars that are looked at for them; empty ones do not count.
const BARS_LOOKED_AT: u32 = 60;
/// Bars that are looked at for the last one that has a price.
const BARS_FOR_PRICE: u32 = 40;

/// The newest price of each symbol that the record has, as of an instant: of the last trade and of the closes of the last
/// one-minute and ten-minute bars. A bar's close is as old as the bar's end. Symbols without a price are not there.
///
/// A price is in a gap if a recorded gap of its track covers its time, or touches anything of the open market between it and
/// now: a newer price may then have been missed.
///
/// # Errors
/// [`StoreError`] when the store cannot answer.
pub async fn known_prices(
    store: &dyn Store,
    symbols: &BTreeSet<Symbol>,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Symbol, KnownPrice>, StoreError> {
    let mut prices = BTreeMap::new();
    for tick in store.latest_quotes().await? {
        if symbols.contains(&tick.symbol) {
            offer(&mut prices, tick.symbol, tick.last_price, tick.event_time, PriceSource::Tick, now);
        }
    }
    for symbol in symbols.iter().copied() {
        for bar in store.last_bars(symbol, BARS_FOR_PRICE).await? {
            let end = (bar.bar_time + TimeDelta::minutes(1)).min(now.max(bar.bar_time));
            offer(&mut prices, symbol, Some(bar.ohlc.close()), end, PriceSource::MinuteBar, now);
        }
        for bar in store.last_swing_bars(symbol, BARS_FOR_PRICE).await? {
            // Rows of the Python system hold the price of the moment at which they were written.
            let length = TimeDelta::minutes(if bar.schema_version == SchemaVersion::V2 { 10 } else { 0 });
            let end = (bar.bar_time + length).min(now.max(bar.bar_time));
            offer(&mut prices, symbol, bar.close, end, PriceSource::SwingBar, now);
        }
    }
    let Some(oldest) = prices.values().map(|price| price.at).min() else { return Ok(prices) };
    let range = TimeRange { from: oldest, until: now.max(oldest) + TimeDelta::seconds(1) };
    let gaps = store.gaps(range).await?;
    for (symbol, price) in &mut prices {
        price.is_in_gap = gaps.iter().any(|gap| touches(gap, *symbol, price, calendar, now));
    }
    Ok(prices)
}

/// The mean shares of each symbol's last twenty ten-minute bars in which something was traded. Symbols without any are not
/// there. Rows of the Python system count the day and not the window, and are left out.
///
/// # Errors
/// [`StoreError`] when the store cannot answer.
pub async fn recent_volumes(
    store: &dyn Store,
    symbols: &BTreeSet<Symbol>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Symbol, Quantity>, StoreError> {
    let mut means = BTreeMap::new();
    for symbol in symbols.iter().copied() {
        let bars = store.last_swing_bars(symbol, BARS_LOOKED_AT).await?;
        let past = bars.iter().rev().filter(|bar| bar.bar_time <= now && bar.schema_version == SchemaVersion::V2);
        let traded = past.filter_map(|bar| bar.volume).filter(|volume| *volume > Quantity::ZERO);
        let shares: Vec<i64> = traded.take(VOLUME_BARS).map(Quantity::shares).collect();
        let sum: i128 = shares.iter().map(|shares| i128::from(*shares)).sum();
        let mean = sum.checked_div(shares.len() as i128).and_then(|mean| i64::try_from(mean).ok());
        means.extend(mean.and_then(|mean| Quantity::new(mean).ok()).map(|mean| (symbol, mean)));
    }
    Ok(means)
}

/// Takes a price if it is newer than what there is; of two of the same time the one that was offered first, which is finer.
fn offer(
    prices: &mut BTreeMap<Symbol, KnownPrice>,
    symbol: Symbol,
    price: Option<Price>,
    at: DateTime<Utc>,
    source: PriceSource,
    now: DateTime<Utc>,
) {
    let is_newer = prices.get(&symbol).is_none_or(|known| known.at < at);
    if let Some(price) = price.filter(|_| is_newer && at <= now) {
        prices.insert(symbol, KnownPrice { price, at, source, is_in_gap: false, is_halted: false });
    }
}

/// Whether a gap makes a price doubtful.
fn touches(gap: &Gap, symbol: Symbol, price: &KnownPrice, calendar: &Calendar, now: DateTime<Utc>) -> bool {
    let of_track = match price.source {
        PriceSource::Tick | PriceSource::MinuteBar => gap.scope != GapScope::Swing,
        PriceSource::SwingBar => gap.scope != GapScope::Scalp,
        PriceSource::Quote => false,
    };
    if !of_track || !(gap.symbols.is_empty() || gap.symbols.contains(&symbol)) {
        return false;
    }
    let (start, end) = (gap.start(), gap.end_of(symbol));
    let covers = start < price.at && price.at < end;
    // Silence while the market is closed hides nothing.
    covers || !calendar.within(start.max(price.at), end.min(now)).is_empty()
}
