//! Saying now and then what happens all the time.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;
use tracing::warn;

/// How often one kind of reject is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(60);

/// Shows the first of each kind of reject, and then one a minute with the number of those in between: a broker that sends
/// garbage for hours must not fill the disk with logs.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    kinds: HashMap<&'static str, Kind>,
}

#[derive(Debug)]
struct Kind {
    shown: Instant,
    unseen: u64,
}

impl Samples {
    /// Takes note of a reject and shows it if its kind's turn has come.
    pub(crate) fn reject(&mut self, kind: &'static str, reason: &str, sample: &str) {
        let now = Instant::now();
        if let Some(known) = self.kinds.get_mut(kind)
            && now - known.shown < SHOWN_EVERY
        {
            known.unseen += 1;
            return;
        }
        let unseen = self.kinds.insert(kind, Kind { shown: now, unseen: 0 }).map_or(0, |known| known.unseen);
        warn!(kind, sample, unseen, "Something gave nothing: {reason}");
    }
}
