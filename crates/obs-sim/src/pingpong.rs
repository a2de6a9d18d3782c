//! The broker's own ping, above WebSocket's.

use chrono::{DateTime, Utc};
use obs_model::KST;
use tokio::time::Instant;

/// The transaction of a PINGPONG, with its quotes.
pub(crate) const PINGPONG: &str = r#""PINGPONG""#;

/// The PINGPONG messages that wait for an answer; an answer to any of them will do.
#[derive(Default)]
pub(crate) struct Pings {
    unanswered: Vec<String>,
    /// Since when an answer is due.
    pub(crate) waiting_since: Option<Instant>,
}

impl Pings {
    /// The next message.
    pub(crate) fn next(&mut self, now: DateTime<Utc>) -> String {
        let datetime = now.with_timezone(&KST).format("%Y%m%d%H%M%S");
        let text = format!(r#"{{"header":{{"tr_id":{PINGPONG},"datetime":"{datetime}"}}}}"#);
        self.unanswered.push(text.clone());
        self.waiting_since.get_or_insert_with(Instant::now);
        text
    }

    /// Whether what a client sent is an answer.
    pub(crate) fn answered_by(&mut self, bytes: &[u8]) -> bool {
        let answered = self.unanswered.iter().any(|text| text.as_bytes() == bytes);
        if answered {
            *self = Self::default();
        }
        answered
    }
}
