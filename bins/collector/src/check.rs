//! `collector check`: whether the collector would do its work, and what to do if not.

use std::{path::Path, process::ExitCode};

use obs_cli::SettingsArgs;
use obs_ingest_rest::{UniverseSource, load};
use obs_kis::KisClient;

use crate::options::{Exchange, Options};

mod broker;
mod finding;
mod machine;

use finding::{Finding, State};

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Looks at everything, and prints one line each. Nothing is recorded.
pub(crate) async fn run(args: &CheckArgs, settings: &SettingsArgs, options: &Options) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut tell = |finding: Finding| {
        if !args.json {
            println!("{}", finding::table(std::slice::from_ref(&finding)));
        }
        findings.push(finding);
    };
    look(settings, options, &mut tell).await;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    }
    let failed = findings.iter().any(|finding| finding.state == State::Failure);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn look(settings: &SettingsArgs, options: &Options, tell: &mut impl FnMut(Finding)) {
    let settings = match settings.resolve() {
        Ok(settings) => settings,
        Err(error) => return tell(Finding::failure("settings", format!("{error:#}"), "mend the settings file or the flag")),
    };
    let exchange = match options.open(&settings).await {
        Ok(exchange) => exchange,
        Err(error) => return tell(Finding::failure("settings", format!("{error:#}"), "mend the settings")),
    };
    let keys = exchange.broker.keys.len();
    tell(Finding::ok(
        "settings",
        format!("{}; {keys} app key(s), {} symbols on the watch list", exchange.description, exchange.watch_list.len()),
    ));
    tell(machine::disk(&settings.data_dir));
    tell(machine::database(&settings.database).await);
    tell(machine::calendar(&exchange.calendar, exchange.clock.now()));
    let clients = match exchange.broker.clients(&exchange.clock) {
        Ok(clients) => clients,
        Err(error) => {
            return tell(Finding::failure("credentials", error.to_string(), "install the package ca-certificates"));
        }
    };
    let Some(watched) = exchange.watch_list.first() else { return };
    for client in &clients {
        tell(broker::credentials(client, *watched).await);
        tell(broker::websocket(client).await);
    }
    let Some(client) = clients.first() else { return };
    tell(broker::clock(client));
    if let Some(source) = &exchange.universe {
        tell(universe(source, client, &settings.data_dir, &exchange).await);
    }
}

/// Whether there is a universe. What the broker said is kept for the collector, unless it is made up.
async fn universe(source: &UniverseSource, client: &KisClient, dir: &Path, exchange: &Exchange) -> Finding {
    let (subject, advice) = ("universe", "name a file with --universe, or ask again later");
    let made_up = match tempfile::tempdir() {
        Ok(made_up) => made_up,
        Err(error) => return Finding::failure(subject, error.to_string(), "make room for temporary files"),
    };
    let dir = if exchange.is_real { dir } else { made_up.path() };
    match load(source, client, dir, &exchange.calendar, exchange.clock.now(), &exchange.universe_settings).await {
        Ok(loaded) => {
            let found = format!("{} symbols by the closes of {}", loaded.universe.members.len(), loaded.universe.date);
            match loaded.warnings.first() {
                None => Finding::ok(subject, found),
                Some(warning) => Finding::warning(subject, found, warning.to_string()),
            }
        }
        Err(error) => Finding::failure(subject, error.to_string(), advice),
    }
}
