//! Policies, their targets and their versions.

use obs_model::{PolicyId, PolicyVersion, PortfolioPolicy, TargetWeight, Weight};
use obs_store::{
    AppliedPolicy, StoredPolicy,
    adapter::portfolio::{float_of, next_version, weight_of},
};
use sqlx::{PgConnection, PgPool, postgres::PgRow};

use crate::{
    commit::{begin_durable, finish},
    error::Failure,
    row::{BadCell, bad, cell, checked, instant, parsed, read_all, small, small_or_none, without_nul},
    wire::Instant,
};

/// How several statements read the same moment.
pub(super) const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

const POLICY: &str = "SELECT policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active \
     FROM portfolio_policy WHERE policy_id = $1";
const POLICIES: &str = "SELECT policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active \
     FROM portfolio_policy ORDER BY policy_id COLLATE \"C\"";
const TARGETS: &str = "SELECT policy_id, symbol, target_weight, updated_at FROM target_weights WHERE policy_id = $1 \
     ORDER BY symbol COLLATE \"C\"";
const NEWEST: &str = "SELECT policy_id, version, applied_at, text FROM policy_versions WHERE policy_id = $1 \
     ORDER BY version DESC LIMIT 1";
const VERSION: &str =
    "SELECT policy_id, version, applied_at, text FROM policy_versions WHERE policy_id = $1 AND version = $2";

pub(crate) async fn apply(pool: &PgPool, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, Failure> {
    let mut transaction = begin_durable(pool).await?;
    let written = write(&mut transaction, applied, replaces).await;
    finish(transaction, written).await
}

async fn write(connection: &mut PgConnection, applied: &AppliedPolicy, replaces: Option<u32>) -> Result<u32, Failure> {
    let AppliedPolicy { policy, targets, text, at } = applied;
    let id = &policy.policy_id;
    // First, because it locks the row: of two who apply at once the second finds the version of the first.
    sqlx::query(
        "INSERT INTO portfolio_policy \
             (policy_id, policy_name, created_at, rebalance_threshold, rebalance_frequency, is_active) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (policy_id) DO UPDATE SET policy_name = excluded.policy_name, \
             rebalance_threshold = excluded.rebalance_threshold, rebalance_frequency = excluded.rebalance_frequency, \
             is_active = excluded.is_active",
    )
    .bind(id.as_str())
    .bind(without_nul(&policy.policy_name))
    .bind(Instant(policy.created_at))
    .bind(float_of(policy.rebalance_threshold.share()))
    .bind(policy.rebalance_frequency.as_str())
    .bind(policy.is_active)
    .execute(&mut *connection)
    .await?;
    let newest = sqlx::query(NEWEST).bind(id.as_str()).fetch_all(&mut *connection).await?;
    let newest = read_versions(&newest)?.pop().map(|newest| newest.version);
    let version = next_version(id, newest, replaces)?;

    sqlx::query("DELETE FROM target_weights WHERE policy_id = $1").bind(id.as_str()).execute(&mut *connection).await?;
    for target in targets {
        sqlx::query("INSERT INTO target_weights (policy_id, symbol, target_weight, updated_at) VALUES ($1, $2, $3, $4)")
            .bind(id.as_str())
            .bind(target.symbol.as_str())
            .bind(float_of(target.target_weight.share()))
            .bind(Instant(target.updated_at))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("INSERT INTO policy_versions (policy_id, version, applied_at, text) VALUES ($1, $2, $3, $4)")
        .bind(id.as_str())
        .bind(small(version))
        .bind(Instant(*at))
        .bind(without_nul(text))
        .execute(connection)
        .await?;
    Ok(version)
}

pub(crate) async fn policy(pool: &PgPool, policy: &PolicyId) -> Result<Option<StoredPolicy>, Failure> {
    // In one transaction, so that the parts are of the same version.
    let mut transaction = pool.begin_with(BEGIN_READING).await?;
    let row = sqlx::query(POLICY).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let targets = sqlx::query(TARGETS).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let newest = sqlx::query(NEWEST).bind(policy.as_str()).fetch_all(&mut *transaction).await?;
    let Some(policy) = read_policies(&row)?.pop() else { return Ok(None) };
    let key = |row: &PgRow| format!("{} {}", id_of(row), cell::<&str>(row, "symbol").unwrap_or("?"));
    let targets = read_all("target_weights", &targets, key, read_target)?;
    Ok(Some(StoredPolicy { policy, targets, version: read_versions(&newest)?.pop() }))
}

pub(crate) async fn policies(pool: &PgPool) -> Result<Vec<PortfolioPolicy>, Failure> {
    read_policies(&sqlx::query(POLICIES).fetch_all(pool).await?)
}

pub(crate) async fn version(pool: &PgPool, policy: &PolicyId, version: u32) -> Result<Option<PolicyVersion>, Failure> {
    let row = sqlx::query(VERSION).bind(policy.as_str()).bind(small(version)).fetch_all(pool).await?;
    Ok(read_versions(&row)?.pop())
}

fn read_policies(rows: &[PgRow]) -> Result<Vec<PortfolioPolicy>, Failure> {
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

fn read_target(row: &PgRow) -> Result<TargetWeight, BadCell> {
    Ok(TargetWeight {
        policy_id: policy_id(row)?,
        symbol: parsed(row, "symbol")?,
        target_weight: weight(row, "target_weight")?,
        updated_at: instant(row, "updated_at")?,
    })
}

fn read_versions(rows: &[PgRow]) -> Result<Vec<PolicyVersion>, Failure> {
    let key = |row: &PgRow| format!("{} {}", id_of(row), cell::<i32>(row, "version").unwrap_or_default());
    Ok(read_all("policy_versions", rows, key, |row| {
        Ok(PolicyVersion {
            policy_id: policy_id(row)?,
            version: small_or_none(row, "version")?.ok_or_else(|| bad("version", "it is NULL"))?,
            applied_at: instant(row, "applied_at")?,
            text: cell(row, "text")?,
        })
    })?)
}

pub(super) fn policy_id(row: &PgRow) -> Result<PolicyId, BadCell> {
    checked("policy_id", PolicyId::new(cell::<&str>(row, "policy_id")?))
}

/// A share of a portfolio, which the tables hold as a float.
pub(super) fn weight(row: &PgRow, column: &'static str) -> Result<Weight, BadCell> {
    weight_of(column, cell(row, column)?)
}

fn id_of(row: &PgRow) -> String {
    cell::<&str>(row, "policy_id").unwrap_or("?").to_owned()
}
