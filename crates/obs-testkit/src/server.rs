//! The server that the tests of a process, or of a whole run, share.

use std::time::Duration;

use anyhow::{Context, anyhow};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep, timeout};
use url::Url;
use uuid::Uuid;

use crate::{
    cluster, docker,
    settings::{DATABASE_URL, POSTGRES_IMAGE, Settings},
    watchdog::Watchdog,
};

/// The superuser of the servers that we start.
pub(crate) const ADMIN: &str = "observer";

/// A server that lives for one test run need not survive a power cut, and tests open many connections at a time.
pub(crate) const FAST_NOT_SAFE: [&str; 4] = ["fsync=off", "full_page_writes=off", "max_connections=300", "timezone=UTC"];

/// Everything as PostgreSQL comes, but for the zone and memory that every guide recommends to raise.
const DURABLE: [&str; 3] = ["shared_buffers=512MB", "max_wal_size=4GB", "timezone=UTC"];

/// How long a given server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A running PostgreSQL, and the end of it when dropped, if it was started here.
pub struct PostgresServer {
    url: Url,
    origin: String,
    /// Ends the server when dropped; `None` for a server that is not ours.
    _watchdog: Option<Watchdog>,
}

impl PostgresServer {
    /// Takes the server that `OBS_TEST_DATABASE_URL` names, or else starts one in Docker, or else out of the machine's own
    /// PostgreSQL programs.
    ///
    /// A Docker engine that has not got the image and cannot get it is passed over with a line on standard error.
    ///
    /// # Errors
    /// If the named server does not answer, or nothing is there to start one from: the message says what to install.
    pub async fn find_or_start() -> anyhow::Result<Self> {
        Self::find_or_start_with(&Settings::from_env()).await
    }

    /// Starts one in Docker, with the image that `OBS_TEST_POSTGRES_IMAGE` names or `postgres:15-alpine`.
    ///
    /// # Errors
    /// If no engine answers, or has not got the image and cannot get it, or the container does not start.
    pub async fn start_container() -> anyhow::Result<Self> {
        let image = Settings::from_env().image.context("no image is named")?;
        docker::engine_answers().await?;
        docker::fetch(&image).await?;
        Self::container(&image).await
    }

    /// Starts one out of the machine's own PostgreSQL programs: found on `PATH` or in `/usr/lib/postgresql`.
    ///
    /// # Errors
    /// If version 15 or newer is not installed, or does not start.
    pub async fn start_cluster() -> anyhow::Result<Self> {
        Self::cluster(&Settings::from_env(), &FAST_NOT_SAFE).await
    }

    /// Starts one out of the machine's own PostgreSQL programs that keeps what it commits, as a server that people rely on
    /// does: for measuring.
    ///
    /// # Errors
    /// As [`PostgresServer::start_cluster`].
    pub async fn start_durable_cluster() -> anyhow::Result<Self> {
        Self::cluster(&Settings::from_env(), &DURABLE).await
    }

    /// The address of its database `postgres`, for a role that may create databases. It contains a password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Where it came from, in words, without the password.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    async fn find_or_start_with(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(url) = &settings.database_url {
            return Self::given(url).await;
        }
        let no_docker = match &settings.image {
            Some(image) => match Self::container_if_possible(image).await {
                Ok(server) => return Ok(server),
                Err(reason) => format!("{reason:#}"),
            },
            None => "Docker was left out".to_owned(),
        };
        Self::cluster(settings, &FAST_NOT_SAFE).await.map_err(|no_cluster| nothing_found(&no_docker, &no_cluster))
    }

    async fn given(url: &str) -> anyhow::Result<Self> {
        let url = Url::parse(url).map_err(|error| anyhow!("{DATABASE_URL} is not an address: {error}"))?;
        let origin = format!("{DATABASE_URL} ({}:{})", url.host_str().unwrap_or_default(), url.port().unwrap_or(5432));
        let connection = timeout(ANSWER_WITHIN, PgConnection::connect(url.as_str())).await;
        connection
            .with_context(|| {
                format!("the server of {origin} did not answer within {ANSWER_WITHIN:?}: start it, or unset it")
            })?
            .with_context(|| format!("the server of {origin} refused the connection: correct it, or unset it"))?
            .close()
            .await?;
        Ok(Self { url, origin, _watchdog: None })
    }

    async fn container_if_possible(image: &str) -> anyhow::Result<Self> {
        // No engine is no news: most machines without one have PostgreSQL installed for a reason.
        docker::engine_answers().await?;
        let started = match docker::fetch(image).await {
            Ok(()) => Self::container(image).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &started {
            pass_over_docker(error);
        }
        started
    }

    async fn container(image: &str) -> anyhow::Result<Self> {
        let (url, watchdog) = docker::run(image).await?;
        Ok(Self { url, origin: format!("Docker image {image}"), _watchdog: Some(watchdog) })
    }

    async fn cluster(settings: &Settings, options: &[&str]) -> anyhow::Result<Self> {
        let programs = cluster::find_programs(&settings.program_folders)?;
        let (url, watchdog) = cluster::start(&programs, options).await?;
        let origin = format!("a private cluster of {}", programs.display());
        Ok(Self { url, origin, _watchdog: Some(watchdog) })
    }
}

/// A name that no other test, process or machine has taken: for containers, databases and passwords.
pub(crate) fn unique_name() -> String {
    format!("obs_test_{}", Uuid::new_v4().simple())
}

/// The address of the database `postgres` on a server that we started.
pub(crate) fn address(host: &str, port: u16, password: &str) -> anyhow::Result<Url> {
    Ok(Url::parse(&format!("postgres://{ADMIN}:{password}@{host}:{port}/postgres"))?)
}

/// Asks until the server answers.
///
/// # Errors
/// What the last attempt met, once the time is over.
pub(crate) async fn wait_until_it_answers(url: &Url, limit: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let attempt = timeout(ANSWER_WITHIN, PgConnection::connect(url.as_str())).await;
        let error = match attempt {
            Ok(Ok(connection)) => return Ok(connection.close().await?),
            Ok(Err(error)) => anyhow::Error::from(error),
            Err(silence) => anyhow::Error::from(silence),
        };
        if Instant::now() >= deadline {
            return Err(error);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::print_stderr, reason = "whoever waits for tests wants to know why they do not run in Docker")]
fn pass_over_docker(error: &anyhow::Error) {
    let reason = format!("{error:#}");
    let reason = reason.lines().next().unwrap_or_default();
    eprintln!("obs-testkit: {reason}; trying the machine's own PostgreSQL");
}

fn nothing_found(no_docker: &str, no_cluster: &anyhow::Error) -> anyhow::Error {
    anyhow!(
        "these tests need a PostgreSQL 15 or newer, and none could be found or started.\n\
         Do one of these:\n\
         - set {DATABASE_URL} to a running server, such as postgres://user:password@localhost/postgres\n\
         - start Docker, which runs the image of {POSTGRES_IMAGE} or postgres:15-alpine ({no_docker})\n\
         - install PostgreSQL, on Debian and Ubuntu with `apt-get install postgresql` ({no_cluster:#})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Settings = Settings { database_url: None, image: None, program_folders: Vec::new() };

    async fn failure(settings: &Settings) -> String {
        match PostgresServer::find_or_start_with(settings).await {
            Ok(server) => panic!("found {}", server.origin()),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn with_nothing_at_hand_the_error_says_what_to_install() {
        assert_eq!(
            failure(&NOTHING).await,
            "these tests need a PostgreSQL 15 or newer, and none could be found or started.\n\
             Do one of these:\n\
             - set OBS_TEST_DATABASE_URL to a running server, such as postgres://user:password@localhost/postgres\n\
             - start Docker, which runs the image of OBS_TEST_POSTGRES_IMAGE or postgres:15-alpine (Docker was left out)\n\
             - install PostgreSQL, on Debian and Ubuntu with `apt-get install postgresql` \
             (no PostgreSQL 15 or newer is installed)"
        );
    }

    #[tokio::test]
    async fn a_given_server_that_is_not_there_is_an_error_without_the_password() {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("postgres://someone:very-secret@127.0.0.1:{unused}/postgres");
        let message = failure(&Settings { database_url: Some(url), ..NOTHING }).await;
        assert_eq!(
            message,
            format!(
                "the server of OBS_TEST_DATABASE_URL (127.0.0.1:{unused}) refused the connection: correct it, or unset it"
            )
        );
    }
}
