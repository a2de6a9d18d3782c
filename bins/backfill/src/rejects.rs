//! `backfill rejects`.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use obs_cli::{SettingsArgs, grouped, open_store, table};
use obs_store::{LedgerEntry, RejectSelection};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List entries of the ledger, oldest first
    List {
        #[command(flatten)]
        which: Which,
        /// Those that were acknowledged, too
        #[arg(long)]
        all: bool,
        /// The most entries
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u32,
    },
    /// Show entries with the text of their lines
    Show {
        #[command(flatten)]
        which: Which,
        /// The most entries
        #[arg(long, value_name = "NUMBER", default_value_t = 10)]
        limit: u32,
    },
    /// Accept the loss of lines, so that they do not fail `backfill verify` any more
    Ack {
        #[command(flatten)]
        which: Which,
        /// All that wait
        #[arg(long)]
        all: bool,
    },
}

/// Which entries: those for which every given condition holds.
#[derive(Args)]
pub(crate) struct Which {
    /// Of this file, exactly as the list shows it
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// With this number of their line
    #[arg(long, value_name = "NUMBER")]
    line: Option<u64>,
    /// For this reason, such as not_json
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
}

impl Which {
    fn selection(&self, waiting: bool) -> RejectSelection {
        let (path, reason) = (self.path.clone(), self.reason.clone());
        RejectSelection { path, line_number: self.line, reason, waiting, ..RejectSelection::default() }
    }

    const fn is_empty(&self) -> bool {
        self.path.is_none() && self.line.is_none() && self.reason.is_none()
    }
}

pub(crate) async fn run(command: &Command, settings: &SettingsArgs) -> anyhow::Result<ExitCode> {
    let store = open_store(&settings.resolve()?.database).await?;
    store.check_schema().await?;
    match command {
        Command::List { which, all, limit } => list(&store.ledger(&which.selection(!all), *limit).await?),
        Command::Show { which, limit } => store.ledger(&which.selection(false), *limit).await?.iter().for_each(show),
        Command::Ack { which, all } => {
            if which.is_empty() && !all {
                bail!("name the lines by --path, --line or --reason, or say --all");
            }
            let acknowledged = store.acknowledge(&which.selection(true)).await?;
            println!("{} lines are acknowledged, {} wait", grouped(acknowledged), grouped(store.unacknowledged().await?));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(entries: &[LedgerEntry]) {
    if entries.is_empty() {
        println!("There is none.");
        return;
    }
    let rows = entries.iter().map(|entry| {
        let (reject, at) = (&entry.reject, entry.acknowledged_at);
        let state = at.map_or_else(|| "waits".to_owned(), |at| format!("acknowledged {}", at.format("%Y-%m-%d %H:%M UTC")));
        [reject.path.clone(), reject.line_number.to_string(), reject.reason.clone(), state]
    });
    println!("{}", table(["File", "Line", "Reason", "State"], rows));
}

fn show(entry: &LedgerEntry) {
    let LedgerEntry { reject, rejected_at, acknowledged_at } = entry;
    println!("{}:{} (byte {})", reject.path, reject.line_number, reject.byte_offset);
    println!("  {}: {}", reject.reason, reject.detail);
    println!(
        "  rejected {rejected_at}, {}",
        acknowledged_at.map_or_else(|| "waits".to_owned(), |at| format!("acknowledged {at}"))
    );
    // A terminal must not take a line's bytes for its own commands.
    println!("  {}", reject.raw.escape_ascii());
}
