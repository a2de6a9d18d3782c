//! What a recording came to.

use std::time::Duration;

use obs_cli::{grouped, table};
use serde::Serialize;

use collector::Counts;

/// The closing figures; their names are those of `--json`.
#[derive(Serialize)]
pub(crate) struct Summary {
    seconds: u64,
    ticks_archived: u64,
    ticks_stored: u64,
    bars: u64,
    swing_bars: u64,
    gaps: u64,
    rejected: u64,
    duplicates: u64,
    lines_rejected: u64,
    reconnects: u64,
    /// From a tick's receipt to the end of its commit, in milliseconds: half, 99 of 100, all.
    delay_p50_ms: Option<u64>,
    delay_p99_ms: Option<u64>,
    delay_max_ms: Option<u64>,
}

impl Summary {
    pub(crate) fn of(counts: &Counts, elapsed: Duration) -> Self {
        let delay = |share| counts.loader.delay(share).and_then(|delay| u64::try_from(delay.as_millis()).ok());
        Self {
            seconds: elapsed.as_secs(),
            ticks_archived: counts.recorder.ticks(),
            ticks_stored: counts.loader.ticks(),
            bars: counts.loader.bars(),
            swing_bars: counts.recorder.swing_bars(),
            gaps: counts.recorder.gaps(),
            rejected: counts.track_b.rejected(),
            duplicates: counts.track_b.duplicates(),
            lines_rejected: counts.loader.rejects(),
            reconnects: counts.track_b.lost(),
            delay_p50_ms: delay(0.5),
            delay_p99_ms: delay(0.99),
            delay_max_ms: delay(1.0),
        }
    }
}

/// The closing table.
pub(crate) fn table_of(summary: &Summary) -> String {
    let row = |name: &str, number: u64| [name.to_owned(), grouped(number)];
    let mut rows = vec![
        row("Ticks archived", summary.ticks_archived),
        row("Ticks in the database", summary.ticks_stored),
        row("One-minute bars", summary.bars),
        row("Ten-minute bars", summary.swing_bars),
        row("Gaps", summary.gaps),
        row("Frames and records rejected", summary.rejected),
        row("Trades that came twice", summary.duplicates),
        row("Lines rejected", summary.lines_rejected),
        row("Reconnects", summary.reconnects),
    ];
    let millis = |delay: Option<u64>| delay.map_or("–".to_owned(), |delay| format!("{} ms", grouped(delay)));
    rows.push(["Receipt to database, 99 of 100".to_owned(), millis(summary.delay_p99_ms)]);
    let title = format!("In {}", humantime::format_duration(Duration::from_secs(summary.seconds)));
    table([&title, "Count"], rows).to_string()
}
