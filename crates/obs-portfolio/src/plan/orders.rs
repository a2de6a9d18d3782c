//! From share counts to orders: priced on the grid, split by volume, sells first.

use std::cmp::Reverse;

use obs_model::{Money, OrderType, PlannedOrder, Price, Quantity, Side, Symbol, TickTable, Weight};

use super::PlanRequest;
use crate::{
    AllocateError, Allocation, Asset,
    costs::{ScaledRates, cut},
    units,
};

/// The most orders that one is split into.
const MOST_PIECES: i64 = 50;

/// Orders, and what they do to cash.
pub(super) struct Draft {
    pub(super) orders: Vec<PlannedOrder>,
    /// Cash after all of them, at the prices of the decision.
    pub(super) cash: Money,
    /// The same at the worst prices.
    pub(super) least_cash: Money,
    pub(super) commission: Money,
    pub(super) tax: Money,
}

/// One symbol's trade.
struct Trade {
    side: Side,
    value: i128,
    symbol: Symbol,
    quantity: i64,
    asset: Asset,
}

/// The orders of an allocation, whose shares are in the order of the assets.
pub(super) fn draft(request: &PlanRequest<'_>, assets: &[Asset], allocation: &Allocation) -> Result<Draft, AllocateError> {
    let mut trades: Vec<Trade> =
        assets.iter().zip(&allocation.shares).filter_map(|(asset, shares)| trade(asset, shares.wanted)).collect();
    trades.sort_by_key(|trade| (trade.side, Reverse(trade.value), trade.symbol));
    let rates = request.policy.rates().scaled()?;
    let mut orders = Vec::new();
    let (mut cash, mut least_cash) = (units::from_money(request.valuation.cash), units::from_money(request.valuation.cash));
    let (mut commission, mut tax) = (0, 0);
    for trade in &trades {
        let (limit_price, worst) = prices(request, trade);
        for quantity in pieces(request, trade) {
            let flow = Flow::of(trade, trade.asset.price, quantity, rates);
            cash += flow.cash;
            commission += flow.commission;
            tax += flow.tax;
            least_cash += Flow::of(trade, worst, quantity, rates).cash;
            orders.push(PlannedOrder {
                sequence: u32::try_from(orders.len() + 1).unwrap_or(u32::MAX),
                symbol: trade.symbol,
                side: trade.side,
                quantity: Quantity::new(quantity).unwrap_or_default(),
                limit_price,
                decision_price: trade.asset.price,
            });
        }
    }
    let [cash, least_cash, commission, tax] = [cash, least_cash, commission, tax].map(units::to_money);
    Ok(Draft { orders, cash, least_cash, commission, tax })
}

fn trade(asset: &Asset, wanted: Quantity) -> Option<Trade> {
    let change = wanted.shares() - asset.held.shares();
    let side = if change < 0 { Side::Sell } else { Side::Buy };
    let quantity = change.abs();
    let value = i128::from(quantity) * i128::from(asset.price.ten_thousandths());
    (quantity > 0).then_some(Trade { side, value, symbol: asset.symbol, quantity, asset: *asset })
}

/// What an order does to cash, all in ten-thousandths of a won.
struct Flow {
    cash: i128,
    commission: i128,
    tax: i128,
}

impl Flow {
    fn of(trade: &Trade, price: Price, quantity: i64, rates: ScaledRates) -> Self {
        let amount = i128::from(quantity) * i128::from(price.ten_thousandths());
        match trade.side {
            Side::Buy => {
                let commission = cut(amount, rates.buy);
                Self { cash: -amount - commission, commission, tax: 0 }
            }
            Side::Sell => {
                let commission = cut(amount, rates.sell);
                let tax = if trade.asset.is_taxed { cut(amount, rates.tax) } else { 0 };
                Self { cash: amount - commission - tax, commission, tax }
            }
        }
    }
}

/// The limit price of a trade's orders, and the worst price that they are reckoned with.
fn prices(request: &PlanRequest<'_>, trade: &Trade) -> (Option<Price>, Price) {
    let rules = request.policy.order_rules();
    let table = request.policy.tick_table(trade.symbol);
    let day = request.limits.get(&trade.symbol).copied();
    let at = |distance| on_grid(trade.side, trade.asset.price, distance, table, day);
    match rules.order_type {
        OrderType::Limit => {
            let limit = at(rules.distance);
            (Some(limit), limit)
        }
        OrderType::Market => (None, at(rules.away)),
    }
}

/// The admitted price at most a part of a price away from it on the worse side: nearer, if the grid has none there, and never on
/// the better side of it, but for the limits of the day.
fn on_grid(side: Side, decision: Price, distance: Weight, table: TickTable, day: Option<(Price, Price)>) -> Price {
    let share = distance.share();
    let (parts, whole) = (share.mantissa(), 10_i128.pow(share.scale()));
    let raw = i128::from(decision.ten_thousandths());
    let price = |raw: i128| i64::try_from(raw).ok().and_then(|raw| Price::from_ten_thousandths(raw).ok());
    let price = match side {
        Side::Buy => {
            let far = table.floor_to_tick(price(raw * (whole + parts) / whole).unwrap_or(decision));
            if far < decision { table.ceil_to_tick(decision) } else { far }
        }
        Side::Sell => {
            let far = table.ceil_to_tick(price(-(-raw * (whole - parts)).div_euclid(whole)).unwrap_or(decision));
            if far > decision { table.floor_to_tick(decision) } else { far }
        }
    };
    let Some((low, high)) = day else { return price };
    price.max(table.ceil_to_tick(low)).min(table.floor_to_tick(high))
}

/// The shares of each order of a trade: as few orders as the volume admits, each about as large as the others.
fn pieces(request: &PlanRequest<'_>, trade: &Trade) -> impl Iterator<Item = i64> {
    let quantity = trade.quantity;
    let count = request.volumes.get(&trade.symbol).map_or(1, |mean| {
        let share = request.policy.order_rules().participation.share();
        let most = i128::from(mean.shares()) * share.mantissa() / 10_i128.pow(share.scale());
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        // Where that would make orders below the smallest one, they are as many as do not.
        let price = i128::from(trade.asset.price.ten_thousandths());
        let least = -(-units::from_money(request.policy.limits().least_order)).div_euclid(price);
        let most_pieces = quantity / i64::try_from(least).unwrap_or(i64::MAX).max(1);
        (quantity / most + i64::from(quantity % most > 0)).min(MOST_PIECES).min(most_pieces).max(1)
    });
    (0..count).map(move |at| quantity / count + i64::from(at < quantity % count))
}
