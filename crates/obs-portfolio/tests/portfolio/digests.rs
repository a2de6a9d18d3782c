//! What an approval binds, and when prices have moved too far for it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{
    OrderId, OrderStatus, OrderType, PlanId, PlanStatus, PlannedOrder, PolicyId, Quantity, RebalanceOrder, RebalancePlan,
    Side, SnapshotId,
};
use obs_portfolio::{PlanTerms, digest, digest_of, moved};

use crate::{
    plans::{price, symbol},
    weight,
};

fn order(sequence: u32, code: &str) -> PlannedOrder {
    PlannedOrder {
        sequence,
        symbol: symbol(code),
        side: Side::Buy,
        quantity: Quantity::new(10).unwrap(),
        limit_price: Some(price(70_300)),
        decision_price: price(70_000),
    }
}

#[test]
fn every_field_of_a_plan_changes_its_digest() {
    let (policy_id, other_id) = (PolicyId::new("core").unwrap(), PolicyId::new("core2").unwrap());
    let created_at: DateTime<Utc> = "2026-11-23T00:31:00.123456Z".parse().unwrap();
    let expires_at = Some(created_at + TimeDelta::hours(1));
    let orders = [order(1, "005930"), order(2, "000660")];
    let base = PlanTerms {
        policy_id: &policy_id,
        policy_version: Some(3),
        snapshot_id: SnapshotId(7),
        created_at,
        expires_at,
        orders: &orders,
    };
    let first = orders[0];
    let changed_orders = [
        PlannedOrder { sequence: 3, ..first },
        PlannedOrder { symbol: symbol("005935"), ..first },
        PlannedOrder { side: Side::Sell, ..first },
        PlannedOrder { quantity: Quantity::new(11).unwrap(), ..first },
        PlannedOrder { limit_price: Some(price(70_400)), ..first },
        PlannedOrder { limit_price: None, ..first },
        PlannedOrder { decision_price: price(70_100), ..first },
    ]
    .map(|changed| [changed, orders[1]]);
    let mut digests = vec![
        digest(&base),
        digest(&PlanTerms { policy_id: &other_id, ..base }),
        digest(&PlanTerms { policy_version: Some(4), ..base }),
        digest(&PlanTerms { policy_version: None, ..base }),
        digest(&PlanTerms { snapshot_id: SnapshotId(8), ..base }),
        digest(&PlanTerms { created_at: created_at + TimeDelta::microseconds(1), ..base }),
        digest(&PlanTerms { expires_at: Some(created_at), ..base }),
        digest(&PlanTerms { expires_at: None, ..base }),
        digest(&PlanTerms { orders: &orders[..1], ..base }),
        digest(&PlanTerms { orders: &[], ..base }),
    ];
    digests.extend(changed_orders.iter().map(|orders| digest(&PlanTerms { orders, ..base })));
    let count = digests.len();
    digests.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    digests.dedup();
    assert_eq!(digests.len(), count);
    // Databases keep microseconds, and rows in any order.
    let finer = PlanTerms { created_at: created_at + TimeDelta::nanoseconds(999), ..base };
    let turned = [orders[1], orders[0]];
    assert_eq!(digest(&finer), digest(&base));
    assert_eq!(digest(&PlanTerms { orders: &turned, ..base }), digest(&base));
    // An approval that was given must hold for ever: this is what its text hashes to.
    assert_eq!(digest(&base).short(), "e81cbe2b0bdc");
}

#[test]
fn the_digest_of_a_stored_plan_is_that_of_its_making_whatever_happened_since() {
    let policy_id = PolicyId::new("core").unwrap();
    let created_at = DateTime::UNIX_EPOCH;
    let planned = [order(1, "005930"), PlannedOrder { limit_price: None, ..order(2, "000660") }];
    let terms = PlanTerms {
        policy_id: &policy_id,
        policy_version: Some(1),
        snapshot_id: SnapshotId(1),
        created_at,
        expires_at: None,
        orders: &planned,
    };
    let made = digest(&terms);
    let plan = RebalancePlan {
        plan_id: PlanId(5),
        policy_id: policy_id.clone(),
        policy_version: Some(1),
        snapshot_id: SnapshotId(1),
        status: PlanStatus::Executing,
        reason: "drift".to_owned(),
        created_at,
        expires_at: None,
        digest: Some(made.clone()),
        forecast: None,
        approval: None,
        completed_at: None,
        error: None,
    };
    let row = |order: &PlannedOrder, id: i64| RebalanceOrder {
        order_id: OrderId(id),
        plan_id: PlanId(5),
        sequence: Some(order.sequence),
        symbol: order.symbol,
        side: order.side,
        target_qty: order.quantity,
        order_type: if order.limit_price.is_some() { OrderType::Limit } else { OrderType::Market },
        limit_price: order.limit_price,
        decision_price: Some(order.decision_price),
        status: OrderStatus::Cancelled,
        created_at,
        replaces: None,
        submitted_at: Some(created_at),
        broker_order: None,
    };
    let mut rows: Vec<RebalanceOrder> = planned.iter().zip(1..).map(|(order, id)| row(order, id)).collect();
    rows.push(RebalanceOrder { replaces: Some(OrderId(1)), ..row(&planned[0], 3) });
    assert_eq!(digest_of(&plan, &rows), Some(made.clone()));
    rows[0].target_qty = Quantity::new(11).unwrap();
    assert_ne!(digest_of(&plan, &rows), Some(made));
    rows[0].order_type = OrderType::Market;
    assert_eq!(digest_of(&plan, &rows), None);
    rows[0].sequence = None;
    assert_eq!(digest_of(&plan, &rows), None);
}

#[test]
fn prices_have_moved_when_they_are_farther_than_the_part_that_is_allowed() {
    let orders = [order(1, "005930"), order(2, "005930"), order(3, "000660"), order(4, "035420")];
    let now =
        |first: i64, second: i64| BTreeMap::from([(symbol("005930"), price(first)), (symbol("000660"), price(second))]);
    assert_eq!(moved(&orders, &now(71_400, 68_600), weight("0.02")), []);
    assert_eq!(
        moved(&orders, &now(71_500, 68_500), weight("0.02")),
        [(symbol("000660"), price(70_000), price(68_500)), (symbol("005930"), price(70_000), price(71_500))]
    );
}
