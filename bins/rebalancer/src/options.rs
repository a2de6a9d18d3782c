//! Options that every command has, and whom they name.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use obs_cli::{KisAccess, KisArgs, MarketDayAnswers, StoreSettings};
use obs_kis::{AccountNumber, Environment};
use obs_model::{BrokerKind, Calendar, PolicyId};

use crate::exit::NeedsPerson;

/// The host names of the broker end so.
const OWN_HOSTS: &str = "koreainvestment.com";

/// How a command talks, and how far it goes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Manner {
    /// Which policy [default: the only active one]
    #[arg(long, global = true, value_name = "ID", value_parser = |id: &str| PolicyId::new(id))]
    pub(crate) policy: Option<PolicyId>,
    /// Print JSON, and nothing else, on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not ask
    #[arg(long, short = 'y', global = true)]
    pub(crate) yes: bool,
    /// Say what would be done, and change nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
}

/// Whose account, and when the market is open.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The account at the broker, and its market")]
pub(crate) struct MarketArgs {
    #[command(flatten)]
    kis: KisArgs,
    /// The account, such as 12345678-01
    #[arg(long, global = true, value_name = "NUMBER", env = "KIS_ACCOUNT", hide_env_values = true)]
    account: Option<String>,
    /// When the market is open: KRX's regular sessions, or always, for a simulator that trades around the clock
    #[arg(long, global = true, value_name = "HOURS", default_value = "krx")]
    hours: Hours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Hours {
    Krx,
    Always,
}

impl MarketArgs {
    /// The calendar, with what the collector learned of holidays.
    pub(crate) fn calendar(&self, data_dir: &Path) -> Calendar {
        match self.hours {
            Hours::Krx => MarketDayAnswers::read(data_dir).on_top_of(&Calendar::krx()),
            Hours::Always => Calendar::always(),
        }
    }

    /// The account at the broker of this kind: how to reach it, and its number.
    pub(crate) fn account(&self, settings: &StoreSettings, kind: BrokerKind) -> anyhow::Result<(KisAccess, AccountNumber)> {
        let access = self.kis.access(&settings.file.kis, &settings.data_dir)?.ok_or_else(|| {
            NeedsPerson::error(format!(
                "{kind} needs the broker's keys: set KIS_APP_KEY and KIS_APP_SECRET, or `app_key` and `app_secret` in \
                 section [kis] of the settings file"
            ))
        })?;
        let (found, wanted) = match (kind, access.endpoints.environment()) {
            (BrokerKind::KisPaper, Environment::Live) => ("live", "paper"),
            (BrokerKind::KisLive, Environment::Paper) => ("paper", "live"),
            _ => ("", ""),
        };
        if found != wanted {
            return Err(NeedsPerson::error(format!(
                "the keys are for the {found} hosts and {kind} was asked for: set KIS_ENV={wanted} and the keys that belong \
                 to it"
            )));
        }
        if self.hours == Hours::Always && is_brokers_own(&access) {
            return Err(NeedsPerson::error(
                "--hours always is for simulators, and these are the broker's own hosts: leave it out, or name the \
                 simulator by --kis-rest-url and --kis-websocket-url",
            ));
        }
        let number = self.account.as_ref().or(settings.file.trading.account.as_ref());
        let number = number.ok_or_else(|| {
            NeedsPerson::error(
                "the account is not known: set KIS_ACCOUNT, or `account` in section [trading] of the settings file, as \
                 12345678-01",
            )
        })?;
        let account =
            number.parse().map_err(|error| NeedsPerson::error(format!("KIS_ACCOUNT or `trading.account`: {error}")))?;
        Ok((access, account))
    }
}

/// Whether real or paper money of the broker's own hosts is at stake, however they were named.
fn is_brokers_own(access: &KisAccess) -> bool {
    access.is_real || access.endpoints.rest().contains(OWN_HOSTS)
}

/// The broker that was named, or the settings file's.
pub(crate) fn broker_kind(named: Option<BrokerKind>, settings: &StoreSettings) -> anyhow::Result<Option<BrokerKind>> {
    let from_file = settings.file.trading.broker.as_ref().map(|name| {
        name.parse::<BrokerKind>().with_context(|| {
            format!("`trading.broker` of the settings file is {name:?}: write paper, kis-paper or kis-live")
        })
    });
    named.map(Ok).or(from_file).transpose()
}

/// The file that stops all trading while it is there.
pub(crate) fn kill_switch(settings: &StoreSettings) -> PathBuf {
    settings.file.trading.kill_switch.clone().unwrap_or_else(|| settings.data_dir.join("stop-trading"))
}
