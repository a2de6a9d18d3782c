//! The PostgreSQL adapter.
//!
//! [`PostgresStore`] implements every port of `obs-store` on PostgreSQL 15 or newer. Ticks go in by `COPY … BINARY`, everything
//! with a key by one `INSERT … ON CONFLICT` per table and batch, and the loading position in the same transaction.

mod account;
mod aggregate;
mod bars;
mod commit;
mod copy;
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
mod traded;
mod wire;

pub use store::PostgresStore;
