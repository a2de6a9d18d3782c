//! Sending orders and withdrawing them.

use std::collections::BTreeSet;

use obs_model::{
    ExecutionStatus, Money, OrderStatus, PlanStep, PlannedOrder, Price, Quantity, RebalanceExecution, RebalanceOrder, Side,
    Symbol, trading_day,
};

use super::{ExecuteError, guard::now_at, run::Run};
use crate::{BrokerError, OrderTicket};

/// Why a purchase was not sent as it was planned; what the cash pays is offered instead.
pub(super) const CASH_SHORT: &str = "the cash does not pay all of it";

impl Run<'_> {
    /// Sends every order whose turn it is: sells first, one of each symbol at a time.
    pub(super) async fn send_what_may_go(&mut self) -> Result<(), ExecuteError> {
        let is_selling = self.stored.orders.iter().any(|order| order.side == Side::Sell && !self.is_settled(order));
        let side = if is_selling { Side::Sell } else { Side::Buy };
        // What waits to be offered anew keeps its place before later orders of its symbol.
        let busy = self.stored.orders.iter().filter(|order| order.status != OrderStatus::Pending && !self.is_settled(order));
        let mut busy: BTreeSet<Symbol> = busy.map(|order| order.symbol).collect();
        for order in self.orders_that_are(OrderStatus::Pending) {
            if order.side != side || self.given_up.contains_key(&order.order_id) || !busy.insert(order.symbol) {
                continue;
            }
            if self.stop_reason().is_some() || self.unknown().is_some() {
                return Ok(());
            }
            if !self.is_near(&order).await? {
                continue;
            }
            if side == Side::Buy && !self.is_paid(&order).await? {
                // Later purchases do not take the money of earlier ones.
                return Ok(());
            }
            if let Some(why) = self.is_beyond_limits(&order) {
                self.given_up.insert(order.order_id, why);
            }
            // The questions may have taken long.
            if self.stop_reason().is_none() && !self.given_up.contains_key(&order.order_id) {
                self.send(&order).await?;
            }
        }
        Ok(())
    }

    /// Sends an order. What goes out lies between two steps of the record.
    async fn send(&mut self, order: &RebalanceOrder) -> Result<(), ExecuteError> {
        let id = order.order_id;
        let ticket =
            OrderTicket { symbol: order.symbol, side: order.side, quantity: order.target_qty, limit: order.limit_price };
        self.step(PlanStep::Submitting { order: id }).await?;
        match self.executor.broker.place(&ticket).await {
            Ok(broker_order) => {
                self.step(PlanStep::Accepted { order: id, broker_order }).await?;
            }
            Err(BrokerError::Rejected { words, may_pass }) => {
                let execution = RebalanceExecution {
                    order_id: id,
                    filled_qty: Quantity::ZERO,
                    filled_price: None,
                    exec_time: self.now(),
                    commission: Money::ZERO,
                    tax: Some(Money::ZERO),
                    slippage: Money::ZERO,
                    status: ExecutionStatus::Rejected,
                    error_msg: Some(words),
                };
                if may_pass {
                    self.passing.insert(id, self.now());
                }
                self.step(PlanStep::Executed { execution }).await?;
            }
            Err(BrokerError::OutcomeUnknown { words }) => {
                self.tell_waiting(format!("it is not known whether order {id} was accepted: {words}"));
            }
            Err(error) => {
                self.step(PlanStep::NotSent { order: id, why: error.to_string() }).await?;
                if !matches!(error, BrokerError::Unavailable { .. }) {
                    return Err(error.into());
                }
                // It is sent again when the broker answers.
                let today = trading_day(self.now());
                self.ask(|| self.executor.broker.orders(today)).await?;
            }
        }
        Ok(())
    }

    /// Whether an order without a limit may be sent at the price of now; one with a limit always may. If not, it is given up.
    async fn is_near(&mut self, order: &RebalanceOrder) -> Result<bool, ExecuteError> {
        if order.limit_price.is_some() {
            return Ok(true);
        }
        let broker = &self.executor.broker;
        let Some(quote) = self.ask_about(order.order_id, || broker.quote(order.symbol)).await? else {
            return Ok(false);
        };
        let price = now_at(&quote);
        let decision = order.decision_price.filter(|_| !quote.is_halted);
        let far = match (decision, price) {
            (Some(decision), Some(price)) if !self.executor.is_far(decision, price) => return Ok(true),
            (Some(decision), Some(price)) => format!("the price moved from {decision} to {price}"),
            _ => "it does not trade".to_owned(),
        };
        self.given_up.insert(order.order_id, far);
        Ok(false)
    }

    /// Whether the cash pays a purchase, or it was given up. If the cash does not pay it after a while, it is made smaller.
    async fn is_paid(&mut self, order: &RebalanceOrder) -> Result<bool, ExecuteError> {
        let (id, limit) = (order.order_id, order.limit_price);
        let price = match limit.or(order.decision_price) {
            Some(price) => price,
            None => Price::MAX,
        };
        let by_plan = self.payable(order, price)?;
        let broker = &self.executor.broker;
        let Some(by_broker) = self.ask_about(id, || broker.buyable(order.symbol, limit)).await? else {
            return Ok(true);
        };
        let shares = by_plan.min(by_broker).min(order.target_qty);
        if shares == order.target_qty {
            self.unpaid.remove(&id);
            return Ok(true);
        }
        // Orders that are open hold back more than they will cost, and the money of a sale may come late.
        let now = self.now();
        let since = *self.unpaid.entry(id).or_insert(now);
        let is_open = !self.at_broker().is_empty();
        if is_open || !self.has_passed(since, self.executor.settings.rules.pause) {
            self.tell_waiting(format!("order {id}: the cash pays {shares} of {} shares", order.target_qty));
            return Ok(false);
        }
        if shares == Quantity::ZERO {
            self.given_up.insert(id, CASH_SHORT.to_owned());
            return Ok(true);
        }
        // An order that was never sent ends between two steps of the record, as if it had been.
        self.step(PlanStep::Submitting { order: id }).await?;
        self.step(PlanStep::Withdrawn { order: id, why: CASH_SHORT.to_owned() }).await?;
        let smaller = replacement(order, shares, limit);
        if let Some(by) = smaller {
            self.step(PlanStep::Replaced { order: id, by }).await?;
        }
        Ok(false)
    }

    /// Withdraws orders that were open for too long.
    pub(super) async fn withdraw_what_rests(&mut self) -> Result<(), ExecuteError> {
        let patience = self.executor.settings.rules.patience;
        for (order, known) in self.at_broker() {
            if order.submitted_at.is_some_and(|at| self.has_passed(at, patience)) {
                self.withdraw(&order, &known).await?;
            }
        }
        Ok(())
    }

    /// Asks the broker to withdraw an order, again after a while. Whether it did, the list tells.
    pub(super) async fn withdraw(
        &mut self,
        order: &RebalanceOrder,
        known: &obs_model::BrokerOrder,
    ) -> Result<(), ExecuteError> {
        let asked = self.withdrawing.get(&order.order_id).copied();
        if asked.is_some_and(|asked| !self.has_passed(asked, self.executor.settings.rules.pause)) {
            return Ok(());
        }
        let now = self.now();
        match self.executor.broker.cancel(known).await {
            Ok(()) | Err(BrokerError::OutcomeUnknown { .. }) => {
                self.withdrawing.insert(order.order_id, now);
            }
            Err(error @ BrokerError::Refused { .. }) => return Err(error.into()),
            Err(error) => {
                self.withdrawing.insert(order.order_id, now);
                self.tell_waiting(format!("order {} is not withdrawn yet: {error}", order.order_id));
            }
        }
        Ok(())
    }
}

/// The order that takes another one's place.
pub(super) fn replacement(order: &RebalanceOrder, quantity: Quantity, limit_price: Option<Price>) -> Option<PlannedOrder> {
    Some(PlannedOrder {
        sequence: order.sequence?,
        symbol: order.symbol,
        side: order.side,
        quantity,
        limit_price,
        decision_price: order.decision_price?,
    })
}
