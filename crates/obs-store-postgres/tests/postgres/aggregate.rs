//! The functions for those who ask in SQL.

use obs_store::{
    BarRepository, Derived, TimeRange,
    conformance::{Outcome, aggregate},
};
use sqlx::{Connection, PgConnection};

use crate::migrated;

/// Of the generated sessions of the conformance suite.
#[tokio::test]
async fn the_database_makes_the_bars_that_the_program_makes() -> Outcome {
    let (database, store) = migrated().await?;
    aggregate::is_that_of_the_recorder(&store).await?;
    let range = TimeRange { from: "2026-01-01T00:00:00Z".parse()?, until: "2026-04-01T00:00:00Z".parse()? };
    let bars = store.aggregate(range, None).await?;
    assert!(bars.len() > 100, "{} bars prove little", bars.len());
    store.rebuild(&Derived { range, symbol: None, bars, gaps: None }, false).await?;

    let mut connection = PgConnection::connect(database.url()).await?;
    let different: i64 = sqlx::query_scalar(
        "WITH made AS (SELECT * FROM observer_aggregate_1m('2026-01-01 00:00Z', '2026-04-01 00:00Z')), \
              stored AS (SELECT symbol, bar_time, open, high, low, close, volume, coverage_ratio, session_id, quality_flag \
                         FROM scalp_1m_bars) \
         SELECT count(*) FROM ((TABLE made EXCEPT TABLE stored) UNION ALL (TABLE stored EXCEPT TABLE made)) AS different",
    )
    .fetch_one(&mut connection)
    .await?;
    assert_eq!(different, 0);
    Ok(connection.close().await?)
}
