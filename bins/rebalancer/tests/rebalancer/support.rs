//! Running the program, and looking at what it left.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_cli::{Database, prepare_store};
use obs_model::{Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_store::{Batch, Store};
use serde_json::Value;

/// Half of it in one stock, four tenths in another, and a tenth in cash.
pub const POLICY: &str = r#"
id = "core"
name = "Two large stocks"
frequency = "monthly"
cash = 0.1
[targets]
"005930" = 0.5
"000660" = 0.4
[due]
drift = 0.05
"#;

/// Too much of the one, nothing of the other: 14 million won in shares, and 3 million in cash.
pub const HOLDINGS: &str = "종목코드,보유수량,금액\n005930,200,\n현금,,3000000\n";

/// The program with a folder and a database, ready for a command. It sees no settings of whoever runs the tests, and its market
/// is always open.
pub fn rebalancer(dir: &Path, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rebalancer"));
    command.env_clear().current_dir(dir).arg("--data-dir").arg(dir).args(["--database-url", database, "--hours", "always"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn sqlite(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("observer.db").display())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub async fn open(database: &str) -> Arc<dyn Store> {
    prepare_store(&database.parse::<Database>().unwrap()).await.unwrap()
}

pub fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

/// A trade at a price in won, with a bid a tick below it.
pub fn tick(code: &str, won: i64, at: DateTime<Utc>) -> Tick {
    let price = |won| Some(Price::from_won(won).unwrap());
    let shares = |number| Some(Quantity::new(number).unwrap());
    Tick {
        symbol: symbol(code),
        event_time: at,
        last_price: price(won),
        volume: shares(10),
        bid_price: price(won - if won < 200_000 { 100 } else { 500 }),
        ask_price: price(won),
        bid_size: shares(1_000),
        ask_size: shares(1_000),
        session_id: SessionId::new("test").unwrap(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

/// A folder with a database that knows today's prices of both stocks.
pub struct Desk {
    pub dir: tempfile::TempDir,
    pub database: String,
    pub store: Arc<dyn Store>,
}

impl Desk {
    pub async fn new() -> Self {
        let desk = Self::without_prices().await;
        desk.prices(TimeDelta::seconds(2)).await;
        desk
    }

    pub async fn without_prices() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = sqlite(dir.path());
        let store = open(&database).await;
        fs::write(dir.path().join("policy.toml"), POLICY).unwrap();
        fs::write(dir.path().join("holdings.csv"), HOLDINGS).unwrap();
        Self { dir, database, store }
    }

    /// Records a trade of both stocks that was so long ago.
    pub async fn prices(&self, ago: TimeDelta) {
        let at = Utc::now() - ago;
        let ticks = vec![tick("000660", 200_000, at), tick("005930", 70_000, at)];
        self.store.commit(&Batch { ticks, ..Batch::default() }).await.unwrap();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rebalancer(self.dir.path(), &self.database);
        command.args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that ends well.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}\n{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What a command says that ends with this code, and that it changed nothing.
    pub async fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let before = self.contents().await;
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}\n{said}", text(&output.stdout));
        assert_eq!(self.contents().await, before, "{arguments:?} changed something");
        said
    }

    /// Everything that the portfolio's tables hold.
    pub async fn contents(&self) -> String {
        let mut contents = String::new();
        for policy in self.store.policies().await.unwrap() {
            contents.push_str(&format!("{:?}\n", self.store.policy(&policy.policy_id).await.unwrap()));
        }
        for snapshot in self.store.snapshots(None, 1_000).await.unwrap() {
            contents.push_str(&format!("{:?}\n", self.store.snapshot(snapshot.snapshot_id).await.unwrap()));
        }
        for plan in self.store.plans(None, 1_000).await.unwrap() {
            contents.push_str(&format!("{:?}\n", self.store.plan(plan.plan_id).await.unwrap()));
        }
        contents
    }

    /// A desk whose plan waits for approval.
    pub async fn with_plan() -> Self {
        let desk = Self::new().await;
        desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
        desk.ok(&["snapshot", "--holdings", "holdings.csv"]);
        desk.ok(&["plan"]);
        desk
    }
}
