//! Prices, volumes and snapshots out of the record.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{
    Bar, Calendar, Coverage, Gap, GapReason, GapScope, HoldingsSource, Ohlc, PolicyId, Price, PriceSource, QualityFlag,
    SchemaVersion, SessionId, SwingBar, Tick, Weight,
};
use obs_portfolio::{Doubt, PriceRules, ValuationError};
use obs_rebalance::{SnapshotError, SnapshotRequest, known_prices, recent_volumes, take_snapshot};
use obs_store::{Batch, LoadRepository, PortfolioRepository, SchemaRepository};
use obs_store_sqlite::SqliteStore;
use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::support::{HELD, OTHER, money, quantity, symbol, won};

/// Ten in the Korean morning of a trading day.
pub fn ten() -> DateTime<Utc> {
    "2026-01-22T01:00:00Z".parse().unwrap()
}

pub fn session() -> SessionId {
    "observer-test".parse().unwrap()
}

pub fn tick(code: &str, price: i64, quotes: Option<(i64, i64)>, at: DateTime<Utc>) -> Tick {
    Tick {
        symbol: symbol(code),
        event_time: at,
        last_price: Some(won(price)),
        volume: Some(quantity(1)),
        bid_price: quotes.map(|(bid, _)| won(bid)),
        ask_price: quotes.map(|(_, ask)| won(ask)),
        bid_size: None,
        ask_size: None,
        session_id: session(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

fn bar(code: &str, close: i64, at: DateTime<Utc>) -> Bar {
    Bar {
        symbol: symbol(code),
        bar_time: at,
        ohlc: Ohlc::of(won(close)),
        volume: quantity(1),
        coverage: Coverage::FULL,
        session_id: session(),
        quality_flag: QualityFlag::Normal,
    }
}

fn swing(code: &str, close: Option<i64>, volume: i64, at: DateTime<Utc>) -> SwingBar {
    let price: Option<Price> = close.map(won);
    SwingBar {
        symbol: symbol(code),
        bar_time: at,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Some(quantity(volume)),
        bid_price: None,
        ask_price: None,
        session_id: session(),
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

pub async fn store(batch: Batch) -> (TempDir, SqliteStore) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("observer.db")).await.unwrap();
    store.migrate().await.unwrap();
    store.commit(&batch).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn the_newest_of_trade_and_bars_is_the_price_and_a_bar_is_as_old_as_its_end() {
    let at = |minutes| ten() + TimeDelta::minutes(minutes);
    let batch = Batch {
        ticks: vec![tick(HELD, 100, None, at(-30)), tick(OTHER, 200, None, at(-2))],
        bars: vec![bar(HELD, 101, at(-30)), bar(OTHER, 201, at(-40))],
        swing_bars: vec![swing(HELD, Some(102), 10, at(-30)), swing(HELD, None, 0, at(-20)), swing(HELD, Some(9), 1, at(5))],
        ..Batch::default()
    };
    let (_folder, store) = store(batch).await;
    let symbols = BTreeSet::from([symbol(HELD), symbol(OTHER), symbol("035420")]);
    let prices = known_prices(&store, &symbols, &Calendar::krx(), ten()).await.unwrap();
    let short: Vec<_> = prices.values().map(|price| (price.price, price.at, price.source, price.is_in_gap)).collect();
    // By symbol: 000660, 005930. What begins in the future is not known yet.
    let expected = [(won(200), at(-2), PriceSource::Tick, false), (won(102), at(-20), PriceSource::SwingBar, false)];
    assert_eq!(short, expected);
}

#[tokio::test]
async fn a_gap_after_a_price_makes_it_doubtful_only_in_its_own_track_and_while_the_market_is_open() {
    let at = |minutes| ten() + TimeDelta::minutes(minutes);
    let gap =
        |from, until, scope, symbols| Gap::new((from, until), scope, GapReason::WsDisconnect, symbols, session()).unwrap();
    let ticks = vec![tick(HELD, 100, None, at(-10)), tick(OTHER, 200, None, at(-10))];
    let cases = [
        (vec![], [false, false]),
        (vec![gap(at(-8), at(-7), GapScope::Scalp, vec![symbol(HELD)])], [true, false]),
        (vec![gap(at(-8), at(-7), GapScope::Swing, vec![])], [false, false]),
        (vec![gap(at(-12), at(-9), GapScope::All, vec![])], [true, true]),
        (vec![gap(at(-20), at(-11), GapScope::Scalp, vec![])], [false, false]),
        // At night.
        (vec![gap(at(7 * 60), at(8 * 60), GapScope::Scalp, vec![])], [false, false]),
    ];
    for (gaps, expected) in cases {
        let (_folder, store) = store(Batch { ticks: ticks.clone(), gaps: gaps.clone(), ..Batch::default() }).await;
        let symbols = BTreeSet::from([symbol(HELD), symbol(OTHER)]);
        let prices = known_prices(&store, &symbols, &Calendar::krx(), at(10 * 60)).await.unwrap();
        let found = [prices[&symbol(HELD)].is_in_gap, prices[&symbol(OTHER)].is_in_gap];
        assert_eq!(found, expected, "{gaps:?}");
    }
}

#[tokio::test]
async fn the_mean_volume_is_of_the_last_twenty_bars_in_which_something_was_traded() {
    let at = |number: i64| ten() - TimeDelta::minutes(10 * number);
    // The last 20 with trades have 100 shares each; an empty one lies between them, and older ones have more.
    let bars = (1..=30).map(|number| match number {
        3 => swing(HELD, None, 0, at(number)),
        1..=21 => swing(HELD, Some(100), 100, at(number)),
        _ => swing(HELD, Some(100), 9_999, at(number)),
    });
    let (_folder, store) = store(Batch { swing_bars: bars.collect(), ..Batch::default() }).await;
    let symbols = BTreeSet::from([symbol(HELD), symbol(OTHER)]);
    let volumes = recent_volumes(&store, &symbols, ten()).await.unwrap();
    assert_eq!(volumes, BTreeMap::from([(symbol(HELD), quantity(100))]));
}

#[tokio::test]
async fn a_snapshot_is_stored_with_where_its_prices_came_from_and_not_at_all_with_doubtful_ones() {
    let batch = Batch { ticks: vec![tick(HELD, 100, None, ten() - TimeDelta::minutes(5))], ..Batch::default() };
    let (_folder, store) = store(batch).await;
    let mut request = SnapshotRequest {
        policy_id: PolicyId::new("core").unwrap(),
        policy_version: Some(1),
        targets: BTreeMap::from([(symbol(HELD), Weight::new(Decimal::new(5, 1)).unwrap())]),
        rules: PriceRules { oldest: TimeDelta::minutes(2), accepted: BTreeSet::new() },
        holdings: BTreeMap::from([(symbol(HELD), quantity(6))]),
        cash: money(400),
        source: HoldingsSource::File,
        quotes: BTreeMap::new(),
    };
    apply(&store).await;
    let error = take_snapshot(&store, &request, &Calendar::krx(), ten()).await.unwrap_err();
    let SnapshotError::Value(ValuationError::Doubtful(doubtful)) = error else { panic!("{error}") };
    assert_eq!(doubtful, [(symbol(HELD), Doubt::Stale { age: TimeDelta::minutes(5) })]);
    assert_eq!(store.snapshots(None, 9).await.unwrap(), []);

    request.rules.accepted.insert(symbol(HELD));
    let (number, valuation) = take_snapshot(&store, &request, &Calendar::krx(), ten()).await.unwrap();
    let (snapshot, positions) = store.snapshot(number).await.unwrap().unwrap();
    assert_eq!((snapshot.total_value, snapshot.drift), (money(1_000), Some(Decimal::new(1, 1))));
    assert_eq!(valuation.total, snapshot.total_value);
    assert_eq!((positions[0].price_source, positions[0].market_value), (Some(PriceSource::Tick), money(600)));
    assert_eq!(positions[0].doubt.as_deref(), Some("5 minutes of trading old"));
}

async fn apply(store: &SqliteStore) {
    let policy = obs_model::PortfolioPolicy {
        policy_id: PolicyId::new("core").unwrap(),
        policy_name: "Core".to_owned(),
        created_at: ten(),
        rebalance_threshold: Weight::default(),
        rebalance_frequency: obs_model::RebalanceFrequency::Daily,
        is_active: true,
    };
    let applied = obs_store::AppliedPolicy { policy, targets: Vec::new(), text: String::new(), at: ten() };
    store.apply_policy(&applied, None).await.unwrap();
}
