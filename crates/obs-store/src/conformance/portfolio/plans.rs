//! Plans, their orders, and the right to execute them.

use obs_model::{
    BrokerKind, OrderStatus, OrderType, PlanEvent, PlanId, PlanStatus, PlanStep, PolicyId, RebalanceOrder, RebalancePlan,
    SnapshotId,
};

use super::{
    Outcome, sample,
    times::{at, range},
};
use crate::{NewPlan, Store, StoredPlan, conformance::Made};

/// Pending, with all its digits, its orders in their sequence, and its first event.
///
/// # Errors
/// When the store fails.
pub async fn a_plan_comes_back_with_its_orders(store: &dyn Store) -> Outcome {
    let plan_id = sample::planned(store).await?;
    let stored = sample::stored(store, plan_id).await?;
    let snapshot_id = stored.plan.snapshot_id;
    let NewPlan { policy_id, policy_version, reason, created_at, expires_at, digest, forecast, orders, .. } =
        sample::new_plan(snapshot_id)?;
    let ids: Vec<_> = stored.orders.iter().map(|order| order.order_id).collect();
    let expected = orders.into_iter().zip(&ids).map(|(order, id)| RebalanceOrder {
        order_id: *id,
        plan_id,
        sequence: Some(order.sequence),
        symbol: order.symbol,
        side: order.side,
        target_qty: order.quantity,
        order_type: if order.limit_price.is_some() { OrderType::Limit } else { OrderType::Market },
        limit_price: order.limit_price,
        decision_price: Some(order.decision_price),
        status: OrderStatus::Pending,
        created_at,
        replaces: None,
        submitted_at: None,
        broker_order: None,
    });
    let plan = RebalancePlan {
        plan_id,
        policy_id,
        policy_version,
        snapshot_id,
        status: PlanStatus::Pending,
        reason,
        created_at,
        expires_at: Some(expires_at),
        digest: Some(digest),
        forecast: Some(forecast),
        approval: None,
        completed_at: None,
        error: None,
    };
    let created = PlanEvent { plan_id, order_id: None, at: created_at, event: "created".to_owned(), detail: None };
    let expected = StoredPlan { plan, orders: expected.collect(), executions: Vec::new(), events: vec![created] };
    assert_eq!(stored.orders.len(), 2);
    assert_eq!(stored, expected);
    assert_eq!(store.plan(PlanId(plan_id.0 + 1)).await?, None);
    Ok(())
}

/// Of one policy or of all.
///
/// # Errors
/// When the store fails.
pub async fn the_newest_plans_come_first(store: &dyn Store) -> Outcome {
    let one = sample::planned(store).await?;
    let two = sample::another(store).await?;
    let snapshot = sample::stored(store, one).await?.plan.snapshot_id;
    let older = NewPlan { created_at: at(sample::EVENING)?, policy_version: None, ..sample::new_plan(snapshot)? };
    let older = store.add_plan(&older).await?;

    let (policy, unknown) = (sample::id()?, PolicyId::new("other")?);
    let ids = async |policy: Option<&PolicyId>, limit| -> Made<Vec<PlanId>> {
        Ok(store.plans(policy, limit).await?.iter().map(|plan| plan.plan_id).collect())
    };
    assert_eq!(ids(None, 100).await?, [two, one, older]);
    assert_eq!(ids(Some(&policy), 1).await?, [two]);
    assert_eq!(ids(Some(&unknown), 100).await?, []);
    assert_eq!(store.plans(None, 100).await?[1], sample::stored(store, one).await?.plan);
    Ok(())
}

/// A plan that cannot be stored whole is not stored at all.
///
/// # Errors
/// When the store fails.
pub async fn a_plan_needs_its_snapshot(store: &dyn Store) -> Outcome {
    store.apply_policy(&sample::policy()?, None).await?;
    assert!(store.add_plan(&sample::new_plan(SnapshotId(7))?).await.is_err());
    assert_eq!(store.plans(None, 100).await?, []);
    Ok(())
}

/// By the time of sending, wherever they went; not those that were found never to have been sent.
///
/// # Errors
/// When the store fails.
pub async fn submitted_orders_are_found_by_their_time(store: &dyn Store) -> Outcome {
    let one = sample::begun(store).await?;
    let two = sample::another(store).await?;
    sample::begin(store, two, BrokerKind::Paper).await?;
    let (first, second) = (sample::order_ids(store, one).await?, sample::order_ids(store, two).await?);
    let send = async |plan, order, time| -> Made<()> {
        store.take_step(plan, &PlanStep::Submitting { order }, at(time)?).await?;
        Ok(())
    };
    send(one, first[0], "2026-01-23T01:00:00Z").await?;
    send(two, second[0], "2026-01-23T00:59:59.999999Z").await?;
    send(one, first[1], "2026-01-23T02:00:00Z").await?;
    send(two, second[1], "2026-01-23T01:30:00Z").await?;
    let not_sent = PlanStep::NotSent { order: second[1], why: "the broker does not know it".to_owned() };
    sample::take(store, two, &not_sent).await?;

    let sent = async |from, until| -> Made<Vec<_>> {
        let orders = store.submitted_orders(range(from, until)?).await?;
        Ok(orders.iter().map(|(broker, order)| (*broker, order.order_id)).collect())
    };
    let (paper, kis) = ((BrokerKind::Paper, second[0]), (BrokerKind::KisPaper, first[0]));
    assert_eq!(sent("2026-01-23T00:00:00Z", "2026-01-23T02:00:00Z").await?, [paper, kis]);
    assert_eq!(sent("2026-01-23T01:00:00Z", "2026-01-23T01:30:00Z").await?, [kis]);
    let late = store.submitted_orders(range("2026-01-23T01:30:00Z", "2026-01-24T00:00:00Z")?).await?;
    let expected = sample::stored(store, one).await?.orders[1].clone();
    assert_eq!(late, [(BrokerKind::KisPaper, expected)]);
    Ok(())
}

/// Only one program may execute plans of a store. `other` is a second store on the same database.
///
/// # Errors
/// When a store fails.
pub async fn one_may_execute_at_a_time(store: &dyn Store, other: &dyn Store) -> Outcome {
    let held = store.lock_execution().await?;
    assert!(held.is_some());
    assert!(other.lock_execution().await?.is_none(), "two have it");
    assert!(store.lock_execution().await?.is_none(), "one has it twice");
    // Everything else goes on.
    sample::planned(other).await?;
    drop(held);
    let held = other.lock_execution().await?;
    assert!(held.is_some(), "nobody gets it");
    assert!(store.lock_execution().await?.is_none(), "two have it");
    Ok(())
}
