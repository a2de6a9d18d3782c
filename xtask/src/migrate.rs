//! `cargo xtask migrate`: the schema of a database, created, updated, or told about.

use std::process::ExitCode;

use obs_cli::{SettingsArgs, open_store, table};
use obs_model::MigrationEntry;
use obs_store::{Store, StoreError};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only say what ran, and when; exit code 1 if the schema is not the current one
    #[arg(long)]
    status: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let settings = options.settings.resolve()?;
    let store = open_store(&settings.database).await?;
    if options.status {
        return status(&*store).await;
    }
    let done = store.migrate().await?;
    match done.as_slice() {
        [] => println!("{}: the schema is current, nothing to do", store.name()),
        names => println!("{}: ran {}", store.name(), names.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(store: &dyn Store) -> anyhow::Result<ExitCode> {
    let applied = store.applied_migrations().await?;
    println!("{}", store.name());
    println!("{}", table(["Migration", "Ran at (UTC)", "Status"], rows(&store.known_migrations(), &applied)));
    match store.check_schema().await {
        Ok(()) => {
            println!("The schema is current.");
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ StoreError::Schema { .. }) => {
            println!("{error}");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

/// What ran, in order, and then what has not run.
fn rows(known: &[&str], applied: &[MigrationEntry]) -> Vec<[String; 3]> {
    let ran = applied.iter().map(|entry| {
        let at = entry.executed_at.map_or_else(|| "?".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string());
        [entry.name.clone(), at, entry.status.clone()]
    });
    let missing = known.iter().filter(|name| !applied.iter().any(|entry| entry.name == **name));
    ran.chain(missing.map(|name| [(*name).to_owned(), "–".to_owned(), "not run".to_owned()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_run_stands_behind_what_has() {
        let applied = [MigrationEntry {
            name: "001_first".to_owned(),
            executed_at: "2026-11-23T01:02:03Z".parse().ok(),
            status: "success".to_owned(),
            details: None,
        }];
        let expected = [
            ["001_first", "2026-11-23 01:02:03", "success"].map(str::to_owned),
            ["002_second", "–", "not run"].map(str::to_owned),
        ];
        assert_eq!(rows(&["001_first", "002_second"], &applied), expected);
    }
}
