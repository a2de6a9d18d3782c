//! The account that exists in our own record alone.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use obs_kis::Clock;
use obs_model::{Calendar, PlanStatus, PlanStep, PlannedOrder, Side, trading_day};
use obs_rebalance::{AccountState, Broker, BrokerError, HeldShares, OrderTicket, PaperBroker, PaperSettings, TradingCosts};
use obs_store::{Batch, LoadRepository, PortfolioRepository, Store};
use rust_decimal::Decimal;

use crate::{
    prices::{store, ten, tick},
    support::{Desk, HELD, OTHER, desk, money, quantity, symbol, won},
};

/// With 10 shares of the one at 100 bid and 101 ask; of the other a last price of 1,000 is known and no quote.
fn account(store: Arc<dyn Store>, clock: &Clock) -> PaperBroker {
    let settings = PaperSettings {
        store,
        clock: clock.clone(),
        calendar: Calendar::krx(),
        costs: TradingCosts::default(),
        slippage: Decimal::new(1, 2),
    };
    let held = HeldShares { quantity: quantity(10), sellable: quantity(10) };
    PaperBroker::new(settings, AccountState { holdings: BTreeMap::from([(symbol(HELD), held)]), cash: money(10_100) })
}

fn recorded() -> Batch {
    let ticks = vec![
        tick(HELD, 100, Some((100, 101)), ten() - TimeDelta::seconds(1)),
        tick(OTHER, 1_000, None, ten() - TimeDelta::seconds(1)),
    ];
    Batch { ticks, ..Batch::default() }
}

fn ticket(side: Side, code: &str, shares: i64, limit: Option<i64>) -> OrderTicket {
    OrderTicket { symbol: symbol(code), side, quantity: quantity(shares), limit: limit.map(won) }
}

#[tokio::test]
async fn orders_are_filled_at_the_recorded_quotes_or_somewhat_beyond_the_last_price() {
    let (_folder, store) = store(recorded()).await;
    let broker = account(Arc::new(store), &Clock::compressed(ten(), 1));
    broker.place(&ticket(Side::Buy, HELD, 3, Some(105))).await.unwrap();
    broker.place(&ticket(Side::Sell, HELD, 2, None)).await.unwrap();
    broker.place(&ticket(Side::Buy, OTHER, 2, None)).await.unwrap();
    let orders = broker.orders(trading_day(ten())).await.unwrap();
    let fills: Vec<_> = orders.iter().map(|order| (order.filled, order.filled_amount, order.open)).collect();
    let none = quantity(0);
    assert_eq!(fills, [(quantity(3), money(303), none), (quantity(2), money(200), none), (quantity(2), money(2_020), none)]);
    let state = broker.state().await.unwrap();
    assert_eq!(state.cash, money(10_100 - 303 + 200 - 2_020));
    let shares: Vec<_> = state.holdings.values().map(|held| held.quantity).collect();
    assert_eq!(shares, [quantity(2), quantity(11)]);
}

#[tokio::test]
async fn an_order_whose_limit_is_not_met_rests_until_the_record_meets_it() {
    let (_folder, store) = store(recorded()).await;
    let store = Arc::new(store);
    let broker = account(Arc::clone(&store) as _, &Clock::compressed(ten(), 1));
    let day = trading_day(ten());
    let known = broker.place(&ticket(Side::Sell, HELD, 4, Some(110))).await.unwrap();
    let other = broker.place(&ticket(Side::Sell, HELD, 6, Some(120))).await.unwrap();
    assert_eq!(broker.orders(day).await.unwrap()[0].open, quantity(4));
    assert_eq!(broker.state().await.unwrap().holdings[&symbol(HELD)].sellable, quantity(0));
    store.commit(&Batch { ticks: vec![tick(HELD, 112, Some((111, 113)), ten())], ..Batch::default() }).await.unwrap();
    let orders = broker.orders(day).await.unwrap();
    assert_eq!((&orders[0].order, orders[0].filled_amount), (&known, money(444)));
    broker.cancel(&other).await.unwrap();
    let orders = broker.orders(day).await.unwrap();
    assert_eq!((orders[1].open, orders[1].filled), (quantity(0), quantity(0)));
    assert_eq!(broker.state().await.unwrap().holdings[&symbol(HELD)].sellable, quantity(6));
}

#[tokio::test]
async fn what_no_broker_would_take_is_refused() {
    let (_folder, store) = store(recorded()).await;
    let store: Arc<dyn Store> = Arc::new(store);
    let broker = account(Arc::clone(&store), &Clock::compressed(ten(), 1));
    let cases = [
        (ticket(Side::Buy, "035420", 1, None), false),
        (ticket(Side::Buy, OTHER, 11, Some(1_000)), true),
        (ticket(Side::Sell, HELD, 11, None), true),
        (ticket(Side::Buy, HELD, 0, None), false),
        (ticket(Side::Buy, OTHER, 1, Some(2_003)), false),
    ];
    for (order, passes) in cases {
        let error = broker.place(&order).await.unwrap_err();
        assert!(matches!(error, BrokerError::Rejected { may_pass, .. } if may_pass == passes), "{order:?}: {error}");
    }
    assert_eq!(broker.buyable(symbol(OTHER), Some(won(1_000))).await.unwrap(), quantity(10));
    let night = account(store, &Clock::compressed(ten() + TimeDelta::hours(12), 1));
    let error = night.place(&ticket(Side::Sell, HELD, 1, None)).await.unwrap_err();
    assert_eq!(error, BrokerError::Rejected { words: "the market is closed".to_owned(), may_pass: false });
}

/// A desk whose broker is the paper account.
async fn on_paper() -> Desk {
    let desk = desk().await;
    desk.store.commit(&recorded()).await.unwrap();
    let broker = Arc::new(account(Arc::clone(&desk.store) as _, &desk.settings.clock));
    Desk { broker, ..desk }
}

fn planned(sequence: u32, side: Side, code: &str, shares: i64, limit: i64, decision: i64) -> PlannedOrder {
    PlannedOrder {
        sequence,
        symbol: symbol(code),
        side,
        quantity: quantity(shares),
        limit_price: Some(won(limit)),
        decision_price: won(decision),
    }
}

#[tokio::test]
async fn a_plan_is_executed_on_paper() {
    let desk = on_paper().await;
    let orders = [planned(1, Side::Sell, HELD, 10, 100, 100), planned(2, Side::Buy, OTHER, 10, 1_010, 1_000)];
    let plan = desk.plan(&orders).await;
    let outcome = desk.execute(plan).await;
    assert_eq!((outcome.status, outcome.why), (PlanStatus::Done, None));
    // 10,100 and 1,000 less 2 of tax, and 10,100 with 1 of commission.
    assert_eq!(desk.broker.state().await.unwrap().cash, money(10_100 + 1_000 - 2 - 10_100 - 1));
    let slippage: Vec<_> = outcome.stored.executions.iter().map(|fill| fill.slippage).collect();
    assert_eq!(slippage, [money(0), money(100)]);
    assert_eq!(desk.sent().len(), 0);
}

#[tokio::test]
async fn an_accepted_paper_order_whose_fill_was_not_recorded_is_filled_by_the_next_process() {
    let desk = on_paper().await;
    let plan = desk.plan(&[planned(1, Side::Sell, HELD, 10, 100, 100)]).await;
    let order = desk.stored(plan).await.orders[0].order_id;
    let known = desk.broker.place(&ticket(Side::Sell, HELD, 10, Some(100))).await.unwrap();
    let steps = [PlanStep::Started, PlanStep::Submitting { order }, PlanStep::Accepted { order, broker_order: known }];
    for step in steps {
        desk.store.take_step(plan, &step, desk.now()).await.unwrap();
    }
    let stored = desk.stored(plan).await;
    let broker = account(Arc::clone(&desk.store) as _, &desk.settings.clock).going_on_with(&stored);
    let desk = Desk { broker: Arc::new(broker), ..desk };
    assert_eq!(desk.execute(plan).await.status, PlanStatus::Done);
    assert_eq!(desk.broker.state().await.unwrap().cash, money(10_100 + 1_000 - 2));
}
