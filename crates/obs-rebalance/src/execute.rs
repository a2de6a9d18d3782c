//! Executing a plan: every order once, none forgotten, never more shares or money than were planned.
//!
//! Each call that leaves the house lies between two steps of the record ([`PlanStep`](obs_model::PlanStep)), so whoever resumes
//! knows what may have happened, and asks the broker before it does anything else.

mod error;
mod fills;
mod guard;
mod money;
mod progress;
mod renew;
mod resolve;
mod rules;
mod run;
mod sending;
mod wind_down;

use std::sync::Arc;

use obs_kis::Clock;
use obs_model::{Calendar, OrderId, PlanDigest, PlanId, PlanStatus, PlanStep};
use obs_store::{PortfolioRepository, StoredPlan};

pub use error::{Difference, ExecuteError, Moved};
pub use progress::Progress;
pub use rules::{ExecutionRules, TradingLimits};
use run::Run;

use crate::{Broker, TradingCosts};

/// Executes plans of one store at one broker.
pub struct Executor {
    store: Arc<dyn PortfolioRepository>,
    broker: Arc<dyn Broker>,
    settings: ExecutionSettings,
    tell: Box<dyn Fn(Progress) + Send + Sync>,
}

/// How plans are executed.
#[derive(Clone)]
pub struct ExecutionSettings {
    /// The market's time. Every duration of the rules is market time.
    pub clock: Clock,
    /// When the market is open.
    pub calendar: Calendar,
    /// How orders are sent.
    pub rules: ExecutionRules,
    /// What is not exceeded, whatever a plan says.
    pub limits: TradingLimits,
    /// What trades cost, for the record of fills.
    pub costs: TradingCosts,
    /// The digest of a stored plan as it is now. A plan that is not what was approved is refused.
    pub digest_of: fn(&StoredPlan) -> Option<PlanDigest>,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: PlanStatus,
    /// What is missing, if something is.
    pub why: Option<String>,
    /// The plan with its orders and fills, as it is stored.
    pub stored: StoredPlan,
}

/// What a person found out about an order of which nobody knew whether it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It is the broker's order of this number.
    Number(String),
    /// It was never accepted.
    NotSent,
}

impl Executor {
    /// An executor that tells nobody what it does.
    #[must_use]
    pub fn new(store: Arc<dyn PortfolioRepository>, broker: Arc<dyn Broker>, settings: ExecutionSettings) -> Self {
        Self { store, broker, settings, tell: Box::new(|_| {}) }
    }

    /// The same, and everything that happens is told as it happens. The function must be quick.
    #[must_use]
    pub fn telling(self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), ..self }
    }

    /// Executes an approved plan, or goes on with one that was begun.
    ///
    /// Dropping the future is like a crash: whoever executes the plan again goes on where it stopped.
    ///
    /// # Errors
    /// [`ExecuteError`] says what is wrong and what to do. Before the plan begins, an error changes nothing. Afterwards the plan
    /// stays executing, and can be resumed.
    pub async fn execute(&self, plan: PlanId) -> Result<Outcome, ExecuteError> {
        let lock = self.lock().await?;
        let stored = self.load(plan).await?;
        if self.may_begin(&stored)? {
            let start = self.check(&stored).await?;
            let mut run = Run::new(self, lock, stored, start);
            run.step(PlanStep::Started).await?;
            // Looking took a while; nothing was sent yet.
            self.check_digest(&run.stored)?;
            return run.go().await;
        }
        self.check_digest(&stored)?;
        self.check_kill_switch()?;
        let start = self.start_of(&stored).await?;
        Run::new(self, lock, stored, start).go().await
    }

    /// Withdraws a plan. What is open at the broker is withdrawn first, and what was filled is recorded.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn cancel(&self, plan: PlanId) -> Result<Outcome, ExecuteError> {
        let lock = self.lock().await?;
        let stored = self.load(plan).await?;
        let status = stored.plan.status;
        if status.is_over() {
            return Err(ExecuteError::Over { plan, status });
        }
        if status == PlanStatus::Executing {
            self.check_broker(&stored)?;
        }
        let start = self.start_of(&stored).await?;
        let mut run = Run::new(self, lock, stored, start);
        if status == PlanStatus::Executing {
            return run.wind_down(PlanStatus::Cancelled, "cancelled while it was executed").await;
        }
        run.end(PlanStatus::Cancelled, Some("cancelled before it was begun".to_owned())).await
    }

    /// Records what a person found out about an order with an unknown outcome. Nothing is sent.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`ExecuteError::NotResolved`] if the order's outcome is not unknown, or the broker does
    /// not list such an order under this number.
    pub async fn resolve(&self, plan: PlanId, order: OrderId, found: Resolution) -> Result<(), ExecuteError> {
        let lock = self.lock().await?;
        let stored = self.load(plan).await?;
        self.check_broker(&stored)?;
        let start = self.start_of(&stored).await?;
        Run::new(self, lock, stored, start).resolve_by_hand(order, found).await
    }
}
