//! A whole trading day of the simulated exchange in compressed time, with a dozen faults: whatever it sent is archived or lies
//! in a gap, no gap lies where data was whole, and every ten-minute bar is the market's own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use collector::{Broker, Collector, Names, Setup};
use obs_aggregate::GuardSettings;
use obs_archive::{Reader, WriterSettings, segments};
use obs_ingest_rest::{LoadSettings, Schedule, Settings as PollSettings, UniverseSource, Window};
use obs_ingest_ws::{Settings as FeedSettings, SlotSettings, TriggerSettings};
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisSettings, Market};
use obs_model::{Calendar, Gap, GapReason, GapScope, HealedBar, SlotDecision, SlotEntry, SwingBar, Symbol};
use obs_schema::{Decoded, Decoder, Record, TickRecord};
use obs_sim::{Fault, Scheduled, SimSettings, Simulator, market::Listing};
use obs_store::Table;
use tokio_util::sync::CancellationToken;

use crate::support::{open, sqlite};

/// A day passes in four and a half minutes.
const SPEED: u32 = 90;
const DAY: &str = "2026-11-23";
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

/// A trade as both sides know it: symbol, time, won, shares, shares of the day.
type Trade = (Symbol, DateTime<Utc>, i64, i64, i64);

fn trade_of(record: &TickRecord) -> Trade {
    let tick = &record.tick;
    let won = tick.last_price.unwrap().whole_won().unwrap();
    (tick.symbol, tick.event_time, won, tick.volume.unwrap().shares(), record.cumulative_volume.unwrap().shares())
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

async fn play(play: Play) -> Played {
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

fn every_delivery_is_archived_or_in_a_gap(
    Played { simulator, found, until, .. }: &Played,
    skew: TimeDelta,
    problems: &mut Vec<String>,
) {
    let mut archived: HashMap<Trade, u32> = HashMap::new();
    for record in &found.ticks {
        *archived.entry(trade_of(record)).or_default() += 1;
    }
    let twice = archived.iter().filter(|(_, times)| **times > 1);
    problems.extend(twice.map(|trade| format!("archived more than once: {trade:?}")));

    let sent: HashSet<Trade> = simulator
        .ledger()
        .snapshot()
        .iter()
        .map(|sent| (sent.symbol, sent.event_time, sent.price, sent.volume, sent.cumulative_volume))
        .collect();
    let invented = archived.keys().filter(|trade| !sent.contains(trade));
    problems.extend(invented.map(|trade| format!("archived and never sent: {trade:?}")));
    let covers = |gap: &Gap, (symbol, when, ..): &Trade| {
        gap.scope == GapScope::Scalp
            && gap.symbols.contains(symbol)
            && gap.start() - skew - TOLERANCE <= *when
            && *when <= gap.end_of(*symbol) - skew + TOLERANCE
    };
    // What went out when nobody listened any more is the next run's to explain.
    let listened = |trade: &&Trade| trade.1 < *until - TimeDelta::minutes(1);
    let lost = sent
        .iter()
        .filter(listened)
        .filter(|trade| !archived.contains_key(trade) && !found.gaps.iter().any(|gap| covers(gap, trade)));
    problems.extend(lost.map(|trade| format!("sent, and neither archived nor in a gap: {trade:?}")));
}

fn no_gap_lies_where_data_was_whole(Played { found, planned, .. }: &Played, problems: &mut Vec<String>) {
    let mut ticks: BTreeMap<Symbol, Vec<DateTime<Utc>>> = BTreeMap::new();
    for record in &found.ticks {
        ticks.entry(record.tick.symbol).or_default().push(record.tick.event_time);
    }
    // A slow server's acknowledgement comes late, and behind it what was traded meanwhile.
    let late = |at: DateTime<Utc>| {
        let mut slow = planned.iter().filter(|fault| matches!(fault.fault, Fault::Slow { .. } | Fault::StopReading));
        let is_slow = slow.any(|fault| fault.at <= at && at <= fault.at + fault.lasting + TimeDelta::minutes(1));
        if is_slow { TimeDelta::minutes(1) } else { TimeDelta::zero() }
    };
    for gap in found.gaps.iter().filter(|gap| gap.scope == GapScope::Scalp) {
        for symbol in &gap.symbols {
            let (start, end) = (gap.start() + TOLERANCE, gap.end_of(*symbol) - TOLERANCE - late(gap.end_of(*symbol)));
            let inside = ticks.get(symbol).into_iter().flatten().filter(|when| start < **when && **when < end);
            problems
                .extend(inside.map(|when| format!("{symbol} traded at {when} in its gap {start} to {end}, {}", gap.reason)));
        }
        // Giving up takes the liveness window, and coming back a pause of up to a minute and a quarter.
        let has_cause = planned.iter().any(|fault| {
            let over = fault.at + TimeDelta::from_std(fault.lasting).unwrap() + TimeDelta::minutes(4);
            gap.start() <= over && fault.at - TimeDelta::minutes(1) <= gap.end()
        });
        if !has_cause && gap.reason != GapReason::SlotEvicted {
            problems.push(format!("a gap without a cause: {} to {}, {}", gap.start(), gap.end(), gap.reason));
        }
    }
}

fn every_window_is_the_markets_bar_or_in_a_gap(played: &Played, count: usize, problems: &mut Vec<String>) {
    let Played { simulator, symbols, found, .. } = played;
    let could_not_be_asked = |window: &Window| {
        played.planned.iter().filter(|fault| fault.fault == Fault::NetworkGone).any(|fault| {
            fault.at < window.complete_at() + TimeDelta::minutes(10) && window.complete_at() < fault.at + fault.lasting
        })
    };
    let bars: BTreeMap<(Symbol, DateTime<Utc>), &SwingBar> =
        found.bars.iter().map(|bar| ((bar.symbol, bar.bar_time), bar)).collect();
    let mut windows = Schedule::new(Calendar::krx()).of_day(date());
    windows.truncate(count);
    if bars.len() != found.bars.len() || windows.len() != count {
        problems.push(format!("{} bars in {} lines, {} windows", bars.len(), found.bars.len(), windows.len()));
    }
    for (symbol, window) in symbols.iter().flat_map(|symbol| windows.iter().map(move |window| (symbol, window))) {
        let candles = simulator.candles(*symbol, date());
        let in_gap = found.gaps.iter().any(|gap| {
            gap.scope == GapScope::Swing
                && gap.symbols.contains(symbol)
                && gap.start() <= window.start
                && window.end <= gap.end()
        });
        match (bars.get(&(*symbol, window.start)), in_gap) {
            (Some(bar), false) if told(bar) == expected(&candles, window) => {}
            (Some(bar), false) => problems.push(format!("{bar:?} is not {:?}", expected(&candles, window))),
            // A window is asked for in the ten minutes after its end.
            (None, true) if could_not_be_asked(window) || *symbol == symbols[DELISTED] => {}
            (None, true) => problems.push(format!("{symbol} {window:?} is a gap for no reason")),
            (Some(_), true) => problems.push(format!("{symbol} {window:?} has a bar and a gap")),
            (None, false) => problems.push(format!("{symbol} {window:?} has neither a bar nor a gap")),
        }
    }
}

/// The minutes that a gap touched are asked for afterwards, and told as they were.
fn every_healed_minute_is_the_markets(Played { simulator, found, .. }: &Played, problems: &mut Vec<String>) {
    for bar in &found.healed {
        let candles = simulator.candles(bar.symbol, date());
        let candle = candles.iter().find(|candle| candle.minute == bar.bar_time);
        let won = |price: obs_model::Price| price.whole_won().unwrap();
        let prices = [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()].map(won);
        if candle.is_none_or(|c| (prices, bar.volume.shares()) != ([c.open, c.high, c.low, c.close], c.volume)) {
            problems.push(format!("{bar:?} is not {candle:?}"));
        }
    }
    let drop = at("09:21:00");
    if !found.healed.iter().any(|bar| bar.bar_time == drop) {
        problems.push("no minute of the first drop was healed".to_owned());
    }
}

/// Open, high, low, close, and shares. Nothing but shares where nothing was traded.
type Told = (Option<[i64; 4]>, i64);

fn told(bar: &SwingBar) -> Told {
    let won = |price: Option<obs_model::Price>| price.map(|price| price.whole_won().unwrap());
    let prices = [won(bar.open), won(bar.high), won(bar.low), won(bar.close)];
    let prices = prices.iter().all(Option::is_some).then(|| prices.map(Option::unwrap));
    (prices, bar.volume.unwrap().shares())
}

fn expected(candles: &[obs_sim::market::Candle], window: &Window) -> Told {
    let of_window: Vec<_> =
        candles.iter().filter(|candle| window.start <= candle.minute && candle.minute <= window.last_minute()).collect();
    let volume = of_window.iter().map(|candle| candle.volume).sum();
    let prices = of_window.first().zip(of_window.last()).map(|(first, last)| {
        let high = of_window.iter().map(|candle| candle.high).max().unwrap();
        let low = of_window.iter().map(|candle| candle.low).min().unwrap();
        [first.open, high, low, last.close]
    });
    (prices, volume)
}

fn slots_were_contested(found: &Archive, problems: &mut Vec<String>) {
    let claimed: BTreeSet<Symbol> = found.claims.iter().map(|claim| claim.symbol).collect();
    let left_out = found.claims.iter().filter(|claim| claim.decision == SlotDecision::Overflow).count();
    if claimed.len() < 60 || left_out == 0 {
        problems.push(format!("only {} symbols competed for the slots, and {left_out} were left out", claimed.len()));
    }
}
