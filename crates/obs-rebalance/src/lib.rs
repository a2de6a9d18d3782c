//! From policy to filled order: what a portfolio holds and is worth, what should be traded, and the trading itself.
//!
//! The rules are `obs-portfolio`'s, the record is the store's, the orders are a [`Broker`]'s; here they meet. Time comes in as a
//! clock.

mod broker;

pub use broker::{AccountState, Broker, BrokerError, BrokerQuote, HeldShares, ListedOrder, OrderTicket};
