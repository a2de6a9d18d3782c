//! What is looked at before anything is sent. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};

use obs_model::{
    OrderStatus, PlanId, PlanStatus, Price, Quantity, RebalanceOrder, RebalancePlan, Side, Symbol, trading_day,
};
use obs_store::{ExecutionLock, StoredPlan};
use rust_decimal::Decimal;

use super::{Difference, ExecuteError, Executor, Moved, money, run::Start};
use crate::{AccountState, BrokerQuote};

/// Among so many of the newest plans those that are underway are looked for.
const RECENT_PLANS: u32 = 1_000;

impl Executor {
    /// The right to execute, for as long as the value lives.
    pub(super) async fn lock(&self) -> Result<ExecutionLock, ExecuteError> {
        self.store.lock_execution().await?.ok_or(ExecuteError::Locked)
    }

    pub(super) async fn load(&self, plan: PlanId) -> Result<StoredPlan, ExecuteError> {
        self.store.plan(plan).await?.ok_or(ExecuteError::UnknownPlan { plan })
    }

    /// Whether a plan may begin (`true`) or go on (`false`).
    pub(super) fn may_begin(&self, stored: &StoredPlan) -> Result<bool, ExecuteError> {
        let (plan, status) = (stored.plan.plan_id, stored.plan.status);
        match status {
            PlanStatus::Done | PlanStatus::Failed | PlanStatus::Cancelled => Err(ExecuteError::Over { plan, status }),
            PlanStatus::Pending => Err(ExecuteError::NotApproved { plan }),
            PlanStatus::Approved | PlanStatus::Executing => {
                self.check_broker(stored)?;
                Ok(status == PlanStatus::Approved)
            }
        }
    }

    /// Whether a plan was approved for this broker.
    pub(super) fn check_broker(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let plan = stored.plan.plan_id;
        let approval = stored.plan.approval.as_ref().ok_or(ExecuteError::NotApproved { plan })?;
        let broker = self.broker.kind();
        if approval.broker != broker {
            return Err(ExecuteError::OtherBroker { plan, approved: approval.broker, broker });
        }
        Ok(())
    }

    pub(super) fn is_stopped(&self) -> bool {
        let file = &self.settings.limits.kill_switch;
        // A folder that is not there, or cannot be looked into, may be the one that should hold the file.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.is_some_and(|folder| !folder.is_dir()) || file.try_exists().unwrap_or(true)
    }

    pub(super) fn check_kill_switch(&self) -> Result<(), ExecuteError> {
        if self.is_stopped() {
            return Err(ExecuteError::KillSwitch { path: self.settings.limits.kill_switch.clone() });
        }
        Ok(())
    }

    /// What a plan starts from: holdings and cash of its snapshot, and what other plans traded today.
    pub(super) async fn start_of(&self, stored: &StoredPlan) -> Result<Start, ExecuteError> {
        let plan = stored.plan.plan_id;
        let missing = ExecuteError::Incomplete { plan, problem: "starts from a snapshot that is not there" };
        let (snapshot, positions) = self.store.snapshot(stored.plan.snapshot_id).await?.ok_or(missing)?;
        let shares = positions.into_iter().map(|position| (position.symbol, position.quantity)).collect();
        let others = self.traded_by_others(plan).await?;
        Ok(Start { shares, cash: snapshot.cash, others })
    }

    /// Everything that must hold before a plan begins.
    pub(super) async fn check(&self, stored: &StoredPlan) -> Result<Start, ExecuteError> {
        self.check_approval(stored)?;
        let now = self.settings.clock.now();
        let calendar = &self.settings.calendar;
        if !calendar.contains(now) {
            let opens = calendar.session_at_or_after(now).map(|(open, _)| open);
            return Err(ExecuteError::MarketClosed { now, opens });
        }
        self.check_kill_switch()?;
        self.check_no_other(stored).await?;
        let start = self.start_of(stored).await?;
        self.check_limits(stored, &start)?;
        check_holdings(stored, &start, &self.broker.state().await?)?;
        self.check_nothing_open(stored).await?;
        self.check_prices(stored).await?;
        Ok(start)
    }

    /// Whether a plan is what was approved.
    pub(super) fn check_digest(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let plan = stored.plan.plan_id;
        let approval = stored.plan.approval.as_ref().ok_or(ExecuteError::NotApproved { plan })?;
        let found = (self.settings.digest_of)(stored);
        if found.as_ref() != Some(&approval.digest) || stored.plan.digest.as_ref() != Some(&approval.digest) {
            return Err(ExecuteError::Altered { plan, approved: approval.digest.clone(), found });
        }
        Ok(())
    }

    /// Whether no other plan is underway at this broker: its orders would not be seen in the holdings yet.
    async fn check_no_other(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let is_underway = |other: &RebalancePlan| {
            other.status == PlanStatus::Executing
                && other.plan_id != stored.plan.plan_id
                && other.approval.as_ref().is_some_and(|approval| approval.broker == self.broker.kind())
        };
        let plans = self.store.plans(None, RECENT_PLANS).await?;
        plans
            .iter()
            .find(|other| is_underway(other))
            .map_or(Ok(()), |other| Err(ExecuteError::Underway { plan: stored.plan.plan_id, other: other.plan_id }))
    }

    /// Whether the account has no open order in a symbol of the plan: it would not be seen in the holdings yet, whoever gave it.
    async fn check_nothing_open(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let symbols: BTreeSet<Symbol> = stored.orders.iter().map(|order| order.symbol).collect();
        let listed = self.broker.orders(trading_day(self.settings.clock.now())).await?;
        let open = listed.iter().find(|found| found.open > Quantity::ZERO && symbols.contains(&found.ticket.symbol));
        open.map_or(Ok(()), |found| {
            Err(ExecuteError::OpenOrder { symbol: found.ticket.symbol, number: found.order.number.clone() })
        })
    }

    /// Whether a plan is what was approved, was never begun, and is not too old.
    fn check_approval(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let plan = stored.plan.plan_id;
        self.check_digest(stored)?;
        let incomplete = |problem| Err(ExecuteError::Incomplete { plan, problem });
        match stored.plan.expires_at {
            None => return incomplete("does not say when it expires"),
            Some(at) if at <= self.settings.clock.now() => return Err(ExecuteError::Expired { plan, at }),
            Some(_) => {}
        }
        // The digest is over what was planned; anything beside that was written by somebody else.
        let is_new = |order: &RebalanceOrder| order.status == OrderStatus::Pending && order.replaces.is_none();
        if !stored.orders.iter().all(is_new) || !stored.executions.is_empty() {
            return incomplete("has rows of an execution and was never begun");
        }
        if stored.orders.iter().any(|order| order.decision_price.is_none() || order.sequence.is_none()) {
            return incomplete("has orders without a place or without the price they were decided at");
        }
        Ok(())
    }

    /// Whether each order and the day's orders are small enough.
    fn check_limits(&self, stored: &StoredPlan, start: &Start) -> Result<(), ExecuteError> {
        let mut sum = Decimal::ZERO;
        for order in &stored.orders {
            let value = money::most(order, order.target_qty, &self.settings.rules);
            if let Some(limit) = self.settings.limits.order_value.filter(|limit| value > limit.won()) {
                return Err(ExecuteError::OrderTooLarge { order: order.order_id, value: money::shown(value), limit });
            }
            sum += value;
        }
        if let Some(limit) = self.settings.limits.day_value.filter(|limit| start.others + sum > limit.won()) {
            let (value, before) = (money::shown(sum), money::shown(start.others));
            return Err(ExecuteError::DayTooLarge { value, before, limit });
        }
        Ok(())
    }

    /// Whether the market is where it was when the plan was made.
    async fn check_prices(&self, stored: &StoredPlan) -> Result<(), ExecuteError> {
        let (mut halted, mut unpriced, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        let symbols: BTreeSet<Symbol> = stored.orders.iter().map(|order| order.symbol).collect();
        for symbol in symbols {
            let quote = self.broker.quote(symbol).await?;
            let Some(now) = now_at(&quote) else {
                unpriced.push(symbol);
                continue;
            };
            if quote.is_halted {
                halted.push(symbol);
            }
            let decisions = stored.orders.iter().filter(|order| order.symbol == symbol).filter_map(|o| o.decision_price);
            let far = decisions.filter(|decision| self.is_far(*decision, now)).max();
            moved.extend(far.map(|decision| Moved { symbol, decision, now }));
        }
        match (halted, unpriced, moved) {
            (_, unpriced, _) if !unpriced.is_empty() => Err(ExecuteError::NoPrice(unpriced)),
            (halted, ..) if !halted.is_empty() => Err(ExecuteError::Halted(halted)),
            (_, _, moved) if !moved.is_empty() => Err(ExecuteError::Moved(moved)),
            _ => Ok(()),
        }
    }

    /// Whether a price is further from the one that was decided at than is allowed.
    pub(super) fn is_far(&self, decision: Price, now: Price) -> bool {
        let (decision, now) = (Decimal::from(decision), Decimal::from(now));
        (now - decision).abs() > decision * self.settings.rules.away
    }

    /// Whether an instant is of the session in which a plan began: orders of a day end with it.
    pub(super) fn is_in_session(&self, stored: &StoredPlan) -> bool {
        let now = self.settings.clock.now();
        let started = stored.events.iter().find(|event| event.event == "started").map(|event| trading_day(event.at));
        self.settings.calendar.contains(now) && started.is_none_or(|day| day == trading_day(now))
    }
}

/// What a stock costs now: the last price, or what somebody would take for it.
pub(super) fn now_at(quote: &BrokerQuote) -> Option<Price> {
    quote.last.or(quote.ask).or(quote.bid)
}

/// Whether the account holds what the plan starts from, and can sell what the plan sells.
fn check_holdings(stored: &StoredPlan, start: &Start, account: &AccountState) -> Result<(), ExecuteError> {
    let mut sold: BTreeMap<Symbol, Quantity> = BTreeMap::new();
    for RebalanceOrder { symbol, side, target_qty, .. } in &stored.orders {
        let sum = sold.entry(*symbol).or_default();
        if *side == Side::Sell {
            *sum = sum.saturating_add(*target_qty);
        }
    }
    let mut differences = Vec::new();
    for (symbol, sold) in sold {
        let held = account.holdings.get(&symbol).copied().unwrap_or_default();
        let planned = start.shares.get(&symbol).copied().unwrap_or_default();
        if held.quantity != planned {
            differences.push(Difference { symbol, planned, found: held.quantity, is_sellable: false });
        } else if held.sellable < sold {
            differences.push(Difference { symbol, planned: sold, found: held.sellable, is_sellable: true });
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(ExecuteError::Holdings(differences)) }
}
