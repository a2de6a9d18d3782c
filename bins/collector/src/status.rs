//! How the recording goes: one line that moves on a terminal, a line now and then elsewhere.

use std::{io::IsTerminal, time::Duration};

use chrono::{DateTime, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::grouped;
use obs_kis::Clock;
use tokio::task::JoinHandle;

use collector::Counts;

use crate::notify;

/// How often the line moves on a terminal.
const MOVES: Duration = Duration::from_millis(250);

/// How often a line is printed where nobody watches.
const PRINTS: Duration = Duration::from_secs(10);

/// The line, with the ticks a second since it was last asked for.
fn line_of(counts: &Counts, per_second: u64, now: DateTime<Utc>) -> String {
    let lag = match counts.loader.newest() {
        // With nothing on its way, the newest record's age is the market's silence and not a delay.
        Some(newest) if counts.loader.ticks() < counts.recorder.ticks() => {
            format!("{:.1} s", (now - newest).as_seconds_f64().max(0.0))
        }
        Some(_) => "0.0 s".to_owned(),
        None => "–".to_owned(),
    };
    let mut line = format!(
        "ticks {} ({per_second}/s) · bars {} · ten-minute bars {} · gaps {} · lag {lag}",
        grouped(counts.recorder.ticks()),
        grouped(counts.loader.bars()),
        grouped(counts.recorder.swing_bars()),
        grouped(counts.recorder.gaps()),
    );
    let rejected = counts.feeds.rejected() + counts.loader.rejects();
    if rejected > 0 {
        line.push_str(&format!(" · rejected {}", grouped(rejected)));
    }
    if counts.track_b.lost() > 0 {
        line.push_str(&format!(" · reconnects {}", grouped(counts.track_b.lost())));
    }
    line
}

/// Shows the line until the task is aborted.
pub(crate) fn show(counts: Counts, clock: Clock, bars: &MultiProgress) -> JoinHandle<()> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{spinner:.green} {elapsed_precise} {wide_msg}");
        bars.add(ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())))
    });
    let pause = if bar.is_some() { MOVES } else { PRINTS };
    tokio::spawn(async move {
        let mut rate = Rate::default();
        loop {
            tokio::time::sleep(pause).await;
            let line = line_of(&counts, rate.per_second(counts.recorder.ticks(), pause), clock.now());
            match &bar {
                Some(bar) => {
                    bar.set_message(line);
                    bar.tick();
                }
                None => {
                    notify::status(&line);
                    eprintln!("{line}");
                }
            }
        }
    })
}

/// Ticks a second, smoothed, so that the number can be read.
#[derive(Default)]
struct Rate {
    before: u64,
    smooth: f64,
}

impl Rate {
    fn per_second(&mut self, ticks: u64, pause: Duration) -> u64 {
        let now = ticks.saturating_sub(self.before) as f64 / pause.as_secs_f64();
        self.before = ticks;
        // About three seconds of memory at four looks a second.
        let weight = if self.smooth > 0.0 && pause < Duration::from_secs(1) { 0.1 } else { 1.0 };
        self.smooth += weight * (now - self.smooth);
        self.smooth.round() as u64
    }
}
