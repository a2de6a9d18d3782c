//! What each step does.

use obs_model::{
    Approval, BrokerKind, ExecutionStatus, OrderStatus, PlanEvent, PlanStatus, PlanStep, PlannedOrder, Quantity,
};

use super::{Outcome, sample, times::at};
use crate::{Store, conformance::Made};

/// An approval holds for a digest and a broker, and may be given again until the plan begins.
///
/// # Errors
/// When the store fails.
pub async fn an_approval_holds_until_it_is_given_again(store: &dyn Store) -> Outcome {
    let plan = sample::planned(store).await?;
    for (broker, time) in [(BrokerKind::KisLive, sample::EVENING), (BrokerKind::Paper, sample::MORNING)] {
        let step = PlanStep::Approved { digest: sample::digest()?, broker };
        assert_eq!(store.take_step(plan, &step, at(time)?).await?, None);
        let stored = sample::stored(store, plan).await?.plan;
        let expected = Approval { at: at(time)?, digest: sample::digest()?, broker };
        assert_eq!((stored.status, stored.approval), (PlanStatus::Approved, Some(expected)));
    }
    sample::take(store, plan, &PlanStep::Started).await?;
    let stored = sample::stored(store, plan).await?;
    assert_eq!((stored.plan.status, stored.plan.completed_at), (PlanStatus::Executing, None));
    let events: Vec<_> = stored.events.iter().map(|event| (event.event.as_str(), event.detail.as_deref())).collect();
    let approved = |words| ("approved", Some(words));
    let words = [approved("0f0f0f0f0f0f for kis-live"), approved("0f0f0f0f0f0f for paper")];
    assert_eq!(events, [("created", None), words[0], words[1], ("started", None)]);
    Ok(())
}

/// An order is sent, not sent, sent again, accepted, filled in part and whole.
///
/// # Errors
/// When the store fails.
pub async fn an_order_goes_out_and_comes_back(store: &dyn Store) -> Outcome {
    let plan = sample::begun(store).await?;
    let order = sample::order_ids(store, plan).await?[0];
    let now = async || -> Made<_> {
        let order = sample::stored(store, plan).await?.orders[0].clone();
        Ok((order.status, order.submitted_at, order.broker_order))
    };
    let (early, late) = (at("2026-01-23T00:40:00.000001Z")?, at("2026-01-23T00:41:00Z")?);
    store.take_step(plan, &PlanStep::Submitting { order }, early).await?;
    assert_eq!(now().await?, (OrderStatus::Executing, Some(early), None));
    let why = "the broker does not know it".to_owned();
    sample::take(store, plan, &PlanStep::NotSent { order, why }).await?;
    assert_eq!(now().await?, (OrderStatus::Pending, None, None));
    store.take_step(plan, &PlanStep::Submitting { order }, late).await?;
    let broker_order = sample::number("0000117057")?;
    let accepted = PlanStep::Accepted { order, broker_order: broker_order.clone() };
    sample::take(store, plan, &accepted).await?;
    assert_eq!(now().await?, (OrderStatus::Executing, Some(late), Some(broker_order.clone())));

    let part = sample::execution(order, 1, ExecutionStatus::Partial)?;
    let rest = sample::execution(order, 1, ExecutionStatus::Filled)?;
    sample::take(store, plan, &PlanStep::Executed { execution: part.clone() }).await?;
    assert_eq!(now().await?.0, OrderStatus::Executing);
    sample::take(store, plan, &PlanStep::Executed { execution: rest.clone() }).await?;
    assert_eq!(now().await?, (OrderStatus::Filled, Some(late), Some(broker_order)));
    let stored = sample::stored(store, plan).await?;
    assert_eq!(stored.executions, [part, rest]);
    assert_eq!((stored.plan.status, stored.orders[1].status), (PlanStatus::Executing, OrderStatus::Pending));

    let event = |event: &str, at, detail: Option<&str>| {
        let (event, detail) = (event.to_owned(), detail.map(str::to_owned));
        PlanEvent { plan_id: plan, order_id: Some(order), at, event, detail }
    };
    let morning = at(sample::MORNING)?;
    let expected = [
        event("submitting", early, None),
        event("not_sent", morning, Some("the broker does not know it")),
        event("submitting", late, None),
        event("accepted", morning, Some("number 0000117057")),
        event("filled_in_part", morning, Some("1 at 71900.25")),
        event("filled", morning, Some("1 at 71900.25")),
    ];
    assert_eq!(stored.events[3..], expected);
    Ok(())
}

/// What is left of an order that was refused or withdrawn is traded by another one, which is pending at first.
///
/// # Errors
/// When the store fails.
pub async fn another_order_takes_the_place_of_one_that_ended(store: &dyn Store) -> Outcome {
    let plan = sample::begun(store).await?;
    let order = sample::order_ids(store, plan).await?[0];
    sample::take(store, plan, &PlanStep::Submitting { order }).await?;
    sample::take(store, plan, &PlanStep::Withdrawn { order, why: "it rested for 60 s".to_owned() }).await?;
    assert_eq!(sample::stored(store, plan).await?.orders[0].status, OrderStatus::Cancelled);

    let first = sample::orders()?[0];
    let by = PlannedOrder { quantity: Quantity::new(1)?, limit_price: Some("71800".parse()?), ..first };
    let made = sample::take(store, plan, &PlanStep::Replaced { order, by }).await?;
    let stored = sample::stored(store, plan).await?;
    let new = &stored.orders[2];
    assert_eq!((made, new.replaces, new.created_at), (Some(new.order_id), Some(order), at(sample::MORNING)?));
    assert_eq!((new.status, new.sequence, new.target_qty), (OrderStatus::Pending, Some(1), by.quantity));
    assert_eq!((new.symbol, new.side, new.limit_price), (by.symbol, by.side, by.limit_price));
    assert_eq!((stored.orders[0].status, stored.orders[0].replaces), (OrderStatus::Cancelled, None));
    let last = stored.events.last().map(|event| (event.event.as_str(), event.order_id, event.detail.as_deref()));
    assert_eq!(last, Some(("replaced", Some(order), Some("SELL 1 005930"))));

    // The new one is an order like any other.
    let order = new.order_id;
    sample::take(store, plan, &PlanStep::Submitting { order }).await?;
    let execution = sample::execution(order, 0, ExecutionStatus::Rejected)?;
    sample::take(store, plan, &PlanStep::Executed { execution: execution.clone() }).await?;
    let made = sample::take(store, plan, &PlanStep::Replaced { order, by }).await?;
    let stored = sample::stored(store, plan).await?;
    assert_eq!((stored.orders[2].status, &stored.executions[0]), (OrderStatus::Rejected, &execution));
    assert_eq!((stored.orders.len(), made), (4, Some(stored.orders[3].order_id)));
    Ok(())
}

/// The end of a plan cancels what was never sent, and nothing else.
///
/// # Errors
/// When the store fails.
pub async fn the_end_of_a_plan_cancels_what_was_never_sent(store: &dyn Store) -> Outcome {
    let why = || Some("the market closed".to_owned());
    let plan = sample::begun(store).await?;
    let order = sample::order_ids(store, plan).await?[0];
    sample::take(store, plan, &PlanStep::Submitting { order }).await?;
    let execution = sample::execution(order, 2, ExecutionStatus::Filled)?;
    sample::take(store, plan, &PlanStep::Executed { execution }).await?;
    let failed = PlanStep::Ended { status: PlanStatus::Failed, why: why() };
    store.take_step(plan, &failed, at("2026-01-23T06:30:00Z")?).await?;

    let stored = sample::stored(store, plan).await?;
    assert_eq!((stored.plan.status, stored.plan.error), (PlanStatus::Failed, why()));
    assert_eq!(stored.plan.completed_at, Some(at("2026-01-23T06:30:00Z")?));
    let states = stored.orders.iter().map(|order| order.status).collect::<Vec<_>>();
    assert_eq!(states, [OrderStatus::Filled, OrderStatus::Cancelled]);

    // A plan that never began, beside one that goes on.
    let (other, beside) = (sample::another(store).await?, sample::another(store).await?);
    sample::take(store, other, &PlanStep::Ended { status: PlanStatus::Cancelled, why: None }).await?;
    let stored = sample::stored(store, other).await?;
    assert_eq!((stored.plan.status, stored.plan.error), (PlanStatus::Cancelled, None));
    assert!(stored.orders.iter().all(|order| order.status == OrderStatus::Cancelled));
    let beside = sample::stored(store, beside).await?;
    assert_eq!(beside.plan.status, PlanStatus::Pending);
    assert!(beside.orders.iter().all(|order| order.status == OrderStatus::Pending));
    Ok(())
}
