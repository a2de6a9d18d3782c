//! `cargo xtask test`: every test, on one PostgreSQL for the whole run.

use std::{
    env,
    process::{Command, ExitCode, Stdio},
};

use anyhow::Context;
use obs_testkit::PostgresServer;

/// What to run.
#[derive(clap::Args)]
pub struct Options {
    /// For the test runner: names of tests, `-p CRATE` and the like. Without any, documentation is tested too
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Runs the tests and ends the server, whatever comes out.
///
/// # Errors
/// If there is no server or no cargo; failed tests are an exit code.
pub async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let server = PostgresServer::find_or_start().await?;
    println!("PostgreSQL for this run: {}", server.origin());

    let nextest_is_installed =
        cargo(&["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success();
    for runner in runners(nextest_is_installed, &options.arguments) {
        let status = cargo(&runner)
            .args(&options.arguments)
            .env("OBS_TEST_DATABASE_URL", server.url())
            .status()
            .with_context(|| format!("cannot run `cargo {}`", runner.join(" ")))?;
        if !status.success() {
            // No code means that a signal ended it.
            return Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands of a run. nextest is quicker, but leaves documentation to `cargo test`.
fn runners(nextest_is_installed: bool, arguments: &[String]) -> Vec<Vec<&'static str>> {
    let mut runners = if nextest_is_installed { vec![vec!["nextest", "run"]] } else { vec![vec!["test"]] };
    if nextest_is_installed && arguments.is_empty() {
        runners.push(vec!["test", "--doc"]);
    }
    let chooses_crates = arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if !chooses_crates {
        runners.iter_mut().for_each(|runner| runner.push("--workspace"));
    }
    runners
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::runners;

    #[test]
    fn a_whole_run_tests_documentation_too() {
        assert_eq!(runners(true, &[]), [vec!["nextest", "run", "--workspace"], vec!["test", "--doc", "--workspace"]]);
        assert_eq!(runners(false, &[]), [vec!["test", "--workspace"]]);
    }

    #[test]
    fn arguments_go_to_one_runner_and_may_choose_crates() {
        assert_eq!(runners(true, &["some_test".to_owned()]), [vec!["nextest", "run", "--workspace"]]);
        assert_eq!(runners(true, &["-pobs-model".to_owned()]), [vec!["nextest", "run"]]);
        assert_eq!(runners(false, &["--package".to_owned(), "obs-model".to_owned()]), [vec!["test"]]);
    }
}
