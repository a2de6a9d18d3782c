//! Orders that are filled, refused, withdrawn and offered anew.

use std::time::Duration;

use obs_model::{ExecutionStatus, OrderStatus, PlanStatus, Side};
use obs_sim::{Fault, market::MarketSettings};
use rust_decimal::Decimal;

use crate::support::{Desk, HELD, OTHER, desk, money, symbol};

#[tokio::test]
async fn sells_are_filled_before_the_first_buy_is_sent_and_costs_are_exact_to_the_won() {
    // A lively market fills piece by piece.
    let desk = Desk::with(|settings| {
        settings.market = MarketSettings { trades_per_second: 400, ..MarketSettings::new(7) };
        settings.cash = 1_000_000;
    })
    .await;
    let sell = desk.order(1, Side::Sell, HELD, 1_500).await;
    let buy = desk.order(2, Side::Buy, OTHER, 40).await;
    let mut settings = desk.settings.clone();
    settings.rules.patience = Duration::from_millis(700);
    settings.rules.attempts = 60;
    settings.rules.away = Decimal::new(5, 1);
    let desk = Desk { settings, ..desk };
    let plan = desk.plan(&[sell, buy]).await;
    let outcome = desk.execute(plan).await;
    assert_eq!((outcome.status, outcome.why), (PlanStatus::Done, None));

    let sent = desk.sent();
    let first_buy = sent.iter().find(|order| order.side == Side::Buy).unwrap();
    let sold_before: i64 = sent.iter().filter(|o| o.number < first_buy.number).map(|order| order.filled).sum();
    assert_eq!(sold_before, 1_500);
    assert_eq!(desk.traded().into_values().sum::<i64>(), 1_540);
    let pieces = outcome.stored.executions.iter().filter(|fill| fill.status == ExecutionStatus::Partial).count();
    assert!(pieces > 0, "everything was filled at once");
    // The record agrees with the broker's books, order by order: shares, money, fee and tax.
    let books = desk.simulator.orders();
    for order in &outcome.stored.orders {
        let Some(known) = &order.broker_order else { continue };
        let book = books.iter().find(|book| book.odno() == known.number).unwrap();
        let fills: Vec<_> = outcome.stored.executions.iter().filter(|fill| fill.order_id == order.order_id).collect();
        let shares: i64 = fills.iter().map(|fill| fill.filled_qty.shares()).sum();
        let value: Decimal = fills
            .iter()
            .filter_map(|fill| Some(Decimal::from(fill.filled_price?) * Decimal::from(fill.filled_qty.shares())))
            .sum();
        let costs: Decimal = fills.iter().map(|fill| fill.commission.won() + fill.tax.unwrap().won()).sum();
        let tax = if book.side == Side::Sell { book.filled_value * 20 / 10_000 } else { 0 };
        let fee = i128::from(book.filled_value) * 140_527 / 1_000_000_000;
        assert_eq!((shares, value), (book.filled, Decimal::from(book.filled_value)));
        assert_eq!(costs, Decimal::from(fee) + Decimal::from(tax));
    }
}

#[tokio::test]
async fn a_refusal_that_may_pass_is_tried_again_and_the_plan_is_done() {
    let desk = desk().await;
    let plan = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await]).await;
    desk.begin(Fault::RefuseOrders { count: 2 });
    let outcome = desk.execute(plan).await;
    assert_eq!(outcome.status, PlanStatus::Done);
    assert_eq!(desk.traded()[&(symbol(OTHER), Side::Buy)], 3);
    assert_eq!((desk.sent().len(), outcome.stored.orders.len()), (1, 3));
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_is_given_up_and_the_plan_goes_on() {
    let desk = desk().await;
    let orders = [desk.order(1, Side::Sell, HELD, 2).await, desk.order(2, Side::Buy, OTHER, 3).await];
    let plan = desk.plan(&orders).await;
    desk.begin(Fault::RefuseOrders { count: 3 });
    let outcome = desk.execute(plan).await;
    assert_eq!(outcome.status, PlanStatus::Failed);
    let why = outcome.why.unwrap();
    assert!(why.starts_with("2 of 2 005930 were not sold (refused 3 times: "), "{why}");
    assert_eq!(desk.traded().into_iter().collect::<Vec<_>>(), [((symbol(OTHER), Side::Buy), 3)]);
}

#[tokio::test]
async fn a_refusal_that_never_passes_is_not_tried_again() {
    let desk = desk().await;
    let plan = desk.plan(&[desk.order(1, Side::Buy, OTHER, 3).await, desk.order(2, Side::Buy, HELD, 1).await]).await;
    let gone = Fault::Delist { symbol: symbol(OTHER) };
    // It is gone once the plan has been looked at: with the first order of the plan.
    let executor = desk.executor();
    let control = desk.simulator.control();
    let executor = executor.telling(move |progress| {
        if progress.to_string().contains("started") {
            control.inject(gone.clone(), Duration::ZERO);
        }
    });
    let outcome = executor.execute(plan).await.unwrap();
    assert_eq!(outcome.status, PlanStatus::Failed);
    let statuses: Vec<_> = outcome.stored.orders.iter().map(|order| order.status).collect();
    assert_eq!(statuses, [OrderStatus::Cancelled, OrderStatus::Filled]);
    assert!(outcome.why.unwrap().starts_with("3 of 3 000660 were not bought"));
}

#[tokio::test]
async fn what_is_not_filled_in_time_is_withdrawn_and_offered_anew_and_never_more_than_was_planned() {
    let desk = desk().await;
    // The market stands still: what the quote shows is filled, and the rest never.
    let plan = desk.plan(&[desk.order(1, Side::Sell, HELD, 2_000).await]).await;
    let outcome = desk.execute(plan).await;
    assert_eq!(outcome.status, PlanStatus::Failed);
    let filled = desk.traded()[&(symbol(HELD), Side::Sell)];
    assert!((1..2_000).contains(&filled), "{filled}");
    let why = outcome.why.unwrap();
    assert_eq!(why, format!("{} of 2000 005930 were not sold (not filled after 3 attempts)", 2_000 - filled));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|order| order.quantity).collect::<Vec<_>>(), [2_000, 2_000 - filled, 2_000 - filled]);
    assert_eq!(desk.open_at_broker(), 0);
}

#[tokio::test]
async fn purchases_that_the_cash_does_not_pay_are_made_smaller() {
    let desk = Desk::with(|settings| settings.cash = 1_000_000).await;
    let buy = desk.order(1, Side::Buy, HELD, 10).await;
    let plan = desk.plan(&[buy]).await;
    let outcome = desk.execute(plan).await;
    // Six at 151,100 won with the fee.
    assert_eq!(desk.traded()[&(symbol(HELD), Side::Buy)], 6);
    assert_eq!(outcome.status, PlanStatus::Failed);
    assert!(outcome.why.unwrap().starts_with("4 of 10 005930 were not bought"));
    let state = desk.broker.state().await.unwrap();
    assert!(state.cash >= money(0), "{}", state.cash);
}

#[tokio::test]
async fn orders_of_one_symbol_go_one_after_the_other() {
    let desk = desk().await;
    let orders = [desk.order(1, Side::Buy, OTHER, 2).await, desk.order(2, Side::Buy, OTHER, 2).await];
    let plan = desk.plan(&orders).await;
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    assert_eq!(desk.sent().len(), 2);
    let said = desk.said.lock().unwrap().join("\n");
    let second = said.find("order 2 (BUY 2 000660").unwrap();
    assert!(said[..second].contains(" filled: 2 at "), "{said}");
}
