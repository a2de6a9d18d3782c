//! The port to whoever fills orders.

mod kis;
mod paper;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{BrokerKind, BrokerOrder, Money, Price, Quantity, Side, Symbol};

pub use kis::KisBroker;
pub use paper::{PaperBroker, PaperSettings};

/// Somebody who fills orders of one account.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Which one.
    fn kind(&self) -> BrokerKind;

    /// The account, masked: fit for logs.
    fn account(&self) -> String;

    /// What the account holds, and what it can spend.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker cannot answer.
    async fn state(&self) -> Result<AccountState, BrokerError>;

    /// What a stock costs now, and what it may cost today.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker cannot answer.
    async fn quote(&self, symbol: Symbol) -> Result<BrokerQuote, BrokerError>;

    /// The shares that can be bought without credit, with a limit or at the market.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker cannot answer.
    async fn buyable(&self, symbol: Symbol, limit: Option<Price>) -> Result<Quantity, BrokerError>;

    /// Sends an order, once.
    ///
    /// # Errors
    /// [`BrokerError::Rejected`] if it was not accepted. [`BrokerError::OutcomeUnknown`] if nobody knows: look it up with
    /// [`Broker::orders`] before sending anything like it. Any other error says that nothing was sent.
    async fn place(&self, order: &OrderTicket) -> Result<BrokerOrder, BrokerError>;

    /// Withdraws what is open of an order. That nothing was open any more is no error: look at [`Broker::orders`].
    ///
    /// # Errors
    /// [`BrokerError::OutcomeUnknown`] if nobody knows; withdrawing again does no harm.
    async fn cancel(&self, order: &BrokerOrder) -> Result<(), BrokerError>;

    /// All orders of the account on a day, in Korea. One that was just accepted may be missing for some seconds.
    ///
    /// # Errors
    /// [`BrokerError`] when the broker cannot answer.
    async fn orders(&self, day: NaiveDate) -> Result<Vec<ListedOrder>, BrokerError>;
}

/// What an account holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// Shares by symbol, none of them zero.
    pub holdings: BTreeMap<Symbol, HeldShares>,
    /// Cash once everything so far is settled, in won: what may be spent goes by this.
    pub cash: Money,
}

/// Shares of one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldShares {
    /// Held, today's trades included.
    pub quantity: Quantity,
    /// Of these, not in open orders.
    pub sellable: Quantity,
}

/// What a stock costs now. `None` is what the broker does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokerQuote {
    /// The last price in won.
    pub last: Option<Price>,
    /// When it was true.
    pub at: DateTime<Utc>,
    /// The best price at which somebody sells.
    pub ask: Option<Price>,
    /// The best price at which somebody buys.
    pub bid: Option<Price>,
    /// The highest price allowed today.
    pub upper_limit: Option<Price>,
    /// The lowest price allowed today.
    pub lower_limit: Option<Price>,
    /// Whether the stock does not trade.
    pub is_halted: bool,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderTicket {
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Whole shares, at least one.
    pub quantity: Quantity,
    /// The worst price that is accepted; `None` is an order at the market.
    pub limit: Option<Price>,
}

/// An order as the broker lists it. Revisions and cancellations are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOrder {
    /// What the broker knows it by.
    pub order: BrokerOrder,
    /// When it was given, to the second.
    pub at: Option<DateTime<Utc>>,
    /// What was ordered.
    pub ticket: OrderTicket,
    /// Shares filled so far.
    pub filled: Quantity,
    /// What they cost in all, in won, without fees.
    pub filled_amount: Money,
    /// Shares that may still be filled.
    pub open: Quantity,
    /// Shares that never will be: withdrawn, or dropped.
    pub ended: Quantity,
    /// Why the broker dropped it after it had been accepted, if it did.
    pub dropped: Option<String>,
}

/// Why a broker did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The order was refused; there is none.
    #[error("refused: {words}")]
    Rejected {
        /// The broker's words.
        words: String,
        /// Whether the same order may be accepted in a moment: money of a sale is not yet there, or shares of a purchase.
        may_pass: bool,
    },
    /// An order was sent, and nobody knows whether it was accepted.
    #[error("nobody knows whether the order was accepted: {words}")]
    OutcomeUnknown {
        /// What came instead of an answer.
        words: String,
    },
    /// Not now; the same call may succeed later.
    #[error("the broker does not answer: {words}")]
    Unavailable {
        /// What happened.
        words: String,
    },
    /// Never, until a person does something.
    #[error("the broker cannot be used: {words}")]
    Refused {
        /// What is wrong, and what to do.
        words: String,
    },
}
