//! What a portfolio is worth, at prices that are known and not guessed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, Money, Price, PriceSource, Quantity, Symbol, Weight};
use rust_decimal::Decimal;

use crate::{ValuationError, drift, units};

/// Decimals of a current weight. What is cut off counts as cash.
const WEIGHT_DECIMALS: u32 = 12;

/// A price of the record, and how it came there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPrice {
    /// The price in won.
    pub price: Price,
    /// When it was true: the time of the trade, or the end of the bar that closed with it.
    pub at: DateTime<Utc>,
    /// Where it was found.
    pub source: PriceSource,
    /// Whether it stands behind or inside a gap of the record.
    pub is_in_gap: bool,
    /// Whether the exchange has halted the stock.
    pub is_halted: bool,
}

/// Which prices are good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRules {
    /// The oldest that a price may be. Only time in which the market was open counts: on a Sunday, Friday's close is new.
    pub oldest: TimeDelta,
    /// Whose doubtful price is good enough, since somebody said so by name. One that is missing cannot be.
    pub accepted: BTreeSet<Symbol>,
}

/// Why a price is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There is none.
    Missing,
    /// It is older than is allowed.
    Stale {
        /// How long the market has been open since.
        age: TimeDelta,
    },
    /// The record has a gap where it should be.
    Gap,
    /// The stock does not trade.
    Halted,
}

/// A symbol that is held, or should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The symbol.
    pub symbol: Symbol,
    /// Shares held.
    pub shares: Quantity,
    /// The price it is valued at.
    pub price: KnownPrice,
    /// What was accepted about that price.
    pub doubt: Option<Doubt>,
    /// Shares times price, in won.
    pub value: Money,
    /// Its share of the total, cut to twelve decimals.
    pub weight: Weight,
    /// The share it should have.
    pub target: Weight,
}

/// What a portfolio is worth, and how far it is from its targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// Whatever is held or should be, in the order of the symbols.
    pub positions: Vec<Position>,
    /// Cash in won.
    pub cash: Money,
    /// What the weights leave: cash, and what was cut off the others. All weights and this add up to 1.
    pub cash_weight: Weight,
    /// Positions and cash in won.
    pub total: Money,
    /// How far the weights are from the targets, as [`drift`](crate::drift()) defines it.
    pub drift: Decimal,
}

/// Values what is held, at the prices that are known now.
///
/// Symbols that should be held and are not need a price, too: who plans to buy them asks for it.
///
/// # Errors
/// [`ValuationError::Doubtful`] with every symbol whose price is not good enough, or another one if amounts make no sense.
pub fn value(
    holdings: &BTreeMap<Symbol, Quantity>,
    cash: Money,
    targets: &BTreeMap<Symbol, Weight>,
    prices: &BTreeMap<Symbol, KnownPrice>,
    rules: &PriceRules,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<Valuation, ValuationError> {
    if cash.won() < Decimal::ZERO {
        return Err(ValuationError::Cash { cash });
    }
    let symbols: BTreeSet<Symbol> = holdings.keys().chain(targets.keys()).copied().collect();
    let mut doubtful = Vec::new();
    let mut priced = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        let known = prices.get(&symbol);
        let doubt = known.map_or(Some(Doubt::Missing), |known| doubt_of(known, rules, calendar, now));
        match (known, doubt) {
            (Some(known), None) => priced.push((symbol, *known, None)),
            (Some(known), Some(_)) if rules.accepted.contains(&symbol) => priced.push((symbol, *known, doubt)),
            (_, doubt) => doubtful.extend(doubt.map(|doubt| (symbol, doubt))),
        }
    }
    if !doubtful.is_empty() {
        return Err(ValuationError::Doubtful(doubtful));
    }
    let worth = |symbol: &Symbol, price: Price| {
        let shares = holdings.get(symbol).map_or(0, |shares| shares.shares());
        let value = i128::from(shares) * i128::from(price.ten_thousandths());
        (0..=units::LARGEST).contains(&value).then_some(value).ok_or(ValuationError::TooLarge { symbol: *symbol })
    };
    let values: Vec<i128> = priced.iter().map(|(symbol, known, _)| worth(symbol, known.price)).collect::<Result<_, _>>()?;
    let total = units::from_money(cash) + values.iter().sum::<i128>();
    let mut positions = Vec::with_capacity(priced.len());
    let mut left = Decimal::ONE;
    for ((symbol, price, doubt), value) in priced.into_iter().zip(values) {
        let weight = weight_of(value, total);
        left -= weight.share();
        let shares = holdings.get(&symbol).copied().unwrap_or_default();
        let target = targets.get(&symbol).copied().unwrap_or_default();
        positions.push(Position { symbol, shares, price, doubt, value: units::to_money(value), weight, target });
    }
    let total = units::to_money(total);
    let drift = drift(positions.iter().map(|position| (position.value, position.target)), total)?;
    let cash_weight = Weight::new(left).unwrap_or_default();
    Ok(Valuation { positions, cash, cash_weight, total, drift })
}

/// What is wrong with a price, the worst first.
fn doubt_of(known: &KnownPrice, rules: &PriceRules, calendar: &Calendar, now: DateTime<Utc>) -> Option<Doubt> {
    let age: TimeDelta = calendar.within(known.at, now).iter().map(|(from, until)| *until - *from).sum();
    match known {
        KnownPrice { is_halted: true, .. } => Some(Doubt::Halted),
        _ if age > rules.oldest => Some(Doubt::Stale { age }),
        KnownPrice { is_in_gap: true, .. } => Some(Doubt::Gap),
        _ => None,
    }
}

/// A value's share of a total, cut to twelve decimals.
fn weight_of(value: i128, total: i128) -> Weight {
    // Both are below 10^18 ten-thousandths, so the product fits.
    let parts = value * 10_i128.pow(WEIGHT_DECIMALS) / total.max(1);
    Weight::new(Decimal::from_i128_with_scale(parts, WEIGHT_DECIMALS)).unwrap_or_default()
}
