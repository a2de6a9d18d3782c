//! Why a plan is not executed, and what to do.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use obs_model::{BrokerKind, Money, OrderId, PlanDigest, PlanId, PlanStatus, Price, Quantity, Symbol};
use obs_portfolio::AllocateError;
use obs_store::StoreError;

use crate::BrokerError;

/// Why a plan was not executed, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// Somebody else executes a plan.
    #[error("another program executes a plan of this store: wait until it has ended, or stop it")]
    Locked,
    /// There is no such plan.
    #[error("there is no plan {plan}: `rebalancer status` lists those that there are")]
    UnknownPlan {
        /// Which.
        plan: PlanId,
    },
    /// Nothing more happens to the plan.
    #[error("plan {plan} is {status} and cannot be executed again: make a new one")]
    Over {
        /// Which.
        plan: PlanId,
        /// How it ended.
        status: PlanStatus,
    },
    /// Nobody approved the plan.
    #[error("plan {plan} is not approved: look at it and approve it first")]
    NotApproved {
        /// Which.
        plan: PlanId,
    },
    /// It was approved for somebody else.
    #[error("plan {plan} is approved for {approved}, not for {broker}: execute it there, or approve it again")]
    OtherBroker {
        /// Which.
        plan: PlanId,
        /// Where it may be executed.
        approved: BrokerKind,
        /// Where it should have been.
        broker: BrokerKind,
    },
    /// The stored plan is not what was approved.
    #[error(
        "plan {plan} is not what was approved: it is {} now and was {} then. Somebody changed its rows; make a new plan",
        .found.as_ref().map_or("unreadable", PlanDigest::short), .approved.short()
    )]
    Altered {
        /// Which.
        plan: PlanId,
        /// What was approved.
        approved: PlanDigest,
        /// What is stored.
        found: Option<PlanDigest>,
    },
    /// The plan is too old.
    #[error("plan {plan} expired at {at}: make a new one from today's prices")]
    Expired {
        /// Which.
        plan: PlanId,
        /// From when on it could not be begun.
        at: DateTime<Utc>,
    },
    /// The market is closed.
    #[error("the market is closed at {now}{}", next(.opens))]
    MarketClosed {
        /// The time.
        now: DateTime<Utc>,
        /// When it opens next.
        opens: Option<DateTime<Utc>>,
    },
    /// Somebody stopped all trading.
    #[error("trading is stopped by the file {}: remove it to go on, or cancel the plan", .path.display())]
    KillSwitch {
        /// The file.
        path: PathBuf,
    },
    /// An order is too large.
    #[error("order {order} may trade {value} won and {limit} is the most for one order: raise the limit or make a new plan")]
    OrderTooLarge {
        /// Which.
        order: OrderId,
        /// The most that it may trade.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// The day's orders would be too large.
    #[error(
        "the plan may trade {value} won, {before} were traded today, and {limit} is the most for a day: raise the limit or wait \
         until tomorrow"
    )]
    DayTooLarge {
        /// The most that the plan may trade.
        value: Money,
        /// What other plans of the day have traded, or still may.
        before: Money,
        /// The limit.
        limit: Money,
    },
    /// Prices are not those that the plan was decided at.
    #[error("prices moved too far since the plan was made: {}; make a new one", list(.0))]
    Moved(Vec<Moved>),
    /// Symbols do not trade.
    #[error("these symbols are halted: {}; make a plan without them", list(.0))]
    Halted(Vec<Symbol>),
    /// Symbols have no price.
    #[error("the broker has no price for {}: check the symbols, or make a plan without them", list(.0))]
    NoPrice(Vec<Symbol>),
    /// The account does not hold what the plan starts from.
    #[error("the account does not hold what the plan starts from: {}; take a snapshot and make a new plan", list(.0))]
    Holdings(Vec<Difference>),
    /// Another plan is underway at the broker.
    #[error("plan {other} is underway: go on with it or cancel it before plan {plan} begins")]
    Underway {
        /// Which should begin.
        plan: PlanId,
        /// Which is underway.
        other: PlanId,
    },
    /// The account has an open order in a symbol of the plan.
    #[error("the account has an open order in {symbol}, number {number}: wait until it is filled, or withdraw it")]
    OpenOrder {
        /// Of what.
        symbol: Symbol,
        /// The broker's number.
        number: String,
    },
    /// The plan lacks what an execution needs.
    #[error("plan {plan} {problem}: make a new one")]
    Incomplete {
        /// Which.
        plan: PlanId,
        /// What is missing.
        problem: &'static str,
    },
    /// It is not known whether an order was accepted, and what the broker says admits several answers. Nothing more is sent.
    #[error(
        "nobody knows what became of order {order}: {problem}. Look at the account, then say which number it has, or that it was \
         never sent, and execute the plan again; until then nothing is sent"
    )]
    Ambiguous {
        /// Which.
        order: OrderId,
        /// What the broker says.
        problem: String,
        /// The numbers of the broker's orders that may be it.
        candidates: Vec<String>,
    },
    /// The session ended, and the broker does not list an order that it had accepted.
    #[error(
        "the broker accepted order {order} as number {number} and does not list it: what was filled is not known. Look at the \
         account, and execute the plan again once the order is listed"
    )]
    Unlisted {
        /// Which.
        order: OrderId,
        /// The broker's number.
        number: String,
    },
    /// There is nothing to resolve.
    #[error("order {order} of plan {plan} cannot be resolved like this: {problem}")]
    NotResolved {
        /// Of which plan.
        plan: PlanId,
        /// Which.
        order: OrderId,
        /// Why.
        problem: String,
    },
    /// The record cannot be written. Nothing more is sent; what is open at the broker stays open.
    #[error("the record cannot be kept, so nothing more is sent: {0}. Mend the store and execute the plan again")]
    Store(#[from] StoreError),
    /// The broker cannot be used.
    #[error("{0}. Orders that are open stay open; mend it and execute the plan again, or cancel it")]
    Broker(#[from] BrokerError),
    /// An amount makes no sense.
    #[error("an amount of the plan cannot be computed: {0}")]
    Amount(#[from] AllocateError),
}

/// A price that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Whose.
    pub symbol: Symbol,
    /// What the plan was decided at, in won.
    pub decision: Price,
    /// What it is now.
    pub now: Price,
}

/// Shares that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of what.
    pub symbol: Symbol,
    /// What the plan starts from, or for [`Self::is_sellable`] what it sells.
    pub planned: Quantity,
    /// What the account has.
    pub found: Quantity,
    /// Whether shares are held that cannot be sold now, because they are in open orders.
    pub is_sellable: bool,
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} from {} to {}", self.symbol, self.decision, self.now)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { symbol, planned, found, .. } = self;
        if self.is_sellable {
            return write!(f, "of {symbol} {planned} should be sold and {found} can be");
        }
        write!(f, "{planned} of {symbol} should be there and {found} are")
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn next(opens: &Option<DateTime<Utc>>) -> String {
    opens.map(|opens| format!(": it opens at {opens}")).unwrap_or_default()
}
