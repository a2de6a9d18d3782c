//! Live, from the archive and from stored ticks: the same bars.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use obs_aggregate::{Attested, MinuteKey, Minutes};
use obs_model::{Bar, FeedChange, GapReason};
use obs_pipeline::LoadOptions;
use obs_schema::Record;
use obs_store::{SchemaRepository, Store};
use obs_store_sqlite::SqliteStore;
use proptest::prelude::*;

use crate::{
    Outcome, at,
    attested::assert_bars_add_up,
    contents, event,
    live::{Live, archived},
    load_with, subscribed, tick,
};

/// What happens next in a session.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A trade, after so many seconds, of one of two symbols; it comes late by so many seconds, and perhaps twice.
    Trade { after: i64, code: &'static str, late: i64, won: i64, twice: bool },
    /// A sign of life.
    Alive,
    /// The connection is lost and, so many seconds later, there is another one.
    Lost { away: i64 },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let code = prop::sample::select(vec!["005930", "0004V0"]);
    let late = prop_oneof![8 => Just(0), 2 => 1..59_i64];
    prop_oneof![
        12 => (0..15_i64, code, late, 69_000..71_000_i64, prop::bool::weighted(0.1))
            .prop_map(|(after, code, late, won, twice)| Step::Trade { after, code, late, won, twice }),
        4 => Just(Step::Alive),
        1 => (0..120_i64).prop_map(|away| Step::Lost { away }),
    ]
}

pub(crate) fn records(steps: &[Step]) -> Vec<Record> {
    let (mut records, mut now, mut feed) = (Vec::new(), at("00:00:00"), 1);
    let connect = |records: &mut Vec<Record>, feed, now| {
        let changes = [FeedChange::Opened, subscribed("005930"), subscribed("0004V0"), FeedChange::Alive];
        records.extend(changes.map(|change| event(feed, now, change)));
    };
    connect(&mut records, feed, now);
    for step in steps {
        match step {
            Step::Trade { after, code, late, won, twice } => {
                now += TimeDelta::seconds(*after);
                let record = tick(code, now - TimeDelta::seconds(*late), *won, 10);
                records.extend(twice.then(|| record.clone()));
                records.push(record);
            }
            Step::Alive => records.push(event(feed, now, FeedChange::Alive)),
            Step::Lost { away } => {
                records.push(event(feed, now, FeedChange::Closed { reason: GapReason::WsDisconnect }));
                (now, feed) = (now + TimeDelta::seconds(*away), feed + 1);
                connect(&mut records, feed, now);
            }
        }
    }
    records
}

fn by_key(bars: Vec<Bar>) -> BTreeMap<MinuteKey, Bar> {
    bars.into_iter().map(|bar| ((bar.bar_time, bar.symbol), bar)).collect()
}

/// What all lines of an archive add up to, in one go.
fn recomputed(records: &[Record]) -> BTreeMap<MinuteKey, Bar> {
    let (mut minutes, mut attested) = (Minutes::default(), Attested::default());
    for record in records {
        match record {
            Record::Tick(record) => minutes.add(&record.tick),
            Record::Feed(event) => attested.apply(event),
            _ => {}
        }
    }
    by_key(minutes.take_changed(&attested))
}

async fn store(dir: &std::path::Path, name: &str) -> anyhow::Result<Arc<dyn Store>> {
    let store = SqliteStore::open(dir.join(name)).await?;
    store.migrate().await?;
    Ok(Arc::new(store))
}

async fn all_give_the_same(steps: &[Step], batch_lines: usize) -> Outcome {
    let (dir, databases) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let followed = store(databases.path(), "live.db").await?;
    let live = Live::start(&followed, dir.path())?;
    live.send(records(steps)).await;
    live.end().await?;

    let loaded = store(databases.path(), "loaded.db").await?;
    load_with(&loaded, dir.path(), LoadOptions { batch_lines, ..LoadOptions::default() }).await;
    let expected = recomputed(&archived(dir.path()));
    for store in [followed, loaded] {
        assert_eq!(by_key(contents(&*store).await?.bars), expected);
        assert_bars_add_up(&*store).await?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn live_loaded_and_recomputed_bars_are_the_same(
        steps in prop::collection::vec(step(), 1..150),
        batch_lines in 1..60_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(all_give_the_same(&steps, batch_lines)).unwrap();
    }
}
