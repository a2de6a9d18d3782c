//! Stopping a plan that has orders at the broker.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{OrderStatus, PlanStatus, PlanStep, trading_day};
use obs_store::TimeRange;

use super::{ExecuteError, Outcome, run::Run};

impl Run<'_> {
    /// Withdraws what is open, records what became of it, and ends the plan. Nothing more is sent. After the session the broker
    /// has dropped what was open; then it is only recorded.
    pub(super) async fn wind_down(&mut self, status: PlanStatus, reason: &str) -> Result<Outcome, ExecuteError> {
        loop {
            // First what is certain to be open: finding out about the others may take a while.
            if self.is_open() {
                for (order, known) in self.at_broker() {
                    self.withdraw(&order, &known).await?;
                }
            }
            self.resolve_unknown().await?;
            let at_broker = self.take_fills().await?;
            if self.orders_that_are(OrderStatus::Executing).is_empty() {
                break;
            }
            if self.is_long_closed() {
                for (order, is_listed) in at_broker {
                    if !is_listed {
                        let number = order.broker_order.map(|known| known.number).unwrap_or_default();
                        return Err(ExecuteError::Unlisted { order: order.order_id, number });
                    }
                    self.step(PlanStep::Withdrawn { order: order.order_id, why: "the session ended".to_owned() }).await?;
                }
                break;
            }
            self.wait(self.executor.settings.rules.poll).await;
        }
        let why = self.missing().map_or_else(|| reason.to_owned(), |missing| format!("{reason}: {missing}"));
        self.end(status, Some(why)).await
    }

    /// Whether orders of the day on which the plan's were sent can still be filled.
    fn is_open(&self) -> bool {
        // The broker knows better than the calendar whether it is too late.
        self.executor.is_in_session(&self.stored) || !self.is_long_closed()
    }

    /// Whether the session of the plan's orders ended so long ago that every fill of it is listed.
    fn is_long_closed(&self) -> bool {
        let settle = TimeDelta::from_std(self.executor.settings.rules.unknown_patience).unwrap_or_default();
        let calendar = &self.executor.settings.calendar;
        let last = self.stored.orders.iter().filter_map(|order| order.submitted_at).max();
        // A day that the calendar calls closed, and on which orders were sent all the same, ends at midnight.
        let close = |at: DateTime<Utc>| match calendar.session(trading_day(at)) {
            Some((_, close)) => close,
            None => TimeRange::of_day(trading_day(at)).until,
        };
        last.is_none_or(|at| self.now() >= close(at) + settle)
    }
}
