//! Observer's own client of the broker on the simulated one: what is written by one is understood by the other.

use std::time::Duration;

use chrono::{Days, TimeDelta, Timelike, Utc};
use obs_kis::{
    AccountNumber, Clock, Credentials, Endpoints, Environment, KisClient, KisError, KisSettings, NewOrder, OrderFilter,
    OrderKind, OrderRecord, Rejection, Revision, TimeInForce, Venue,
};
use obs_model::{KST, Money, Price, Quantity, Side, Symbol};
use obs_sim::{Customer, Fault, SimSettings, Simulator};

struct Scene {
    simulator: Simulator,
    client: KisClient,
    account: AccountNumber,
}

impl Scene {
    async fn open(paper: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::system();
        let (ours, theirs) = match paper {
            true => (Environment::Paper, obs_sim::Environment::Paper),
            false => (Environment::Live, obs_sim::Environment::Live),
        };
        let settings = SimSettings { environment: theirs, ..SimSettings::new(clock.reader(), 7) };
        let simulator = Simulator::start(settings).await.unwrap();
        let Customer { app_key, app_secret, account } = simulator.customers()[0].clone();
        let endpoints = Endpoints::at(ours, &simulator.rest_url(), &simulator.websocket_url()).unwrap();
        let credentials = Credentials::new(app_key, app_secret).unwrap();
        let mut settings = KisSettings::new(ours);
        settings.deadlines.answer = Duration::from_secs(3);
        let client = KisClient::new(endpoints, credentials, settings, clock).unwrap();
        Self { simulator, client, account: account.parse().unwrap() }
    }

    async fn orders(&self) -> Vec<OrderRecord> {
        let today = Utc::now().with_timezone(&KST).date_naive();
        // A test may run at midnight.
        let (from, to) = (today - Days::new(1), today + Days::new(1));
        self.client.orders(&self.account, from, to, &OrderFilter::default()).await.unwrap()
    }
}

fn samsung() -> Symbol {
    "005930".parse().unwrap()
}

fn won(price: i64) -> Price {
    Price::from_won(price).unwrap()
}

fn in_won(money: Money) -> i64 {
    money.won().to_string().parse().unwrap()
}

fn order(side: Side, kind: OrderKind, shares: i64) -> NewOrder {
    NewOrder { symbol: samsung(), side, quantity: Quantity::new(shares).unwrap(), kind, venue: Venue::Krx }
}

#[tokio::test]
async fn quotes_books_and_charts_are_understood() {
    let scene = Scene::open(false).await;
    let client = &scene.client;
    let quote = client.quote(samsung()).await.unwrap();
    assert_eq!((quote.symbol, quote.base_price), (samsung(), Some(won(151_000))));
    let book = client.asking_price(samsung()).await.unwrap();
    assert_eq!((book.asks.len(), book.bids.len()), (10, 10));
    assert!(book.bids[0].price < book.asks[0].price);
    let now = Utc::now().with_timezone(&KST);
    client.minute_chart(samsung(), now.time().with_nanosecond(0).unwrap()).await.unwrap();
    let today = now.date_naive();
    let days = client.daily_chart(samsung(), today - Days::new(60), today, true).await.unwrap();
    assert!(days.rows.len() > 10);
    assert_eq!(client.holidays(today).await.unwrap()[0].date, today);
    assert!(client.clock_skew().unwrap().abs() < TimeDelta::seconds(2));
    client.approval_key().await.unwrap();
}

#[tokio::test]
async fn orders_are_given_changed_withdrawn_and_listed() {
    let scene = Scene::open(false).await;
    let Scene { client, account, .. } = &scene;
    let limit = |price| OrderKind::Limit(won(price), TimeInForce::Day);
    let first = client.place_order(account, &order(Side::Buy, limit(120_000), 10)).await.unwrap().order;
    let revision = Revision { kind: limit(121_000), quantity: None, venue: Venue::Krx };
    let second = client.revise_order(account, &first, &revision).await.unwrap().order;
    let third = client.cancel_order(account, &second, None, Venue::Krx).await.unwrap().order;
    let again = client.cancel_order(account, &second, None, Venue::Krx).await.unwrap_err();
    assert!(matches!(again, KisError::Rejected { .. }), "{again}");
    let listed = scene.orders().await;
    let rows: Vec<_> =
        listed.iter().map(|row| (&row.order, row.parent.as_ref(), row.open.shares(), row.cancelled.shares())).collect();
    assert_eq!(rows, [(&third, Some(&second.number), 0, 10), (&second, Some(&first.number), 0, 10), (&first, None, 0, 10)]);
}

#[tokio::test]
async fn a_filled_order_shows_in_the_list_and_in_the_balance() {
    let scene = Scene::open(false).await;
    let Scene { client, account, simulator } = &scene;
    let power = client.buying_power(account, samsung(), OrderKind::Market(TimeInForce::Day)).await.unwrap();
    assert_eq!(in_won(power.cash), 100_000_000);
    client.place_order(account, &order(Side::Buy, OrderKind::Market(TimeInForce::Day), 1)).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while simulator.orders()[0].filled == 0 {
        assert!(tokio::time::Instant::now() < deadline, "not filled");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let row = scene.orders().await.remove(0);
    assert_eq!((row.filled.shares(), row.open.shares()), (1, 0));
    let balance = client.balance(account).await.unwrap();
    let fee = in_won(row.filled_amount) * 140_527 / 1_000_000_000;
    assert_eq!(in_won(balance.settled_deposit), 100_000_000 - in_won(row.filled_amount) - fee);
    assert_eq!((balance.holdings[0].symbol, balance.holdings[0].cost), (samsung(), row.filled_amount));
}

#[tokio::test]
async fn refusals_of_both_worlds_are_understood() {
    for paper in [false, true] {
        let Scene { client, account, simulator: _simulator } = Scene::open(paper).await;
        let limit = OrderKind::Limit(won(151_000), TimeInForce::Day);
        for (wrong, reason) in [
            (order(Side::Sell, limit, 1), Rejection::HoldingsShort),
            (order(Side::Buy, limit, 100_000), Rejection::CashShort),
        ] {
            match client.place_order(&account, &wrong).await.unwrap_err() {
                KisError::Rejected { reason: told, .. } => assert_eq!(told, reason),
                other => panic!("{other}"),
            }
        }
    }
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_has_an_unknown_outcome_and_can_be_looked_up() {
    let scene = Scene::open(false).await;
    scene.client.quote(samsung()).await.unwrap();
    scene.simulator.control().inject(Fault::LoseAnswers, Duration::ZERO);
    let limit = OrderKind::Limit(won(120_000), TimeInForce::Day);
    let error = scene.client.place_order(&scene.account, &order(Side::Buy, limit, 3)).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    scene.simulator.control().clear(1);
    let listed = scene.orders().await;
    assert_eq!((listed.len(), listed[0].quantity.shares()), (1, 3));
}
