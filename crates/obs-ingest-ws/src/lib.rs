//! Track B: frames to ticks, subscriptions, reconnects, liveness.
//!
//! [`decode_frame`] turns a frame of KIS's WebSocket into trades or control messages without any I/O. [`WsFeed`] holds the
//! connection: it logs in, subscribes, answers, listens, reconnects, and sends everything it learns through one channel in
//! the order in which it happened.
//!
//! ```
//! use obs_ingest_ws::{Frame, decode_frame};
//!
//! let text = r#"{"header":{"tr_id":"PINGPONG","datetime":"20241011121818"}}"#;
//! assert!(matches!(decode_frame(text), Ok(Frame::PingPong)));
//! ```

mod backoff;
mod client;
mod connection;
mod control;
mod error;
mod frame;
mod item;
mod settings;
mod subscriptions;
mod trade;

pub use client::WsFeed;
pub use control::{Ack, Outcome};
pub use error::{FeedError, FrameError};
pub use frame::{Frame, RejectedRecord, Trades, decode_frame};
pub use item::{Counters, FeedItem, RejectedFrame};
pub use settings::{MAX_REGISTRATIONS, Settings};
pub use trade::Trade;

/// The broker's name for the stream of trades of one KRX stock.
pub(crate) const TRADES: &str = "H0STCNT0";
