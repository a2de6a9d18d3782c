//! Orders of which nobody knows whether they were accepted: the broker is asked, and nothing is sent until it is known.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{BrokerOrder, OrderId, OrderStatus, PlanStep, Quantity, RebalanceOrder, Side, trading_day};
use obs_store::TimeRange;

use super::{ExecuteError, Resolution, run::Run};
use crate::{ListedOrder, amount::filled_so_far};

/// How far the broker's clock may be behind ours. Its times are cut to seconds.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(5);

impl Run<'_> {
    /// Waits until it is known of every order whether it was accepted.
    pub(super) async fn resolve_unknown(&mut self) -> Result<(), ExecuteError> {
        while let Some(order) = self.unknown() {
            let submitted_at = order.submitted_at.ok_or(ExecuteError::Incomplete {
                plan: self.plan_id(),
                problem: "has an order that was sent at no time",
            })?;
            if self.executor.is_stopped() {
                // Finding out may take a while, and what is known to be open must not wait for it.
                for (open, known) in self.at_broker() {
                    self.withdraw(&open, &known).await?;
                }
            }
            let patience = self.executor.settings.rules.unknown_patience;
            // Counted from the first question of this run: the call itself may have taken long, and so may the time until somebody
            // resumed. As of before this question: what comes later than that is not in the answer.
            let now = (self.steady)();
            let asked_for = now.saturating_sub(*self.asked_since.entry(order.order_id).or_insert(now));
            let was_long_enough = asked_for >= patience;
            let is_too_long = asked_for >= patience.saturating_mul(2);
            let listed = self.listed(BTreeSet::from([trading_day(submitted_at)])).await?;
            let candidates = self.candidates(&order, submitted_at, &listed).await?;
            match candidates.as_slice() {
                [one] => {
                    let step = PlanStep::Accepted { order: order.order_id, broker_order: one.clone() };
                    self.step(step).await?;
                }
                [] if was_long_enough => match self.doubt_absence(&order, submitted_at, &listed).await? {
                    None => {
                        let seconds = patience.as_secs();
                        let why = format!("the broker did not list it within {seconds} s");
                        self.step(PlanStep::NotSent { order: order.order_id, why }).await?;
                    }
                    Some(problem) if is_too_long => {
                        return Err(ExecuteError::Ambiguous { order: order.order_id, problem, candidates: Vec::new() });
                    }
                    Some(problem) => self.wait_for(&order, &problem).await,
                },
                [] => self.wait_for(&order, "the broker does not list it yet").await,
                several => {
                    let candidates: Vec<_> = several.iter().map(|order| order.number.clone()).collect();
                    let problem = format!("the broker lists {} orders like it: {}", several.len(), candidates.join(", "));
                    return Err(ExecuteError::Ambiguous { order: order.order_id, problem, candidates });
                }
            }
        }
        Ok(())
    }

    /// The first order of which it is not known whether it was accepted.
    pub(super) fn unknown(&self) -> Option<RebalanceOrder> {
        self.orders_that_are(OrderStatus::Executing).into_iter().find(|order| order.broker_order.is_none())
    }

    async fn wait_for(&self, order: &RebalanceOrder, problem: &str) {
        self.tell_waiting(format!("it is not known whether order {} was accepted: {problem}", order.order_id));
        self.wait(self.executor.settings.rules.poll).await;
    }

    /// The broker's orders that may be this one and are no other order of ours.
    async fn candidates(
        &self,
        order: &RebalanceOrder,
        submitted_at: DateTime<Utc>,
        listed: &[ListedOrder],
    ) -> Result<Vec<BrokerOrder>, ExecuteError> {
        let claimed = self.claimed(submitted_at).await?;
        let is_like = |found: &&ListedOrder| {
            let ticket = &found.ticket;
            (ticket.symbol, ticket.side, ticket.quantity, ticket.limit)
                == (order.symbol, order.side, order.target_qty, order.limit_price)
                && found.at.is_none_or(|at| at >= submitted_at - CLOCKS_DIFFER)
                && !claimed.contains(&(found.order.day, found.order.number.clone()))
        };
        let mut candidates: Vec<_> = listed.iter().filter(is_like).map(|found| found.order.clone()).collect();
        candidates.sort_by(|one, other| one.number.cmp(&other.number));
        Ok(candidates)
    }

    /// The broker's orders of a day that are known to be orders of ours, of whatever plan.
    async fn claimed(&self, at: DateTime<Utc>) -> Result<BTreeSet<(NaiveDate, String)>, ExecuteError> {
        let kind = self.executor.broker.kind();
        let ours = self.executor.store.submitted_orders(TimeRange::of_day(trading_day(at))).await?.into_iter();
        let known = ours.filter(|(broker, _)| *broker == kind).filter_map(|(_, order)| order.broker_order);
        Ok(known.map(|known| (known.day, known.number)).collect())
    }

    /// Why it cannot be believed that an order does not exist though it is not listed, if it cannot: lists of orders have been
    /// seen to be late, and even empty.
    async fn doubt_absence(
        &self,
        order: &RebalanceOrder,
        submitted_at: DateTime<Utc>,
        listed: &[ListedOrder],
    ) -> Result<Option<String>, ExecuteError> {
        let is_listed =
            |(day, number): &(NaiveDate, String)| listed.iter().any(|o| o.order.day == *day && o.order.number == *number);
        let claimed = self.claimed(submitted_at).await?;
        if let Some(like) = listed.iter().find(|found| is_look_alike(order, found, &claimed)) {
            let number = &like.order.number;
            return Ok(Some(format!("order {number} of the broker is like it, though its time or price does not fit")));
        }
        if let Some((_, number)) =
            claimed.iter().filter(|(day, _)| *day == trading_day(submitted_at)).find(|o| !is_listed(o))
        {
            return Ok(Some(format!("the broker's list is not complete, order {number} is missing as well")));
        }
        let account = self.ask(|| self.executor.broker.state()).await?;
        let found = account.holdings.get(&order.symbol).map_or(Quantity::ZERO, |held| held.quantity);
        let expected = self.expected(order);
        let differs = Some(found) != expected;
        Ok(differs.then(|| format!("the account holds {found} of {}, which the record does not explain", order.symbol)))
    }

    /// The shares that should be held of an order's symbol, by the snapshot and the fills since.
    fn expected(&self, order: &RebalanceOrder) -> Option<Quantity> {
        let start = self.start.shares.get(&order.symbol).copied().unwrap_or_default();
        let (mut bought, mut sold) = (start, Quantity::ZERO);
        for other in self.stored.orders.iter().filter(|other| other.symbol == order.symbol) {
            let (filled, _) = filled_so_far(&self.stored.executions, other.order_id);
            match other.side {
                Side::Buy => bought = bought.saturating_add(filled),
                Side::Sell => sold = sold.saturating_add(filled),
            }
        }
        bought.checked_sub(sold)
    }

    /// Records what a person found out.
    pub(super) async fn resolve_by_hand(&mut self, id: OrderId, found: Resolution) -> Result<(), ExecuteError> {
        let plan = self.plan_id();
        let refuse = |problem: &str| ExecuteError::NotResolved { plan, order: id, problem: problem.to_owned() };
        let order = self.order(id).ok_or_else(|| refuse("it is not of this plan"))?;
        let submitted_at = order.submitted_at.filter(|_| order.status == OrderStatus::Executing);
        let submitted_at = submitted_at.filter(|_| order.broker_order.is_none());
        let submitted_at = submitted_at.ok_or_else(|| refuse("it is known what became of it"))?;
        let number = match found {
            Resolution::NotSent => {
                let listed = self.listed(BTreeSet::from([trading_day(submitted_at)])).await?;
                let claimed = self.claimed(submitted_at).await?;
                if let Some(like) = listed.iter().find(|found| is_look_alike(&order, found, &claimed)) {
                    let number = &like.order.number;
                    return Err(refuse(&format!(
                        "the broker lists order {number}, which is like it: say --number {number}"
                    )));
                }
                if !self.has_passed(submitted_at, self.executor.settings.rules.unknown_patience) {
                    return Err(refuse("it was sent less than a minute ago and may still appear: look again then"));
                }
                let why = "somebody looked at the account and says so".to_owned();
                return self.step(PlanStep::NotSent { order: id, why }).await.map(|_| ());
            }
            Resolution::Number(number) => number,
        };
        let day = trading_day(submitted_at);
        let listed = self.listed(BTreeSet::from([day])).await?;
        // A person need not type the zeros in front.
        let bare = |number: &str| number.trim_start_matches('0').to_owned();
        let found = listed.iter().find(|found| bare(&found.order.number) == bare(number.trim()));
        let found = found.ok_or_else(|| refuse("the broker lists no order of this number on that day"))?;
        let ticket = &found.ticket;
        if (ticket.symbol, ticket.side, ticket.quantity) != (order.symbol, order.side, order.target_qty) {
            return Err(refuse(&format!(
                "the broker's order of this number is {} {} {}",
                ticket.side, ticket.quantity, ticket.symbol
            )));
        }
        if self.claimed(submitted_at).await?.contains(&(day, found.order.number.clone())) {
            return Err(refuse("this number is another order's"));
        }
        self.step(PlanStep::Accepted { order: id, broker_order: found.order.clone() }).await.map(|_| ())
    }
}

/// Whether a listed order may be one of ours though its time or its price says otherwise: clocks differ, and lists cut prices.
fn is_look_alike(order: &RebalanceOrder, found: &ListedOrder, claimed: &BTreeSet<(NaiveDate, String)>) -> bool {
    (found.ticket.symbol, found.ticket.side, found.ticket.quantity) == (order.symbol, order.side, order.target_qty)
        && !claimed.contains(&(found.order.day, found.order.number.clone()))
}
