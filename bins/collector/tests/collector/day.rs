//! A whole trading day of the simulated exchange in compressed time, with a dozen faults: whatever it sent is archived or lies
//! in a gap, no gap lies where data was whole, and every ten-minute bar is the market's own.

mod bars;
mod healing;
mod metrics;
mod ticks;

use std::{collections::BTreeSet, path::Path, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use collector::{Broker, Collector, Names, Setup};
use obs_aggregate::GuardSettings;
use obs_archive::{Reader, WriterSettings, segments};
use obs_ingest_rest::{LoadSettings, Settings as PollSettings, UniverseSource};
use obs_ingest_ws::{Settings as FeedSettings, SlotSettings, TriggerSettings};
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisSettings, Market};
use obs_model::{Calendar, Gap, GapScope, HealedBar, SlotDecision, SlotEntry, SwingBar, Symbol};
use obs_schema::{Decoded, Decoder, Record, TickRecord};
use obs_sim::{Fault, Scheduled, SimSettings, Simulator, market::Listing};
use obs_store::Table;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::support::{open, sqlite};
use bars::every_window_is_the_markets_bar_or_in_a_gap;
use healing::{every_healed_minute_is_the_markets, every_minute_of_a_gap_is_healed_beside_the_observed_one};
use ticks::{every_delivery_is_archived_or_in_a_gap, no_gap_lies_where_data_was_whole};

/// A day passes in four and a half minutes.
const SPEED: u32 = 90;
const DAY: &str = "2026-11-23";
/// One day at a time: a second of it is 90 of the market's, and two would be late for each other.
static PLAYING: Mutex<()> = Mutex::const_new(());

/// The symbol, by its place in the list, that is delisted in the course of the day.
const DELISTED: usize = 3;

/// A frame may take a tenth of a second of the machine's time on its way, and each of its seconds is 90 of the market's.
const TOLERANCE: TimeDelta = TimeDelta::seconds(9);

fn at(time: &str) -> DateTime<Utc> {
    format!("{DAY}T{time}+09:00").parse().unwrap()
}

fn date() -> NaiveDate {
    DAY.parse().unwrap()
}

/// What goes wrong: everything that is known to happen.
fn faults(symbols: &[Symbol]) -> Vec<Scheduled> {
    let fault = |time: &str, fault, seconds| Scheduled { at: at(time), fault, lasting: Duration::from_secs(seconds) };
    vec![
        fault("09:21:00", Fault::Drop, 0),
        fault("09:36:10", Fault::Silence, 60),
        fault("09:55:00", Fault::Garbage { text: "0|H0STCNT0|00x|nonsense".to_owned() }, 0),
        fault("10:11:00", Fault::Truncate { frames: 3 }, 0),
        fault("10:25:00", Fault::Oversize { bytes: 2_000_000 }, 0),
        fault("10:40:00", Fault::Duplicate { records: 50 }, 0),
        fault("10:55:00", Fault::Reorder { records: 50 }, 0),
        fault("11:11:00", Fault::HttpError, 90),
        fault("11:31:00", Fault::RateLimit, 60),
        fault("11:51:00", Fault::RevokeTokens, 0),
        fault("12:10:30", Fault::NetworkGone, 1_800),
        fault("13:01:00", Fault::StopReading, 30),
        fault("13:12:00", Fault::Slow { pause: Duration::from_millis(200) }, 60),
        fault("13:21:00", Fault::HttpHang, 60),
        fault("13:45:00", Fault::Refuse, 120),
        fault("13:45:01", Fault::Drop, 0),
        fault("14:20:00", Fault::Delist { symbol: symbols[DELISTED] }, 0),
    ]
}

/// What the archive says, decoded.
#[derive(Default)]
struct Archive {
    ticks: Vec<TickRecord>,
    bars: Vec<SwingBar>,
    gaps: Vec<Gap>,
    claims: Vec<SlotEntry>,
    healed: Vec<HealedBar>,
    /// Lines that a recorder does not write.
    strange: Vec<String>,
}

fn archive(dir: &Path) -> Archive {
    let (mut found, mut decoder) = (Archive::default(), Decoder::default());
    for segment in segments(dir).unwrap() {
        let mut reader = Reader::open(&segment.path).unwrap();
        while let Some(line) = reader.line().unwrap() {
            match decoder.decode(line.bytes) {
                Decoded::Record(Record::Tick(tick)) => found.ticks.push(tick),
                Decoded::Record(Record::Swing(swing)) => found.bars.push(swing.bar),
                Decoded::Record(Record::Gap(gap)) => found.gaps.push(gap),
                Decoded::Record(Record::Slot(event)) => found.claims.push(event),
                Decoded::Record(Record::Healed(bar)) => found.healed.push(bar),
                Decoded::Record(Record::Feed(_) | Record::Loss(_) | Record::Rejected(_)) => {}
                other => found.strange.push(format!("{other:?}")),
            }
        }
    }
    found
}

/// Part of a trading day, played and over.
struct Played {
    dir: tempfile::TempDir,
    simulator: Simulator,
    symbols: Vec<Symbol>,
    planned: Vec<Scheduled>,
    until: DateTime<Utc>,
    found: Archive,
}

/// What is played.
struct Play {
    seed: u64,
    /// How far the collector's clock is from the exchange's.
    skew: TimeDelta,
    until: DateTime<Utc>,
    faults: fn(&[Symbol]) -> Vec<Scheduled>,
}

/// What is needed to play it.
struct Stage {
    dir: tempfile::TempDir,
    simulator: Simulator,
    symbols: Vec<Symbol>,
    planned: Vec<Scheduled>,
    world: Clock,
    setup: Setup,
}

/// Prepares a play. Whoever calls it holds [`PLAYING`], because the clock runs from here on.
async fn stage(play: &Play) -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let store = obs_cli::prepare_store(&sqlite(dir.path()).parse().unwrap()).await.unwrap();
    let world = Clock::compressed(at("08:50:00"), SPEED);

    let mut settings = SimSettings::new(world.reader(), play.seed);
    settings.speed = SPEED;
    settings.market.calendar = Calendar::krx();
    settings.market.trades_per_second = 12;
    settings.market.listings = Listing::generated(131);
    let symbols: Vec<Symbol> = settings.market.listings.iter().map(|listing| listing.symbol).collect();
    let planned = (play.faults)(&symbols);
    settings.faults.clone_from(&planned);
    let simulator = Simulator::start(settings).await.unwrap();

    // A busy machine takes as long for an answer as it would without a compressed clock.
    let mut kis = KisSettings::new(Environment::Live);
    for deadline in [&mut kis.deadlines.connect, &mut kis.deadlines.answer, &mut kis.deadlines.call] {
        *deadline *= 10;
    }
    let keys = Credentials::new(simulator.app_key().to_owned(), simulator.app_secret().to_owned()).unwrap();
    let setup = Setup {
        dir: dir.path().to_owned(),
        writer: WriterSettings { fsync_interval: Duration::from_millis(100) * SPEED, ..WriterSettings::default() },
        guards: GuardSettings::default(),
        store,
        session_id: "day-1".parse().unwrap(),
        broker: Broker {
            endpoints: Endpoints::at(Environment::Live, &simulator.rest_url(), &simulator.websocket_url()).unwrap(),
            keys: vec![keys],
            settings: kis,
        },
        clock: world.clone().skewed(play.skew),
        calendar: Calendar::krx(),
        watch_list: symbols[..6].to_vec(),
        universe: Some(UniverseSource::Broker(vec![Market::Kospi, Market::Kosdaq])),
        universe_settings: LoadSettings { minimum_close: None, ..LoadSettings::default() },
        poll: PollSettings::default(),
        feed: FeedSettings::default(),
        heals: true,
        slots: SlotSettings::default(),
        // The invented market is calm: the real thresholds would leave slots empty.
        triggers: TriggerSettings { surge_percent: 200, ..TriggerSettings::default() },
        names: Names::default(),
        seed: play.seed,
    };
    Stage { dir, simulator, symbols, planned, world, setup }
}

async fn play(play: Play) -> Played {
    let _playing = PLAYING.lock().await;
    let Stage { dir, simulator, symbols, planned, world, setup } = stage(&play).await;
    let stop = CancellationToken::new();
    let collector = Collector::start(setup, stop.clone()).unwrap();
    world.sleep_until(play.until).await;
    stop.cancel();
    let outcome = collector.ended().await;
    assert!(outcome.refused.is_none() && outcome.failures.is_empty(), "{outcome:?}");
    let found = archive(dir.path());
    Played { dir, simulator, symbols, planned, until: play.until, found }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_second_and_every_bar_of_a_bad_day_is_accounted_for() {
    let played = play(Play { seed: 7, skew: TimeDelta::zero(), until: at("15:45:00"), faults }).await;
    let mut problems = Vec::new();
    every_delivery_is_archived_or_in_a_gap(&played, TimeDelta::zero(), &mut problems);
    no_gap_lies_where_data_was_whole(&played, &mut problems);
    every_window_is_the_markets_bar_or_in_a_gap(&played, 39, &mut problems);
    every_healed_minute_is_the_markets(&played, &mut problems);
    slots_were_contested(&played.found, &mut problems);
    if played.found.ticks.len() < 50_000 || played.simulator.ledger().duplicates() == 0 {
        problems.push(format!("no bad day: {} trades", played.found.ticks.len()));
    }
    everything_is_stored(&played, &mut problems).await;
    report(problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_drop_of_two_minutes_the_healed_bars_are_the_markets_and_the_observed_ones_tell_what_was_missed() {
    let drop =
        |_: &[Symbol]| vec![Scheduled { at: at("09:20:20"), fault: Fault::NetworkGone, lasting: Duration::from_secs(120) }];
    let played = play(Play { seed: 9, skew: TimeDelta::zero(), until: at("09:45:00"), faults: drop }).await;
    let mut problems = Vec::new();
    every_healed_minute_is_the_markets(&played, &mut problems);
    let minutes = every_minute_of_a_gap_is_healed_beside_the_observed_one(&played, &mut problems).await;
    report(problems);
    // Three minutes, if not more, of the watch list alone.
    assert!(minutes >= 3 * 6, "{minutes} minutes were touched");
}

/// The broker's clock decides what a minute is, ours only when something was received.
async fn with_a_wrong_clock(skew: TimeDelta) {
    let played = play(Play { seed: 8, skew, until: at("09:45:00"), faults: |_| Vec::new() }).await;
    let mut problems = Vec::new();
    every_delivery_is_archived_or_in_a_gap(&played, skew, &mut problems);
    every_window_is_the_markets_bar_or_in_a_gap(&played, 3, &mut problems);
    let scalp = played.found.gaps.iter().filter(|gap| gap.scope == GapScope::Scalp);
    problems.extend(scalp.map(|gap| format!("a gap for no reason: {gap:?}")));
    everything_is_stored(&played, &mut problems).await;
    report(problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ten_seconds_fast_spoils_no_bar() {
    with_a_wrong_clock(TimeDelta::seconds(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ten_seconds_slow_spoils_no_bar() {
    with_a_wrong_clock(TimeDelta::seconds(-10)).await;
}

fn report(problems: Vec<String>) {
    let shown: Vec<&str> = problems.iter().take(20).map(String::as_str).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), shown.join("\n"));
}

/// Each archived line is a row, and the calls kept to the limit.
async fn everything_is_stored(played: &Played, problems: &mut Vec<String>) {
    let found = &played.found;
    problems.extend(found.strange.iter().map(|line| format!("a line that a recorder does not write: {line}")));
    let pace = played.simulator.pace();
    if pace.highest_per_second > 18 {
        problems.push(format!("calls came faster than the limit: {pace:?}"));
    }
    let store = open(&sqlite(played.dir.path())).await;
    let archived = [found.ticks.len(), found.bars.len(), found.gaps.len(), 0];
    for (table, lines) in
        [Table::ScalpTicks, Table::SwingBars, Table::ScalpGaps, Table::LoadRejects].into_iter().zip(archived)
    {
        let rows = store.count(table).await.unwrap();
        if rows != lines as u64 {
            problems.push(format!("{} has {rows} rows of {lines} lines", table.name()));
        }
    }
}

fn slots_were_contested(found: &Archive, problems: &mut Vec<String>) {
    let claimed: BTreeSet<Symbol> = found.claims.iter().map(|claim| claim.symbol).collect();
    let left_out = found.claims.iter().filter(|claim| claim.decision == SlotDecision::Overflow).count();
    if claimed.len() < 60 || left_out == 0 {
        problems.push(format!("only {} symbols competed for the slots, and {left_out} were left out", claimed.len()));
    }
}
