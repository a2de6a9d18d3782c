//! A PostgreSQL in a container.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, bail, ensure};
use testcontainers::{GenericImage, ImageExt, core::IntoContainerPort, runners::AsyncRunner};
use tokio::{process::Command, time::timeout};
use url::Url;

use crate::{
    server::{self, ADMIN, FAST_NOT_SAFE},
    watchdog::Watchdog,
};

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const PULL_WITHIN: Duration = Duration::from_secs(60);
const START_WITHIN: Duration = Duration::from_secs(60);
const PORT: u16 = 5432;

/// Removing by name works from the first moment on, before an id is known. Standard output is closed at once, because nobody
/// reads it.
const REMOVE_AT_THE_END: &str = r#"
exec >/dev/null
cat
docker rm --force --volumes "$1"
"#;

/// Whether an engine answers.
///
/// # Errors
/// Why it does not.
pub(crate) async fn engine_answers() -> anyhow::Result<()> {
    docker(&["version", "--format", "{{.Server.Version}}"], ANSWER_WITHIN).await.context("no Docker engine answers")
}

/// Makes sure that the engine has the image.
///
/// # Errors
/// Why it has not, and could not get it.
pub(crate) async fn fetch(image: &str) -> anyhow::Result<()> {
    if docker(&["image", "inspect", "--format", "{{.Id}}", image], ANSWER_WITHIN).await.is_ok() {
        return Ok(());
    }
    docker(&["pull", "--quiet", image], PULL_WITHIN).await.with_context(|| format!("Docker has no image {image}"))
}

/// Runs a container of the image, which the engine has, and returns its server's address and what will remove it.
///
/// # Errors
/// If the container does not start, or its server does not answer in time.
pub(crate) async fn run(image: &str) -> anyhow::Result<(Url, Watchdog)> {
    let (repository, tag) = split(image);
    let name = server::unique_name();
    let password = server::unique_name();
    let watchdog = Watchdog::start(REMOVE_AT_THE_END, &[&name], |_| ()).context("cannot run /bin/sh")?;

    let container = GenericImage::new(repository, tag)
        .with_exposed_port(PORT.tcp())
        .with_container_name(&name)
        .with_env_var("POSTGRES_USER", ADMIN)
        .with_env_var("POSTGRES_PASSWORD", &password)
        .with_env_var("POSTGRES_INITDB_ARGS", "--no-sync")
        .with_cmd(["postgres"].into_iter().chain(FAST_NOT_SAFE.iter().flat_map(|setting| ["-c", setting])))
        .with_startup_timeout(START_WITHIN)
        .start()
        .await
        .with_context(|| format!("a container of {image} did not start"))?;

    let (host, port) = (container.get_host().await?, container.get_host_port_ipv4(PORT).await?);
    // Its destructor needs a runtime and does not run for a static; the watchdog removes the container in every case.
    std::mem::forget(container);

    let url = server::address(&host.to_string(), port, &password)?;
    // The image runs a first server without TCP for its own preparations, so an answer here is the real server's.
    if let Err(silence) = server::wait_until_it_answers(&url, START_WITHIN).await {
        let log = log_of(&name).await.unwrap_or_default();
        bail!("the server in a container of {image} did not answer within {START_WITHIN:?}: {silence}\n{log}");
    }
    Ok((url, watchdog))
}

/// `registry:5000/postgres:15` names the repository `registry:5000/postgres`.
fn split(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, "latest"),
    }
}

async fn docker(arguments: &[&str], limit: Duration) -> anyhow::Result<()> {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(limit, command.output())
        .await
        .with_context(|| format!("`docker {}` did not end within {limit:?}", arguments.join(" ")))?
        .context("cannot run `docker`")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", complaint.lines().next().unwrap_or("docker failed without a word").trim());
    Ok(())
}

async fn log_of(container: &str) -> anyhow::Result<String> {
    let output = Command::new("docker").args(["logs", "--tail", "20", container]).kill_on_drop(true).output().await?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_image_name_splits_at_its_tag_and_not_at_a_registrys_port() {
        assert_eq!(split("postgres:15-alpine"), ("postgres", "15-alpine"));
        assert_eq!(split("postgres"), ("postgres", "latest"));
        assert_eq!(split("registry:5000/postgres"), ("registry:5000/postgres", "latest"));
        assert_eq!(split("registry:5000/postgres:15"), ("registry:5000/postgres", "15"));
    }
}
