#![doc = include_str!("../README.md")]

mod backoff;
mod book;
mod client;
mod connection;
mod control;
mod duplicates;
mod error;
mod fields;
mod frame;
mod item;
mod records;
mod settings;
mod slots;
mod subscriptions;
mod trade;
mod triggers;

pub use book::Book;
pub use client::WsFeed;
pub use control::{Ack, Outcome};
pub use duplicates::Duplicates;
pub use error::{FeedError, FrameError};
pub use frame::{Books, Frame, Trades, decode_frame};
pub use item::{Counters, FeedItem, Refusal, RefusalKind, RejectedFrame};
pub use records::RejectedRecord;
pub use settings::{MAX_REGISTRATIONS, Settings};
pub use slots::{Candidate, Eviction, Priority, SlotChange, SlotError, SlotEvent, SlotManager, SlotSettings};
pub use trade::Trade;
pub use triggers::{Candle, Trigger, TriggerSettings, Triggers};

/// The broker's name for the stream of trades of one KRX stock.
pub(crate) const TRADES: &str = "H0STCNT0";
/// The broker's name for the stream of order books of one KRX stock.
pub(crate) const BOOKS: &str = "H0STASP0";
