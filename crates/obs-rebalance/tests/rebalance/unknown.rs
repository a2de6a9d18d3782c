//! Orders of which no answer came: claimed if the broker has them, sent once if it has not, and never twice.

use std::time::Duration;

use chrono::TimeDelta;
use obs_model::{OrderId, PlanStatus, PlanStep, Side};
use obs_rebalance::{ExecuteError, OrderTicket, Resolution};
use obs_sim::Fault;
use obs_store::PortfolioRepository;

use crate::support::{Desk, OTHER, desk};

/// How long the client waits for an answer that does not come.
const ANSWER: Duration = Duration::from_millis(700);

/// Begins a fault when the first order is about to be sent, and ends it when nobody knows what became of the order.
async fn execute_with(desk: &Desk, fault: Fault) -> PlanStatus {
    let plan = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    let (control, said) = (desk.simulator.control(), desk.said.clone());
    let executor = desk.executor().telling(move |progress| {
        let line = progress.to_string();
        if line.ends_with(" submitting") && !said.lock().unwrap().iter().any(|line| line.ends_with(" submitting")) {
            control.inject(fault.clone(), Duration::ZERO);
        } else if line.contains("not known") {
            control.active().iter().for_each(|active| {
                control.clear(active.id);
            });
        }
        said.lock().unwrap().push(line);
    });
    tokio::time::timeout(Duration::from_secs(60), executor.execute(plan)).await.unwrap().unwrap().status
}

#[tokio::test]
async fn an_order_that_was_carried_out_without_an_answer_is_claimed_and_not_sent_twice() {
    let desk = desk().await.impatient(ANSWER);
    assert_eq!(execute_with(&desk, Fault::LoseAnswers).await, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 1);
    assert_eq!(desk.traded().into_values().sum::<i64>(), 3);
}

#[tokio::test]
async fn an_order_that_was_never_carried_out_is_sent_once_more_when_that_is_known() {
    let desk = desk().await.impatient(ANSWER);
    assert_eq!(execute_with(&desk, Fault::HttpHang).await, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 1);
    assert_eq!(desk.traded().into_values().sum::<i64>(), 3);
    let said = desk.said.lock().unwrap().join("\n");
    assert!(said.contains("not sent: the broker did not list it within 3 s"), "{said}");
}

/// A plan whose only order was about to be sent when the program ended, and so many orders like it at the broker.
async fn interrupted(desk: &Desk, at_broker: usize) -> (obs_model::PlanId, OrderId) {
    interrupted_since(desk, TimeDelta::zero(), at_broker).await
}

/// The same, so long after our clock said that the order was sent.
async fn interrupted_since(desk: &Desk, since: TimeDelta, at_broker: usize) -> (obs_model::PlanId, OrderId) {
    let order = desk.order(1, Side::Buy, OTHER, 3).await;
    let plan = desk.plan(&[order]).await;
    let id = desk.stored(plan).await.orders[0].order_id;
    for step in [PlanStep::Started, PlanStep::Submitting { order: id }] {
        desk.store.take_step(plan, &step, desk.now() - since).await.unwrap();
    }
    let ticket = OrderTicket { symbol: order.symbol, side: order.side, quantity: order.quantity, limit: order.limit_price };
    for _ in 0..at_broker {
        desk.broker.place(&ticket).await.unwrap();
    }
    (plan, id)
}

#[tokio::test]
async fn two_orders_that_may_be_the_one_are_a_persons_to_tell_apart() {
    let desk = desk().await;
    let (plan, id) = interrupted(&desk, 2).await;
    let error = desk.executor().execute(plan).await.unwrap_err();
    let numbers: Vec<_> = desk.sent().iter().map(obs_sim::Order::odno).collect();
    assert!(matches!(&error, ExecuteError::Ambiguous { order, candidates, .. } if *order == id && *candidates == numbers));
    assert_eq!(desk.sent().len(), 2);
    // Asking again changes nothing; then somebody says which one it is.
    assert!(matches!(desk.executor().execute(plan).await, Err(ExecuteError::Ambiguous { .. })));
    let wrong = Resolution::Number("9999999".to_owned());
    assert!(matches!(desk.executor().resolve(plan, id, wrong).await, Err(ExecuteError::NotResolved { .. })));
    let second = numbers[1].trim_start_matches('0').to_owned();
    desk.executor().resolve(plan, id, Resolution::Number(second)).await.unwrap();
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 2);
    assert_eq!(desk.stored(plan).await.orders[0].broker_order.as_ref().unwrap().number, numbers[1]);
}

#[tokio::test]
async fn an_order_that_a_person_knows_was_never_sent_is_sent() {
    let desk = desk().await;
    let (plan, id) = interrupted_since(&desk, TimeDelta::minutes(2), 0).await;
    desk.executor().resolve(plan, id, Resolution::NotSent).await.unwrap();
    assert!(matches!(desk.executor().resolve(plan, id, Resolution::NotSent).await, Err(ExecuteError::NotResolved { .. })));
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn an_order_that_may_still_appear_or_has_appeared_is_not_said_to_be_unsent() {
    let desk = desk().await;
    let (plan, id) = interrupted(&desk, 0).await;
    let error = desk.executor().resolve(plan, id, Resolution::NotSent).await.unwrap_err();
    assert!(error.to_string().contains("less than a minute ago"), "{error}");

    let desk = crate::support::desk().await;
    let (plan, id) = interrupted_since(&desk, TimeDelta::minutes(2), 1).await;
    let error = desk.executor().resolve(plan, id, Resolution::NotSent).await.unwrap_err();
    assert!(error.to_string().contains(&desk.sent()[0].odno()), "{error}");
}

#[tokio::test]
async fn an_order_from_before_it_was_sent_by_our_clock_is_neither_claimed_nor_sent_again() {
    let desk = desk().await;
    // Our clock is ahead of the broker's.
    let (plan, id) = interrupted_since(&desk, TimeDelta::seconds(-20), 1).await;
    let error = desk.executor().execute(plan).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::Ambiguous { order, .. } if *order == id), "{error}");
    assert!(error.to_string().contains(&desk.sent()[0].odno()), "{error}");
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn how_long_an_order_was_sent_ago_does_not_prove_that_it_was_not() {
    let desk = desk().await;
    let (plan, _) = interrupted_since(&desk, TimeDelta::minutes(10), 0).await;
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    // The broker was asked for as long as ever before the order was sent.
    let stored = desk.stored(plan).await;
    let at = |event: &str| stored.events.iter().find(|other| other.event == event).unwrap().at;
    assert!(at("not_sent") - (at("submitting") + TimeDelta::minutes(10)) >= TimeDelta::seconds(3));
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn an_order_of_another_plan_is_not_taken_for_the_one() {
    let desk = desk().await;
    let first = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    assert_eq!(desk.execute(first).await.status, PlanStatus::Done);
    let (plan, _) = interrupted(&desk, 0).await;
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 2);
    assert_eq!(desk.traded().into_values().sum::<i64>(), 6);
}

#[tokio::test]
async fn an_order_that_is_not_listed_is_not_sent_again_while_the_account_holds_what_nobody_explains() {
    let desk = desk().await;
    let (plan, id) = interrupted(&desk, 0).await;
    // Somebody buys the same stock by hand, by an order of another size.
    let mut ticket = desk.order(1, Side::Buy, OTHER, 1).await;
    ticket.limit_price = None;
    let ticket =
        OrderTicket { symbol: ticket.symbol, side: ticket.side, quantity: ticket.quantity, limit: ticket.limit_price };
    desk.broker.place(&ticket).await.unwrap();
    let error = desk.executor().execute(plan).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Ambiguous { order, .. } if order == id), "{error}");
    assert_eq!(desk.sent().len(), 1);
}
