//! The conformance suite: what every adapter must do, written once against the traits.
//!
//! A case is a function that takes a store, fresh and migrated unless it says otherwise, and asserts. An adapter runs each as
//! a test of its own, so that a failure is named:
//!
//! ```ignore
//! #[tokio::test]
//! async fn ticks_come_back_as_they_went_in() -> Outcome {
//!     on_fresh_store(conformance::ticks::come_back_as_they_went_in).await
//! }
//! ```

pub mod account;
pub mod aggregate;
pub mod bars;
pub mod feeds;
pub mod gaps;
pub mod ledger;
pub mod pages;
pub mod portfolio;
pub mod positions;
pub mod queries;
pub mod schema;
pub mod ticks;

mod sample;

/// What a case returns; a wrong answer is a panic, a store that fails is an error.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A result with any error, for what a case needs on its way.
type Made<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
