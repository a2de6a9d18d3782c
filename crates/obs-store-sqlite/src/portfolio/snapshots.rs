//! What a portfolio held and was worth.

use obs_model::{PolicyId, PortfolioPosition, PortfolioSnapshot, PriceSource, SnapshotId};
use obs_store::adapter::portfolio::float_of;
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use super::policies::{policy_id, weight};
use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{
        BadCell, cell, cell_or_none, instant, instant_or_none, instant_text, number_of, parsed, parsed_or_none, price,
        quantity, read_all, small_or_none,
    },
};

const SNAPSHOT: &str = "SELECT snapshot_id, policy_id, policy_version, snapshot_time, \
     CAST(total_value AS TEXT) AS total_value, CAST(cash AS TEXT) AS cash, drift, source FROM portfolio_snapshot WHERE snapshot_id = ?1";
const NEWEST: &str = "SELECT snapshot_id, policy_id, policy_version, snapshot_time, CAST(total_value AS TEXT) AS total_value, \
     CAST(cash AS TEXT) AS cash, drift, source FROM portfolio_snapshot \
     WHERE ?1 IS NULL OR policy_id = ?1 ORDER BY snapshot_time DESC, snapshot_id DESC LIMIT ?2";
const POSITIONS: &str = "SELECT position_id, snapshot_id, symbol, quantity, CAST(market_price AS TEXT) AS market_price, \
     CAST(market_value AS TEXT) AS market_value, current_weight, target_weight, price_time, price_source, doubt \
     FROM portfolio_positions WHERE snapshot_id = ?1 ORDER BY symbol, position_id";

pub(crate) async fn add(
    writer: &SqlitePool,
    snapshot: &PortfolioSnapshot,
    positions: &[PortfolioPosition],
) -> Result<SnapshotId, Failure> {
    let mut transaction = begin_durable(writer).await?;
    let written = write(&mut transaction, snapshot, positions).await;
    finish(transaction, written.map_err(Failure::from)).await
}

async fn write(
    connection: &mut SqliteConnection,
    snapshot: &PortfolioSnapshot,
    positions: &[PortfolioPosition],
) -> Result<SnapshotId, sqlx::Error> {
    let written = sqlx::query(
        "INSERT INTO portfolio_snapshot (policy_id, policy_version, snapshot_time, total_value, cash, drift, source) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(snapshot.policy_id.as_str())
    .bind(snapshot.policy_version.map(i64::from))
    .bind(instant_text(snapshot.snapshot_time))
    .bind(snapshot.total_value.to_string())
    .bind(snapshot.cash.to_string())
    .bind(snapshot.drift.map(|drift| drift.to_string()))
    .bind(snapshot.source.map(|source| source.as_str()))
    .execute(&mut *connection)
    .await?;
    let id = written.last_insert_rowid();
    for position in positions {
        let (current, target) = (position.current_weight.share(), position.target_weight.share());
        sqlx::query(
            "INSERT INTO portfolio_positions \
                 (snapshot_id, symbol, quantity, market_price, market_value, current_weight, target_weight, weight_diff, \
                  price_time, price_source, doubt) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )
        .bind(id)
        .bind(position.symbol.as_str())
        .bind(position.quantity.shares())
        .bind(position.market_price.to_string())
        .bind(position.market_value.to_string())
        .bind(float_of(current))
        .bind(float_of(target))
        .bind(float_of(current - target))
        .bind(position.price_time.map(instant_text))
        .bind(position.price_source.map(PriceSource::as_str))
        .bind(position.doubt.as_deref())
        .execute(&mut *connection)
        .await?;
    }
    Ok(SnapshotId(id))
}

/// A snapshot and its positions. Both were written at once and are never changed.
pub(crate) async fn snapshot(
    readers: &SqlitePool,
    snapshot: SnapshotId,
) -> Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>, Failure> {
    let row = sqlx::query(SNAPSHOT).bind(snapshot.0).fetch_all(readers).await?;
    let Some(found) = read_snapshots(&row)?.pop() else { return Ok(None) };
    let rows = sqlx::query(POSITIONS).bind(snapshot.0).fetch_all(readers).await?;
    let positions = read_all("portfolio_positions", &rows, |row| number_of(row, "position_id"), read_position)?;
    Ok(Some((found, positions)))
}

pub(crate) async fn newest(
    readers: &SqlitePool,
    policy: Option<&PolicyId>,
    limit: u32,
) -> Result<Vec<PortfolioSnapshot>, Failure> {
    let query = sqlx::query(NEWEST).bind(policy.map(PolicyId::as_str)).bind(i64::from(limit));
    read_snapshots(&query.fetch_all(readers).await?)
}

pub(crate) async fn latest(readers: &SqlitePool) -> Result<Option<PortfolioSnapshot>, Failure> {
    Ok(newest(readers, None, 1).await?.pop())
}

fn read_snapshots(rows: &[SqliteRow]) -> Result<Vec<PortfolioSnapshot>, Failure> {
    let key = |row: &SqliteRow| number_of(row, "snapshot_id");
    Ok(read_all("portfolio_snapshot", rows, key, |row| {
        Ok(PortfolioSnapshot {
            snapshot_id: SnapshotId(cell(row, "snapshot_id")?),
            policy_id: policy_id(row)?,
            policy_version: small_or_none(row, "policy_version")?,
            snapshot_time: instant(row, "snapshot_time")?,
            total_value: parsed(row, "total_value")?,
            cash: parsed(row, "cash")?,
            drift: parsed_or_none(row, "drift")?,
            source: parsed_or_none(row, "source")?,
        })
    })?)
}

fn read_position(row: &SqliteRow) -> Result<PortfolioPosition, BadCell> {
    Ok(PortfolioPosition {
        snapshot_id: SnapshotId(cell(row, "snapshot_id")?),
        symbol: parsed(row, "symbol")?,
        quantity: quantity(row, "quantity")?,
        market_price: price(row, "market_price")?,
        market_value: parsed(row, "market_value")?,
        current_weight: weight(row, "current_weight")?,
        target_weight: weight(row, "target_weight")?,
        price_time: instant_or_none(row, "price_time")?,
        price_source: parsed_or_none(row, "price_source")?,
        doubt: cell_or_none(row, "doubt")?,
    })
}
