//! What the broker says of orders, as it goes into the record.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use obs_model::{
    BrokerOrder, ExecutionStatus, Money, OrderStatus, PlanStep, Price, Quantity, RebalanceExecution, RebalanceOrder, Side,
};
use rust_decimal::Decimal;

use super::{ExecuteError, run::Run};
use crate::{
    ListedOrder,
    amount::{filled_so_far, worth},
};

/// Why an order was withdrawn that waited too long; its rest is offered anew.
pub(super) const NOT_IN_TIME: &str = "not filled in time";

impl Run<'_> {
    /// Orders at the broker: sent, accepted and not ended.
    pub(super) fn at_broker(&self) -> Vec<(RebalanceOrder, BrokerOrder)> {
        let sent = self.orders_that_are(OrderStatus::Executing).into_iter();
        sent.filter_map(|order| order.broker_order.clone().map(|known| (order, known))).collect()
    }

    /// The broker's orders of these days.
    pub(super) async fn listed(&self, days: BTreeSet<NaiveDate>) -> Result<Vec<ListedOrder>, ExecuteError> {
        let mut listed = Vec::new();
        for day in days {
            listed.extend(self.ask(|| self.executor.broker.orders(day)).await?);
        }
        Ok(listed)
    }

    /// Records what was filled since the last time, and which orders ended. Returns the orders that are still at the broker, each
    /// with whether it was listed.
    pub(super) async fn take_fills(&mut self) -> Result<Vec<(RebalanceOrder, bool)>, ExecuteError> {
        let sent = self.at_broker();
        let listed = self.listed(sent.iter().map(|(_, known)| known.day).collect()).await?;
        let mut open = Vec::new();
        for (order, known) in sent {
            // The number alone names an order of a day; the branch is not always spelled alike.
            let is_meant = |other: &&ListedOrder| other.order.number == known.number && other.order.day == known.day;
            let found = listed.iter().filter(is_meant).find(|found| is_like(&order, found));
            if let Some(found) = found {
                self.record_fills(&order, found).await?;
                self.record_end(&order, found).await?;
            }
            let still = self.order(order.order_id).filter(|order| order.status == OrderStatus::Executing);
            open.extend(still.map(|order| (order, found.is_some())));
        }
        Ok(open)
    }

    /// Records the difference between what the broker says was filled and what the record says.
    async fn record_fills(&mut self, order: &RebalanceOrder, found: &ListedOrder) -> Result<(), ExecuteError> {
        let (mut shares, mut amount) = filled_so_far(&self.stored.executions, order.order_id);
        let (Some(new), Ok(gained)) =
            (found.filled.checked_sub(shares), Money::new(found.filled_amount.won() - amount.won()))
        else {
            return Ok(());
        };
        // A broker that counts the shares before the money is asked again.
        for (piece, price) in pieces(new, gained) {
            let before = self.executor.settings.costs.of(order.symbol, order.side, amount)?;
            shares = shares.saturating_add(piece);
            amount = sum(amount, worth(price, piece).won());
            let after = self.executor.settings.costs.of(order.symbol, order.side, amount)?;
            let is_all = shares >= order.target_qty;
            let execution = RebalanceExecution {
                order_id: order.order_id,
                filled_qty: piece,
                filled_price: Some(price),
                exec_time: self.now(),
                // Of the order's sum, so that it does not depend on the number of pieces.
                commission: sum(after.commission, -before.commission.won()),
                tax: Some(sum(after.tax, -before.tax.won())),
                slippage: slippage(order, price, piece),
                status: if is_all { ExecutionStatus::Filled } else { ExecutionStatus::Partial },
                error_msg: None,
            };
            self.step(PlanStep::Executed { execution }).await?;
            if is_all {
                break;
            }
        }
        Ok(())
    }

    /// Records that the broker will not fill the rest of an order, once it has said so twice.
    async fn record_end(&mut self, order: &RebalanceOrder, found: &ListedOrder) -> Result<(), ExecuteError> {
        let id = order.order_id;
        let (recorded, _) = filled_so_far(&self.stored.executions, id);
        // A list that is late with fills does not add up: what is neither filled nor withdrawn is still to come.
        let is_whole = found.filled.saturating_add(found.ended) == found.ticket.quantity;
        if found.open > Quantity::ZERO || !is_whole || found.filled != recorded || recorded >= order.target_qty {
            self.seen_closed.remove(&id);
            return Ok(());
        }
        // A list may be made while an order is being filled.
        if self.seen_closed.insert(id, recorded) != Some(recorded) {
            return Ok(());
        }
        let waited = order.submitted_at.is_some_and(|at| self.has_passed(at, self.executor.settings.rules.patience));
        let why = match &found.dropped {
            Some(words) => format!("the broker dropped it: {words}"),
            None if waited || self.withdrawing.contains_key(&id) => NOT_IN_TIME.to_owned(),
            None => "somebody withdrew it at the broker".to_owned(),
        };
        self.step(PlanStep::Withdrawn { order: id, why }).await.map(|_| ())
    }
}

/// Whether a listed order is of the same symbol and side.
fn is_like(order: &RebalanceOrder, found: &ListedOrder) -> bool {
    (order.symbol, order.side) == (found.ticket.symbol, found.ticket.side)
}

/// Shares and prices whose products add up to an amount exactly: one piece at the average price, or two whose prices differ by a
/// ten-thousandth of a won where the average has more decimals than a price.
fn pieces(shares: Quantity, amount: Money) -> Vec<(Quantity, Price)> {
    let (shares, won) = (i128::from(shares.shares()), amount.won());
    let units = won.mantissa() * 10_i128.pow(Money::DECIMALS.saturating_sub(won.scale()));
    if shares == 0 || units <= 0 {
        return Vec::new();
    }
    let (price, dearer) = (units / shares, units % shares);
    let piece = |shares: i128, price: i128| {
        let price = i64::try_from(price).ok().and_then(|units| Price::from_ten_thousandths(units).ok())?;
        let shares = i64::try_from(shares).ok().and_then(|shares| Quantity::new(shares).ok())?;
        (shares > Quantity::ZERO).then_some((shares, price))
    };
    [piece(shares - dearer, price), piece(dearer, price + 1)].into_iter().flatten().collect()
}

/// The difference to the price at decision times the shares, in won; positive is worse.
fn slippage(order: &RebalanceOrder, price: Price, shares: Quantity) -> Money {
    let Some(decision) = order.decision_price else { return Money::ZERO };
    let worse = match order.side {
        Side::Buy => Decimal::from(price) - Decimal::from(decision),
        Side::Sell => Decimal::from(decision) - Decimal::from(price),
    };
    worse.checked_mul(Decimal::from(shares.shares())).and_then(|won| Money::new(won).ok()).unwrap_or_default()
}

/// A sum that is within [`Money`]'s range, which is far beyond the largest portfolio.
fn sum(amount: Money, won: Decimal) -> Money {
    Money::new(amount.won() + won).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_amount_exactly() {
        for (shares, won) in
            [(1, 151_000_i64), (3, 453_100), (7, 1_057_300), (10_000, 1_510_000_001), (999_983, 70_000_000_123)]
        {
            let amount = Money::new(Decimal::from(won)).unwrap();
            let pieces = pieces(Quantity::new(shares).unwrap(), amount);
            let sum: Decimal = pieces.iter().map(|(shares, price)| worth(*price, *shares).won()).sum();
            assert_eq!(sum, amount.won());
            assert_eq!(pieces.iter().map(|(shares, _)| shares.shares()).sum::<i64>(), shares);
        }
        assert_eq!(pieces(Quantity::new(4).unwrap(), Money::ZERO), []);
        assert_eq!(pieces(Quantity::ZERO, Money::new(Decimal::ONE).unwrap()), []);
    }
}
