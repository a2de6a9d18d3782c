//! What orders may cost at most, and what is left for the next one.

use std::collections::{BTreeMap, btree_map::Entry};

use obs_model::{Money, OrderStatus, PlanId, Price, Quantity, RebalanceOrder, Side, trading_day};
use obs_portfolio::AllocateError;
use obs_store::{StoredPlan, TimeRange};
use rust_decimal::Decimal;

use super::{ExecuteError, ExecutionRules, Executor, run::Run};
use crate::amount::{filled_so_far, worth};

/// The most that so many shares of an order may trade, in won. A sale is counted at what it was decided at, or at its limit if
/// that is higher; an order without a limit as far away as prices may be.
pub(super) fn most(order: &RebalanceOrder, shares: Quantity, rules: &ExecutionRules) -> Decimal {
    let decision = order.decision_price.map_or(Decimal::ZERO, Decimal::from);
    let price = order.limit_price.map_or(decision * (Decimal::ONE + rules.away), Decimal::from).max(decision);
    // Far beyond any limit, and far below what a decimal holds.
    price.checked_mul(Decimal::from(shares.shares())).unwrap_or(Decimal::MAX / Decimal::TEN)
}

/// An amount for people; one that is too large for the tables is shown as the largest.
pub(super) fn shown(won: Decimal) -> Money {
    Money::new(won.round_dp(Money::DECIMALS)).unwrap_or_else(|_| worth(Price::MAX, Quantity::MAX))
}

/// What an order has traded, and still may, in won.
fn traded(stored: &StoredPlan, order: &RebalanceOrder, rules: &ExecutionRules) -> Decimal {
    let (filled, amount) = filled_so_far(&stored.executions, order.order_id);
    let open =
        if order.status.is_over() { Quantity::ZERO } else { order.target_qty.checked_sub(filled).unwrap_or_default() };
    amount.won() + most(order, open, rules)
}

impl Executor {
    /// What other plans traded at this broker today, or still may, in won.
    pub(super) async fn traded_by_others(&self, except: PlanId) -> Result<Decimal, ExecuteError> {
        let range = TimeRange::of_day(trading_day(self.settings.clock.now()));
        let mut plans: BTreeMap<PlanId, Option<StoredPlan>> = BTreeMap::new();
        let mut sum = Decimal::ZERO;
        for (broker, order) in self.store.submitted_orders(range).await? {
            let was_sent = order.broker_order.is_some() || order.status == OrderStatus::Executing;
            if order.plan_id == except || broker != self.broker.kind() || !was_sent {
                continue;
            }
            let plan = match plans.entry(order.plan_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(self.store.plan(order.plan_id).await?),
            };
            sum += plan.as_ref().map_or(Decimal::ZERO, |stored| traded(stored, &order, &self.settings.rules));
        }
        Ok(sum)
    }
}

impl Run<'_> {
    /// The shares of a purchase that the plan's own cash pays: whatever was filled and is open, at the worst, leaves what the plan
    /// said that it would leave at least.
    pub(super) fn payable(&self, order: &RebalanceOrder, price: Price) -> Result<Quantity, AllocateError> {
        let mut cash = self.start.cash.won();
        for other in &self.stored.orders {
            let (filled, amount) = filled_so_far(&self.stored.executions, other.order_id);
            let fills = self.stored.executions.iter().filter(|fill| fill.order_id == other.order_id);
            let costs: Decimal = fills.map(|fill| fill.commission.won() + fill.tax.unwrap_or_default().won()).sum();
            cash -= costs;
            match other.side {
                Side::Sell => cash += amount.won(),
                Side::Buy => {
                    cash -= amount.won();
                    if other.status == OrderStatus::Executing {
                        let open = other.target_qty.checked_sub(filled).unwrap_or_default();
                        cash -= self.cost(other, other.limit_price.or(other.decision_price).unwrap_or(price), open)?;
                    }
                }
            }
        }
        let kept = self.stored.plan.forecast.map_or(Decimal::ZERO, |forecast| forecast.least_cash.won()).max(Decimal::ZERO);
        let room = cash - kept;
        let (mut enough, mut too_many) = (0, order.target_qty.shares().saturating_add(1));
        while too_many - enough > 1 {
            let middle = enough + (too_many - enough) / 2;
            let shares = Quantity::new(middle).unwrap_or_default();
            let fits = self.cost(order, price, shares)? <= room;
            (enough, too_many) = if fits { (middle, too_many) } else { (enough, middle) };
        }
        Ok(Quantity::new(enough).unwrap_or_default())
    }

    /// Whether an order in the place of another one would exceed the limit of one order, or this plan with it that of the day; in
    /// words.
    pub(super) fn exceeds(&self, by: &RebalanceOrder) -> Option<String> {
        self.limit_of(by, most(by, by.target_qty, &self.executor.settings.rules))
    }

    /// The same of an order of the plan: limits may have been lowered, and other plans traded, since the plan began.
    pub(super) fn is_beyond_limits(&self, order: &RebalanceOrder) -> Option<String> {
        self.limit_of(order, Decimal::ZERO)
    }

    /// What an order exceeds that adds so much to what the plan may trade anyway.
    fn limit_of(&self, order: &RebalanceOrder, added: Decimal) -> Option<String> {
        let (limits, rules) = (&self.executor.settings.limits, &self.executor.settings.rules);
        let value = most(order, order.target_qty, rules);
        if let Some(limit) = limits.order_value.filter(|limit| value > limit.won()) {
            return Some(format!("it may trade {} won and {limit} is the most for one order", shown(value)));
        }
        let plan: Decimal = self.stored.orders.iter().map(|order| traded(&self.stored, order, rules)).sum();
        let day = self.start.others + plan + added;
        let limit = limits.day_value.filter(|limit| day > limit.won())?;
        Some(format!("the day's orders would come to {} won and {limit} is the most", shown(day)))
    }

    /// What buying costs with its fee, in won.
    fn cost(&self, order: &RebalanceOrder, price: Price, shares: Quantity) -> Result<Decimal, AllocateError> {
        let amount = worth(price, shares);
        let costs = self.executor.settings.costs.of(order.symbol, Side::Buy, amount)?;
        Ok(amount.won() + costs.commission.won())
    }
}
