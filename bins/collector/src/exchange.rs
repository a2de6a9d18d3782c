//! Whom the collector listens to: the broker, or a simulated exchange that it starts itself.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use chrono::Utc;
use clap::{Args, ValueEnum};
use obs_cli::FileSettings;
use obs_kis::{Credentials, Endpoints};
use obs_model::{SessionHours, Symbol};
use obs_sim::{SimSettings, Simulator};

/// What is listened to when nobody says: the six large stocks that the Python system listened to.
const WATCH_LIST: [&str; 6] = ["005930", "000660", "373220", "051910", "068270", "035720"];

#[derive(Args)]
#[command(next_help_heading = "Whom to listen to")]
pub(crate) struct Options {
    /// Symbols to listen to, at most 41 [default: all of the simulated exchange, or six large stocks of the real one]
    #[arg(long, value_name = "CODE", value_delimiter = ',', env = "OBSERVER_SYMBOLS")]
    symbols: Vec<Symbol>,
    /// The broker's app key; without it the exchange is simulated
    #[arg(long, value_name = "KEY", env = "KIS_APP_KEY", hide_env_values = true)]
    kis_app_key: Option<String>,
    /// The broker's app secret; better given as the variable than as the flag, which other users of the machine can see
    #[arg(long, value_name = "SECRET", env = "KIS_APP_SECRET", hide_env_values = true)]
    kis_app_secret: Option<String>,
    /// The broker's live or paper-trading hosts [default: live]
    #[arg(long, value_name = "ENV", env = "KIS_ENV")]
    kis_env: Option<KisEnv>,
    /// Trades a second of the simulated exchange
    #[arg(long, value_name = "N", default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    sim_rate: u32,
    /// Seed of the simulated exchange
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    sim_seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum KisEnv {
    Live,
    Paper,
}

/// Where quotes come from.
pub(crate) struct Exchange {
    pub(crate) endpoints: Endpoints,
    pub(crate) credentials: Credentials,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) hours: SessionHours,
    /// How long it may say nothing before the connection is given up.
    pub(crate) liveness: Duration,
    /// What people are told about it.
    pub(crate) description: String,
    /// The simulated exchange, which ends with this value.
    pub(crate) simulator: Option<Simulator>,
}

impl Options {
    /// Finds the exchange, and starts it if it is simulated.
    pub(crate) async fn open(&self, file: &FileSettings) -> anyhow::Result<Exchange> {
        let app_key = self.kis_app_key.clone().or_else(|| file.kis.app_key.clone());
        let app_secret = self.kis_app_secret.clone().or_else(|| file.kis.app_secret.clone());
        let symbols = self.symbols(file)?;
        match (app_key, app_secret) {
            (None, None) => self.simulate(symbols).await,
            (Some(key), Some(secret)) => self.connect(file, key, secret, symbols),
            (Some(_), None) => bail!("KIS_APP_KEY is set and KIS_APP_SECRET is not: set both, or neither for a simulation"),
            (None, Some(_)) => bail!("KIS_APP_SECRET is set and KIS_APP_KEY is not: set both, or neither for a simulation"),
        }
    }

    fn symbols(&self, file: &FileSettings) -> anyhow::Result<Vec<Symbol>> {
        if !self.symbols.is_empty() {
            return Ok(self.symbols.clone());
        }
        let named = file.symbols.iter().flatten();
        named.map(|code| code.parse().context("in `symbols` of the settings file")).collect()
    }

    fn connect(
        &self,
        file: &FileSettings,
        key: String,
        secret: String,
        mut symbols: Vec<Symbol>,
    ) -> anyhow::Result<Exchange> {
        let env = match (&self.kis_env, &file.kis.env) {
            (Some(env), _) => *env,
            (None, Some(name)) => KisEnv::from_str(name, true)
                .map_err(|_| anyhow::anyhow!("`kis.env` of the settings file is {name:?}: write live or paper"))?,
            (None, None) => KisEnv::Live,
        };
        if symbols.is_empty() {
            symbols = WATCH_LIST.into_iter().map(Symbol::new).collect::<Result<_, _>>()?;
        }
        let (endpoints, name) = match env {
            KisEnv::Live => (Endpoints::live(), "live"),
            KisEnv::Paper => (Endpoints::paper(), "paper-trading"),
        };
        Ok(Exchange {
            description: format!("Korea Investment & Securities, {name} hosts"),
            endpoints,
            credentials: Credentials::new(key, secret)?,
            symbols,
            hours: SessionHours::REGULAR,
            // The broker's pings were reported up to 110 s apart, and outside the session nothing else comes.
            liveness: Duration::from_secs(120),
            simulator: None,
        })
    }

    async fn simulate(&self, mut symbols: Vec<Symbol>) -> anyhow::Result<Exchange> {
        let mut settings = SimSettings::new(Arc::new(Utc::now), self.sim_seed);
        settings.market.trades_per_second = self.sim_rate;
        let listed: Vec<Symbol> = settings.market.listings.iter().map(|listing| listing.symbol).collect();
        if symbols.is_empty() {
            symbols.clone_from(&listed);
        }
        if let Some(unlisted) = symbols.iter().find(|symbol| !listed.contains(symbol)) {
            bail!("the simulated exchange does not list {unlisted}");
        }
        ensure!(!symbols.is_empty(), "the simulated exchange lists nothing");
        let simulator = Simulator::start(settings).await?;
        Ok(Exchange {
            endpoints: Endpoints::at(&simulator.rest_url(), &simulator.websocket_url())?,
            credentials: Credentials::new(simulator.app_key().to_owned(), simulator.app_secret().to_owned())?,
            symbols,
            hours: SessionHours::ALWAYS,
            liveness: Duration::from_secs(30),
            description: "SIMULATED exchange on this machine: made-up prices, nothing here is a real quote".to_owned(),
            simulator: Some(simulator),
        })
    }
}
