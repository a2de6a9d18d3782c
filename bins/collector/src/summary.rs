//! What a recording came to.

use std::{collections::BTreeMap, time::Duration};

use obs_aggregate::Rule;
use obs_cli::{grouped, table};
use obs_kis::CallCounts;
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
    /// Those of windows that were missed at their time.
    swing_bars_caught_up: u64,
    gaps: u64,
    rejected: u64,
    duplicates: u64,
    lines_rejected: u64,
    /// Doubtful and impossible trades, by the rule that they broke.
    guards: BTreeMap<&'static str, Judged>,
    reconnects: u64,
    /// Subscriptions that the broker refused, and times that a symbol was worth one and found none.
    subscriptions_refused: u64,
    subscriptions_wanting: u64,
    /// Calls to the broker's REST hosts, further tries included.
    calls: u64,
    calls_repeated: u64,
    calls_rate_limited: u64,
    /// Times that Track A asked for a stock, had to ask again, and lost a window of it.
    polls: u64,
    polls_repeated: u64,
    polls_lost: u64,
    /// How long Track A's last window took, in market time.
    last_cycle_ms: Option<u64>,
    /// From a tick's receipt to the end of its commit, in milliseconds: half, 99 of 100, all.
    delay_p50_ms: Option<u64>,
    delay_p99_ms: Option<u64>,
    delay_max_ms: Option<u64>,
}

/// Trades that broke a rule.
#[derive(Serialize)]
struct Judged {
    /// Recorded with a mark.
    degraded: u64,
    /// Kept apart.
    rejected: u64,
}

impl Summary {
    pub(crate) fn of(counts: &Counts, elapsed: Duration) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
        let delay = |share| counts.loader.delay(share).and_then(millis);
        let judged = |rule: Rule| {
            (rule.as_str(), Judged { degraded: counts.recorder.degraded(rule), rejected: counts.recorder.rejected(rule) })
        };
        let CallCounts { calls, retries, rate_limited, .. } = counts.calls();
        Self {
            seconds: elapsed.as_secs(),
            ticks_archived: counts.recorder.ticks(),
            ticks_stored: counts.loader.ticks(),
            bars: counts.loader.bars(),
            swing_bars: counts.recorder.swing_bars(),
            swing_bars_caught_up: counts.poll.caught_up(),
            gaps: counts.recorder.gaps(),
            rejected: counts.feeds.rejected(),
            duplicates: counts.track_b.duplicates(),
            lines_rejected: counts.loader.rejects(),
            guards: Rule::ALL.map(judged).into(),
            reconnects: counts.track_b.lost(),
            subscriptions_refused: counts.feeds.refused(),
            subscriptions_wanting: counts.track_b.overflows(),
            calls,
            calls_repeated: retries,
            calls_rate_limited: rate_limited,
            polls: counts.poll.polled(),
            polls_repeated: counts.poll.retries(),
            polls_lost: counts.poll.failed(),
            last_cycle_ms: Some(counts.poll.last_cycle()).filter(|took| !took.is_zero()).and_then(millis),
            delay_p50_ms: delay(0.5),
            delay_p99_ms: delay(0.99),
            delay_max_ms: delay(1.0),
        }
    }
}

/// The closing table. What hardly ever happens has a row only when it did.
pub(crate) fn table_of(summary: &Summary) -> String {
    let row = |(name, number): (&str, u64)| [name.to_owned(), grouped(number)];
    let always = [
        ("Ticks archived", summary.ticks_archived),
        ("Ticks in the database", summary.ticks_stored),
        ("One-minute bars", summary.bars),
        ("Ten-minute bars", summary.swing_bars),
        ("Gaps", summary.gaps),
        ("Frames and records rejected", summary.rejected),
        ("Trades that came twice", summary.duplicates),
        ("Lines rejected", summary.lines_rejected),
        ("Reconnects", summary.reconnects),
        ("Calls to the broker", summary.calls),
    ];
    let seldom = [
        ("Calls made again", summary.calls_repeated),
        ("Calls over the rate limit", summary.calls_rate_limited),
        ("Stocks asked for again", summary.polls_repeated),
        ("Windows of a stock without a bar", summary.polls_lost),
        ("Subscriptions refused", summary.subscriptions_refused),
        ("Symbols that found no subscription", summary.subscriptions_wanting),
    ];
    let judged = summary.guards.iter().flat_map(|(rule, judged)| {
        [(format!("Trades degraded by {rule}"), judged.degraded), (format!("Trades rejected by {rule}"), judged.rejected)]
    });
    let mut rows: Vec<_> = always.into_iter().chain(seldom.into_iter().filter(|(_, number)| *number > 0)).map(row).collect();
    rows.extend(judged.filter(|(_, number)| *number > 0).map(|(name, number)| [name, grouped(number)]));
    let shown = |seconds| humantime::format_duration(Duration::from_secs(seconds)).to_string();
    let window = summary.last_cycle_ms.map(|took| ["The last ten-minute window took".to_owned(), shown(took / 1_000)]);
    let delay = summary.delay_p99_ms;
    let delay = delay.map(|delay| ["Receipt to database, 99 of 100".to_owned(), format!("{} ms", grouped(delay))]);
    rows.extend(window.into_iter().chain(delay));
    let title = format!("In {}", shown(summary.seconds));
    table([&title, "Count"], rows).to_string()
}
