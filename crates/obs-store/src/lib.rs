//! The ports to a database: what the rest of Observer asks of a store, without a word of SQL.
//!
//! An adapter implements the repositories for one engine and passes `conformance`, which is written once against the
//! traits. Programs hold an `Arc<dyn Store>` and do not know which engine it is.
//!
//! Not found is `Ok(None)` or an empty list, never an error. Ranges are half open, `[from, until)`, in UTC.

pub mod adapter;

mod account;
mod batch;
mod error;
mod page;
mod portfolio;
mod position;
mod query;
mod rebuild;
mod reject;
mod repository;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use account::{AccountRepository, Origin, SourcedBar, UnknownOrigin};
pub use batch::{Advance, Batch, Committed, DayVolume, Table, TableCount};
pub use error::{SchemaProblem, StoreError};
pub use page::{PageOf, PageRepository};
pub use portfolio::{AppliedPolicy, ExecutionLock, NewPlan, PortfolioRepository, StoredPlan, StoredPolicy};
pub use position::{Digest, InvalidDigest, LineCounts, Position};
pub use query::{QueryRepository, SymbolCoverage};
pub use rebuild::{BarChanges, Derived, GapChanges, Rebuilt, Rewritten, StoredBar};
pub use reject::{LedgerEntry, Reject, RejectSelection};
pub use repository::{
    BarRepository, GapRepository, LoadRepository, SchemaRepository, Staged, Store, TickRepository, TimeRange,
};
