//! Values that cases start from.

use obs_model::{
    BrokerKind, BrokerOrder, ExecutionStatus, Forecast, HoldingsSource, Money, OrderId, PlanDigest, PlanId, PlanStep,
    PlannedOrder, PolicyId, PortfolioPolicy, PortfolioPosition, PortfolioSnapshot, PriceSource, Quantity,
    RebalanceExecution, RebalanceFrequency, Side, SnapshotId, TargetWeight, Weight,
};

use super::times::at;
use crate::{AppliedPolicy, NewPlan, Store, StoreError, StoredPlan, conformance::Made};

pub(super) const EVENING: &str = "2026-01-22T09:00:00.25Z";
pub(super) const MORNING: &str = "2026-01-23T00:31:00Z";

pub(super) fn id() -> Made<PolicyId> {
    Ok(PolicyId::new("balanced")?)
}

pub(super) fn weight(share: &str) -> Made<Weight> {
    Ok(Weight::new(share.parse()?)?)
}

pub(super) fn won(amount: &str) -> Made<Money> {
    Ok(amount.parse()?)
}

/// Half and half of two symbols.
pub(super) fn policy() -> Made<AppliedPolicy> {
    let targets = [("000660", "0.123456789012"), ("005930", "0.5")];
    let target = |(symbol, share): (&str, &str)| -> Made<TargetWeight> {
        let (symbol, target_weight) = (symbol.parse()?, weight(share)?);
        Ok(TargetWeight { policy_id: id()?, symbol, target_weight, updated_at: at(EVENING)? })
    };
    Ok(AppliedPolicy {
        policy: PortfolioPolicy {
            policy_id: id()?,
            policy_name: "균형".to_owned(),
            created_at: at(EVENING)?,
            rebalance_threshold: weight("0.05")?,
            rebalance_frequency: RebalanceFrequency::Weekly,
            is_active: true,
        },
        targets: targets.into_iter().map(target).collect::<Made<_>>()?,
        text: "id = \"balanced\"\nname = \"균형\"\n".to_owned(),
        at: at(EVENING)?,
    })
}

/// Worth 1,234,567.8901 won, of which a quarter of a won less is held.
pub(super) fn snapshot(time: &str) -> Made<PortfolioSnapshot> {
    Ok(PortfolioSnapshot {
        snapshot_id: SnapshotId(0),
        policy_id: id()?,
        policy_version: Some(1),
        snapshot_time: at(time)?,
        total_value: won("1234567.8901")?,
        cash: won("0.25")?,
        drift: Some("0.0612345678901234567890123456".parse()?),
        source: Some(HoldingsSource::Broker(BrokerKind::KisPaper)),
    })
}

/// Ten shares at 71,950.5.
pub(super) fn position(snapshot_id: SnapshotId, symbol: &str) -> Made<PortfolioPosition> {
    Ok(PortfolioPosition {
        snapshot_id,
        symbol: symbol.parse()?,
        quantity: Quantity::new(10)?,
        market_price: "71950.5".parse()?,
        market_value: won("719505")?,
        current_weight: weight("0.582799876543211")?,
        target_weight: weight("0.5")?,
        price_time: Some(at(MORNING)?),
        price_source: Some(PriceSource::SwingBar),
        doubt: None,
    })
}

/// A sale of two at a limit, then a purchase of three at the market.
pub(super) fn orders() -> Made<Vec<PlannedOrder>> {
    let sale = PlannedOrder {
        sequence: 1,
        symbol: "005930".parse()?,
        side: Side::Sell,
        quantity: Quantity::new(2)?,
        limit_price: Some("71900".parse()?),
        decision_price: "71950.5".parse()?,
    };
    let (symbol, side, quantity) = ("000660".parse()?, Side::Buy, Quantity::new(3)?);
    Ok(vec![sale, PlannedOrder { sequence: 2, symbol, side, quantity, limit_price: None, ..sale }])
}

pub(super) fn digest() -> Made<PlanDigest> {
    Ok(PlanDigest::new("0f".repeat(32))?)
}

pub(super) fn new_plan(snapshot_id: SnapshotId) -> Made<NewPlan> {
    Ok(NewPlan {
        policy_id: id()?,
        policy_version: Some(1),
        snapshot_id,
        reason: "drift 6.1 %".to_owned(),
        created_at: at(MORNING)?,
        expires_at: at("2026-01-23T06:30:00Z")?,
        digest: digest()?,
        forecast: Forecast {
            cash: won("-0.0001")?,
            least_cash: won("123456789")?,
            commission: won("21")?,
            tax: won("287")?,
            turnover: won("99999999999.9999")?,
            drift_before: "0.0612345678901234567890123456".parse()?,
            drift_after: "0.001".parse()?,
            gap: Money::ZERO,
        },
        orders: orders()?,
    })
}

/// A policy, a snapshot and a plan in a store that has none yet.
pub(super) async fn planned(store: &dyn Store) -> Made<PlanId> {
    store.apply_policy(&policy()?, None).await?;
    another(store).await
}

/// A further plan by the same policy.
pub(super) async fn another(store: &dyn Store) -> Made<PlanId> {
    let snapshot = store.add_snapshot(&snapshot(MORNING)?, &[]).await?;
    Ok(store.add_plan(&new_plan(snapshot)?).await?)
}

/// A plan that is approved for a broker and begun.
pub(super) async fn begun(store: &dyn Store) -> Made<PlanId> {
    let plan = planned(store).await?;
    begin(store, plan, BrokerKind::KisPaper).await?;
    Ok(plan)
}

pub(super) async fn begin(store: &dyn Store, plan: PlanId, broker: BrokerKind) -> Made<()> {
    take(store, plan, &PlanStep::Approved { digest: digest()?, broker }).await?;
    take(store, plan, &PlanStep::Started).await?;
    Ok(())
}

/// Takes a step in the morning.
pub(super) async fn take(store: &dyn Store, plan: PlanId, step: &PlanStep) -> Made<Option<OrderId>> {
    Ok(store.take_step(plan, step, at(MORNING)?).await?)
}

/// Everything about a plan that must be there.
pub(super) async fn stored(store: &dyn Store, plan: PlanId) -> Made<StoredPlan> {
    store.plan(plan).await?.ok_or_else(|| "the plan is not there".into())
}

/// The numbers of a plan's orders.
pub(super) async fn order_ids(store: &dyn Store, plan: PlanId) -> Made<Vec<OrderId>> {
    Ok(stored(store, plan).await?.orders.iter().map(|order| order.order_id).collect())
}

pub(super) fn number(number: &str) -> Made<BrokerOrder> {
    Ok(BrokerOrder { day: "2026-01-23".parse()?, branch: "06010".to_owned(), number: number.to_owned() })
}

/// So many shares filled at 71,900.25, or none for a refusal.
pub(super) fn execution(order_id: OrderId, shares: i64, status: ExecutionStatus) -> Made<RebalanceExecution> {
    let is_refusal = status == ExecutionStatus::Rejected;
    Ok(RebalanceExecution {
        order_id,
        filled_qty: Quantity::new(shares)?,
        filled_price: if is_refusal { None } else { Some("71900.25".parse()?) },
        exec_time: at("2026-01-23T00:32:00.000001Z")?,
        commission: won(if is_refusal { "0" } else { "21.5678" })?,
        tax: Some(won(if is_refusal { "0" } else { "107" })?),
        slippage: won(if is_refusal { "0" } else { "-50.25" })?,
        status,
        error_msg: is_refusal.then(|| "주문가능금액을 초과하였습니다".to_owned()),
    })
}

/// The text of the error with which a step is refused, and nothing of which is written.
pub(super) async fn refused(store: &dyn Store, plan: PlanId, step: &PlanStep) -> Made<String> {
    let before = store.plan(plan).await?;
    let error = store.take_step(plan, step, at(EVENING)?).await.err();
    let Some(error @ StoreError::Stale { .. }) = error else {
        return Err(format!("{step:?} came to {error:?}").into());
    };
    assert_eq!(store.plan(plan).await?, before, "{step:?}");
    Ok(error.to_string())
}
