//! From the command line and the settings file to whom the collector asks and listens to.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Days, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use obs_cli::{FileSettings, KisAccess, KisArgs, StoreSettings};
use obs_ingest_rest::{LoadSettings, UniverseSource};
use obs_ingest_ws::Settings as FeedSettings;
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisSettings, Market};
use obs_model::{Calendar, Price, Symbol, trading_day};
use obs_sim::{SimSettings, Simulator, market::Listing};

use collector::{Broker, Names};

/// What is always listened to when nobody says: the six large stocks that the Python system listened to.
const WATCH_LIST: [&str; 6] = ["005930", "000660", "373220", "051910", "068270", "035720"];

/// When a compressed day of the simulated exchange begins: time to log in before the opening auction.
const BEFORE_OPENING: TimeDelta = TimeDelta::minutes(10);

/// The most trades that lie behind the simulated exchange when it opens: one or two seconds of computing without optimisation.
/// At the usual 80 a second that is the whole day, so that another run on the same day finds the same market.
const PAST_TRADES: u64 = 7_000_000;

#[derive(Args)]
#[command(next_help_heading = "Whom to ask and to listen to")]
pub(crate) struct Options {
    /// The watch list: symbols that are always listened to [default: those of the simulated exchange, or six large stocks]
    #[arg(long, global = true, value_name = "CODE", value_delimiter = ',', env = "OBSERVER_SYMBOLS")]
    symbols: Vec<Symbol>,
    /// File with the symbols of the ten-minute bars, or `none` [default: all that the exchange lists]
    #[arg(long, global = true, value_name = "FILE", env = "OBSERVER_UNIVERSE")]
    universe: Option<PathBuf>,
    /// The least previous close in won of a symbol with ten-minute bars [default: 4000]
    #[arg(long, global = true, value_name = "WON")]
    minimum_close: Option<u32>,
    #[command(flatten)]
    kis: KisArgs,
    /// How long a connection may say nothing before it is given up; half of it until it is asked [default: 2m]
    #[arg(long, global = true, value_name = "DURATION", value_parser = humantime::parse_duration)]
    liveness: Option<Duration>,
    /// Do not ask the broker afterwards for the minutes that gaps touched
    #[arg(long, global = true)]
    no_heal: bool,
    /// When the market is open: KRX's regular sessions, or always, for a simulator that trades around the clock
    #[arg(long, global = true, value_name = "HOURS", default_value = "krx")]
    hours: Hours,
    #[command(flatten)]
    simulation: Simulation,
}

#[derive(Args)]
#[command(next_help_heading = "The simulated exchange")]
struct Simulation {
    /// Trades a second of the simulated exchange
    #[arg(long, global = true, value_name = "N", default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    sim_rate: u32,
    /// Seed of the simulated exchange
    #[arg(long, global = true, value_name = "SEED", default_value_t = 1)]
    sim_seed: u64,
    /// Stocks of the simulated exchange; beyond 41 the busiest compete for the subscriptions
    #[arg(long, global = true, value_name = "N", default_value_t = 41, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    sim_symbols: u32,
    /// Play a whole trading day, so many times as fast as a real one: 90 makes it four and a half minutes
    #[arg(long, global = true, value_name = "SPEED", value_parser = clap::value_parser!(u32).range(1..=200))]
    sim_day: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hours {
    Krx,
    Always,
}

/// Whom to ask and to listen to.
pub(crate) struct Exchange {
    pub(crate) broker: Broker,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) watch_list: Vec<Symbol>,
    pub(crate) universe: Option<UniverseSource>,
    pub(crate) universe_settings: LoadSettings,
    pub(crate) feed: FeedSettings,
    /// Whether the minutes of gaps are asked for afterwards.
    pub(crate) heals: bool,
    pub(crate) names: Names,
    /// What people are told about it.
    pub(crate) description: String,
    /// Whether its prices are the market's.
    pub(crate) is_real: bool,
    /// The simulated exchange, which ends with this value.
    pub(crate) simulator: Option<Simulator>,
}

impl Options {
    /// Finds the exchange, and starts it if it is simulated.
    pub(crate) async fn open(&self, settings: &StoreSettings) -> anyhow::Result<Exchange> {
        let file = &settings.file;
        match self.kis.access(&file.kis, &settings.data_dir)? {
            None => self.simulate(file).await,
            Some(access) => self.connect(file, access),
        }
    }

    fn connect(&self, file: &FileSettings, access: KisAccess) -> anyhow::Result<Exchange> {
        let KisAccess { endpoints, keys: first, settings, is_real, description } = access;
        let mut keys = vec![first];
        for more in &file.kis.more_keys {
            keys.push(Credentials::new(more.app_key.clone(), more.app_secret.clone()).context("in `kis.more_keys`")?);
        }
        let mut watch_list = self.watch_list(file)?;
        if watch_list.is_empty() {
            watch_list = WATCH_LIST.into_iter().map(Symbol::new).collect::<Result<_, _>>()?;
        }
        Ok(Exchange {
            broker: Broker { endpoints, keys, settings },
            clock: Clock::system(),
            calendar: match self.hours {
                Hours::Krx => Calendar::krx(),
                Hours::Always => Calendar::always(),
            },
            watch_list,
            universe: self.universe_source(file, Some(UniverseSource::Broker(vec![Market::Kospi, Market::Kosdaq]))),
            universe_settings: self.universe_settings(file)?,
            feed: self.feed(),
            heals: !self.no_heal,
            names: Names::default(),
            description,
            is_real,
            simulator: None,
        })
    }

    async fn simulate(&self, file: &FileSettings) -> anyhow::Result<Exchange> {
        let Simulation { sim_rate, sim_seed, sim_symbols, sim_day } = self.simulation;
        let (clock, calendar) = match sim_day {
            None => (Clock::system(), Calendar::always()),
            Some(speed) => (Clock::compressed(last_opening(Utc::now())? - BEFORE_OPENING, speed), Calendar::krx()),
        };
        let mut settings = SimSettings::new(clock.reader(), sim_seed);
        settings.speed = clock.speed();
        settings.past = Duration::from_secs(PAST_TRADES / u64::from(sim_rate));
        settings.market.trades_per_second = sim_rate;
        settings.market.listings = Listing::generated(usize::try_from(sim_symbols)?);
        settings.market.calendar = calendar.clone();
        let listings = settings.market.listings.clone();
        let listed: Vec<Symbol> = listings.iter().map(|listing| listing.symbol).collect();
        let mut watch_list = self.watch_list(file)?;
        if watch_list.is_empty() {
            // With more stocks than subscriptions some slots are left for those that move.
            let most = if listed.len() > obs_ingest_ws::MAX_REGISTRATIONS { WATCH_LIST.len() } else { listed.len() };
            watch_list = listed.iter().copied().take(most).collect();
        }
        if let Some(unlisted) = watch_list.iter().find(|symbol| !listed.contains(symbol)) {
            bail!("the simulated exchange does not list {unlisted}");
        }
        ensure!(!watch_list.is_empty(), "the simulated exchange lists nothing");
        let simulator = Simulator::start(settings).await?;
        let names = Names::default();
        names.learn(listings.iter().map(|listing| (listing.symbol, listing.name.as_str())));
        let keys = vec![Credentials::new(simulator.app_key().to_owned(), simulator.app_secret().to_owned())?];
        Ok(Exchange {
            broker: Broker {
                endpoints: Endpoints::at(Environment::Live, &simulator.rest_url(), &simulator.websocket_url())?,
                keys,
                settings: KisSettings::new(Environment::Live),
            },
            clock,
            calendar,
            watch_list,
            universe: self.universe_source(file, Some(UniverseSource::Broker(vec![Market::Kospi, Market::Kosdaq]))),
            universe_settings: self.universe_settings(file)?,
            feed: self.feed(),
            heals: !self.no_heal,
            names,
            description: "SIMULATED exchange on this machine: made-up prices, nothing here is a real quote".to_owned(),
            is_real: false,
            simulator: Some(simulator),
        })
    }

    fn watch_list(&self, file: &FileSettings) -> anyhow::Result<Vec<Symbol>> {
        if !self.symbols.is_empty() {
            return Ok(self.symbols.clone());
        }
        let named = file.symbols.iter().flatten();
        named.map(|code| code.parse().context("in `symbols` of the settings file")).collect()
    }

    fn universe_source(&self, file: &FileSettings, default: Option<UniverseSource>) -> Option<UniverseSource> {
        match self.universe.as_ref().or(file.universe.file.as_ref()) {
            Some(path) if path.as_os_str() == "none" => None,
            Some(path) => Some(UniverseSource::File(path.clone())),
            None => default,
        }
    }

    fn feed(&self) -> FeedSettings {
        let default = FeedSettings::default();
        FeedSettings { liveness: self.liveness.unwrap_or(default.liveness), ..default }
    }

    fn universe_settings(&self, file: &FileSettings) -> anyhow::Result<LoadSettings> {
        let mut settings = LoadSettings::default();
        if let Some(won) = self.minimum_close.or(file.universe.minimum_close) {
            settings.minimum_close = if won == 0 { None } else { Some(Price::from_won(i64::from(won))?) };
        }
        Ok(settings)
    }
}

/// The opening of the last session that is over by now.
fn last_opening(now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let (krx, today) = (Calendar::krx(), trading_day(now));
    let days = (0..32).filter_map(|back| today.checked_sub_days(Days::new(back)));
    let over = days.filter_map(|day| krx.session(day)).find(|(_, close)| *close <= now);
    over.map(|(open, _)| open).context("there was no session within a month: is the clock right?")
}
