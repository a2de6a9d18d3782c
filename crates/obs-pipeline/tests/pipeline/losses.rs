//! Shares that were traded and not recorded, as a recorder finds them.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::WriterSettings;
use obs_model::{Calendar, FeedChange, Gap, GapReason, QualityFlag, Quantity, Symbol, VolumeBreak};
use obs_pipeline::{Clock, Recorder, RecorderStats, Recording};
use obs_schema::{Record, TickRecord};
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};

use crate::{
    Outcome, at, event, lines,
    live::{archived, archived_gaps, connect, eventually},
    session, subscribed, symbol, tick, write,
};

/// A recorder with a clock that is set by hand.
struct Run {
    records: mpsc::Sender<Record>,
    recording: Recording,
    clock: Arc<AtomicI64>,
}

impl Run {
    fn start(dir: &Path, time: &str) -> anyhow::Result<Self> {
        let clock = Arc::new(AtomicI64::new(at(time).timestamp_millis()));
        let reading = Arc::clone(&clock);
        let reader: Clock =
            Arc::new(move || DateTime::from_timestamp_millis(reading.load(Ordering::SeqCst)).unwrap_or_default());
        let calendar = watch::channel(Calendar::krx()).1;
        let recorder = Recorder::open(dir, WriterSettings::default(), calendar, reader)?.0;
        let (records, received) = mpsc::channel(64);
        Ok(Self { records, recording: recorder.start(received)?, clock })
    }

    /// Sends records, and waits until those of them that are trades were taken.
    async fn send(&self, records: impl IntoIterator<Item = Record>) -> Outcome {
        let stats = &self.recording.stats;
        let mut expected = seen(stats);
        for record in records {
            expected += u64::from(matches!(record, Record::Tick(_)));
            self.records.send(record).await?;
        }
        eventually("the trades are recorded", async || Ok(seen(stats) == expected)).await
    }

    fn set_time(&self, time: &str) {
        self.clock.store(at(time).timestamp_millis(), Ordering::SeqCst);
    }

    async fn end(self) -> anyhow::Result<Arc<RecorderStats>> {
        let Self { records, recording, .. } = self;
        drop(records);
        let stats = Arc::clone(&recording.stats);
        recording.ended().await?;
        Ok(stats)
    }
}

/// Trades that a recorder took, rejected ones included.
fn seen(stats: &RecorderStats) -> u64 {
    stats.ticks() + obs_aggregate::Rule::ALL.iter().map(|rule| stats.rejected(*rule)).sum::<u64>()
}

/// A trade of so many shares that raises the day's total to this.
fn trade(code: &str, when: DateTime<Utc>, shares: i64, total: i64) -> Record {
    let Record::Tick(record) = tick(code, when, 70_000, shares) else { unreachable!() };
    Record::Tick(TickRecord { cumulative_volume: Some(Quantity::new(total).unwrap()), ..record })
}

/// Such a trade of 005930.
fn samsung(time: &str, shares: i64, total: i64) -> Record {
    trade("005930", at(time), shares, total)
}

fn losses(dir: &Path) -> Vec<VolumeBreak> {
    let losses = archived(dir).into_iter().filter_map(|record| match record {
        Record::Loss(loss) => Some(loss),
        _ => None,
    });
    losses.collect()
}

fn loss(after: &str, before: &str, shares: i64) -> VolumeBreak {
    let shares = Quantity::new(shares).unwrap();
    VolumeBreak { symbol: symbol("005930"), after: at(after), before: at(before), shares, session_id: session() }
}

fn short(gaps: &[Gap]) -> Vec<(DateTime<Utc>, DateTime<Utc>, GapReason)> {
    gaps.iter().map(|gap| (gap.start(), gap.end(), gap.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_withheld_is_told_after_five_seconds_and_is_a_gap() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "01:00:00")?;
    run.send(connect(1, "01:00:00")).await?;
    run.send([samsung("01:00:01", 10, 110), samsung("01:00:04", 5, 122)]).await?;
    run.set_time("01:00:09");
    run.send([samsung("01:00:08", 1, 123)]).await?;
    assert_eq!(run.recording.stats.breaks(), 0, "a late record may still come");
    run.set_time("01:00:10");
    run.send([samsung("01:00:09", 1, 124)]).await?;
    eventually("the loss is told", async || Ok(run.recording.stats.breaks() == 1)).await?;
    let stats = run.end().await?;
    assert_eq!((stats.breaks(), stats.lost_shares(), stats.gaps()), (1, 7, 1));
    assert_eq!(losses(dir.path()), [loss("01:00:01", "01:00:04", 7)]);
    let gaps = archived_gaps(dir.path());
    assert_eq!(short(&gaps), [(at("01:00:01"), at("01:00:04"), GapReason::VolumeBreak)]);
    assert_eq!(gaps[0].symbols, [symbol("005930")]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_comes_late_is_no_loss_and_what_misses_at_the_end_is() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "01:00:00")?;
    run.send([samsung("01:00:01", 10, 110), samsung("01:00:04", 5, 122), samsung("01:00:03", 7, 117)]).await?;
    run.send([samsung("01:00:05", 3, 135)]).await?;
    run.end().await?;
    assert_eq!(losses(dir.path()), [loss("01:00:04", "01:00:05", 10)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_in_a_disconnect_lies_in_its_gap_and_the_next_trade_is_marked() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "01:00:00")?;
    run.send(connect(1, "01:00:00")).await?;
    run.send([samsung("01:00:01", 10, 110), event(1, at("01:00:10"), FeedChange::Alive)]).await?;
    run.send([event(1, at("01:00:12"), FeedChange::Closed { reason: GapReason::WsDisconnect })]).await?;
    run.send(connect(2, "01:00:20")).await?;
    run.send([samsung("01:00:25", 5, 200), samsung("01:00:26", 5, 205)]).await?;
    run.end().await?;
    assert_eq!(losses(dir.path()), [loss("01:00:01", "01:00:25", 85)]);
    assert_eq!(short(&archived_gaps(dir.path())), [(at("01:00:10"), at("01:00:20.1"), GapReason::WsDisconnect)]);
    let flags = archived(dir.path()).into_iter().filter_map(|record| match record {
        Record::Tick(record) => Some(record.tick.quality_flag),
        _ => None,
    });
    assert_eq!(flags.collect::<Vec<_>>(), [QualityFlag::Normal, QualityFlag::Gap, QualityFlag::Normal]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_traded_between_two_recorders_is_lost_in_the_gap_of_the_restart() -> Outcome {
    let dir = tempfile::tempdir()?;
    // The first was killed. One of its symbols was traded hours ago.
    let started = [event(1, at("00:10:00"), FeedChange::Opened), event(1, at("00:10:00"), subscribed("000660"))];
    write(dir.path(), "events/20260122.jsonl", &lines(&started));
    append_ticks(dir.path(), 9, &[trade("000660", at("00:10:01"), 1, 50), samsung("00:10:01", 1, 60)]);
    append_ticks(dir.path(), 10, &[samsung("01:10:01", 1, 70)]);
    append_ticks(dir.path(), 11, &[samsung("02:10:01", 1, 71)]);

    let run = Run::start(dir.path(), "02:20:00")?;
    let back = [event(2, at("02:20:01"), FeedChange::Opened), event(2, at("02:20:01"), subscribed("000660"))];
    run.send(back).await?;
    run.send([trade("000660", at("02:20:02"), 4, 64), samsung("02:20:02", 5, 76), samsung("02:20:03", 5, 81)]).await?;
    run.end().await?;
    let told: Vec<_> = losses(dir.path()).into_iter().map(|loss| (loss.symbol, loss.after, loss.shares.shares())).collect();
    assert_eq!(told, [(symbol("000660"), at("00:10:01"), 10)]);
    let reasons: Vec<_> = archived_gaps(dir.path()).iter().map(|gap| gap.reason).collect();
    assert_eq!(reasons, [GapReason::ProcessRestart]);
    Ok(())
}

fn append_ticks(dir: &Path, hour: u32, ticks: &[Record]) {
    write(dir, &format!("scalp/20260122_{hour:02}.jsonl"), &lines(ticks));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_counts_anew_has_lost_nothing() -> Outcome {
    let dir = tempfile::tempdir()?;
    let first = Run::start(dir.path(), "01:00:00")?;
    first.send([samsung("01:00:01", 10, 5_000), samsung("01:00:02", 10, 5_010)]).await?;
    first.end().await?;
    let second = Run::start(dir.path(), "01:10:00")?;
    second.send([samsung("01:10:01", 3, 3), samsung("01:10:02", 4, 7), samsung("01:10:03", 4, 11)]).await?;
    let stats = second.end().await?;
    assert_eq!((stats.breaks(), losses(dir.path())), (0, Vec::new()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impossible_trade_is_kept_apart_and_its_shares_are_lost() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "01:00:00")?;
    let Record::Tick(mut wrong) = samsung("01:00:02", 7, 117) else { unreachable!() };
    wrong.tick.last_price = Some("700000".parse()?);
    run.send([samsung("01:00:01", 10, 110), Record::Tick(wrong.clone()), samsung("01:00:03", 3, 120)]).await?;
    let stats = run.end().await?;
    assert_eq!((stats.ticks(), stats.rejected(obs_aggregate::Rule::PriceJump)), (2, 1));
    let rejected: Vec<_> = archived(dir.path())
        .into_iter()
        .filter_map(|record| match record {
            Record::Rejected(rejected) => Some(rejected),
            _ => None,
        })
        .collect();
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].source.as_str(), rejected[0].reason.as_str()), ("H0STCNT0", "price_jump"));
    assert_eq!((rejected[0].at, rejected[0].session_id.clone()), (wrong.received_at, session()));
    assert_eq!(rejected[0].sample.as_bytes(), lines(&[Record::Tick(wrong)]).trim_ascii());
    assert_eq!(losses(dir.path()), [loss("01:00:01", "01:00:03", 7)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trade_that_is_minutes_late_is_real_if_its_shares_are_missing_and_else_impossible() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "01:00:00")?;
    run.send([samsung("01:00:01", 10, 110), samsung("01:10:00", 5, 122), samsung("01:04:00", 7, 117)]).await?;
    run.send([samsung("01:04:00", 6, 117)]).await?;
    let stats = run.end().await?;
    let backwards = obs_aggregate::Rule::TimeBackwards;
    assert_eq!((stats.ticks(), stats.degraded(backwards), stats.rejected(backwards)), (3, 1, 1));
    assert_eq!(losses(dir.path()), []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubtful_trade_is_recorded_with_a_mark_and_counted_by_its_rule() -> Outcome {
    let dir = tempfile::tempdir()?;
    let run = Run::start(dir.path(), "06:40:00")?;
    run.send([samsung("06:29:59", 10, 110), samsung("06:40:00", 1, 111)]).await?;
    let stats = run.end().await?;
    assert_eq!((stats.ticks(), stats.degraded(obs_aggregate::Rule::OffSession)), (2, 1));
    let flags: Vec<_> = archived(dir.path())
        .into_iter()
        .filter_map(|record| match record {
            Record::Tick(record) => Some(record.tick.quality_flag),
            _ => None,
        })
        .collect();
    assert_eq!(flags, [QualityFlag::Normal, QualityFlag::Degraded]);
    Ok(())
}

/// By symbol: shares of recorded trades, of losses, and before the first trade.
fn account(dir: &Path) -> BTreeMap<Symbol, [i64; 3]> {
    let mut sums: BTreeMap<Symbol, [i64; 3]> = BTreeMap::new();
    let mut totals: BTreeMap<Symbol, Vec<(i64, i64)>> = BTreeMap::new();
    for record in archived(dir) {
        match record {
            Record::Tick(record) => {
                let (volume, total) = (record.tick.volume.unwrap().shares(), record.cumulative_volume.unwrap().shares());
                totals.entry(record.tick.symbol).or_default().push((total - volume, volume));
            }
            Record::Loss(loss) => sums.entry(loss.symbol).or_default()[1] += loss.shares.shares(),
            _ => {}
        }
    }
    for (symbol, mut trades) in totals {
        trades.sort_unstable();
        trades.dedup();
        let sum = sums.entry(symbol).or_default();
        sum[0] = trades.iter().map(|trade| trade.1).sum();
        sum[2] = trades[0].0;
    }
    sums
}

#[derive(Clone, Debug)]
struct Generated {
    of_samsung: bool,
    shares: i64,
    withheld: bool,
    twice: bool,
    late: bool,
}

fn generated() -> impl Strategy<Value = Generated> {
    (any::<bool>(), 1..1_000_i64, prop::bool::weighted(0.2), prop::bool::weighted(0.1), prop::bool::weighted(0.1))
        .prop_map(|(of_samsung, shares, withheld, twice, late)| Generated { of_samsung, shares, withheld, twice, late })
}

/// Two symbols, and what reached the recorder of them.
struct Market {
    trades: i64,
    totals: [i64; 2],
    last: [Option<i64>; 2],
}

impl Default for Market {
    /// A thousand shares of one were traded before anybody listened.
    fn default() -> Self {
        Self { trades: 0, totals: [1_000, 0], last: [None; 2] }
    }
}

impl Market {
    /// What one run of a recorder receives.
    fn records(&mut self, trades: &[Generated]) -> Vec<Record> {
        let mut records: Vec<(Record, bool)> = Vec::new();
        for it in trades {
            let place = usize::from(it.of_samsung);
            self.trades += 1;
            self.totals[place] += it.shares;
            if it.withheld {
                continue;
            }
            self.last[place] = Some(self.totals[place]);
            let when = at("01:00:00") + TimeDelta::milliseconds(500 * self.trades);
            let record = trade(["000660", "005930"][place], when, it.shares, self.totals[place]);
            records.extend(it.twice.then(|| (record.clone(), false)));
            records.push((record, it.late));
        }
        // A late record comes behind the next one.
        for nth in 1..records.len() {
            if records[nth - 1].1 && !records[nth].1 {
                records.swap(nth - 1, nth);
            }
        }
        records.into_iter().map(|record| record.0).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Withheld, late and repeated records, and a kill after which any of the last lines of the events are gone: what was
    /// recorded, what was lost and what was traded before add up to the total of each symbol, to the share.
    #[test]
    fn recorded_and_lost_add_up_over_a_kill(
        trades in prop::collection::vec(generated(), 2..80),
        kill in 1..100_usize,
        kept_events in 0..100_usize,
    ) {
        let mut market = Market::default();
        let (before, after) = trades.split_at(trades.len() * kill / 100);
        let [before, after] = [before, after].map(|trades| market.records(trades));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let play = |records: Vec<Record>, dir: &Path| {
            runtime.block_on(async {
                let run = Run::start(dir, "01:00:00").unwrap();
                for record in records {
                    run.records.send(record).await.unwrap();
                }
                run.end().await.unwrap();
            });
        };

        let dir = tempfile::tempdir().unwrap();
        play(before, dir.path());
        // As if killed before the last events were on the disk.
        let events = dir.path().join("events/20260122.jsonl");
        if let Ok(bytes) = fs::read(&events) {
            let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').map(|at| at + 1).collect();
            let kept = ends.len() * kept_events / 100;
            fs::write(&events, &bytes[..kept.checked_sub(1).map_or(0, |last| ends[last])]).unwrap();
        }
        play(after, dir.path());

        let sums = account(dir.path());
        for (code, total) in ["000660", "005930"].into_iter().zip(market.last) {
            let found = sums.get(&symbol(code)).copied().unwrap_or_default();
            prop_assert_eq!(found.iter().sum::<i64>(), total.unwrap_or_default(), "{} {:?}", code, found);
        }
    }
}
