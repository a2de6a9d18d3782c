//! The command line, and the exchange that it describes.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use chrono::{DateTime, NaiveDateTime, Utc};
use clap::{Args, ValueEnum};
use obs_kis::Clock;
use obs_model::{Calendar, KST};
use obs_sim::{
    Environment, SimSettings,
    market::{Listing, MarketSettings},
};

use crate::plan;

/// The most trades that lie behind the market when it opens in the middle of a session: one or two seconds of computing without optimisation.
const PAST_TRADES: u64 = 7_000_000;

#[derive(Args)]
pub(crate) struct Options {
    /// Port of the REST interface; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 9443, help_heading = "Where it listens, on 127.0.0.1 alone")]
    rest_port: u16,
    /// Port of the WebSocket; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 21_000, help_heading = "Where it listens, on 127.0.0.1 alone")]
    websocket_port: u16,
    /// Port of the control endpoint; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 9080, help_heading = "Where it listens, on 127.0.0.1 alone")]
    control_port: u16,
    /// The broker's world: transaction names, limits and codes differ
    #[arg(long, value_name = "ENV", default_value = "live", help_heading = "The broker")]
    env: World,
    /// App keys, each with an account of its own
    #[arg(
        long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000),
        help_heading = "The broker"
    )]
    customers: u16,
    /// Won that each account starts with
    #[arg(
        long, value_name = "WON", default_value_t = 100_000_000, value_parser = clap::value_parser!(i64).range(0..),
        help_heading = "The broker"
    )]
    cash: i64,
    /// Decides prices, keys and everything else that looks like chance
    #[arg(long, value_name = "SEED", default_value_t = 1, help_heading = "The market")]
    seed: u64,
    /// Trades a second over all stocks
    #[arg(
        long, value_name = "N", default_value_t = 80, value_parser = clap::value_parser!(u32).range(0..=10_000),
        help_heading = "The market"
    )]
    rate: u32,
    /// Stocks; the first 41 have the codes and names of real ones
    #[arg(
        long, value_name = "N", default_value_t = 41, value_parser = clap::value_parser!(u16).range(1..=5_000),
        help_heading = "The market"
    )]
    symbols: u16,
    /// When it trades: around the clock, or in KRX's sessions with their auctions and holidays
    #[arg(long, value_name = "HOURS", default_value = "always", help_heading = "The market")]
    hours: Hours,
    /// Market time at the start, in Korea, such as 2026-11-23T08:50 [default: now]
    #[arg(long, value_name = "TIME", value_parser = korean_time, help_heading = "Its clock")]
    start: Option<DateTime<Utc>>,
    /// How much faster than this machine's clock the market's runs
    #[arg(
        long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000),
        help_heading = "Its clock"
    )]
    speed: u32,
    /// A fault at a market time, such as drop@10:15, withhold:5@10:20 or silence@10:30+90s; may be repeated
    ///
    /// drop, silence, refuse, network-gone, garbage or garbage:TEXT, truncate:FRAMES, oversize:BYTES, duplicate:RECORDS,
    /// reorder:RECORDS, withhold:RECORDS, stop-reading, slow:MILLISECONDS, http-500, http-hang, lose-answers,
    /// refuse-orders:COUNT, revoke-tokens, rate-limit, clock-skew:SECONDS, delist:SYMBOL. Those that last do so for the time
    /// behind the plus, or until they are cleared at the control endpoint.
    #[arg(long = "fault", value_name = "FAULT@TIME[+DURATION]", help_heading = "What goes wrong")]
    fault: Vec<String>,
    /// A TOML file of faults: an array of tables `fault`, each with `at`, `fault` and, if it lasts, `for`
    #[arg(long, value_name = "FILE", help_heading = "What goes wrong")]
    faults: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum World {
    Live,
    Paper,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hours {
    Always,
    Krx,
}

impl Options {
    /// The exchange.
    pub(crate) fn settings(&self) -> anyhow::Result<SimSettings> {
        let start = self.start.unwrap_or_else(Utc::now);
        let clock = Clock::compressed(start, self.speed);
        let mut faults = Vec::new();
        for text in &self.fault {
            faults.push(plan::planned(text, start).with_context(|| format!("--fault {text:?}"))?);
        }
        if let Some(path) = &self.faults {
            faults.extend(plan::from_file(path, start)?);
        }
        let settings = SimSettings::new(clock.reader(), self.seed);
        Ok(SimSettings {
            market: MarketSettings {
                listings: Listing::generated(usize::from(self.symbols)),
                trades_per_second: self.rate,
                calendar: match self.hours {
                    Hours::Always => Calendar::always(),
                    Hours::Krx => Calendar::krx(),
                },
                ..settings.market
            },
            // Who asks in the middle of a session finds charts since its opening.
            past: Duration::from_secs(PAST_TRADES / u64::from(self.rate.max(1))),
            environment: match self.env {
                World::Live => Environment::Live,
                World::Paper => Environment::Paper,
            },
            customers: usize::from(self.customers),
            cash: self.cash,
            speed: self.speed,
            rest_port: self.rest_port,
            websocket_port: self.websocket_port,
            control_port: Some(self.control_port),
            faults,
            ..settings
        })
    }

    /// What it is, in a few words.
    pub(crate) fn describe(&self) -> String {
        let world = match self.env {
            World::Live => "live",
            World::Paper => "paper trading",
        };
        let hours = match self.hours {
            Hours::Always => "around the clock",
            Hours::Krx => "in KRX's sessions",
        };
        let speed = if self.speed == 1 { String::new() } else { format!(", {} times as fast as real time", self.speed) };
        format!("{world}, {} stocks, {} trades a second, {hours}{speed}", self.symbols, self.rate)
    }
}

fn korean_time(text: &str) -> Result<DateTime<Utc>, String> {
    let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let read = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let time = read.ok_or("write it like 2026-11-23T08:50, in Korean time")?;
    time.and_local_timezone(KST).single().map(|at| at.to_utc()).ok_or_else(|| "there is no such time".to_owned())
}
