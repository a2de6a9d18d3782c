//! Running the program, and comparing what it archived with what it stored.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_cli::{Database, open_store};
use obs_model::{Bar, Symbol};
use obs_store::{Store, Table, TimeRange};
use serde_json::Value;

/// All of time.
pub const ALWAYS: TimeRange = TimeRange { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };

/// The program with a folder and a database. It sees no settings of whoever runs the tests.
pub fn collector(dir: &Path, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.env_clear().arg("--data-dir").arg(dir).args(["--database-url", database]);
    // Tests run side by side, and would fight over the usual port.
    command.env("OBSERVER_LISTEN", "none");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn sqlite(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("observer.db").display())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a signal by name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

pub async fn open(database: &str) -> Arc<dyn Store> {
    open_store(&database.parse::<Database>().unwrap()).await.unwrap()
}

/// Waits until the database holds so many ticks.
pub async fn wait_for_ticks(database: &str, ticks: u64) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        // Early on there is no schema yet.
        if open(database).await.count(Table::ScalpTicks).await.is_ok_and(|count| count >= ticks) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "no {ticks} ticks within a minute");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

pub fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

/// The archive's tick lines, as plain JSON.
pub fn archived_ticks(dir: &Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join("scalp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let lines: Vec<String> = files.iter().flat_map(|file| lines_of(file)).collect();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).filter(|line: &Value| line["kind"] == "tick").collect()
}

fn lines_of(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

/// A minute of a symbol as the archive tells it: open, high, low, close, volume. Worked out here, without Observer's code.
type Told = (i64, i64, i64, i64, i64);

/// A trade: when, at how many won, how many shares.
type Trade = (DateTime<Utc>, i64, i64);

fn told(ticks: &[Value]) -> BTreeMap<(String, DateTime<Utc>), Told> {
    let mut minutes: BTreeMap<(String, DateTime<Utc>), Vec<Trade>> = BTreeMap::new();
    for tick in ticks {
        let at: DateTime<Utc> = tick["event_time"].as_str().unwrap().parse().unwrap();
        let minute = at - TimeDelta::seconds(at.timestamp() % 60);
        let (price, volume) = (tick["last_price"].as_i64().unwrap(), tick["volume"].as_i64().unwrap());
        let symbol = tick["symbol"].as_str().unwrap().to_owned();
        minutes.entry((symbol, minute)).or_default().push((at, price, volume));
    }
    let bar = |mut trades: Vec<Trade>| {
        // Stable: the order of arrival decides within a second.
        trades.sort_by_key(|trade| trade.0);
        let prices = || trades.iter().map(|trade| trade.1);
        let volume = trades.iter().map(|trade| trade.2).sum();
        (prices().next().unwrap(), prices().max().unwrap(), prices().min().unwrap(), prices().next_back().unwrap(), volume)
    };
    minutes.into_iter().map(|(key, trades)| (key, bar(trades))).collect()
}

/// Every archived tick is a row, every bar is what the archive says, and every symbol that was traded has a bar.
pub async fn assert_stored_as_archived(dir: &Path, database: &str) -> Vec<Bar> {
    let ticks = archived_ticks(dir);
    let store = open(database).await;
    assert_eq!(store.count(Table::ScalpTicks).await.unwrap(), ticks.len() as u64);
    let bars = store.bars(ALWAYS, None).await.unwrap();
    let won = |price: obs_model::Price| price.whole_won().unwrap();
    let stored: BTreeMap<(String, DateTime<Utc>), Told> = bars
        .iter()
        .map(|bar| {
            let ohlc = bar.ohlc;
            let prices = (won(ohlc.open()), won(ohlc.high()), won(ohlc.low()), won(ohlc.close()), bar.volume.shares());
            ((bar.symbol.to_string(), bar.bar_time), prices)
        })
        .collect();
    assert_eq!(stored, told(&ticks));
    bars
}

pub fn symbols_of(bars: &[Bar]) -> std::collections::BTreeSet<Symbol> {
    bars.iter().map(|bar| bar.symbol).collect()
}
