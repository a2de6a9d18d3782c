//! What Observer's programs share: settings, the store behind a URL, what is known of holidays, logs, tables and the way to stop.
//!
//! Settings come from flags, the environment and `observer.toml`, in this order of precedence. Exit codes: 0 when all is well,
//! 1 when something failed, 2 for a wrong command line, 78 when keys or settings need a person, 130 when somebody interrupted a load.

mod completions;
mod database;
mod guards;
mod kis;
mod logs;
mod market_days;
mod settings;
mod stop;
mod table;

pub use completions::{CompletionArgs, print_completions};
pub use database::{Database, InvalidDatabase, open_store, prepare_store};
pub use kis::{KisAccess, KisArgs};
pub use logs::{LogArgs, start_logs};
pub use market_days::MarketDayAnswers;
pub use settings::{ApiFile, FileSettings, KeyFile, KisFile, SettingsArgs, StoreSettings, TradingFile, UniverseFile};
pub use stop::stop_on_signal;
pub use table::{grouped, megabytes, table};
