//! A plan for an account at the simulated broker, approved and not yet begun.

use std::{fs, path::Path, process::Command, sync::Arc};

use chrono::Utc;
use obs_model::PlanId;
use obs_sim::{SimSettings, Simulator, StartingHolding, market::Listing};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Desk, rebalancer, sqlite, symbol, text};

/// What the account holds at first, in shares: much of two stocks, nothing of the two others.
const HELD: [(&str, i64); 2] = [("005930", 300), ("000660", 60)];
/// Its cash in won.
const CASH: i64 = 10_000_000;

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
patience_s = 20
attempts = 20
"#;

const TRADING: &str = "[trading]\nallow_live = true\nmax_order_value = 500_000_000\nmax_day_value = 2_000_000_000\n";

/// The market with the account. Each one that is started is the same.
pub async fn simulator() -> Simulator {
    let mut settings = SimSettings::new(Arc::new(Utc::now), 11);
    settings.cash = CASH;
    settings.market.listings =
        Listing::defaults().into_iter().filter(|listing| POLICY.contains(listing.symbol.as_str())).collect();
    settings.market.trades_per_second = 20;
    let listings = &settings.market.listings;
    let holding = |(code, quantity): &(&str, i64)| {
        let price = listings.iter().find(|listing| listing.symbol.as_str() == *code).unwrap().base_price;
        StartingHolding { symbol: symbol(code), quantity: *quantity, price }
    };
    settings.holdings = HELD.iter().map(holding).collect();
    // A burst of calls is a matter of other tests.
    settings.limits.ledger_calls_per_second = Some(18);
    Simulator::start(settings).await.unwrap()
}

/// A folder with a database in which the plan waits, and the words that let it begin.
#[derive(Clone)]
pub struct Prepared {
    dir: Arc<TempDir>,
    pub plan: PlanId,
    /// The digits that confirm it.
    pub confirm: String,
    /// How many orders it has.
    pub orders: usize,
}

impl Prepared {
    pub async fn new() -> Self {
        let simulator = simulator().await;
        let Desk { dir, .. } = Desk::without_prices().await;
        fs::write(dir.path().join("policy.toml"), POLICY).unwrap();
        fs::write(dir.path().join("observer.toml"), TRADING).unwrap();
        let said = async |arguments: &[&str]| {
            let mut command = at_simulator(dir.path(), &simulator, &simulator.rest_url());
            command.args(arguments).args(["--yes", "--json"]);
            let ended = tokio::process::Command::from(command).output().await.unwrap();
            assert!(ended.status.success(), "{arguments:?}: {}{}", text(&ended.stdout), text(&ended.stderr));
            serde_json::from_slice::<Value>(&ended.stdout).unwrap()
        };
        said(&["policy", "apply", "policy.toml"]).await;
        said(&["snapshot", "--from", "kis-live"]).await;
        let plan = said(&["plan", "--broker", "kis-live"]).await;
        let (id, orders) = (plan["plan_id"].as_i64().unwrap(), plan["orders"].as_array().unwrap().len());
        let approved = said(&["approve", &id.to_string(), "--broker", "kis-live"]).await;
        let confirm = approved["confirm"].as_str().unwrap().to_owned();
        fs::remove_dir_all(dir.path().join("tokens")).unwrap();
        Self { dir: Arc::new(dir), plan: PlanId(id), confirm, orders }
    }

    /// A folder with the same.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(self.dir.path()).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        copy
    }

    /// The plan's execution, with the simulator behind an address.
    pub fn execute(&self, dir: &Path, simulator: &Simulator, rest_url: &str) -> Command {
        let mut command = at_simulator(dir, simulator, rest_url);
        command.args(["execute", &self.plan.to_string(), "--broker", "kis-live", "--confirm", &self.confirm, "--yes"]);
        command
    }
}

fn at_simulator(dir: &Path, simulator: &Simulator, rest_url: &str) -> Command {
    let mut command = rebalancer(dir, &sqlite(dir));
    command.args(["--kis-rest-url", rest_url, "--kis-websocket-url", &simulator.websocket_url()]);
    command.env("KIS_APP_KEY", simulator.app_key()).env("KIS_APP_SECRET", simulator.app_secret());
    command.env("KIS_ACCOUNT", &simulator.customers()[0].account);
    command
}
