//! When a feed was known to be alive: what lets a minute without trades count as observed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{FeedId, GapReason, SessionId, Symbol};

/// A stretch of time in which one connection was attested alive for one symbol: a row of `feed_sessions`.
///
/// Attested means: connected, the symbol's subscription acknowledged, and traffic or a ping within the liveness window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedSession {
    /// The connection.
    pub feed_id: FeedId,
    /// The run of the recorder that held it.
    pub session_id: SessionId,
    /// The subscribed symbol.
    pub symbol: Symbol,
    /// When the subscription was acknowledged.
    pub attested_from: DateTime<Utc>,
    /// The last instant at which the feed was known to be alive.
    pub attested_until: DateTime<Utc>,
    /// Whether the subscription or the connection is over.
    pub closed: bool,
}

/// Something that changes what a feed attests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedEvent {
    /// The connection.
    pub feed_id: FeedId,
    /// The run of the recorder that holds it.
    pub session_id: SessionId,
    /// When, by our clock.
    pub at: DateTime<Utc>,
    /// What changed.
    pub change: FeedChange,
}

/// What changed about a feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum FeedChange {
    /// Connected; nothing is attested yet.
    Opened,
    /// The broker acknowledged a subscription: the symbol is attested from here.
    Subscribed {
        /// The symbol.
        symbol: Symbol,
    },
    /// The subscription ended: the symbol is attested up to here.
    Unsubscribed {
        /// The symbol.
        symbol: Symbol,
    },
    /// Still alive: all subscribed symbols are attested up to here.
    Alive,
    /// The connection is over. Its symbols are attested up to the last sign of life, not up to here.
    Closed {
        /// Why.
        reason: GapReason,
    },
}
