//! Who was connected to the WebSocket, and why it ended.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A WebSocket connection whose handshake succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// Its number, from 1.
    pub id: u64,
    /// Whose it is: the customer's number, from 0; `None` until it has registered something.
    pub customer: Option<usize>,
    /// When the handshake was done, by the simulated clock.
    pub opened_at: DateTime<Utc>,
    /// When it ended and why; `None` while it is open.
    pub end: Option<(DateTime<Utc>, ConnectionEnd)>,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionEnd {
    /// The client closed it, or its TCP connection broke.
    ClientLeft,
    /// A fault dropped it.
    Dropped,
    /// A fault took the network away.
    NetworkGone,
    /// The client did not answer PINGPONG.
    Unanswered,
    /// The client did not read what was sent.
    NotReading,
    /// The simulator stopped.
    Stopped,
}
