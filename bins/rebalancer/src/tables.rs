//! Plans and orders as tables.

use std::collections::BTreeMap;

use obs_cli::{grouped, table};
use obs_model::{Forecast, Money, PlannedOrder, PortfolioPosition, Price, Quantity, RebalanceOrder, Side, Symbol};
use obs_portfolio::Policy;
use obs_store::StoredPlan;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::text::{percent, price, won};

/// An order of a plan with what it does to its symbol's weight. Its JSON form is what `--json` prints.
#[derive(Serialize)]
pub(crate) struct OrderLine {
    pub(crate) sequence: u32,
    pub(crate) side: Side,
    pub(crate) symbol: Symbol,
    pub(crate) quantity: Quantity,
    pub(crate) limit_price: Option<Price>,
    pub(crate) decision_price: Price,
    /// Shares times the price at decision, in won.
    pub(crate) value: Money,
    /// The symbol's weight before this order.
    pub(crate) from: Decimal,
    /// And after it.
    pub(crate) to: Decimal,
    /// The broker's part in won; `None` if the policy that knows the rates is gone.
    pub(crate) commission: Option<Money>,
    /// The state's part.
    pub(crate) tax: Option<Money>,
}

/// What a plan's orders do, one after the other, to the weights of a snapshot.
pub(crate) fn order_lines(
    orders: &[PlannedOrder],
    positions: &[PortfolioPosition],
    total: Money,
    policy: Option<&Policy>,
) -> Vec<OrderLine> {
    let mut shares: BTreeMap<Symbol, i64> =
        positions.iter().map(|position| (position.symbol, position.quantity.shares())).collect();
    let weight = |shares: i64, at: Price| {
        if total.won() > Decimal::ZERO { Decimal::from(shares) * Decimal::from(at) / total.won() } else { Decimal::ZERO }
    };
    let mut lines = Vec::with_capacity(orders.len());
    for order in orders {
        let held = shares.entry(order.symbol).or_default();
        let before = *held;
        let quantity = order.quantity.shares();
        *held = if order.side == Side::Buy { before.saturating_add(quantity) } else { before.saturating_sub(quantity) };
        let value = Money::new(Decimal::from(order.decision_price) * Decimal::from(quantity)).unwrap_or_default();
        let costs = policy.and_then(|policy| policy.rates().of(order.side, value, policy.is_taxed(order.symbol)).ok());
        lines.push(OrderLine {
            sequence: order.sequence,
            side: order.side,
            symbol: order.symbol,
            quantity: order.quantity,
            limit_price: order.limit_price,
            decision_price: order.decision_price,
            value,
            from: weight(before, order.decision_price).round_dp(12).normalize(),
            to: weight(*held, order.decision_price).round_dp(12).normalize(),
            commission: costs.map(|costs| costs.commission),
            tax: costs.map(|costs| costs.tax),
        });
    }
    lines
}

/// The orders as people read them.
pub(crate) fn order_table(lines: &[OrderLine]) -> String {
    let rows = lines.iter().map(|line| {
        let limit = line.limit_price.map_or_else(|| "market".to_owned(), price);
        let cost = |part: Option<Money>| part.map(won).unwrap_or_default();
        [
            format!("{} {} {}", line.sequence, line.side, line.symbol),
            shares(line.quantity),
            limit,
            won(line.value),
            percent(line.from),
            percent(line.to),
            cost(line.commission),
            cost(line.tax),
        ]
    });
    table(["Order", "Shares", "Limit", "Value", "From", "To", "Fee", "Tax"], rows).to_string()
}

/// What a plan is expected to do, in a few lines.
pub(crate) fn forecast(forecast: &Forecast) -> String {
    let Forecast { cash, least_cash, commission, tax, turnover, drift_before, drift_after, gap } = forecast;
    let proof = if *gap == Money::ZERO {
        "no allocation within the limits is nearer to the targets".to_owned()
    } else {
        format!("no allocation within the limits is nearer to the targets by more than {} won", won(*gap))
    };
    format!(
        "Drift      {} before, {} afterwards\nTurnover   {} won; fees {}, tax {}\nCash left  {} won; at least {} if every \
         order is filled at its worst price\nProof      {proof}",
        percent(*drift_before),
        percent(*drift_after),
        won(*turnover),
        won(*commission),
        won(*tax),
        won(*cash),
        won(*least_cash),
    )
}

/// The orders of a stored plan as they were planned: without those that took the place of others.
pub(crate) fn planned_orders(stored: &StoredPlan) -> Vec<PlannedOrder> {
    let planned = |order: &RebalanceOrder| {
        Some(PlannedOrder {
            sequence: order.sequence?,
            symbol: order.symbol,
            side: order.side,
            quantity: order.target_qty,
            limit_price: order.limit_price,
            decision_price: order.decision_price?,
        })
    };
    let mut orders: Vec<_> = stored.orders.iter().filter(|order| order.replaces.is_none()).filter_map(planned).collect();
    orders.sort_by_key(|order| order.sequence);
    orders
}

/// A number of shares with its thousands set apart.
pub(crate) fn shares(quantity: Quantity) -> String {
    grouped(quantity.shares().unsigned_abs())
}
