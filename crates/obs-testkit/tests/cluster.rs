//! The private cluster, and its end. These tests need PostgreSQL's programs, as `docs/TESTING.md` says.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use obs_testkit::PostgresServer;
use sqlx::{Connection, PgConnection};

/// What is left to look at once a server is gone.
#[derive(Debug)]
struct Traces {
    process: String,
    folder: PathBuf,
    port: u16,
}

impl Traces {
    async fn of(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let folder: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.unwrap();
        let port: String = sqlx::query_scalar("SHOW port").fetch_one(&mut connection).await.unwrap();
        let pid_file = std::fs::read_to_string(Path::new(&folder).join("postmaster.pid")).unwrap();
        let process = pid_file.lines().next().unwrap().to_owned();
        Self { process, folder: PathBuf::from(folder), port: port.parse().unwrap() }
    }

    /// A zombie does not run: it ended, and the machine's first process is slow to take notice.
    fn process_runs(&self) -> bool {
        let output = Command::new("ps").args(["-o", "stat=", "-p", &self.process]).output().unwrap();
        let state = String::from_utf8(output.stdout).unwrap();
        !state.trim().is_empty() && !state.starts_with('Z')
    }

    fn any_left(&self) -> bool {
        self.process_runs() || self.folder.parent().unwrap().exists() || TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

#[tokio::test]
async fn a_private_cluster_starts_and_leaves_nothing_behind() {
    let server = PostgresServer::start_cluster().await.unwrap();
    let traces = Traces::of(server.url()).await;
    assert!(traces.process_runs());
    assert!(server.origin().starts_with("a private cluster of /"), "{}", server.origin());

    drop(server);

    // The last thing a server does is to remove its files; the process ends a moment later.
    wait_until(|| !traces.process_runs()).await;
    assert!(!traces.any_left(), "{traces:?}");
}

#[tokio::test]
async fn two_private_clusters_run_side_by_side() {
    let (one, two) = tokio::join!(PostgresServer::start_cluster(), PostgresServer::start_cluster());
    let (one, two) = (Traces::of(one.unwrap().url()).await, Traces::of(two.unwrap().url()).await);
    assert_ne!(one.port, two.port);
    assert_ne!(one.folder, two.folder);
}

#[tokio::test]
async fn a_private_cluster_is_closed_to_whoever_lacks_the_password() {
    let server = PostgresServer::start_cluster().await.unwrap();
    let mut url = url::Url::parse(server.url()).unwrap();
    url.set_password(Some("a guess")).unwrap();
    let refused = PgConnection::connect(url.as_str()).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("28P01"));
}

#[tokio::test]
async fn a_killed_process_takes_its_cluster_along() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", HOLDER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let url = lines.map(Result::unwrap).find_map(|line| line.strip_prefix("url=").map(str::to_owned)).unwrap();
    let traces = Traces::of(&url).await;

    holder.kill().unwrap();
    holder.wait().unwrap();

    wait_until(|| !traces.any_left()).await;
    assert!(!traces.any_left(), "{traces:?}");
}

/// Returns once it is so, or after 30 seconds.
async fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const HOLDER: &str = "holds_a_cluster_until_its_standard_input_ends";

#[tokio::test]
#[ignore = "the process that a_killed_process_takes_its_cluster_along starts and kills"]
async fn holds_a_cluster_until_its_standard_input_ends() {
    let server = PostgresServer::start_cluster().await.unwrap();
    println!("\nurl={}", server.url());
    std::io::read_to_string(std::io::stdin()).unwrap();
}
