//! What must hold before anything is sent, and what stops a plan that was begun. Whatever is refused changes nothing.

use std::{fs, time::Duration};

use chrono::TimeDelta;
use obs_model::{PlanId, PlanStatus, PlanStep, Side, trading_day};
use obs_rebalance::{ExecuteError, Executor, OrderTicket};
use obs_sim::Fault;
use obs_store::PortfolioRepository;

use crate::support::{Desk, HELD, OTHER, desk, money, quantity, symbol, won};

/// Executing is refused, and neither record nor broker know of it.
async fn refused(desk: &Desk, executor: &Executor, plan: PlanId) -> ExecuteError {
    let (before, sent) = (desk.stored(plan).await, desk.sent().len());
    let error = executor.execute(plan).await.unwrap_err();
    assert_eq!((desk.stored(plan).await, desk.sent().len()), (before, sent));
    error
}

async fn with_plan() -> (Desk, PlanId) {
    let desk = desk().await;
    let plan = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    (desk, plan)
}

#[tokio::test]
async fn a_plan_that_is_not_there_or_not_approved_is_refused() {
    let desk = desk().await;
    let error = desk.executor().execute(PlanId(99)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::UnknownPlan { plan: PlanId(99) }));
    let plan = desk.unapproved(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::NotApproved { .. }));
}

#[tokio::test]
async fn a_plan_that_was_executed_is_not_executed_again() {
    let (desk, plan) = with_plan().await;
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::Over { status: PlanStatus::Done, .. }));
    assert_eq!(error.to_string(), format!("plan {plan} is done and cannot be executed again: make a new one"));
    assert!(matches!(desk.executor().cancel(plan).await, Err(ExecuteError::Over { .. })));
}

#[tokio::test]
async fn a_plan_whose_rows_were_changed_is_refused() {
    let (mut desk, plan) = with_plan().await;
    desk.settings.digest_of = |_| None;
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::Altered { found: None, .. }), "{error}");
}

#[tokio::test]
async fn a_plan_that_is_too_old_is_refused() {
    let (mut desk, plan) = with_plan().await;
    desk.settings.clock = desk.settings.clock.clone().skewed(TimeDelta::minutes(61));
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::Expired { .. }), "{error}");
}

#[tokio::test]
async fn nothing_begins_while_the_market_is_closed() {
    let (mut desk, plan) = with_plan().await;
    desk.settings.calendar.set_open(trading_day(desk.now()), false);
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::MarketClosed { opens: Some(_), .. }), "{error}");
}

#[tokio::test]
async fn one_program_executes_at_a_time() {
    let (desk, plan) = with_plan().await;
    let lock = desk.store.lock_execution().await.unwrap().unwrap();
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::Locked), "{error}");
    drop(lock);
    // Of two at once one executes, and the other finds it locked or done.
    let (one, other) = (desk.executor(), desk.executor());
    let (one, other) = tokio::join!(one.execute(plan), other.execute(plan));
    assert_eq!([&one, &other].iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(desk.sent().len(), 1);
}

#[tokio::test]
async fn orders_and_days_that_are_too_large_are_refused() {
    let (mut desk, plan) = with_plan().await;
    let limit = desk.stored(plan).await.orders[0].limit_price.unwrap().whole_won().unwrap();
    desk.settings.limits.order_value = Some(money(3 * limit - 1));
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::OrderTooLarge { .. }), "{error}");
    desk.settings.limits.order_value = Some(money(3 * limit));
    desk.settings.limits.day_value = Some(money(5 * limit));
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    // What the first plan traded counts.
    let second = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    let error = refused(&desk, &desk.executor(), second).await;
    assert!(matches!(error, ExecuteError::DayTooLarge { before, .. } if before > money(0)), "{error}");
}

#[tokio::test]
async fn prices_that_moved_and_stocks_that_are_gone_are_refused() {
    let desk = desk().await;
    let mut order = desk.order(1, Side::Buy, OTHER, 3).await;
    let now = order.decision_price;
    order.decision_price = won(now.whole_won().unwrap() * 97 / 100);
    let plan = desk.plan(&[order]).await;
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(&error, ExecuteError::Moved(moved) if moved[0].now == now && moved[0].symbol == symbol(OTHER)));
    desk.begin(Fault::Delist { symbol: symbol(OTHER) });
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(&error, ExecuteError::NoPrice(symbols) if *symbols == [symbol(OTHER)]), "{error}");
}

#[tokio::test]
async fn an_account_that_holds_something_else_is_refused() {
    let desk = desk().await;
    let order = desk.order(1, Side::Sell, HELD, 2_000).await;
    let plan = desk.plan(&[order]).await;
    // Somebody offers a share by hand, at a price that nobody pays.
    let ticket = OrderTicket { symbol: symbol(HELD), side: Side::Sell, quantity: quantity(1), limit: Some(won(160_000)) };
    let known = desk.broker.place(&ticket).await.unwrap();
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(&error, ExecuteError::Holdings(differences) if differences[0].is_sellable), "{error}");
    desk.broker.cancel(&known).await.unwrap();
    desk.broker.place(&OrderTicket { limit: None, ..ticket }).await.unwrap();
    while desk.traded().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = refused(&desk, &desk.executor(), plan).await;
    let ExecuteError::Holdings(differences) = &error else { panic!("{error}") };
    assert_eq!((differences[0].planned, differences[0].found), (quantity(2_000), quantity(1_999)));
}

#[tokio::test]
async fn nothing_begins_nor_goes_on_while_a_file_stops_trading() {
    let (desk, plan) = with_plan().await;
    fs::write(desk.kill_switch(), "").unwrap();
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::KillSwitch { .. }), "{error}");
    fs::remove_file(desk.kill_switch()).unwrap();
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_withdraws_what_is_open_and_ends_the_plan() {
    let desk = desk().await;
    let orders = [desk.order(1, Side::Sell, HELD, 2_000).await, desk.order(2, Side::Buy, OTHER, 3).await];
    let plan = desk.plan(&orders).await;
    let file = desk.kill_switch();
    let executor = desk.executor().telling(move |progress| {
        if progress.to_string().contains("accepted") {
            fs::write(&file, "").unwrap();
        }
    });
    let outcome = executor.execute(plan).await.unwrap();
    assert_eq!(outcome.status, PlanStatus::Failed);
    let why = outcome.why.unwrap();
    assert!(why.starts_with("trading was stopped by the file ") && why.contains("3 of 3 000660 were not bought"), "{why}");
    assert_eq!((desk.sent().len(), desk.open_at_broker()), (1, 0));
    // What was filled before is recorded.
    let filled = desk.traded().get(&(symbol(HELD), Side::Sell)).copied().unwrap_or_default();
    let recorded: i64 = outcome.stored.executions.iter().map(|fill| fill.filled_qty.shares()).sum();
    assert_eq!(recorded, filled);
}

#[tokio::test]
async fn a_plan_is_withdrawn_before_it_begins_and_while_it_is_executed() {
    let (desk, plan) = with_plan().await;
    assert_eq!(desk.executor().cancel(plan).await.unwrap().status, PlanStatus::Cancelled);
    assert_eq!(desk.sent().len(), 0);
    // One that stopped with an order open.
    let plan = desk.plan(&[desk.order(1, Side::Sell, HELD, 2_000).await]).await;
    let executor = desk.executor();
    let part = tokio::time::timeout(Duration::from_millis(1_000), executor.execute(plan)).await;
    assert!(part.is_err());
    assert!(desk.open_at_broker() > 0);
    let outcome = desk.executor().cancel(plan).await.unwrap();
    assert_eq!((outcome.status, desk.open_at_broker()), (PlanStatus::Cancelled, 0));
    let recorded: i64 = outcome.stored.executions.iter().map(|fill| fill.filled_qty.shares()).sum();
    assert_eq!(recorded, desk.traded()[&(symbol(HELD), Side::Sell)]);
}

#[tokio::test]
async fn a_plan_does_not_begin_while_another_one_is_underway() {
    let (desk, first) = with_plan().await;
    let second = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    desk.store.take_step(first, &PlanStep::Started, desk.now()).await.unwrap();
    let error = refused(&desk, &desk.executor(), second).await;
    assert!(matches!(error, ExecuteError::Underway { other, .. } if other == first), "{error}");
}

#[tokio::test]
async fn a_plan_does_not_begin_while_somebody_has_an_open_order_in_one_of_its_stocks() {
    let (desk, plan) = with_plan().await;
    let order = &desk.stored(plan).await.orders[0];
    // So far from the market that nobody takes it.
    let quote = desk.broker.quote(order.symbol).await.unwrap();
    let limit = Some(quote.lower_limit.unwrap());
    let ticket = OrderTicket { symbol: order.symbol, side: Side::Buy, quantity: quantity(1), limit };
    let known = desk.broker.place(&ticket).await.unwrap();
    let error = desk.executor().execute(plan).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::OpenOrder { number, .. } if *number == known.number), "{error}");
    desk.broker.cancel(&known).await.unwrap();
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
}

#[tokio::test]
async fn a_missing_folder_stops_trading_as_the_file_in_it_would() {
    let (mut desk, plan) = with_plan().await;
    desk.settings.limits.kill_switch = desk.kill_switch().join("elsewhere").join("stop-trading");
    let error = refused(&desk, &desk.executor(), plan).await;
    assert!(matches!(error, ExecuteError::KillSwitch { .. }), "{error}");
}
