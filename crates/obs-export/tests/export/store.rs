//! Reading out of a real store.

use arrow_array::{Array, RecordBatch, StringArray};
use chrono::{NaiveDate, TimeDelta};
use obs_export::{Dataset, Rows};
use obs_model::{Bar, FeedChange, FeedEvent, Gap, SwingBar, Symbol, Tick, VolumeBreak};
use obs_store::{Batch, LoadRepository, SchemaRepository, Store, TickRepository, TimeRange};
use obs_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::samples::{self, DAY, at, gap, general_gap, symbol, tick};

async fn store_with(batch: &Batch) -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("observer.db")).await.unwrap();
    store.migrate().await.unwrap();
    store.commit(batch).await.unwrap();
    (dir, store)
}

fn day(later: i64) -> NaiveDate {
    DAY.parse::<NaiveDate>().unwrap() + TimeDelta::days(later)
}

/// The pieces of a day.
async fn pieces(store: &dyn Store, dataset: Dataset, day: NaiveDate, symbols: &[Symbol]) -> Vec<RecordBatch> {
    let mut rows = Rows::new(store, dataset, TimeRange::of_day(day), symbols);
    let mut pieces = Vec::new();
    while let Some(piece) = rows.next().await.unwrap() {
        assert!(piece.num_rows() > 0);
        pieces.push(piece);
    }
    assert!(rows.next().await.unwrap().is_none());
    pieces
}

async fn symbols_of(store: &dyn Store, dataset: Dataset, day: NaiveDate, symbols: &[Symbol]) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(store, dataset, day, symbols).await {
        let column = piece.column_by_name("symbol").unwrap().as_any().downcast_ref::<StringArray>().unwrap().clone();
        found.extend((0..column.len()).map(|row| column.value(row).to_owned()));
    }
    found
}

#[tokio::test]
async fn a_korean_day_has_its_ticks_from_midnight_to_midnight_in_order() {
    let times = ["00:00:00", "23:59:59.999999", "12:00:00"].map(|time| at(&format!("{DAY}T{time}+09:00")));
    let ticks: Vec<_> = times.into_iter().map(|event_time| Tick { event_time, ..tick() }).collect();
    let before = Tick { event_time: times[0] - TimeDelta::microseconds(1), ..tick() };
    let behind = Tick { event_time: times[1] + TimeDelta::microseconds(1), ..tick() };
    let batch = Batch { ticks: [&ticks[..], &[before.clone(), behind.clone()]].concat(), ..Batch::default() };
    let (_dir, store) = store_with(&batch).await;
    let [first, last, noon] = &ticks[..] else { panic!("three") };
    let expected = obs_export::ticks(&[first.clone(), noon.clone(), last.clone()]).unwrap();
    assert_eq!(pieces(&store, Dataset::ScalpTicks, day(0), &[]).await, [expected]);
    let expected = obs_export::ticks(&[before]).unwrap();
    assert_eq!(pieces(&store, Dataset::ScalpTicks, day(-1), &[]).await, [expected]);
    let expected = obs_export::ticks(&[behind]).unwrap();
    assert_eq!(pieces(&store, Dataset::ScalpTicks, day(1), &[]).await, [expected]);
    assert!(pieces(&store, Dataset::ScalpTicks, day(2), &[]).await.is_empty());
}

#[tokio::test]
async fn many_ticks_come_in_pieces_that_add_up_to_what_the_store_holds() {
    let of = |number: i32| Tick { event_time: tick().event_time + TimeDelta::milliseconds(20) * number, ..tick() };
    let batch = Batch { ticks: (0..20_000).map(of).collect(), ..Batch::default() };
    let (_dir, store) = store_with(&batch).await;
    let pieces = pieces(&store, Dataset::ScalpTicks, day(0), &[]).await;
    let rows: Vec<_> = pieces.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [16_384, 3_616]);
    let stored = obs_export::ticks(&store.ticks(TimeRange::of_day(day(0)), None).await.unwrap()).unwrap();
    let mut from = 0;
    for piece in pieces {
        assert_eq!(piece, stored.slice(from, piece.num_rows()));
        from += piece.num_rows();
    }
}

#[tokio::test]
async fn one_symbol_several_and_all_are_told_apart() {
    let codes = ["005930", "000660", "0004V0"].map(symbol);
    let batch = Batch {
        ticks: codes.map(|symbol| Tick { symbol, ..tick() }).to_vec(),
        bars: codes.map(|symbol| Bar { symbol, ..samples::bar() }).to_vec(),
        swing_bars: codes.map(|symbol| SwingBar { symbol, ..samples::swing_bar() }).to_vec(),
        volume_breaks: codes.map(|symbol| VolumeBreak { symbol, ..samples::volume_break() }).to_vec(),
        healed_bars: codes.map(|symbol| obs_model::HealedBar { symbol, ..samples::healed_bar() }).to_vec(),
        ..Batch::default()
    };
    let (_dir, store) = store_with(&batch).await;
    for dataset in [Dataset::ScalpTicks, Dataset::ScalpBars, Dataset::SwingBars, Dataset::VolumeBreaks, Dataset::HealedBars]
    {
        let mut all = symbols_of(&store, dataset, day(0), &[]).await;
        all.sort();
        assert_eq!(all, ["0004V0", "000660", "005930"], "{dataset}");
        let two = symbols_of(&store, dataset, day(0), &codes[..2]).await;
        assert!(two.len() == 2 && !two.contains(&"0004V0".to_owned()), "{dataset}: {two:?}");
        assert_eq!(symbols_of(&store, dataset, day(0), &codes[2..]).await, ["0004V0"], "{dataset}");
        assert_eq!(symbols_of(&store, dataset, day(0), &[symbol("111111")]).await, Vec::<String>::new(), "{dataset}");
    }
    // The observed minute of each symbol and the healed one behind it.
    assert_eq!(symbols_of(&store, Dataset::ScalpBarsHealed, day(0), &codes[..1]).await, ["005930", "005930"]);
}

#[tokio::test]
async fn what_lasts_over_midnight_belongs_to_the_day_in_which_it_begins() {
    let midnight = "2026-01-21T14:59:55Z";
    let gaps: Vec<Gap> = vec![gap(midnight), general_gap("2026-01-22T01:00:00Z")];
    let (feed_id, session_id) = (samples::feed_session().feed_id, samples::session());
    let event = |at, change| FeedEvent { feed_id: feed_id.clone(), session_id: session_id.clone(), at, change };
    let feed_events = vec![
        event(at(midnight), FeedChange::Opened),
        event(at(midnight), FeedChange::Subscribed { symbol: symbol("005930") }),
        event(at("2026-01-21T15:10:00Z"), FeedChange::Alive),
    ];
    let (_dir, store) = store_with(&Batch { gaps: gaps.clone(), feed_events, ..Batch::default() }).await;
    let rows = async |dataset, later, symbols: &[Symbol]| {
        let pieces = pieces(&store, dataset, day(later), symbols).await;
        pieces.iter().map(RecordBatch::num_rows).sum::<usize>()
    };
    for (dataset, before, after) in [(Dataset::Gaps, 1, 1), (Dataset::GapSymbols, 2, 0), (Dataset::FeedSessions, 1, 0)] {
        assert_eq!((rows(dataset, -1, &[]).await, rows(dataset, 0, &[]).await), (before, after), "{dataset}");
    }
    // A gap of all symbols is one of any symbol.
    let other = [symbol("035720")];
    assert_eq!((rows(Dataset::Gaps, -1, &other).await, rows(Dataset::Gaps, 0, &other).await), (0, 1));
    assert_eq!(rows(Dataset::GapSymbols, -1, &[symbol("000660")]).await, 1);
}
