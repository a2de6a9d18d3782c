//! How patient a feed is.

use std::time::Duration;

/// The most registrations that the broker admits per app key, over all connections.
pub const MAX_REGISTRATIONS: usize = 41;

/// How patient a feed is. All durations are market time: a compressed clock shortens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Pause between two requests. The broker blocks those who send them in a rush; its own samples pause for 0.1 s.
    pub subscribe_pacing: Duration,
    /// How long to wait for the answer to a request, and after a refusal that may pass, before asking again.
    pub ask_again_after: Duration,
    /// How long a connection may stay silent before it is given up. After half of it the peer is pinged, and an answer counts as
    /// a sign of life. A peer may ignore that: then only what it says by itself counts, and its PINGPONG came up to 110 s apart.
    pub liveness: Duration,
    /// Pauses before the first, second, … attempt to reconnect; the last one repeats. Each is lengthened by up to a quarter,
    /// by chance, so that several feeds do not knock at the same instant.
    pub backoff: Vec<Duration>,
    /// How long a connection must hold for the pauses to start over.
    pub stable_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            subscribe_pacing: Duration::from_millis(100),
            ask_again_after: Duration::from_secs(30),
            liveness: Duration::from_secs(120),
            backoff: [1, 2, 5, 10, 20, 30, 60].map(Duration::from_secs).to_vec(),
            stable_after: Duration::from_secs(60),
        }
    }
}
