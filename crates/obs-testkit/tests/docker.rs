//! The server in a container. Ignored by default: on a machine without an engine this must fail, not pass unseen, so whoever
//! asks for it (`.ci/run` does where an engine answers) gets it for real.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::process::Command;

use obs_testkit::{PostgresServer, TestDatabase};
use sqlx::{Connection, PgConnection};

#[tokio::test]
#[ignore = "needs a Docker engine that has the image or can pull it"]
async fn a_container_serves_a_database_and_is_removed() {
    let server = PostgresServer::start_container().await.unwrap();
    assert!(server.origin().starts_with("Docker image "), "{}", server.origin());
    let port = url::Url::parse(server.url()).unwrap().port().unwrap();
    assert_eq!(containers_behind(port), 1);

    let database = TestDatabase::create_on(&server).await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let version: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut connection).await.unwrap();
    assert!(version.parse::<u32>().unwrap() >= 150_000, "{version}");
    let zone: String = sqlx::query_scalar("SELECT (TIMESTAMPTZ '2026-01-22 09:00+09' AT TIME ZONE 'Asia/Seoul')::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(zone, "2026-01-22 09:00:00");

    drop(connection);
    drop(database);
    drop(server);
    assert_eq!(containers_behind(port), 0);
}

/// How many containers, running or not, publish this port.
fn containers_behind(port: u16) -> usize {
    let filter = format!("publish={port}");
    let output = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &filter]).output();
    let output = output.expect("the command `docker`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().count()
}
