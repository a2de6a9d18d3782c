//! One execution of one plan, from its beginning or from where the last one stopped.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Money, OrderId, OrderStatus, PlanId, PlanStatus, PlanStep, Quantity, RebalanceOrder, Side, Symbol};
use obs_store::{ExecutionLock, StoredPlan};
use rust_decimal::Decimal;

use super::{ExecuteError, Executor, Outcome, Progress};
use crate::{BrokerError, amount::filled_so_far};

/// Pauses while the broker does not answer, in market time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A plan while it is executed. Everything that matters is stored; the rest would be found out again.
pub(super) struct Run<'a> {
    pub(super) executor: &'a Executor,
    /// As it is stored: read again after each step.
    pub(super) stored: StoredPlan,
    pub(super) start: Start,
    /// Orders that this run asked the broker to withdraw, and when.
    pub(super) withdrawing: BTreeMap<OrderId, DateTime<Utc>>,
    /// Orders that were listed without open shares, with what was filled of them then.
    pub(super) seen_closed: BTreeMap<OrderId, Quantity>,
    /// Orders of which it is not known whether they were accepted, and when this run first asked for them. On a clock that nobody
    /// sets: what became of an order is concluded from how long it does not appear.
    pub(super) asked_since: BTreeMap<OrderId, Duration>,
    pub(super) steady: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// Refused orders that may pass, and when they are sent again.
    pub(super) passing: BTreeMap<OrderId, DateTime<Utc>>,
    /// Purchases for which the cash was not there, and since when.
    pub(super) unpaid: BTreeMap<OrderId, DateTime<Utc>>,
    /// Orders of which nothing more is sent, and why.
    pub(super) given_up: BTreeMap<OrderId, String>,
    _lock: ExecutionLock,
}

/// What a plan starts from.
pub(super) struct Start {
    /// Shares held.
    pub(super) shares: BTreeMap<Symbol, Quantity>,
    /// Cash in won.
    pub(super) cash: Money,
    /// What other plans traded today at this broker, or still may, in won.
    pub(super) others: Decimal,
}

impl<'a> Run<'a> {
    pub(super) fn new(executor: &'a Executor, lock: ExecutionLock, stored: StoredPlan, start: Start) -> Self {
        Self {
            executor,
            stored,
            start,
            withdrawing: BTreeMap::new(),
            seen_closed: BTreeMap::new(),
            asked_since: BTreeMap::new(),
            steady: executor.settings.clock.steady(),
            passing: BTreeMap::new(),
            unpaid: BTreeMap::new(),
            given_up: BTreeMap::new(),
            _lock: lock,
        }
    }

    /// Goes on until the plan is over.
    pub(super) async fn go(&mut self) -> Result<Outcome, ExecuteError> {
        loop {
            if let Some(reason) = self.stop_reason() {
                return self.wind_down(PlanStatus::Failed, &reason).await;
            }
            // Nothing is sent while it is not known what became of an order.
            self.resolve_unknown().await?;
            self.take_fills().await?;
            self.withdraw_what_rests().await?;
            self.renew().await?;
            self.send_what_may_go().await?;
            if self.stop_reason().is_none() && self.is_finished() {
                return self.finish().await;
            }
            self.wait(self.executor.settings.rules.poll).await;
        }
    }

    /// Records a step, and tells it.
    pub(super) async fn step(&mut self, step: PlanStep) -> Result<Option<OrderId>, ExecuteError> {
        let plan = self.plan_id();
        let made = self.executor.store.take_step(plan, &step, self.now()).await?;
        self.stored = self.executor.load(plan).await?;
        let order = step.order().and_then(|id| self.order(id)).map(Box::new);
        tracing::info!(%plan, step = step.name(), order = ?step.order(), detail = ?step.detail(), "plan");
        (self.executor.tell)(Progress::Step { step, order });
        Ok(made)
    }

    /// Ends the plan.
    pub(super) async fn end(&mut self, status: PlanStatus, why: Option<String>) -> Result<Outcome, ExecuteError> {
        self.step(PlanStep::Ended { status, why: why.clone() }).await?;
        Ok(Outcome { status, why, stored: self.stored.clone() })
    }

    /// Asks the broker until it answers, or the market closes.
    pub(super) async fn ask<T, F>(&self, call: impl FnMut() -> F) -> Result<T, BrokerError>
    where
        F: Future<Output = Result<T, BrokerError>>,
    {
        let pauses = ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_delay(LONGEST_PAUSE).without_max_times();
        let settings = &self.executor.settings;
        let clock = settings.clock.clone();
        let sleep = move |pause| {
            let clock = clock.clone();
            async move { clock.sleep(pause).await }
        };
        call.retry(pauses)
            .sleep(sleep)
            .when(|error| {
                matches!(error, BrokerError::Unavailable { .. }) && settings.calendar.contains(settings.clock.now())
            })
            .notify(|error, _| self.tell_waiting(error.to_string()))
            .await
    }

    /// Asks about one order's symbol. An order of which the broker will not even tell is given up, and the plan goes on with the
    /// others; if the broker cannot be used at all, the next question about all orders says so.
    pub(super) async fn ask_about<T, F>(&mut self, order: OrderId, call: impl FnMut() -> F) -> Result<Option<T>, BrokerError>
    where
        F: Future<Output = Result<T, BrokerError>>,
    {
        match self.ask(call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error @ (BrokerError::Rejected { .. } | BrokerError::Refused { .. })) => {
                self.given_up.insert(order, error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Why nothing more may be sent, if nothing may.
    pub(super) fn stop_reason(&self) -> Option<String> {
        if self.executor.is_stopped() {
            let file = &self.executor.settings.limits.kill_switch;
            return Some(format!("trading was stopped by the file {}", file.display()));
        }
        let is_on = self.executor.is_in_session(&self.stored);
        (!is_on).then(|| "the session ended".to_owned())
    }

    pub(super) async fn wait(&self, market: Duration) {
        self.executor.settings.clock.sleep(market).await;
    }

    pub(super) fn tell_waiting(&self, why: String) {
        tracing::warn!(plan = %self.plan_id(), why, "waiting");
        (self.executor.tell)(Progress::Waiting { why });
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.executor.settings.clock.now()
    }

    /// Whether so much market time has passed since an instant.
    pub(super) fn has_passed(&self, since: DateTime<Utc>, length: Duration) -> bool {
        TimeDelta::from_std(length).is_ok_and(|length| self.now() - since >= length)
    }

    pub(super) const fn plan_id(&self) -> PlanId {
        self.stored.plan.plan_id
    }

    pub(super) fn order(&self, id: OrderId) -> Option<RebalanceOrder> {
        self.stored.orders.iter().find(|order| order.order_id == id).cloned()
    }

    /// Orders in a state, in the order of the plan.
    pub(super) fn orders_that_are(&self, status: OrderStatus) -> Vec<RebalanceOrder> {
        let mut orders: Vec<_> = self.stored.orders.iter().filter(|order| order.status == status).cloned().collect();
        orders.sort_by_key(|order| (order.sequence, order.order_id));
        orders
    }

    /// Shares of an order that were not filled.
    pub(super) fn rest(&self, order: &RebalanceOrder) -> Quantity {
        let (filled, _) = filled_so_far(&self.stored.executions, order.order_id);
        order.target_qty.checked_sub(filled).unwrap_or_default()
    }

    /// The order that took an order's place.
    pub(super) fn successor(&self, order: OrderId) -> Option<&RebalanceOrder> {
        self.stored.orders.iter().find(|other| other.replaces == Some(order))
    }

    /// Whether nothing more happens to an order, nor to what is left of it.
    pub(super) fn is_settled(&self, order: &RebalanceOrder) -> bool {
        match order.status {
            OrderStatus::Filled => true,
            OrderStatus::Executing => false,
            OrderStatus::Pending => self.given_up.contains_key(&order.order_id),
            OrderStatus::Rejected | OrderStatus::Cancelled => {
                self.rest(order) == Quantity::ZERO
                    || self.given_up.contains_key(&order.order_id)
                    || self.successor(order.order_id).is_some()
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.stored.orders.iter().all(|order| self.is_settled(order))
    }

    /// Ends a plan of which nothing is open and nothing more is sent.
    async fn finish(&mut self) -> Result<Outcome, ExecuteError> {
        match self.missing() {
            None => self.end(PlanStatus::Done, None).await,
            Some(missing) => self.end(PlanStatus::Failed, Some(missing)).await,
        }
    }

    /// What was planned and not traded, in words.
    pub(super) fn missing(&self) -> Option<String> {
        let planned = self.stored.orders.iter().filter(|order| order.replaces.is_none());
        let words: Vec<_> = planned.filter_map(|order| self.missing_of(order)).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn missing_of(&self, planned: &RebalanceOrder) -> Option<String> {
        let (mut last, mut missing) = (planned, self.rest(planned));
        while let Some(next) = self.successor(last.order_id) {
            let (filled, _) = filled_so_far(&self.stored.executions, next.order_id);
            missing = missing.checked_sub(filled).unwrap_or_default();
            last = next;
        }
        if missing == Quantity::ZERO {
            return None;
        }
        let done = if planned.side == Side::Sell { "sold" } else { "bought" };
        let about = self.stored.events.iter().rfind(|event| event.order_id == Some(last.order_id));
        let reason = self.given_up.get(&last.order_id).cloned().or_else(|| about.and_then(|event| event.detail.clone()));
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        Some(format!("{missing} of {} {} were not {done}{reason}", planned.target_qty, planned.symbol))
    }
}
