//! From policy to filled order: what a portfolio holds and is worth, what should be traded, and the trading itself.
//!
//! The rules are `obs-portfolio`'s, the record is the store's, the orders are a [`Broker`]'s; here they meet. Time comes in as a
//! clock.

mod amount;
mod broker;
mod costs;
mod execute;
mod paper_account;
mod prices;
mod report;
mod snapshot;

pub use broker::{
    AccountState, Broker, BrokerError, BrokerQuote, HeldShares, KisBroker, ListedOrder, OrderTicket, PaperBroker,
    PaperSettings,
};
pub use costs::TradingCosts;
pub use execute::{
    Difference, ExecuteError, ExecutionRules, ExecutionSettings, Executor, Moved, Outcome, Progress, Resolution,
    TradingLimits,
};
pub use paper_account::{PaperAccountError, paper_account};
pub use prices::{known_prices, recent_volumes};
pub use report::{DriftPoint, Figures, OrderFigures, PlanFigures, Report, WeightChange, WeightRow, newest_traded, report};
pub use snapshot::{SnapshotError, SnapshotRequest, measure, store_snapshot, take_snapshot};
