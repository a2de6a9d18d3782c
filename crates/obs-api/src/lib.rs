//! What was recorded, over HTTP.
//!
//! [`router`] answers `GET` and `HEAD` and never changes data: ticks, bars, gaps, coverage, sessions, rejects and the portfolio's
//! record in pages, as JSON or CSV; live events; TradingView's UDF protocol; `/health`, `/ready` and `/metrics`. It describes
//! itself at `/api/v1/openapi.json`, and for people at `/docs`.
//!
//! It knows a store and some functions ([`Api`]), not the program around it.

mod api;
mod cursor;
mod dashboard;
mod document;
mod format;
mod guard;
mod hub;
mod page;
mod parameters;
mod problem;
mod router;
#[expect(unused_qualifications, reason = "utoipa's macros write them")]
mod routes;
mod rows;
mod serve;

pub use api::{Api, Check};
pub use document::document;
pub use router::router;
pub use serve::serve;
