//! What Prometheus is told of a bad morning: every family moves, and all names are known to those who use them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::{Command, Stdio},
};

use collector::Metrics;
use obs_model::Quantity;

use super::*;
use crate::monitoring::{metric_names, names_in_use};

/// Families that have no reason to move in an hour, and why.
const STILL: [(&str, &str); 12] = [
    ("observer_build_info", "the version of a program does not change while it runs"),
    ("observer_clock_skew_seconds", "the simulated exchange goes by the same clock"),
    ("observer_connections_expected", "keys are given at the start"),
    ("observer_disk_size_bytes", "a disk's size"),
    ("observer_subscription_slots", "keys are given at the start"),
    ("observer_swing_bars_caught_up_total", "only a run that begins during a session has windows to catch up"),
    ("process_max_fds", "a limit"),
    ("process_open_fds", "may be the same at each scrape"),
    ("process_start_time_seconds", "the time of the start"),
    ("process_threads", "may be the same at each scrape"),
    ("process_virtual_memory_bytes", "may be the same at each scrape"),
    ("process_resident_memory_bytes", "may be the same at each scrape"),
];

/// All that can go wrong until a quarter to ten. The polls of the window until 09:20 fail for too long, so it is lost.
fn faults(symbols: &[Symbol]) -> Vec<Scheduled> {
    let fault = |time: &str, fault, seconds| Scheduled { at: at(time), fault, lasting: Duration::from_secs(seconds) };
    vec![
        fault("09:04:00", Fault::Delist { symbol: symbols[DELISTED] }, 0),
        fault("09:05:00", Fault::Duplicate { records: 50 }, 0),
        fault("09:06:00", Fault::Garbage { text: "0|H0STCNT0|00x|nonsense".to_owned() }, 0),
        fault("09:07:00", Fault::Withhold { records: 50 }, 0),
        fault("09:08:00", Fault::Drop, 0),
        fault("09:11:00", Fault::HttpError, 60),
        fault("09:13:00", Fault::RateLimit, 30),
        fault("09:15:00", Fault::RevokeTokens, 0),
        fault("09:20:00", Fault::HttpError, 660),
    ]
}

/// The figures of each family, by its name.
fn families(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = metric_names(line).into_iter().next().unwrap();
        families.entry(name).or_default().push(line.to_owned());
    }
    families
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_moves_on_a_bad_morning_and_is_what_rules_dashboard_and_document_say() {
    let _playing = PLAYING.lock().await;
    let play = Play { seed: 11, skew: TimeDelta::zero(), until: at("09:46:00"), faults };
    let Stage { dir, simulator: _simulator, symbols: _, planned: _, world, mut setup } = stage(&play).await;
    setup.guards.doubtful_volume = Quantity::new(40).unwrap();
    setup.guards.impossible_volume = Quantity::new(300).unwrap();
    let stop = CancellationToken::new();
    let collector = Collector::start(setup, stop.clone()).unwrap();
    let metrics = Metrics::new(collector.counts(), collector.calendar(), world.clone(), dir.path().to_owned(), false);

    let (first, mut moved) = (families(&metrics.render()), BTreeSet::new());
    while world.now() < play.until {
        world.sleep(Duration::from_secs(20)).await;
        let now = families(&metrics.render());
        moved.extend(now.into_iter().filter(|(name, lines)| first.get(name) != Some(lines)).map(|(name, _)| name));
    }
    stop.cancel();
    let counts = collector.counts();
    let outcome = collector.ended().await;
    assert!(outcome.refused.is_none() && outcome.failures.is_empty(), "{outcome:?}");
    let last = metrics.render();
    let known = families(&last);
    moved.extend(known.iter().filter(|(name, lines)| first.get(*name) != Some(*lines)).map(|(name, _)| name.clone()));

    let still = known.keys().filter(|name| !moved.contains(*name) && STILL.iter().all(|(of, _)| of != name));
    let still: Vec<&String> = still.collect();
    assert!(still.is_empty(), "these never moved: {still:?}\n{last}");
    // They are read, not counted anew.
    assert!(last.contains(&format!("\nobserver_ticks_archived_total {}\n", counts.recorder.ticks())), "{last}");
    assert!(last.contains(&format!("\nobserver_tick_delay_seconds_count {}\n", counts.loader.ticks())), "{last}");
    assert!(last.contains("\nobserver_build_info{exchange=\"simulated\","), "{last}");
    // Nothing is on its way any more, and nobody listens.
    assert!(last.contains("\nobserver_loader_lag_seconds 0\n") && last.contains("\nobserver_connections 0\n"), "{last}");

    let unknown: Vec<(String, String)> = names_in_use().into_iter().filter(|(name, _)| !known.contains_key(name)).collect();
    assert!(unknown.is_empty(), "named, and not there: {unknown:?}");
    let documented = metric_names(include_str!("../../../../../docs/METRICS.md"));
    let undocumented: Vec<&String> = known.keys().filter(|name| !documented.contains(*name)).collect();
    assert!(undocumented.is_empty(), "not in docs/METRICS.md: {undocumented:?}");
    promtool_finds_nothing(&last);
}

/// Prometheus' own linter, where there is one; `.ci/run` sees to that.
fn promtool_finds_nothing(text: &str) {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        assert!(std::env::var_os("CI").is_none(), "promtool is not there: {started:?}");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", crate::support::text(&output.stderr));
}
