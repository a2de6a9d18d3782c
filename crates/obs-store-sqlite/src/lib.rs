//! The embedded adapter, and the default.
//!
//! [`SqliteStore`] implements every port of `obs-store` on one SQLite file, with the same tables, columns and answers as on
//! PostgreSQL. SQLite has no decimals and no instants: how prices and times are kept is told in `migrations/sqlite`.

mod account;
mod aggregate;
mod bars;
mod commit;
mod error;
mod feeds;
mod gaps;
mod ledger;
mod pages;
mod portfolio;
mod position;
mod queries;
mod rebuild;
mod row;
mod schema;
mod store;
mod ticks;

pub use store::SqliteStore;
