//! What an approval holds for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use chrono::{DateTime, SecondsFormat, Utc};
use obs_model::{
    OrderType, PlanDigest, PlannedOrder, PolicyId, Price, RebalanceOrder, RebalancePlan, SnapshotId, Symbol, Weight,
};
use rust_decimal::Decimal;

/// Everything that an approval binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanTerms<'a> {
    /// The policy.
    pub policy_id: &'a PolicyId,
    /// Its version.
    pub policy_version: Option<u32>,
    /// The snapshot that the plan starts from.
    pub snapshot_id: SnapshotId,
    /// When the plan was made.
    pub created_at: DateTime<Utc>,
    /// From when on it may not be begun any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its orders. Their order plays no part, their sequence numbers do.
    pub orders: &'a [PlannedOrder],
}

/// The digest of a plan: a BLAKE3 hash of all its terms, written one a line. Instants count to the microsecond, as databases keep
/// them; what is finer is cut off.
#[must_use]
pub fn digest(terms: &PlanTerms<'_>) -> PlanDigest {
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    // The name is quoted: it may hold what else ends a field.
    let mut text = format!("plan of policy {:?}\n", terms.policy_id.as_str());
    let version = terms.policy_version.map_or("-".to_owned(), |version| version.to_string());
    let expiry = terms.expires_at.map_or("-".to_owned(), instant);
    let (snapshot, created) = (terms.snapshot_id, instant(terms.created_at));
    let _ = writeln!(text, "version {version}\nsnapshot {snapshot}\ncreated {created}\nexpires {expiry}");
    let mut orders: Vec<String> = terms.orders.iter().map(line).collect();
    orders.sort_unstable();
    for order in orders {
        text.push_str(&order);
    }
    // A hash always has 64 hexadecimal digits.
    PlanDigest::new(blake3::hash(text.as_bytes()).to_hex().to_string()).unwrap_or_else(|_| unreachable!())
}

/// The digest of a plan that is stored, as it was when it was made: orders that took the place of others do not count, and what
/// has happened to it neither. `None` if an order lacks what the Python system did not record, or has a limit and says that it
/// has none.
#[must_use]
pub fn digest_of(plan: &RebalancePlan, orders: &[RebalanceOrder]) -> Option<PlanDigest> {
    let planned = orders.iter().filter(|order| order.replaces.is_none()).map(|order| {
        let (symbol, side, quantity, limit_price) = (order.symbol, order.side, order.target_qty, order.limit_price);
        let (sequence, decision_price) = (order.sequence?, order.decision_price?);
        let says_limit = order.order_type == OrderType::Limit;
        (says_limit == limit_price.is_some()).then_some(())?;
        Some(PlannedOrder { sequence, symbol, side, quantity, limit_price, decision_price })
    });
    let orders: Vec<PlannedOrder> = planned.collect::<Option<_>>()?;
    Some(digest(&PlanTerms {
        policy_id: &plan.policy_id,
        policy_version: plan.policy_version,
        snapshot_id: plan.snapshot_id,
        created_at: plan.created_at,
        expires_at: plan.expires_at,
        orders: &orders,
    }))
}

/// Symbols of a plan whose price has moved farther from the price at decision than by a part of it, with both prices. Whether a
/// price is missing from `current` is for the caller to see.
#[must_use]
pub fn moved(orders: &[PlannedOrder], current: &BTreeMap<Symbol, Price>, limit: Weight) -> Vec<(Symbol, Price, Price)> {
    let prices: BTreeSet<(Symbol, Price)> = orders.iter().map(|order| (order.symbol, order.decision_price)).collect();
    let both = prices.into_iter().filter_map(|(symbol, decided)| Some((symbol, decided, *current.get(&symbol)?)));
    let is_far = |decided: Price, now: Price| {
        let (decided, now) = (Decimal::from(decided), Decimal::from(now));
        (now - decided).abs() > decided * limit.share()
    };
    both.filter(|(_, decided, now)| is_far(*decided, *now)).collect()
}

fn line(order: &PlannedOrder) -> String {
    let PlannedOrder { sequence, symbol, side, quantity, limit_price, decision_price } = order;
    let limit = limit_price.map_or("market".to_owned(), |price| price.to_string());
    format!("order {sequence} {side} {quantity} {symbol} limit {limit} decided {decision_price}\n")
}
