//! Steps that come too early, too late, twice, or from two sides.

use obs_model::{BrokerKind, ExecutionStatus, OrderId, OrderStatus, PlanId, PlanStatus, PlanStep};

use super::{Outcome, sample, times::at};
use crate::{Store, StoreError, conformance::Made};

/// One of each step for an order.
fn steps(order: OrderId) -> Made<Vec<PlanStep>> {
    let end = |status| PlanStep::Ended { status, why: None };
    let why = String::new();
    let mut steps = vec![
        PlanStep::Approved { digest: sample::digest()?, broker: BrokerKind::Paper },
        PlanStep::Started,
        PlanStep::Submitting { order },
        PlanStep::Accepted { order, broker_order: sample::number("7")? },
        PlanStep::NotSent { order, why: why.clone() },
        PlanStep::Executed { execution: sample::execution(order, 1, ExecutionStatus::Partial)? },
        PlanStep::Executed { execution: sample::execution(order, 2, ExecutionStatus::Filled)? },
        PlanStep::Executed { execution: sample::execution(order, 0, ExecutionStatus::Rejected)? },
        PlanStep::Withdrawn { order, why },
        PlanStep::Replaced { order, by: sample::orders()?[0] },
    ];
    let all = [PlanStatus::Pending, PlanStatus::Approved, PlanStatus::Executing];
    let ends = [PlanStatus::Done, PlanStatus::Failed, PlanStatus::Cancelled];
    steps.extend(all.into_iter().chain(ends).map(end));
    Ok(steps)
}

/// Tries every step that plan and order do not admit now, and returns how many that were.
async fn refuse_what_is_not_admitted(store: &dyn Store, plan: PlanId, order: OrderId) -> Made<usize> {
    let stored = sample::stored(store, plan).await?;
    let found = stored.orders.iter().find(|row| row.order_id == order).ok_or("the order is not there")?;
    let is_admitted = |step: &PlanStep| {
        let admits_order = step.order().is_none() || step.needs_order().contains(&found.status);
        step.needs_plan().contains(&stored.plan.status) && admits_order
    };
    let mut count = 0;
    for step in steps(order)?.iter().filter(|step| !is_admitted(step)) {
        sample::refused(store, plan, step).await?;
        count += 1;
    }
    Ok(count)
}

/// In every state of a plan and of an order, whatever does not fit is refused and changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn a_step_in_a_wrong_state_changes_nothing(store: &dyn Store) -> Outcome {
    let plan = sample::planned(store).await?;
    let order = sample::order_ids(store, plan).await?[0];
    let end = |status| PlanStep::Ended { status, why: None };
    // Pending, approved, begun.
    let mut counts = vec![refuse_what_is_not_admitted(store, plan, order).await?];
    sample::take(store, plan, &PlanStep::Approved { digest: sample::digest()?, broker: BrokerKind::KisLive }).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, order).await?);
    sample::take(store, plan, &PlanStep::Started).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, order).await?);
    // The order is executing, then over in each way.
    sample::take(store, plan, &PlanStep::Submitting { order }).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, order).await?);
    sample::take(store, plan, &PlanStep::Withdrawn { order, why: String::new() }).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, order).await?);
    let other = sample::order_ids(store, plan).await?[1];
    sample::take(store, plan, &PlanStep::Submitting { order: other }).await?;
    let filled = sample::execution(other, 3, ExecutionStatus::Filled)?;
    sample::take(store, plan, &PlanStep::Executed { execution: filled }).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, other).await?);
    // It ended in each way.
    sample::take(store, plan, &end(PlanStatus::Done)).await?;
    counts.push(refuse_what_is_not_admitted(store, plan, order).await?);
    for status in [PlanStatus::Failed, PlanStatus::Cancelled] {
        let plan = sample::another(store).await?;
        sample::begin(store, plan, BrokerKind::Paper).await?;
        sample::take(store, plan, &end(status)).await?;
        counts.push(refuse_what_is_not_admitted(store, plan, sample::order_ids(store, plan).await?[0]).await?);
    }
    assert_eq!(counts, [14, 12, 12, 7, 12, 13, 16, 16, 16]);
    Ok(())
}

/// A step that was taken is not taken again, except for an approval and a part of an order.
///
/// # Errors
/// When the store fails.
pub async fn a_step_is_not_taken_twice(store: &dyn Store) -> Outcome {
    let plan = sample::planned(store).await?;
    let [one, two] = sample::order_ids(store, plan).await?[..] else { return Err("it has not two orders".into()) };
    sample::take(store, plan, &PlanStep::Approved { digest: sample::digest()?, broker: BrokerKind::Paper }).await?;
    let steps = [
        PlanStep::Started,
        PlanStep::Submitting { order: one },
        PlanStep::NotSent { order: one, why: String::new() },
        PlanStep::Submitting { order: one },
        PlanStep::Accepted { order: one, broker_order: sample::number("1")? },
        PlanStep::Executed { execution: sample::execution(one, 2, ExecutionStatus::Filled)? },
        PlanStep::Submitting { order: two },
        PlanStep::Withdrawn { order: two, why: String::new() },
        PlanStep::Replaced { order: two, by: sample::orders()?[1] },
        PlanStep::Ended { status: PlanStatus::Done, why: None },
    ];
    for step in &steps {
        sample::take(store, plan, step).await?;
        sample::refused(store, plan, step).await?;
    }
    Ok(())
}

/// The error says what was found and what was wanted.
///
/// # Errors
/// When the store fails.
pub async fn a_refused_step_says_what_was_found(store: &dyn Store) -> Outcome {
    let plan = sample::begun(store).await?;
    let other = sample::another(store).await?;
    let [one, two] = sample::order_ids(store, plan).await?[..] else { return Err("it has not two orders".into()) };
    let elsewhere = sample::order_ids(store, other).await?[0];
    let unknown = PlanId(plan.0 + other.0);
    sample::take(store, plan, &PlanStep::Submitting { order: one }).await?;
    let why = String::new;
    sample::take(store, plan, &PlanStep::Accepted { order: one, broker_order: sample::number("0000117057")? }).await?;
    sample::take(store, plan, &PlanStep::Submitting { order: two }).await?;
    sample::take(store, plan, &PlanStep::Withdrawn { order: two, why: why() }).await?;
    let replaced = PlanStep::Replaced { order: two, by: sample::orders()?[1] };
    let made = sample::take(store, plan, &replaced).await?.ok_or("it made no order")?;

    let cases = [
        (unknown, PlanStep::Started, format!("plan {unknown} is not there, and \"started\"")),
        (plan, PlanStep::Started, format!("plan {plan} is executing, and \"started\"")),
        (other, PlanStep::Submitting { order: elsewhere }, format!("plan {other} is pending, and \"submitting\" for order")),
        (plan, PlanStep::Submitting { order: elsewhere }, format!("order {elsewhere} is not one of plan {plan}, and")),
        (plan, PlanStep::Submitting { order: one }, format!("order {one} is executing, and \"submitting\"")),
        (
            plan,
            PlanStep::NotSent { order: one, why: why() },
            format!("order {one} is known to the broker as 0000117057, and"),
        ),
        (plan, replaced, format!("order {two} is replaced by order {made}, and \"replaced\" for order {two}")),
    ];
    for (plan, step, expected) in cases {
        let words = sample::refused(store, plan, &step).await?;
        assert!(words.starts_with(&expected), "{words}");
    }
    Ok(())
}

/// An order of the broker belongs to one of ours. Another day, branch or broker makes another order of it.
///
/// # Errors
/// When the store fails.
pub async fn an_order_of_the_broker_is_claimed_once(store: &dyn Store) -> Outcome {
    let plan = sample::begun(store).await?;
    let paper = sample::another(store).await?;
    sample::begin(store, paper, BrokerKind::Paper).await?;
    let ids = [sample::order_ids(store, plan).await?, sample::order_ids(store, paper).await?].concat();
    let accept = |order, broker_order| PlanStep::Accepted { order, broker_order };
    for (plan, order) in [(plan, ids[0]), (plan, ids[1]), (paper, ids[2]), (paper, ids[3])] {
        sample::take(store, plan, &PlanStep::Submitting { order }).await?;
    }
    let number = sample::number("0000117057")?;
    sample::take(store, plan, &accept(ids[0], number.clone())).await?;
    let words = sample::refused(store, plan, &accept(ids[1], number.clone())).await?;
    let expected = format!("the broker's order 0000117057 of 2026-01-23 is that of order {}, and \"accepted\"", ids[0]);
    assert!(words.starts_with(&expected), "{words}");

    let mut elsewhere = number.clone();
    elsewhere.branch = String::new();
    sample::take(store, plan, &accept(ids[1], elsewhere)).await?;
    sample::take(store, paper, &accept(ids[2], number.clone())).await?;
    let mut tomorrow = number;
    tomorrow.day = "2026-01-26".parse()?;
    sample::take(store, paper, &accept(ids[3], tomorrow.clone())).await?;
    assert_eq!(sample::stored(store, paper).await?.orders[1].broker_order, Some(tomorrow));
    Ok(())
}

/// Of two programs that take the same step at the same time one is refused. `other` is a second store on the same database.
///
/// # Errors
/// When a store fails.
pub async fn of_two_who_send_at_once_one_is_refused(store: &dyn Store, other: &dyn Store) -> Outcome {
    let plan = sample::begun(store).await?;
    let now = at(sample::MORNING)?;
    for order in sample::order_ids(store, plan).await? {
        let step = PlanStep::Submitting { order };
        let both = (store.take_step(plan, &step, now), other.take_step(plan, &step, now));
        let both = futures_util::future::join(both.0, both.1).await;
        let is_one = matches!(both, (Ok(None), Err(StoreError::Stale { .. })) | (Err(StoreError::Stale { .. }), Ok(None)));
        assert!(is_one, "{both:?}");
    }
    let stored = sample::stored(store, plan).await?;
    assert!(stored.orders.iter().all(|order| order.status == OrderStatus::Executing));
    assert_eq!(stored.events.iter().filter(|event| event.event == "submitting").count(), 2);
    Ok(())
}
