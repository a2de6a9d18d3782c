#![doc = include_str!("../README.md")]

mod accounting;
mod bar;
mod calendar;
mod error;
mod feed;
mod gap;
mod market_time;
mod migration;
mod money;
mod portfolio;
mod price;
mod quality;
mod quantity;
mod session;
mod slot;
mod symbol;
mod text;
mod tick;
mod tick_grid;

pub use accounting::{HealedBar, VolumeBreak};
pub use bar::{Bar, Coverage, Ohlc, SLOTS_PER_MINUTE, SchemaVersion, SwingBar};
pub use calendar::{Calendar, TradingDay};
pub use error::{InvalidValue, Problem};
pub use feed::{FeedChange, FeedEvent, FeedSession};
pub use gap::{Gap, GapReason, GapScope, Severity};
pub use market_time::{KST, SessionHours, minute_of, trading_day};
pub use migration::MigrationEntry;
pub use money::Money;
pub use portfolio::{
    Approval, BrokerKind, BrokerOrder, ExecutionStatus, Forecast, HoldingsSource, OrderId, OrderStatus, OrderType,
    PlanDigest, PlanEvent, PlanId, PlanStatus, PlanStep, PlannedOrder, PolicyId, PolicyVersion, PortfolioPolicy,
    PortfolioPosition, PortfolioSnapshot, PriceSource, RebalanceExecution, RebalanceFrequency, RebalanceOrder,
    RebalancePlan, Side, SnapshotId, TargetWeight, Weight,
};
pub use price::Price;
pub use quality::QualityFlag;
pub use quantity::Quantity;
pub use session::{FeedId, SessionId};
pub use slot::{SlotDecision, SlotEntry};
pub use symbol::Symbol;
pub use tick::Tick;
pub use tick_grid::TickTable;
