//! Progress bars.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::megabytes;
use obs_verify::Progress;
use tokio::task::JoinHandle;

/// How often a run that nobody watches on a terminal says how far it is.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// How often the bar moves.
const BAR_INTERVAL: Duration = Duration::from_millis(100);

/// Shows how far a verification is until the task is aborted: a bar on a terminal, a line now and then elsewhere.
pub(crate) fn show(progress: Arc<Progress>, bars: &MultiProgress) -> JoinHandle<()> {
    if !std::io::stderr().is_terminal() {
        return tokio::spawn(async move {
            loop {
                tokio::time::sleep(PLAIN_INTERVAL).await;
                eprintln!("{} of {} read", megabytes(progress.done()), megabytes(progress.total()));
            }
        });
    }
    let bar = bars.add(ProgressBar::new(0));
    let style = ProgressStyle::with_template(
        "{bar:40.cyan/blue} {percent:>3}%  {bytes}/{total_bytes}  {elapsed_precise} ETA {eta_precise}",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    tokio::spawn(async move {
        loop {
            bar.set_length(progress.total());
            bar.set_position(progress.done());
            tokio::time::sleep(BAR_INTERVAL).await;
        }
    })
}
