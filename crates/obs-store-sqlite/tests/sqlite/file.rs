//! What lies in the file, for other programs that read it.

use chrono::{DateTime, Utc};
use obs_model::{
    Gap, GapReason, GapScope, Ohlc, PolicyId, PortfolioSnapshot, Price, QualityFlag, Quantity, SessionId, SnapshotId, Tick,
};
use obs_store::{
    Advance, BarRepository, Batch, Digest, GapRepository, LineCounts, LoadRepository, Position, QueryRepository, Reject,
    SchemaRepository, StoreError, TickRepository, TimeRange,
};
use obs_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::{connect, execute, migrated};

pub const EVER: TimeRange = TimeRange { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };

/// A trade at a price, with a bid and without an ask.
pub fn tick(last_price: &str) -> anyhow::Result<Tick> {
    Ok(Tick {
        symbol: "005930".parse()?,
        event_time: "2026-01-22T09:00:01.5+09:00".parse()?,
        last_price: Some(last_price.parse()?),
        volume: Some(Quantity::new(10)?),
        bid_price: Some("71900".parse()?),
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id: SessionId::new("observer-1")?,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
}

/// The step of a file from its beginning.
pub fn advance() -> Option<Advance> {
    let (head, path) = (Digest::new([1; 32]), "scalp/20260122_09.jsonl".to_owned());
    let lines = LineCounts { rows: 2, non_data: 0, rejects: 0 };
    Some(Advance { from: None, to: Position { head, path, byte_offset: 100, line_number: 2, content: head, lines } })
}

#[tokio::test]
async fn a_file_is_made_with_its_folders_and_outlives_the_store() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let path = folder.path().join("somewhere/deep/observer.db");
    let store = SqliteStore::open(&path).await?;
    store.migrate().await?;
    store.commit(&Batch { ticks: vec![tick("71950.5")?], advance: advance(), ..Batch::default() }).await?;
    drop(store);

    let store = SqliteStore::open(&path).await?;
    store.check_schema().await?;
    assert_eq!(store.ticks(EVER, None).await?, [tick("71950.5")?]);
    assert_eq!(store.positions().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_store_names_its_file() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    assert_eq!(obs_store::Store::name(&store), format!("SQLite {}", path.display()));
    Ok(())
}

#[tokio::test]
async fn whole_won_are_integers_and_times_can_be_computed_with() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    store.commit(&Batch { ticks: vec![tick("71950")?, tick("71950.25")?], ..Batch::default() }).await?;
    let mut connection = connect(&path).await?;
    let stored: Vec<(String, String, i64, String, String)> = sqlx::query_as(
        "SELECT typeof(last_price), CAST(last_price AS TEXT), ask_price, event_time,
             strftime('%H:%M:%f', event_time, '+9 hours') FROM scalp_ticks ORDER BY id",
    )
    .fetch_all(&mut connection)
    .await?;
    let row = |kind: &str, price: &str| {
        let [kind, price, time, korean] = [kind, price, "2026-01-22T00:00:01.500000Z", "09:00:01.500"].map(str::to_owned);
        (kind, price, 0, time, korean)
    };
    assert_eq!(stored, [row("integer", "71950"), row("real", "71950.25")]);
    Ok(())
}

#[tokio::test]
async fn prices_of_fifteen_digits_survive_every_column() -> anyhow::Result<()> {
    let (_folder, _path, store) = migrated().await?;
    let prices = ["99999999999.9999", "99999999999.9998", "12345678901.2345", "0.0001", "0.0002", "10000000000.0001"];
    let ticks = prices.iter().map(|price| tick(price)).collect::<anyhow::Result<Vec<_>>>()?;
    let bar = obs_model::Bar {
        symbol: "005930".parse()?,
        bar_time: "2026-01-22T00:00:00Z".parse()?,
        ohlc: Ohlc::new("12345678901.2345".parse()?, Price::MAX, Price::MIN, "10000000000.0001".parse()?)?,
        volume: Quantity::MAX,
        coverage: obs_model::Coverage::FULL,
        session_id: SessionId::new("observer-1")?,
        quality_flag: QualityFlag::Normal,
    };
    store.commit(&Batch { ticks: ticks.clone(), bars: vec![bar.clone()], ..Batch::default() }).await?;
    assert_eq!(store.ticks(EVER, None).await?, ticks);
    assert_eq!(store.bars(EVER, None).await?, [bar]);
    Ok(())
}

#[tokio::test]
async fn a_row_that_is_no_row_of_ours_is_named() -> anyhow::Result<()> {
    let tick = |values: &str| {
        format!(
            "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, session_id, quality_flag) VALUES ({values})"
        )
    };
    let now = "'2026-01-22T00:00:00.000000Z'";
    let bar = "INSERT INTO scalp_1m_bars (symbol, bar_time, open, high, low, close, volume, session_id)";
    let gap = "INSERT INTO scalp_gaps (gap_start_ts, gap_end_ts, gap_seconds, reason, session_id)";
    let cases = [
        (tick(&format!("'AAPL', {now}, 1, 1, 's', 'normal'")), "scalp_ticks.symbol of row 1"),
        (tick(&format!("'005930', {now}, -1, 1, 's', 'normal'")), "scalp_ticks.bid_price of row 1"),
        (tick(&format!("'005930', {now}, 1, 0.00001, 's', 'normal'")), "scalp_ticks.ask_price of row 1"),
        (tick("'005930', '2026-01-22 nine', 1, 1, 's', 'normal'"), "scalp_ticks.event_time of row 1"),
        (tick(&format!("'005930', {now}, 1, 1, 's', NULL")), "scalp_ticks.quality_flag of row 1 is unreadable: it is NULL"),
        (format!("{bar} VALUES ('005930', {now}, 1, 1, 1, 1, NULL, 's')"), "scalp_1m_bars.volume of row 005930 2026-01-22"),
        (format!("{bar} VALUES ('005930', {now}, 1, 1, 2, 1, 1, 's')"), "scalp_1m_bars.close of row 005930 2026-01-22"),
        (format!("{gap} VALUES ({now}, {now}, 0, 'ws_timeout', 's')"), "scalp_gaps.scope of row 1"),
    ];
    for (statement, expected) in cases {
        let (_folder, path, store) = migrated().await?;
        execute(&path, &statement).await?;
        let read = [
            store.ticks(EVER, None).await.map(drop),
            store.bars(EVER, None).await.map(drop),
            store.gaps(EVER).await.map(drop),
        ];
        let errors: Vec<_> = read.into_iter().filter_map(Result::err).collect();
        let [error @ StoreError::CorruptRow { .. }] = errors.as_slice() else {
            panic!("{statement} is read as {errors:?}");
        };
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn texts_may_hold_the_character_nul() -> anyhow::Result<()> {
    let (_folder, _path, store) = migrated().await?;
    let reject = Reject {
        head: Digest::new([1; 32]),
        path: "scalp/20260122_09.jsonl".to_owned(),
        line_number: 1,
        byte_offset: 0,
        reason: "not_json".to_owned(),
        detail: "a strange \0 character".to_owned(),
        raw: b"{".to_vec(),
    };
    store.commit(&Batch { rejects: vec![reject.clone()], ..Batch::default() }).await?;
    assert_eq!(store.rejects(10).await?, [reject]);
    Ok(())
}

#[tokio::test]
async fn the_symbols_of_a_deleted_gap_are_not_those_of_the_next() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    let at = "2026-01-22T00:00:00Z".parse()?;
    let session = SessionId::new("observer-1")?;
    let gap = |symbol: &str| {
        let symbols = vec![symbol.parse()?];
        anyhow::Ok(Gap::new((at, at), GapScope::Scalp, GapReason::WsTimeout, symbols, session.clone())?)
    };
    store.commit(&Batch { gaps: vec![gap("005930")?], ..Batch::default() }).await?;
    execute(&path, "PRAGMA foreign_keys = OFF; DELETE FROM scalp_gaps").await?;
    store.commit(&Batch { gaps: vec![gap("000660")?], ..Batch::default() }).await?;
    assert_eq!(store.gaps(EVER).await?, [gap("000660")?]);
    Ok(())
}

#[tokio::test]
async fn the_latest_snapshot_is_the_newest_and_of_two_the_last() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    execute(
        &path,
        "INSERT INTO portfolio_policy (policy_id, policy_name) VALUES ('core', 'Core');
         INSERT INTO portfolio_snapshot (policy_id, snapshot_time, total_value, cash)
         VALUES ('core', '2026-01-22T00:00:00.000000Z', 1, 0), ('core', '2026-01-23T00:00:00.000000Z', 2, 0),
                ('core', '2026-01-23T00:00:00.000000Z', '123456789.5', '0.0001'),
                ('core', '2026-01-21T00:00:00.000000Z', 4, 0)",
    )
    .await?;
    let expected = PortfolioSnapshot {
        snapshot_id: SnapshotId(3),
        policy_id: PolicyId::new("core")?,
        policy_version: None,
        snapshot_time: "2026-01-23T00:00:00Z".parse()?,
        total_value: "123456789.5".parse()?,
        cash: "0.0001".parse()?,
        drift: None,
        source: None,
    };
    assert_eq!(store.latest_snapshot().await?, Some(expected));
    Ok(())
}
