//! When feeds were attested alive.

use obs_model::{FeedChange, FeedEvent, FeedSession};
use obs_store::{Committed, Table, TimeRange, adapter::telling};
use sqlx::{PgConnection, PgPool, postgres::PgRow};

use crate::{
    error::Failure,
    row::{BadCell, cell, checked, instant, parsed, read_all, symbol_and},
    wire::Instant,
};

/// Applies changes in their order.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    events: &[FeedEvent],
    committed: &mut Committed,
) -> Result<(), sqlx::Error> {
    for event in telling(events) {
        let (inserted, updated) = apply_one(connection, event).await?;
        committed.add(Table::FeedSessions, inserted, updated);
    }
    Ok(())
}

/// Applies one change, and returns how many rows it made and changed.
async fn apply_one(connection: &mut PgConnection, event: &FeedEvent) -> Result<(u64, u64), sqlx::Error> {
    let FeedEvent { feed_id, session_id, at, change } = event;
    let query = match change {
        FeedChange::Opened => return Ok((0, 0)),
        FeedChange::Subscribed { symbol } => {
            let written = sqlx::query(
                "INSERT INTO feed_sessions (feed_id, symbol, attested_from, session_id, attested_until) \
                 VALUES ($1, $2, $3, $4, $3) ON CONFLICT (feed_id, symbol, attested_from) DO NOTHING",
            )
            .bind(feed_id.as_str())
            .bind(symbol.as_str())
            .bind(Instant(*at))
            .bind(session_id.as_str())
            .execute(connection)
            .await?;
            return Ok((written.rows_affected(), 0));
        }
        FeedChange::Unsubscribed { symbol } => sqlx::query(
            "UPDATE feed_sessions SET attested_until = greatest(attested_until, $2), closed = TRUE \
             WHERE feed_id = $1 AND symbol = $3 AND NOT closed",
        )
        .bind(feed_id.as_str())
        .bind(Instant(*at))
        .bind(symbol.as_str()),
        FeedChange::Alive => sqlx::query(
            "UPDATE feed_sessions SET attested_until = greatest(attested_until, $2) WHERE feed_id = $1 AND NOT closed",
        )
        .bind(feed_id.as_str())
        .bind(Instant(*at)),
        FeedChange::Closed { .. } => {
            sqlx::query("UPDATE feed_sessions SET closed = TRUE WHERE feed_id = $1 AND NOT closed").bind(feed_id.as_str())
        }
    };
    Ok((0, query.execute(connection).await?.rows_affected()))
}

pub(crate) async fn sessions(pool: &PgPool, range: TimeRange) -> Result<Vec<FeedSession>, Failure> {
    let rows = sqlx::query(
        "SELECT feed_id, symbol, attested_from, session_id, attested_until, closed FROM feed_sessions \
         WHERE attested_from < $2 AND (attested_until > $1 OR attested_from >= $1) \
         ORDER BY feed_id COLLATE \"C\", symbol COLLATE \"C\", attested_from",
    )
    .bind(Instant::bound(range.from))
    .bind(Instant::bound(range.until))
    .fetch_all(pool)
    .await?;
    Ok(read_all("feed_sessions", &rows, |row| symbol_and(row, "attested_from"), read)?)
}

fn read(row: &PgRow) -> Result<FeedSession, BadCell> {
    Ok(FeedSession {
        feed_id: checked("feed_id", obs_model::FeedId::new(cell(row, "feed_id")?))?,
        session_id: parsed(row, "session_id")?,
        symbol: parsed(row, "symbol")?,
        attested_from: instant(row, "attested_from")?,
        attested_until: instant(row, "attested_until")?,
        closed: cell(row, "closed")?,
    })
}
