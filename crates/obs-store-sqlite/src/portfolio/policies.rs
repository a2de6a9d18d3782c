//! Policies, their targets and their versions.

use obs_model::{PolicyId, PolicyVersion, PortfolioPolicy, TargetWeight, Weight};
use obs_store::{
    AppliedPolicy, StoredPolicy,
    adapter::portfolio::{float_of, next_version, weight_of},
};
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{BadCell, bad, cell, checked, instant, instant_text, parsed, read_all, small_or_none},
};

const POLICY: &str = "SELECT policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active \
     FROM portfolio_policy WHERE policy_id = ?1";
const POLICIES: &str = "SELECT policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active \
     FROM portfolio_policy ORDER BY policy_id";
const TARGETS: &str =
    "SELECT policy_id, symbol, target_weight, updated_at FROM target_weights WHERE policy_id = ?1 ORDER BY symbol";
const NEWEST: &str = "SELECT policy_id, version, applied_at, text FROM policy_versions WHERE policy_id = ?1 \
     ORDER BY version DESC LIMIT 1";
const VERSION: &str =
    "SELECT policy_id, version, applied_at, text FROM policy_versions WHERE policy_id = ?1 AND version = ?2";

pub(crate) async fn apply(writer: &SqlitePool, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, Failure> {
    let mut transaction = begin_durable(writer).await?;
    let written = write(&mut transaction, applied, replaces).await;
    finish(transaction, written).await
}

async fn write(connection: &mut SqliteConnection, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, Failure> {
    let AppliedPolicy { policy, targets, text, at } = applied;
    let id = &policy.policy_id;
    let newest = sqlx::query(NEWEST).bind(id.as_str()).fetch_all(&mut *connection).await?;
    let newest = read_versions(&newest)?.pop().map(|newest| newest.version);
    let version = next_version(id, newest, replaces)?;

    sqlx::query(
        "INSERT INTO portfolio_policy \
             (policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (policy_id) DO UPDATE SET policy_name = excluded.policy_name, \
             rebalance_threshold = excluded.rebalance_threshold, rebalance_frequency = excluded.rebalance_frequency, \
             is_active = excluded.is_active",
    )
    .bind(id.as_str())
    .bind(&policy.policy_name)
    .bind(instant_text(policy.created_at))
    .bind(float_of(policy.rebalance_threshold.share()))
    .bind(policy.rebalance_frequency.as_str())
    .bind(policy.is_active)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM target_weights WHERE policy_id = ?1").bind(id.as_str()).execute(&mut *connection).await?;
    for target in targets {
        sqlx::query("INSERT INTO target_weights (policy_id, symbol, target_weight, updated_at) VALUES (?1, ?2, ?3, ?4)")
            .bind(id.as_str())
            .bind(target.symbol.as_str())
            .bind(float_of(target.target_weight.share()))
            .bind(instant_text(target.updated_at))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("INSERT INTO policy_versions (policy_id, version, applied_at, text) VALUES (?1, ?2, ?3, ?4)")
        .bind(id.as_str())
        .bind(i64::from(version))
        .bind(instant_text(*at))
        .bind(text)
        .execute(connection)
        .await?;
    Ok(version)
}

pub(crate) async fn policy(readers: &SqlitePool, policy: &PolicyId) -> Result<Option<StoredPolicy>, Failure> {
    // In one transaction, so that the parts are of the same version.
    let mut transaction = readers.begin().await?;
    let row = sqlx::query(POLICY).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let targets = sqlx::query(TARGETS).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let newest = sqlx::query(NEWEST).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let Some(policy) = read_policies(&row)?.pop() else { return Ok(None) };
    let key = |row: &SqliteRow| format!("{} {}", id_of(row), cell::<&str>(row, "symbol").unwrap_or("?"));
    let targets = read_all("target_weights", &targets, key, read_target)?;
    Ok(Some(StoredPolicy { policy, targets, version: read_versions(&newest)?.pop() }))
}

pub(crate) async fn policies(readers: &SqlitePool) -> Result<Vec<PortfolioPolicy>, Failure> {
    read_policies(&sqlx::query(POLICIES).fetch_all(readers).await?)
}

pub(crate) async fn version(
    readers: &SqlitePool,
    policy: &PolicyId,
    version: u32,
) -> Result<Option<PolicyVersion>, Failure> {
    let row = sqlx::query(VERSION).bind(policy.as_str()).bind(i64::from(version)).fetch_all(readers).await?;
    Ok(read_versions(&row)?.pop())
}

fn read_policies(rows: &[SqliteRow]) -> Result<Vec<PortfolioPolicy>, Failure> {
    Ok(read_all("portfolio_policy", rows, id_of, |row| {
        Ok(PortfolioPolicy {
            policy_id: policy_id(row)?,
            policy_name: cell(row, "policy_name")?,
            created_at: instant(row, "created_at")?,
            rebalance_threshold: weight(row, "rebalance_threshold")?,
            rebalance_frequency: parsed(row, "rebalance_frequency")?,
            is_active: cell(row, "is_active")?,
        })
    })?)
}

fn read_target(row: &SqliteRow) -> Result<TargetWeight, BadCell> {
    Ok(TargetWeight {
        policy_id: policy_id(row)?,
        symbol: parsed(row, "symbol")?,
        target_weight: weight(row, "target_weight")?,
        updated_at: instant(row, "updated_at")?,
    })
}

fn read_versions(rows: &[SqliteRow]) -> Result<Vec<PolicyVersion>, Failure> {
    let key = |row: &SqliteRow| format!("{} {}", id_of(row), crate::row::number_of(row, "version"));
    Ok(read_all("policy_versions", rows, key, |row| {
        Ok(PolicyVersion {
            policy_id: policy_id(row)?,
            version: small_or_none(row, "version")?.ok_or_else(|| bad("version", "it is NULL"))?,
            applied_at: instant(row, "applied_at")?,
            text: cell(row, "text")?,
        })
    })?)
}

pub(super) fn policy_id(row: &SqliteRow) -> Result<PolicyId, BadCell> {
    checked("policy_id", PolicyId::new(cell::<&str>(row, "policy_id")?))
}

/// A share of a portfolio, which the tables hold as a float.
pub(super) fn weight(row: &SqliteRow, column: &'static str) -> Result<Weight, BadCell> {
    weight_of(column, cell(row, column)?)
}

fn id_of(row: &SqliteRow) -> String {
    cell::<&str>(row, "policy_id").unwrap_or("?").to_owned()
}
