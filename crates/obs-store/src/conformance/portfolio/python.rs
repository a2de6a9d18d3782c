//! Rows of the Python system, which know nothing of versions, approvals and brokers.

use obs_model::{
    ExecutionStatus, Money, OrderId, OrderStatus, OrderType, PlanId, PlanStatus, PlanStep, Quantity, RebalanceExecution,
    Side, SnapshotId,
};

use super::{Outcome, sample, times::at};
use crate::Store;

/// Statements that make such rows, for an adapter's test to run.
pub const ROWS: &str = "
    INSERT INTO portfolio_policy (policy_id, policy_name, created_at) VALUES
        ('policy_balanced_001', 'Balanced', '2026-01-22T09:00:00.250000Z');
    INSERT INTO target_weights (policy_id, symbol, target_weight, updated_at) VALUES
        ('policy_balanced_001', '005930', 0.007633587786259542, '2026-01-22T09:00:00.250000Z'),
        ('policy_balanced_001', '000660', 1e-20, '2026-01-22T09:00:00.250000Z');
    INSERT INTO portfolio_snapshot (policy_id, snapshot_time, total_value, cash) VALUES
        ('policy_balanced_001', '2026-01-23T00:31:00.000000Z', '719505', 0);
    INSERT INTO portfolio_positions
        (snapshot_id, symbol, quantity, market_price, market_value, current_weight, target_weight, weight_diff) VALUES
        (1, '005930', 10, '71950.5', 719505, 1, 0.007633587786259542, 0.99);
    INSERT INTO rebalance_plan (policy_id, snapshot_id, status, created_at) VALUES
        ('policy_balanced_001', 1, 'executing', '2026-01-23T00:31:00.000000Z');
    INSERT INTO rebalance_orders (plan_id, symbol, side, target_qty, status, created_at) VALUES
        (1, '005930', 'SELL', 9, 'filled', '2026-01-23T00:31:00.000000Z'),
        (1, '000660', 'BUY', 1, 'pending', '2026-01-23T00:31:00.000000Z');
    INSERT INTO rebalance_execution (order_id, status, exec_time, filled_qty, filled_price, commission, slippage) VALUES
        (1, 'FILLED', '2026-01-23T00:31:00.000000Z', 9, '71950.5', '21.5', 0);
    INSERT INTO rebalance_execution (order_id, status, created_at, error_msg) VALUES
        (2, 'REJECTED', '2026-01-23T00:31:00.000000Z', 'no cash');
";

/// On a store with [`ROWS`]: they are read, and what they do not tell is `None`.
///
/// # Errors
/// When the store fails.
pub async fn rows_of_the_python_system_are_read(store: &dyn Store) -> Outcome {
    let policies = store.policies().await?;
    let stored = store.policy(&policies[0].policy_id).await?.ok_or("the policy is not there")?;
    assert_eq!((stored.policy.rebalance_threshold, stored.version), (sample::weight("0.05")?, None));
    let weights: Vec<_> = stored.targets.iter().map(|target| target.target_weight).collect();
    assert_eq!(weights, [sample::weight("0")?, sample::weight("0.007633587786259542")?]);

    let (snapshot, positions) = store.snapshot(SnapshotId(1)).await?.ok_or("the snapshot is not there")?;
    assert_eq!((snapshot.policy_version, snapshot.drift, snapshot.source), (None, None, None));
    assert_eq!((positions[0].price_time, positions[0].price_source, &positions[0].doubt), (None, None, &None));
    assert_eq!((positions[0].market_value, positions[0].current_weight), (sample::won("719505")?, sample::weight("1")?));

    let stored = sample::stored(store, PlanId(1)).await?;
    assert_eq!((stored.plan.status, stored.plan.reason.as_str()), (PlanStatus::Executing, ""));
    assert_eq!((stored.plan.expires_at, stored.plan.digest, stored.plan.forecast), (None, None, None));
    assert_eq!((stored.plan.policy_version, stored.plan.approval), (None, None));
    let (order, pending) = (&stored.orders[0], &stored.orders[1]);
    assert_eq!((order.side, order.status, order.order_type), (Side::Sell, OrderStatus::Filled, OrderType::Market));
    assert_eq!((order.sequence, order.limit_price, order.decision_price), (None, None, None));
    assert_eq!((order.submitted_at, &order.broker_order, pending.replaces), (None, &None, None));
    let refusal = RebalanceExecution {
        order_id: OrderId(2),
        filled_qty: Quantity::ZERO,
        filled_price: None,
        exec_time: at(sample::MORNING)?,
        commission: Money::ZERO,
        tax: None,
        slippage: Money::ZERO,
        status: ExecutionStatus::Rejected,
        error_msg: Some("no cash".to_owned()),
    };
    assert_eq!((stored.executions[0].commission, stored.executions[0].tax), (sample::won("21.5")?, None));
    assert_eq!((&stored.executions[1], stored.events.len()), (&refusal, 0));
    Ok(())
}

/// On a store with [`ROWS`]: a plan that was approved for no broker sends nothing, and can be ended.
///
/// # Errors
/// When the store fails.
pub async fn a_plan_of_the_python_system_can_only_be_ended(store: &dyn Store) -> Outcome {
    let plan = PlanId(1);
    let words = sample::refused(store, plan, &PlanStep::Submitting { order: OrderId(2) }).await?;
    assert!(words.starts_with("plan 1 is executing and approved for no broker, and \"submitting\" for order 2"), "{words}");
    let ended = PlanStep::Ended { status: PlanStatus::Cancelled, why: Some("left over".to_owned()) };
    sample::take(store, plan, &ended).await?;
    assert_eq!(sample::stored(store, plan).await?.orders[1].status, OrderStatus::Cancelled);

    // The first version of the policy that is ours comes after none.
    let mut ours = sample::policy()?;
    ours.policy.policy_id = store.policies().await?[0].policy_id.clone();
    assert_eq!(store.apply_policy(&ours, None).await?, 1);
    Ok(())
}
