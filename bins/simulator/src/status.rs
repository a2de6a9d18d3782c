//! How it goes: one line that moves on a terminal, a line now and then elsewhere.

use std::{io::IsTerminal, time::Duration};

use chrono::{DateTime, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use obs_cli::grouped;
use obs_model::KST;
use obs_sim::Simulator;

/// How often the line moves on a terminal.
const MOVES: Duration = Duration::from_millis(500);

/// How often a line is printed where nobody watches.
const PRINTS: Duration = Duration::from_secs(10);

/// Shows the line until the future is dropped.
pub(crate) async fn show(simulator: &Simulator, bars: &MultiProgress) {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{spinner:.green} {wide_msg}");
        bars.add(ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())))
    });
    let pause = if bar.is_some() { MOVES } else { PRINTS };
    loop {
        tokio::time::sleep(pause).await;
        let line = line(simulator);
        match &bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None => eprintln!("{line}"),
        }
    }
}

fn line(simulator: &Simulator) -> String {
    let (control, pace) = (simulator.control(), simulator.pace());
    let mut line = format!(
        "{} · connections {} · records {} · calls {} (peak {}/s) · orders {}",
        korean(simulator.now()),
        control.connections(),
        grouped(simulator.ledger().total()),
        grouped(pace.calls),
        pace.highest_per_second,
        grouped(simulator.orders().len() as u64),
    );
    let faults: Vec<String> = control.active().iter().map(|active| active.fault.to_string()).collect();
    if !faults.is_empty() {
        line.push_str(&format!(" · FAULTS {}", faults.join(", ")));
    }
    line
}

/// A market time as it is read in Korea.
pub(crate) fn korean(at: DateTime<Utc>) -> String {
    at.with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string()
}
