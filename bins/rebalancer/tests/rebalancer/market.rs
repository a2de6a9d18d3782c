//! A small simulated market with an account in it, and a plan for that account, approved and not yet begun.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use chrono::Utc;
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisClient, KisSettings};
use obs_model::{PlanId, Quantity, QualityFlag, SessionId, Tick};
use obs_sim::{SimSettings, Simulator, StartingHolding, market::Listing};
use obs_store::{Batch, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{open, text};

/// What the account holds at first, in shares. The other symbols of the market are to be bought.
pub const HELD: [(&str, i64); 3] = [("005930", 9_000), ("000660", 1_900), ("034020", 9_000)];
/// Its cash in won.
const CASH: i64 = 1_500_000_000;
/// What it should hold: a sixth of nearly everything each.
const TARGETS: [(&str, &str); 6] = [
    ("005930", "0.16"),
    ("000660", "0.16"),
    ("034020", "0.16"),
    ("005380", "0.16"),
    ("035720", "0.16"),
    ("035420", "0.16"),
];

/// The market. Each one that is started is the same.
pub async fn simulator() -> Simulator {
    let mut settings = SimSettings::new(Arc::new(Utc::now), 7);
    settings.market.listings = Listing::generated(6);
    settings.market.trades_per_second = 40;
    settings.limits.calls_per_second = Some(100_000);
    settings.limits.ledger_calls_per_second = Some(100_000);
    settings.cash = CASH;
    let holding = |(code, quantity): &(&str, i64)| {
        let price = settings.market.listings.iter().find(|listing| listing.symbol.as_str() == *code).unwrap().base_price;
        StartingHolding { symbol: code.parse().unwrap(), quantity: *quantity, price }
    };
    settings.holdings = HELD.iter().map(holding).collect();
    Simulator::start(settings).await.unwrap()
}

/// A folder with a database in which a plan is approved for the account.
#[derive(Clone)]
pub struct Prepared {
    dir: Arc<TempDir>,
    pub plan: PlanId,
    /// The digits that confirm it.
    pub digest: String,
    /// How many orders it has.
    pub orders: usize,
}

impl Prepared {
    pub async fn new() -> Self {
        let simulator = simulator().await;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("observer.toml"), TRADING).unwrap();
        fs::write(dir.path().join("policy.toml"), policy()).unwrap();
        let rest_url = simulator.rest_url();
        let said = |args: &[&str]| {
            let mut command = rebalancer_at(dir.path(), &simulator, &rest_url);
            let ended = command.args(args).args(["--yes", "--json"]).output().unwrap();
            assert!(ended.status.success(), "{args:?}: {}{}", text(&ended.stdout), text(&ended.stderr));
            serde_json::from_slice::<Value>(&ended.stdout).unwrap()
        };
        let store = open(&database(dir.path())).await;
        store.migrate().await.unwrap();
        record_prices(&simulator, store.as_ref()).await;
        drop(store);
        said(&["policy", "apply", dir.path().join("policy.toml").to_str().unwrap()]);
        said(&["snapshot", "--from", "kis-live"]);
        let plan = said(&["plan", "--force"]);
        let (id, orders) = (plan["plan_id"].as_i64().unwrap(), plan["orders"].as_array().unwrap().len());
        let approved = said(&["approve", &id.to_string(), "--broker", "kis-live"]);
        let digest = approved["confirm"].as_str().unwrap().to_owned();
        Self { dir: Arc::new(dir), plan: PlanId(id), digest, orders }
    }

    /// A folder with the same.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(self.dir.path()).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        copy
    }

    pub fn database(&self, dir: &Path) -> String {
        database(dir)
    }

    /// The program with a folder, and with the simulator behind an address.
    pub fn rebalancer(&self, dir: &Path, simulator: &Simulator, rest_url: &str) -> Command {
        rebalancer_at(dir, simulator, rest_url)
    }
}

const TRADING: &str = "[trading]\nallow_live = true\nmax_order_value = 5_000_000_000\nmax_day_value = 50_000_000_000\n";

fn policy() -> String {
    let targets: String = TARGETS.iter().map(|(code, weight)| format!("\"{code}\" = {weight}\n")).collect();
    format!(
        "id = \"sixths\"\nname = \"A sixth each\"\nfrequency = \"daily\"\nthreshold = 0.01\n\n[targets]\ncash = 0.04\n{targets}"
    )
}

fn database(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("observer.db").display())
}

fn rebalancer_at(dir: &Path, simulator: &Simulator, rest_url: &str) -> Command {
    let customer = &simulator.customers()[0];
    let mut command = Command::new(env!("CARGO_BIN_EXE_rebalancer"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("KIS_APP_KEY", &customer.app_key).env("KIS_APP_SECRET", &customer.app_secret);
    command.env("KIS_ACCOUNT", &customer.account);
    command.args(["--hours", "always", "--kis-rest-url", rest_url, "--kis-websocket-url", &simulator.websocket_url()]);
    command.arg("--config").arg(dir.join("observer.toml")).arg("--data-dir").arg(dir);
    command.args(["--database-url", &database(dir), "--calls-per-second", "1000"]);
    command
}

/// Records what the broker's stocks cost now, as a collector would have.
async fn record_prices(simulator: &Simulator, store: &dyn Store) {
    let keys = Credentials::new(simulator.app_key().to_owned(), simulator.app_secret().to_owned()).unwrap();
    let endpoints = Endpoints::at(Environment::Live, &simulator.rest_url(), &simulator.websocket_url()).unwrap();
    let client = KisClient::new(endpoints, keys, KisSettings::new(Environment::Live), Clock::system()).unwrap();
    let mut ticks = Vec::new();
    for listing in simulator.listings() {
        let quote = client.quote(listing.symbol).await.unwrap();
        ticks.push(Tick {
            symbol: listing.symbol,
            event_time: Utc::now(),
            last_price: quote.price,
            volume: Some(Quantity::new(1).unwrap()),
            bid_price: None,
            ask_price: None,
            bid_size: None,
            ask_size: None,
            session_id: SessionId::new("prepared").unwrap(),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        });
    }
    store.commit(&Batch { ticks, ..Batch::default() }).await.unwrap();
}
