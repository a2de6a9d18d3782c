//! Rows that others wrote.

use chrono::{DateTime, Utc};
use obs_store::{
    BarRepository, Batch, Digest, GapRepository, LoadRepository, Reject, StoreError, TickRepository, TimeRange,
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
async fn an_acknowledged_line_stays_acknowledged_until_it_changes() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    let reject = |raw: &str| Reject {
        head: Digest::new([1; 32]),
        path: "scalp/20260122_09.jsonl".to_owned(),
        line_number: 1,
        byte_offset: 0,
        reason: "not_json".to_owned(),
        detail: "torn".to_owned(),
        raw: raw.as_bytes().to_vec(),
    };
    let acknowledged = async || {
        let mut connection = PgConnection::connect(database.url()).await?;
        let query = sqlx::query_scalar::<_, bool>("SELECT acknowledged_at IS NOT NULL FROM load_rejects");
        anyhow::Ok(query.fetch_all(&mut connection).await?)
    };
    store.commit(&Batch { rejects: vec![reject("{")], ..Batch::default() }).await?;
    execute(&database, "UPDATE load_rejects SET acknowledged_at = NOW()").await?;
    store.commit(&Batch { rejects: vec![reject("{")], ..Batch::default() }).await?;
    assert_eq!(acknowledged().await?, [true]);
    store.commit(&Batch { rejects: vec![reject("{}}")], ..Batch::default() }).await?;
    assert_eq!(acknowledged().await?, [false]);
    Ok(())
}
