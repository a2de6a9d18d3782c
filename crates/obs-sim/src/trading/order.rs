//! One order, from its acceptance to its end.

use chrono::{DateTime, Utc};
use obs_model::{Side, Symbol};
use serde::Serialize;

use super::checks::OrderType;

/// What an order does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// Enters the market.
    New,
    /// Takes the place of another one.
    Revise,
    /// Takes another one back.
    Cancel,
}

/// An order that the simulated broker accepted, with what became of it. Prices and values in won, quantities in shares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Whose it is: the customer's number, from 0.
    pub customer: usize,
    /// The broker's number (`ODNO`).
    pub number: u64,
    /// The order that this one revises or cancels.
    pub original: Option<u64>,
    /// What it does.
    pub action: Action,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// The stock.
    pub symbol: Symbol,
    /// The stock's name.
    pub name: String,
    /// Buy or sell.
    pub side: Side,
    /// The worst price at which it is filled; `None` takes any.
    pub price: Option<i64>,
    /// The shares ordered.
    pub quantity: i64,
    /// The shares filled so far.
    pub filled: i64,
    /// What they cost or brought, without fees and tax.
    pub filled_value: i64,
    /// The shares taken back: by cancellation, by revision, or because the order's terms did not let it rest.
    pub cancelled: i64,
    /// Whether its day is over.
    pub expired: bool,
    #[serde(skip)]
    pub(crate) order_type: OrderType,
    /// What each of its shares is expected to cost at most.
    #[serde(skip)]
    pub(crate) reserve_price: i64,
}

impl Order {
    /// The shares that may still be filled.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        if self.expired { 0 } else { self.quantity - self.filled - self.cancelled }
    }

    /// Its number as the wire carries it.
    #[must_use]
    pub fn odno(&self) -> String {
        format!("{:010}", self.number)
    }

    pub(super) fn fill(&mut self, shares: i64, price: i64) {
        self.filled += shares;
        self.filled_value += shares * price;
    }

    pub(super) fn cancel(&mut self, shares: i64) {
        self.cancelled += shares;
    }

    /// Whether it may be filled at a price.
    pub(super) fn accepts(&self, price: i64) -> bool {
        match (self.price, self.side) {
            (None, _) => true,
            (Some(limit), Side::Buy) => price <= limit,
            (Some(limit), Side::Sell) => price >= limit,
        }
    }
}
