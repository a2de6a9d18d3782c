//! Rows that others wrote.

use chrono::{DateTime, Utc};
use obs_model::{PolicyId, PortfolioSnapshot, SnapshotId};
use obs_store::{
    BarRepository, Batch, GapRepository, LoadRepository, QueryRepository, StoreError, TickRepository, TimeRange,
};
use sqlx::{Connection, PgConnection};

use crate::{execute, migrated};

const EVER: TimeRange = TimeRange { from: DateTime::<Utc>::UNIX_EPOCH, until: DateTime::<Utc>::MAX_UTC };

#[tokio::test]
async fn zero_prices_of_the_python_system_are_no_prices() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    execute(
        &database,
        "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, last_price, session_id)
         VALUES ('005930', '2026-01-22 09:00:00+09', 0, 0.0000, 70500, 'track_b_session');
         INSERT INTO swing_bars_10m (symbol, bar_time, open, high, low, close, volume, session_id)
         VALUES ('003410', '2026-01-22 07:29:31+09', 0, 0, 0, 0, 0, 'track_a_session')",
    )
    .await?;
    let tick = &store.ticks(EVER, None).await?[0];
    assert_eq!((tick.bid_price, tick.ask_price, tick.last_price), (None, None, Some("70500".parse()?)));
    assert_eq!(tick.event_time, "2026-01-22T00:00:00Z".parse::<DateTime<Utc>>()?);
    let bar = &store.swing_bars(EVER, None).await?[0];
    assert_eq!((bar.open, bar.high, bar.low, bar.close, bar.bid_price), (None, None, None, None, None));
    Ok(())
}

#[tokio::test]
async fn missing_prices_are_zero_where_the_table_admits_no_null() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    execute(
        &database,
        "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, session_id)
         VALUES ('005930', '2026-01-22 00:00:00+00', 0, 71950.5, 'observer-1')",
    )
    .await?;
    let ticks = store.ticks(EVER, None).await?;
    store.commit(&Batch { ticks, ..Batch::default() }).await?;

    let mut connection = PgConnection::connect(database.url()).await?;
    let stored: Vec<(String, String, Option<String>)> =
        sqlx::query_as("SELECT bid_price::text, ask_price::text, last_price::text FROM scalp_ticks ORDER BY id")
            .fetch_all(&mut connection)
            .await?;
    let expected = ("0.0000".to_owned(), "71950.5000".to_owned(), None);
    assert_eq!(stored, [expected.clone(), expected]);
    Ok(())
}

#[tokio::test]
async fn prices_are_read_to_the_last_decimal() -> anyhow::Result<()> {
    // One to four digits of base 10000, with and without zeros at either end.
    let prices =
        ["0.0001", "0.5", "1", "1.0001", "9999.9999", "10000", "10000.5", "100000000", "71950.25", "99999999999.9999"];
    for price in prices {
        let (database, store) = migrated().await?;
        execute(
            &database,
            &format!(
                "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, last_price, session_id)
                 VALUES ('005930', '2026-01-22 00:00:00+00', {price}, {price}, {price}, 's')"
            ),
        )
        .await?;
        let tick = &store.ticks(EVER, None).await?[0];
        assert_eq!([tick.bid_price, tick.ask_price, tick.last_price], [Some(price.parse()?); 3], "{price}");
    }
    Ok(())
}

#[tokio::test]
async fn a_row_that_is_no_row_of_ours_is_named() -> anyhow::Result<()> {
    let tick = |values: &str| {
        format!(
            "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, session_id, quality_flag) VALUES ({values})"
        )
    };
    let bar = |values: &str| {
        format!("INSERT INTO scalp_1m_bars (symbol, bar_time, open, high, low, close, volume, session_id) VALUES ({values})")
    };
    let gap = "INSERT INTO scalp_gaps (gap_start_ts, gap_end_ts, gap_seconds, reason, session_id)";
    let cases = [
        (tick("'AAPL', NOW(), 1, 1, 's', 'normal'"), "scalp_ticks.symbol of row 1"),
        (tick("'005930', NOW(), -1, 1, 's', 'normal'"), "scalp_ticks.bid_price of row 1"),
        (tick("'005930', NOW(), 1, 'NaN', 's', 'normal'"), "scalp_ticks.ask_price of row 1"),
        (tick("'005930', NOW(), 1, 1, '', 'normal'"), "scalp_ticks.session_id of row 1"),
        (tick("'005930', NOW(), 1, 1, 's', 'good'"), "scalp_ticks.quality_flag of row 1"),
        (tick("'005930', NOW(), 1, 1, 's', NULL"), "scalp_ticks.quality_flag of row 1 is unreadable: it is NULL"),
        (
            bar("'005930', '2026-01-22T00:00:00Z', 1, 1, 1, 1, NULL, 's'"),
            "scalp_1m_bars.volume of row 005930 2026-01-22 00:00:00",
        ),
        (
            bar("'005930', '2026-01-22T00:00:00Z', 1, 1, 2, 1, 1, 's'"),
            "scalp_1m_bars.close of row 005930 2026-01-22 00:00:00",
        ),
        (format!("{gap} VALUES (NOW(), NOW(), 0, 'ws_timeout', 's')"), "scalp_gaps.scope of row 1"),
        (format!("{gap} VALUES (NOW(), 'infinity', 0, 'ws_timeout', 's')"), "scalp_gaps.gap_end_ts of row 1"),
    ];
    for (statement, expected) in cases {
        let (database, store) = migrated().await?;
        execute(&database, &statement).await?;
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
async fn the_latest_snapshot_is_the_newest_and_of_two_the_last() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    execute(
        &database,
        "INSERT INTO portfolio_policy (policy_id, policy_name) VALUES ('core', 'Core');
         INSERT INTO portfolio_snapshot (policy_id, snapshot_time, total_value, cash)
         VALUES ('core', '2026-01-22 00:00:00+00', 1, 0), ('core', '2026-01-23 00:00:00+00', 2, 0),
                ('core', '2026-01-23 00:00:00+00', 123456789.5, 0.0001), ('core', '2026-01-21 00:00:00+00', 4, 0)",
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

#[tokio::test]
async fn the_functions_answer_whoever_asks() -> anyhow::Result<()> {
    let (database, _store) = migrated().await?;
    // A quiet symbol that is listened to until half past, and one of which nothing is known.
    execute(
        &database,
        "SET TIME ZONE 'Asia/Seoul';
         INSERT INTO feed_sessions (feed_id, symbol, attested_from, session_id, attested_until)
         VALUES ('observer-1#1', '005930', '2026-01-22 09:00:00', 'observer-1', '2026-01-22 09:01:30');
         INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, last_price, volume, session_id)
         VALUES ('005930', '2026-01-22 09:01:45.5', 0, 0, 70500, 3, 'observer-1')",
    )
    .await?;
    let mut connection = PgConnection::connect(database.url()).await?;
    let covered: Vec<f64> = sqlx::query_scalar(
        "SELECT observer_coverage(symbol, instant::timestamptz)
         FROM (VALUES ('005930', '2026-01-22 00:00:59Z'), ('005930', '2026-01-22 00:01:00Z'), ('000660', '2026-01-22 00:00:00Z'))
             AS asked (symbol, instant)",
    )
    .fetch_all(&mut connection)
    .await?;
    assert_eq!(covered, [1.0, 61.0 / 120.0, 0.0]);
    let bar: (String, i64, String, f64, String) = sqlx::query_as(
        "SELECT bar_time::text, volume, open::text, coverage_ratio, quality_flag
         FROM observer_aggregate_1m('2026-01-22 00:00Z', '2026-01-22 01:00Z')",
    )
    .fetch_one(&mut connection)
    .await?;
    let expected = ("2026-01-22 00:01:00+00".to_owned(), 3, "70500.0000".to_owned(), 61.0 / 120.0, "degraded".to_owned());
    assert_eq!(bar, expected);
    Ok(())
}
