//! Between which prices a stock may trade on the day of a plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{BrokerKind, Price, Symbol, trading_day};
use obs_portfolio::Policy;
use obs_store::{Store, TimeRange};
use tracing::warn;

use crate::{broker::open_kis, context::Context};

/// Days to look back for the last trading day: no market is closed for longer.
const DAYS: usize = 15;

/// The lowest and the highest price of the day, by symbol: the broker's if the plan goes to one, otherwise worked out from the
/// close of the trading day before, as far as it was recorded.
pub(crate) async fn price_limits(
    context: &Context,
    kind: BrokerKind,
    policy: &Policy,
    symbols: &BTreeSet<Symbol>,
) -> anyhow::Result<BTreeMap<Symbol, (Price, Price)>> {
    let mut limits = from_record(context, policy, symbols).await?;
    if kind == BrokerKind::Paper {
        return Ok(limits);
    }
    let broker = open_kis(context, kind)?;
    for symbol in symbols {
        match broker.quote(*symbol).await {
            Ok(quote) => limits.extend(quote.lower_limit.zip(quote.upper_limit).map(|both| (*symbol, both))),
            Err(error) => warn!(%symbol, %error, "The broker does not say its price limits: the close before has to do"),
        }
    }
    Ok(limits)
}

async fn from_record(
    context: &Context,
    policy: &Policy,
    symbols: &BTreeSet<Symbol>,
) -> anyhow::Result<BTreeMap<Symbol, (Price, Price)>> {
    let mut limits = BTreeMap::new();
    let Some(range) = session_before(context, context.clock.now()) else { return Ok(limits) };
    for symbol in symbols {
        let close = close_of(&*context.store, range, *symbol).await?;
        limits.extend(close.map(|close| (*symbol, policy.tick_table(*symbol).price_limits(close))));
    }
    Ok(limits)
}

/// The session before the one that is on or comes next.
fn session_before(context: &Context, now: DateTime<Utc>) -> Option<TimeRange> {
    let (open, _) = context.calendar.session_at_or_after(now)?;
    let days = std::iter::successors(trading_day(open).pred_opt(), NaiveDate::pred_opt).take(DAYS);
    let (from, until) = days.filter_map(|day| context.calendar.session(day)).next()?;
    Some(TimeRange { from, until })
}

async fn close_of(store: &dyn Store, range: TimeRange, symbol: Symbol) -> anyhow::Result<Option<Price>> {
    if let Some(bar) = store.bars(range, Some(symbol)).await?.last() {
        return Ok(Some(bar.ohlc.close()));
    }
    let bars = store.swing_bars(range, Some(symbol)).await?;
    Ok(bars.iter().rev().find_map(|bar| bar.close))
}
