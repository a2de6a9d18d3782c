//! What a recording came to.

use std::time::Duration;

use obs_cli::{grouped, table};

use crate::status::Counts;

/// The closing table.
pub(crate) fn summary(counts: &Counts, elapsed: Duration) -> String {
    let row = |name: &str, number: u64| [name.to_owned(), grouped(number)];
    let rows = [
        row("Ticks archived", counts.recorder.ticks()),
        row("Ticks in the database", counts.loader.ticks()),
        row("One-minute bars", counts.loader.bars()),
        row("Gaps", counts.recorder.gaps()),
        row("Frames and records rejected", counts.feed.rejected()),
        row("Lines rejected", counts.loader.rejects()),
        row("Reconnects", counts.feed.connections().saturating_sub(1)),
    ];
    let whole = Duration::from_secs(elapsed.as_secs());
    let title = format!("In {}", humantime::format_duration(whole));
    table([&title, "Count"], rows).to_string()
}
