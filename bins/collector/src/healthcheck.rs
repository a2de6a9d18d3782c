//! `collector healthcheck`: asks a running collector how it is, for containers, whose images have no other program that could.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// The most that is read of an answer.
const LONGEST: u64 = 64 * 1024;

#[derive(Args)]
pub(crate) struct HealthcheckArgs {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    address: SocketAddr,
    /// Ask whether it is ready (it records, and the database answers), and not only whether it is alive
    #[arg(long)]
    ready: bool,
    /// The token of its API; /ready wants it where the API does
    #[arg(long, env = "OBSERVER_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// Succeeds if the answer is 200, and otherwise says what it was.
pub(crate) async fn run(args: &HealthcheckArgs) -> anyhow::Result<ExitCode> {
    let path = if args.ready { "/ready" } else { "/health" };
    let address = args.address;
    let answer = timeout(PATIENCE, ask(address, path, args.token.as_deref()))
        .await
        .with_context(|| format!("http://{address}{path} gives no answer within {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("http://{address}{path} cannot be asked: does the collector run, and listen there?"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status != "200" {
        bail!("http://{address}{path} answers {status}: {body}");
    }
    println!("{body}");
    Ok(ExitCode::SUCCESS)
}

/// One question over a connection of its own, by HTTP/1.0, whose answers end with the connection.
async fn ask(address: SocketAddr, path: &str, token: Option<&str>) -> std::io::Result<String> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let question = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n{authorization}\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
