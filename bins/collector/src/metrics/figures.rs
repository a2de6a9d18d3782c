//! Which counter is which family.

use std::time::Duration;

use chrono::{DateTime, Utc};
use obs_aggregate::Rule;
use obs_ingest_ws::MAX_REGISTRATIONS;
use obs_kis::CallCounts;
use obs_model::{GapReason, GapScope};

use super::families::{Families, Labels};
use crate::Counts;

/// Bounds of the delay from receipt to commit: from a quick disk's to an outage of the database.
const DELAYS: [Duration; 14] = [
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(1_800),
];

/// What reached the archive, what reached the database, and what is missing.
pub(super) fn of_the_record(families: &mut Families, counts: &Counts) {
    let (recorder, loader) = (&counts.recorder, &counts.loader);
    families.counter("observer_ticks_archived_total", "Ticks written into the archive.", recorder.ticks());
    families.counter(
        "observer_swing_bars_archived_total",
        "Ten-minute bars written into the archive.",
        recorder.swing_bars(),
    );
    families.counter("observer_ticks_stored_total", "Ticks committed to the database.", loader.ticks());
    families.counter("observer_bars_stored_total", "One-minute bars committed to the database.", loader.bars());
    families.counter("observer_swing_bars_stored_total", "Ten-minute bars committed to the database.", loader.swing_bars());
    families.counter("observer_lines_rejected_total", "Lines of the archive kept in the reject ledger.", loader.rejects());
    families.histogram(
        "observer_tick_delay_seconds",
        "Time from a tick's receipt to the end of its commit.",
        &DELAYS,
        &loader.delays(&DELAYS),
    );
    let kinds = || {
        let scopes = [GapScope::Scalp, GapScope::Swing, GapScope::All];
        scopes.into_iter().flat_map(|scope| GapReason::ALL.map(|reason| (scope, reason)))
    };
    let labels = |(scope, reason): (GapScope, GapReason)| vec![("reason", reason.as_str()), ("scope", scope.as_str())];
    families.counters(
        "observer_gaps_total",
        "Gaps written into the archive.",
        kinds().map(|kind| (labels(kind), recorder.gaps_of(kind.0, kind.1).0 as f64)),
    );
    families.counters(
        "observer_gap_seconds_total",
        "Length of those gaps; one of several symbols counts once.",
        kinds().map(|kind| (labels(kind), recorder.gaps_of(kind.0, kind.1).1.as_secs_f64())),
    );
    families.counter(
        "observer_volume_breaks_total",
        "Times that shares were found to be missing, by the broker's running total.",
        recorder.breaks(),
    );
    families.counter("observer_lost_shares_total", "Shares that were missing then.", recorder.lost_shares());
    let by_rule = |count: fn(&Counts, Rule) -> u64| Rule::ALL.map(|rule| (rule_label(rule), count(counts, rule) as f64));
    families.counters(
        "observer_ticks_degraded_total",
        "Ticks recorded with a mark because they are doubtful, by rule.",
        by_rule(|counts, rule| counts.recorder.degraded(rule)),
    );
    families.counters(
        "observer_ticks_rejected_total",
        "Ticks kept apart because they are impossible, by rule.",
        by_rule(|counts, rule| counts.recorder.rejected(rule)),
    );
}

fn rule_label(rule: Rule) -> Labels {
    vec![("rule", rule.as_str())]
}

/// Track B: connections, subscriptions, frames.
pub(super) fn of_the_feeds(families: &mut Families, counts: &Counts) {
    let (feeds, track_b) = (&counts.feeds, &counts.track_b);
    families.counter("observer_frames_received_total", "WebSocket frames received, of any kind.", feeds.frames());
    families.counter("observer_ticks_received_total", "Trades received.", feeds.ticks());
    families.counter("observer_frames_rejected_total", "Frames and records that gave nothing.", feeds.rejected());
    families.counter(
        "observer_ticks_duplicate_total",
        "Trades that came a second time and were recorded once.",
        track_b.duplicates(),
    );
    families.counter("observer_connections_opened_total", "WebSocket connections opened.", feeds.connections().into());
    families.counter(
        "observer_connections_lost_total",
        "WebSocket connections that ended before they were told to.",
        track_b.lost(),
    );
    families.counter("observer_subscriptions_refused_total", "Subscriptions that the broker refused.", feeds.refused());
    families.counter(
        "observer_subscriptions_wanting_total",
        "Times that a symbol was worth a subscription and found none.",
        track_b.overflows(),
    );
    families.gauge("observer_connections", "WebSocket connections that are open.", track_b.connected() as f64);
    families.gauge(
        "observer_connections_expected",
        "Connections that should be open during a session.",
        counts.keys() as f64,
    );
    families.gauge("observer_subscriptions", "Subscriptions that the broker has acknowledged.", track_b.subscribed() as f64);
    let slots = counts.keys().saturating_mul(MAX_REGISTRATIONS);
    families.gauge("observer_subscription_slots", "Subscriptions that the broker allows.", slots as f64);
}

/// Track A, and the calls to the broker.
pub(super) fn of_the_broker(families: &mut Families, counts: &Counts) {
    let (poll, CallCounts { calls, retries, rate_limited, logins }) = (&counts.poll, counts.calls());
    families.counter("observer_broker_calls_total", "Calls to the broker, further tries included.", calls);
    families.counter("observer_broker_calls_repeated_total", "Further tries of calls.", retries);
    families.counter(
        "observer_broker_calls_rate_limited_total",
        "Answers that said that the rate limit is exceeded.",
        rate_limited,
    );
    families.counter("observer_broker_logins_total", "Tokens asked for.", logins);
    families.counter("observer_polls_total", "Times that Track A asked for a stock.", poll.polled());
    families.counter("observer_polls_repeated_total", "Times that it had to ask again.", poll.retries());
    families.counter("observer_windows_lost_total", "Ten-minute windows of a stock that became a gap.", poll.failed());
    families.counter(
        "observer_swing_bars_caught_up_total",
        "Ten-minute bars of windows that were missed at their time.",
        poll.caught_up(),
    );
    families.gauge(
        "observer_swing_cycle_seconds",
        "Length of Track A's last round over the universe, in market time; 0 before the first.",
        poll.last_cycle().as_secs_f64(),
    );
    families.gauge("observer_universe_symbols", "Stocks whose ten-minute bars are collected.", counts.universe() as f64);
    if let Some(skew) = counts.clock_skew() {
        families.gauge(
            "observer_clock_skew_seconds",
            "Our clock minus the broker's; below a second it is noise.",
            skew.as_seconds_f64(),
        );
    }
}

/// How things stand.
pub(super) fn of_the_moment(families: &mut Families, counts: &Counts, now: DateTime<Utc>, is_open: bool, is_real: bool) {
    let exchange = if is_real { "kis" } else { "simulated" };
    families.labelled_gauge(
        "observer_build_info",
        "Version of the program, and whose prices it records.",
        vec![("exchange", exchange), ("version", env!("CARGO_PKG_VERSION"))],
        1.0,
    );
    families.gauge("observer_market_open", "Whether the market is open: 1 or 0.", f64::from(u8::from(is_open)));
    let newest = counts.loader.newest();
    // With nothing on its way, the newest record's age is the market's silence and not a delay.
    let behind = newest.filter(|_| counts.loader.ticks() < counts.recorder.ticks());
    families.gauge(
        "observer_loader_lag_seconds",
        "Age of the newest record in the database while others wait for it; 0 when none does.",
        behind.map_or(0.0, |newest| (now - newest).as_seconds_f64().max(0.0)),
    );
    families.gauge(
        "observer_newest_stored_timestamp_seconds",
        "When the newest record in the database was received, in seconds since 1970; 0 before the first.",
        newest.map_or(0.0, |newest| newest.timestamp_micros() as f64 / 1e6),
    );
}
