//! The whole cycle against a simulated broker, over real sockets.

use std::{collections::BTreeMap, fs, process::Output, sync::Arc, time::Duration};

use chrono::Utc;
use obs_model::{Side, Symbol};
use obs_sim::{Action, Fault, SimSettings, Simulator, StartingHolding, market::Listing};
use serde_json::Value;

use crate::support::{Desk, symbol, text};

/// So many that no quote and no second of trades fills an order at once.
const HELD: i64 = 800;
const CASH: i64 = 30_000_000;

/// Equal parts of four stocks.
const POLICY: &str = r#"
id = "core"
name = "Four large stocks"
cash = 0.04
[targets]
"005930" = 0.24
"000660" = 0.24
"035420" = 0.24
"051910" = 0.24
[prices]
oldest_minutes = 60
[orders]
distance = 0.03
away = 0.08
patience_s = 5
attempts = 12
"#;

async fn simulator() -> Simulator {
    let mut settings = SimSettings::new(Arc::new(Utc::now), 11);
    settings.cash = CASH;
    settings.market.listings =
        Listing::defaults().into_iter().filter(|listing| POLICY.contains(listing.symbol.as_str())).collect();
    assert_eq!(settings.market.listings.len(), 4);
    settings.past = Duration::from_secs(600);
    settings.market.trades_per_second = 40;
    let first = &settings.market.listings[0];
    settings.holdings = vec![StartingHolding { symbol: first.symbol, quantity: HELD, price: first.base_price }];
    Simulator::start(settings).await.unwrap()
}

/// Runs the program against the simulator's hosts while the simulator runs.
async fn run(desk: &Desk, simulator: &Simulator, arguments: &[&str]) -> Output {
    let mut command = desk.command(arguments);
    command.args(["--kis-rest-url", &simulator.rest_url(), "--kis-websocket-url", &simulator.websocket_url()]);
    command.env("KIS_APP_KEY", simulator.app_key()).env("KIS_APP_SECRET", simulator.app_secret());
    command.env("KIS_ACCOUNT", &simulator.customers()[0].account);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

async fn json(desk: &Desk, simulator: &Simulator, arguments: &[&str]) -> Value {
    let output = run(desk, simulator, &[arguments, &["--json"]].concat()).await;
    assert!(output.status.success(), "{arguments:?}: {}\n{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the account holds by the simulator's own books.
fn books(simulator: &Simulator, held: Symbol) -> BTreeMap<Symbol, i64> {
    let mut shares = BTreeMap::from([(held, HELD)]);
    for order in simulator.orders().iter().filter(|order| order.action == Action::New) {
        let sign = if order.side == Side::Buy { 1 } else { -1 };
        *shares.entry(order.symbol).or_default() += sign * order.filled;
    }
    shares
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_comes_to_its_policy_at_the_broker_in_spite_of_refusals_and_partial_fills() {
    let (desk, simulator) = (Desk::without_prices().await, simulator().await);
    fs::write(desk.file("policy.toml"), POLICY).unwrap();
    let settings = "[trading]\nallow_live = true\nmax_order_value = 500_000_000\nmax_day_value = 2_000_000_000\n";
    fs::write(desk.file("observer.toml"), settings).unwrap();
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);

    let taken = json(&desk, &simulator, &["snapshot", "--from", "kis-live"]).await;
    assert_eq!((taken["source"].as_str(), taken["cash"].as_str()), (Some("kis-live"), Some("30000000")));
    let planned = json(&desk, &simulator, &["plan", "--broker", "kis-live"]).await;
    let orders = planned["orders"].as_array().unwrap();
    assert!(orders.iter().any(|order| order["side"] == "SELL") && orders.iter().any(|order| order["side"] == "BUY"));
    let id = planned["plan_id"].to_string();
    let approved = json(&desk, &simulator, &["approve", &id, "--broker", "kis-live", "--yes"]).await;
    let confirm = approved["confirm"].as_str().unwrap();

    // The first order is refused once for want of cash, and passes then.
    simulator.control().inject(Fault::RefuseOrders { count: 1 }, Duration::ZERO);
    let execute = ["execute", &id, "--broker", "kis-live", "--confirm", confirm, "--yes"];
    let done = json(&desk, &simulator, &execute).await;
    assert_eq!(done["status"], "done", "{done}");
    let executions = done["executions"].as_array().unwrap();
    assert_eq!(executions.iter().filter(|execution| execution["status"] == "REJECTED").count(), 1);
    assert!(executions.iter().any(|execution| execution["status"] == "PARTIAL"), "{done}");

    // The judge is the simulator's own book: every symbol is at the plan's shares.
    let held = symbol(
        taken["positions"].as_array().unwrap().iter().find(|row| row["shares"] != 0).unwrap()["symbol"].as_str().unwrap(),
    );
    let mut wanted = BTreeMap::from([(held, HELD)]);
    for order in orders {
        let sign = if order["side"] == "BUY" { 1 } else { -1 };
        *wanted.entry(symbol(order["symbol"].as_str().unwrap())).or_default() += sign * order["quantity"].as_i64().unwrap();
    }
    assert_eq!(books(&simulator, held), wanted);

    // And so says the next snapshot, with cash that was never overdrawn.
    let after = json(&desk, &simulator, &["snapshot", "--from", "kis-live"]).await;
    for row in after["positions"].as_array().unwrap() {
        let code = symbol(row["symbol"].as_str().unwrap());
        assert_eq!(row["shares"].as_i64(), wanted.get(&code).copied(), "{code}");
    }
    assert!(after["cash"].as_str().unwrap().parse::<f64>().unwrap() >= 0.0);
    // Nothing is sent a second time.
    let orders_before = simulator.orders().len();
    assert_eq!(run(&desk, &simulator, &execute).await.status.code(), Some(1));
    assert_eq!(simulator.orders().len(), orders_before);
    simulator.stop().await;
}
