//! What a portfolio holds and is worth, measured and stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use obs_model::{
    Calendar, HoldingsSource, Money, PolicyId, PortfolioPosition, PortfolioSnapshot, Quantity, SnapshotId, Symbol, Weight,
};
use obs_portfolio::{Doubt, KnownPrice, Position, PriceRules, Valuation, ValuationError, value};
use obs_store::{PortfolioRepository, Store, StoreError};

use crate::known_prices;

/// What is to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// By which policy.
    pub policy_id: PolicyId,
    /// By which version of it.
    pub policy_version: Option<u32>,
    /// Its targets.
    pub targets: BTreeMap<Symbol, Weight>,
    /// Which prices are good enough.
    pub rules: PriceRules,
    /// What is held.
    pub holdings: BTreeMap<Symbol, Quantity>,
    /// Cash in won.
    pub cash: Money,
    /// Who says so.
    pub source: HoldingsSource,
    /// Prices that are better than those of the record, such as a broker's quotes: each counts if it is newer.
    pub quotes: BTreeMap<Symbol, KnownPrice>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Prices are not good enough, or amounts make no sense.
    #[error(transparent)]
    Value(#[from] ValuationError),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a portfolio is worth at the prices of the record. Nothing is written.
///
/// # Errors
/// [`SnapshotError::Value`] with every price that is not good enough; [`SnapshotError::Store`] when the store cannot answer.
pub async fn measure(
    store: &dyn Store,
    request: &SnapshotRequest,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<Valuation, SnapshotError> {
    let symbols = request.holdings.keys().chain(request.targets.keys()).copied().collect();
    let mut prices = known_prices(store, &symbols, calendar, now).await?;
    for (symbol, quote) in &request.quotes {
        let known = prices.entry(*symbol).or_insert(*quote);
        // A halt holds for whatever price there is.
        let is_halted = known.is_halted || quote.is_halted;
        if quote.at >= known.at {
            *known = *quote;
        }
        known.is_halted = is_halted;
    }
    let SnapshotRequest { holdings, cash, targets, rules, .. } = request;
    Ok(value(holdings, *cash, targets, &prices, rules, calendar, now)?)
}

/// Stores what was measured and returns its number.
///
/// # Errors
/// [`StoreError`] when the store cannot; nothing was written then.
pub async fn store_snapshot(
    store: &dyn PortfolioRepository,
    request: &SnapshotRequest,
    valuation: &Valuation,
    now: DateTime<Utc>,
) -> Result<SnapshotId, StoreError> {
    // The store gives the number.
    let snapshot_id = SnapshotId(0);
    let snapshot = PortfolioSnapshot {
        snapshot_id,
        policy_id: request.policy_id.clone(),
        policy_version: request.policy_version,
        snapshot_time: now,
        total_value: valuation.total,
        cash: valuation.cash,
        drift: Some(valuation.drift),
        source: Some(request.source),
    };
    let positions: Vec<_> = valuation.positions.iter().map(|position| row(position, snapshot_id)).collect();
    store.add_snapshot(&snapshot, &positions).await
}

/// Measures what a portfolio is worth, and stores it.
///
/// # Errors
/// As [`measure`] and [`store_snapshot`]; nothing was written then.
pub async fn take_snapshot(
    store: &dyn Store,
    request: &SnapshotRequest,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<(SnapshotId, Valuation), SnapshotError> {
    let valuation = measure(store, request, calendar, now).await?;
    let number = store_snapshot(store, request, &valuation, now).await?;
    Ok((number, valuation))
}

fn row(position: &Position, snapshot_id: SnapshotId) -> PortfolioPosition {
    PortfolioPosition {
        snapshot_id,
        symbol: position.symbol,
        quantity: position.shares,
        market_price: position.price.price,
        market_value: position.value,
        current_weight: position.weight,
        target_weight: position.target,
        price_time: Some(position.price.at),
        price_source: Some(position.price.source),
        doubt: position.doubt.map(words),
    }
}

/// What was accepted about a price, for the record.
fn words(doubt: Doubt) -> String {
    match doubt {
        Doubt::Missing => "missing".to_owned(),
        Doubt::Stale { age } => format!("{} minutes of trading old", age.num_minutes()),
        Doubt::Gap => "stands in a gap of the record".to_owned(),
        Doubt::Halted => "halted".to_owned(),
    }
}
