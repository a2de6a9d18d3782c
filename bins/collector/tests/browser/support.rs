//! A collector that runs, and where its dashboard is.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long the program may take until it greets.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running collector. It ends with this value.
pub struct Collector {
    _program: Child,
    /// The dashboard's address.
    pub address: String,
}

/// Starts the program with a folder of its own, on any free port. It sees no settings of whoever runs the tests.
pub async fn record(dir: &Path, more: &[&str], keys: &[(&str, &str)]) -> Collector {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.env_clear().envs(keys.iter().copied());
    command.arg("--data-dir").arg(dir).arg("--database-url").arg(format!("sqlite://{}", dir.join("observer.db").display()));
    command.args(["--listen", "127.0.0.1:0"]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut program = command.spawn().unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap()).lines();
    let greeting = async {
        loop {
            let line = said.next_line().await.unwrap().expect("the collector ended before it greeted");
            if let Some(address) = line.trim().strip_prefix("HTTP ") {
                return format!("{}/", address.trim());
            }
        }
    };
    let address = timeout(PATIENCE, greeting).await.expect("the collector does not greet");
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
    Collector { _program: program, address }
}
