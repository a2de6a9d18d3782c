//! Logs, on standard error and out of the way of progress bars.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use indicatif::MultiProgress;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// How much is logged, and how.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs, on standard error")]
pub struct LogArgs {
    /// What to log: error, warn, info, debug, trace, or a filter such as `info,obs_ingest_ws=debug`
    #[arg(long, env = "OBSERVER_LOG", value_name = "FILTER", default_value = "warn", global = true)]
    log: String,
    /// One JSON object per log line
    #[arg(long, global = true)]
    log_json: bool,
}

/// Starts logging. Lines appear above the bars of `bars`.
///
/// # Errors
/// If the filter cannot be understood.
pub fn start_logs(args: &LogArgs, bars: &MultiProgress) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AboveBars(bars.clone()));
    if args.log_json {
        lines.json().init();
    } else {
        lines.with_ansi(io::stderr().is_terminal()).with_target(false).init();
    }
    Ok(())
}

/// Writes to standard error while the bars are lifted.
#[derive(Clone)]
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
