//! The vocabulary of a recorded market: symbols, prices, ticks, bars, gaps, sessions and portfolios.
//!
//! Everything here is a plain value. Nothing does I/O, reads a clock or knows a database, so that a service can embed the
//! crate for the price of `serde`, `chrono`, `rust_decimal` and `thiserror`. Values are checked when they are made:
//! whoever holds a [`Price`] holds a price.
//!
//! Instants are UTC ([`chrono::DateTime<Utc>`](chrono::DateTime)); trading days and session hours are Korean time ([`KST`]).
//! Prices are won with four decimals, quantities are shares.
//!
//! ```
//! use obs_model::{Price, Symbol};
//!
//! let symbol: Symbol = "005930".parse()?;
//! let price: Price = "71950.5".parse()?;
//! assert_eq!(format!("{symbol} at {price} won"), "005930 at 71950.5 won");
//! # Ok::<(), obs_model::InvalidValue>(())
//! ```

mod bar;
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
mod symbol;
mod text;
mod tick;

pub use bar::{Bar, Coverage, Ohlc, SLOTS_PER_MINUTE, SchemaVersion, SwingBar};
pub use error::{InvalidValue, Problem};
pub use feed::{FeedChange, FeedEvent, FeedSession};
pub use gap::{Gap, GapReason, GapScope, Severity};
pub use market_time::{KST, SessionHours, minute_of, trading_day};
pub use migration::MigrationEntry;
pub use money::Money;
pub use portfolio::{
    ExecutionStatus, OrderId, OrderStatus, OrderType, PlanId, PlanStatus, PolicyId, PortfolioPolicy, PortfolioPosition,
    PortfolioSnapshot, RebalanceExecution, RebalanceFrequency, RebalanceOrder, RebalancePlan, Side, SnapshotId,
    TargetWeight, Weight,
};
pub use price::Price;
pub use quality::QualityFlag;
pub use quantity::Quantity;
pub use session::{FeedId, SessionId};
pub use symbol::Symbol;
pub use tick::Tick;
