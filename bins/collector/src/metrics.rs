//! What Prometheus is told: `/metrics`.
//!
//! Nothing is counted here. Whoever works counts, and each scrape reads those counters as they are. docs/METRICS.md describes every
//! family; names and units follow Prometheus' conventions, so times are seconds and sizes bytes.

mod families;
mod figures;
mod machine;

use std::path::PathBuf;

use obs_kis::Clock;
use obs_model::Calendar;
use prometheus::{Registry, TextEncoder, process_collector::ProcessCollector};
use tokio::sync::watch;
use tracing::error;

use self::families::Families;
use crate::Counts;

/// Renders what a collector has done so far.
pub struct Metrics {
    counts: Counts,
    calendar: watch::Receiver<Calendar>,
    clock: Clock,
    dir: PathBuf,
    is_real: bool,
    /// Processor, memory and files of this process, from `/proc`.
    process: Registry,
}

impl Metrics {
    /// Reads these counters, the room on the disk of `dir`, and whether the market is open by `calendar` and `clock`. `is_real`
    /// says whether the prices are the market's or made up.
    #[must_use]
    pub fn new(counts: Counts, calendar: watch::Receiver<Calendar>, clock: Clock, dir: PathBuf, is_real: bool) -> Self {
        let process = Registry::new();
        // A new registry has no families that another could clash with.
        if let Err(error) = process.register(Box::new(ProcessCollector::for_self())) {
            error!(%error, "There are no metrics of this process");
        }
        Self { counts, calendar, clock, dir, is_real, process }
    }

    /// Everything as it is now, in Prometheus' text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut families = Families::default();
        figures::of_the_record(&mut families, &self.counts);
        figures::of_the_feeds(&mut families, &self.counts);
        figures::of_the_broker(&mut families, &self.counts);
        let now = self.clock.now();
        let is_open = self.calendar.borrow().contains(now);
        figures::of_the_moment(&mut families, &self.counts, now, is_open, self.is_real);
        machine::disk(&mut families, &self.dir);
        let mut families = families.into_inner();
        families.extend(self.process.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        TextEncoder::new().encode_to_string(&families).unwrap_or_else(|error| {
            // Only a family without figures or of a wrong kind is refused.
            error!(%error, "The metrics cannot be written");
            String::new()
        })
    }
}
