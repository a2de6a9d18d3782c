//! The interface over HTTP: beside the recording, or without it as `collector serve`.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::ExitCode,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use obs_api::{Api, Check};
use obs_cli::{ApiFile, Database, MarketDayAnswers, SettingsArgs, StoreSettings, open_store, stop_on_signal};
use obs_kis::Clock;
use obs_model::{Calendar, Symbol};
use obs_store::Store;
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use collector::{Collector, Counts, Metrics, Names};

/// Where it listens when nobody says.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// So many ports behind it are tried when it is taken.
const NEIGHBOURS: u16 = 9;
/// Archived ticks that are not in the database after this time make the program unready, in market time.
const BEHIND: TimeDelta = TimeDelta::seconds(60);
/// How long after the opening, and after the start, connections may take before they are missed.
const CONNECTING: Duration = Duration::from_secs(60);

#[derive(Args)]
#[command(next_help_heading = "The interface over HTTP")]
pub(crate) struct ServeOptions {
    /// Where to answer HTTP, such as 127.0.0.1:8000, or `none` [default: 127.0.0.1:8000, or a free port behind it]
    #[arg(long, global = true, value_name = "ADDRESS", env = "OBSERVER_LISTEN")]
    listen: Option<Listen>,
    /// What clients must show as a bearer token; needed to listen elsewhere than on loopback
    #[arg(long, global = true, value_name = "TOKEN", env = "OBSERVER_API_TOKEN", hide_env_values = true)]
    api_token: Option<String>,
    /// Database that answers are read from, such as a replica, as `--database-url` [default: where the collector writes]
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_READ_URL", hide_env_values = true)]
    database_read_url: Option<String>,
}

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listen {
    At(SocketAddr),
    Nowhere,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::Nowhere);
        }
        let explain = |_| format!("{text:?} is neither an address such as 127.0.0.1:8000 nor `none`");
        text.parse().map(Self::At).map_err(explain)
    }
}

/// A socket that listens, and who may use it.
pub(crate) struct Door {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
    token: Option<SecretString>,
}

impl ServeOptions {
    /// Opens the socket; `None` if there is to be none, or if nobody asked for one and none is free.
    pub(crate) async fn open(&self, file: &ApiFile) -> anyhow::Result<Option<Door>> {
        let in_file = file.listen.as_deref().map(Listen::from_str).transpose();
        let in_file = in_file.map_err(anyhow::Error::msg).context("in `api.listen` of the settings file")?;
        let token = self.api_token.clone().or_else(|| file.token.clone()).filter(|token| !token.is_empty());
        let listener = match self.listen.or(in_file) {
            Some(Listen::Nowhere) => return Ok(None),
            Some(Listen::At(address)) => {
                if !address.ip().is_loopback() && token.is_none() {
                    bail!(
                        "{address} can be reached from other machines: set a token, as OBSERVER_API_TOKEN or `token` in the \
                         section [api] of the settings file, or listen on 127.0.0.1"
                    );
                }
                let bound = TcpListener::bind(address).await;
                bound.with_context(|| format!("cannot listen on {address}: choose another one with --listen, or `none`"))?
            }
            None => match free_port().await {
                Some(listener) => listener,
                None => return Ok(None),
            },
        };
        let address = listener.local_addr().context("the socket has no address")?;
        Ok(Some(Door { listener, address, token: token.map(SecretString::from) }))
    }

    /// The store that answers come from, if it is another than the collector's.
    pub(crate) async fn read_store(&self) -> anyhow::Result<Option<Arc<dyn Store>>> {
        let Some(url) = &self.database_read_url else { return Ok(None) };
        let database = url.parse().context("DATABASE_READ_URL")?;
        Ok(Some(existing(&database).await.context("the database to read from (DATABASE_READ_URL) cannot be used")?))
    }
}

/// The default address, or the first free one behind it: a second program on this machine is no reason not to record.
async fn free_port() -> Option<TcpListener> {
    for port in DEFAULT.port()..=DEFAULT.port() + NEIGHBOURS {
        let address = SocketAddr::new(DEFAULT.ip(), port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if address != DEFAULT {
                    warn!(
                        "{DEFAULT} is taken, so the interface over HTTP is at {address}; --listen chooses another address"
                    );
                }
                return Some(listener);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                warn!(%error, "There is no interface over HTTP: {address} cannot be listened on");
                return None;
            }
        }
    }
    warn!("There is no interface over HTTP: {DEFAULT} and the ports behind it are taken; --listen chooses another address");
    None
}

impl Door {
    /// Answers until `api.stop` is cancelled. A socket that fails ends the interface, and nothing else.
    pub(crate) fn serve(self, api: Api) -> JoinHandle<()> {
        let api = Api { token: self.token, loopback: self.address.ip().is_loopback(), ..api };
        tokio::spawn(async move {
            if let Err(error) = obs_api::serve(self.listener, api).await {
                error!(%error, "The interface over HTTP has ended");
            }
        })
    }
}

/// What the interface knows of a run: taken before the run takes its parts.
pub(crate) struct Known {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    pub(crate) is_real: bool,
    pub(crate) dir: std::path::PathBuf,
    pub(crate) stop: CancellationToken,
}

impl Known {
    /// The interface of a run.
    pub(crate) fn api(self, collector: &Collector) -> Api {
        let Self { store, clock, names, is_real, dir, stop } = self;
        let (counts, calendar) = (collector.counts(), collector.calendar());
        let metrics = Metrics::new(counts.clone(), calendar.clone(), clock.clone(), dir, is_real);
        let checks =
            Checks { counts, calendar: calendar.clone(), clock: clock.clone(), started: clock.now(), stop: stop.clone() };
        Api {
            calendar: Arc::new(move || calendar.borrow().clone()),
            clock: clock.reader(),
            is_simulated: !is_real,
            names: Arc::new(move |symbol: Symbol| names.name(symbol).map(|name| name.to_string())),
            checks: Arc::new(move || checks.all()),
            metrics: Arc::new(move || metrics.render()),
            stop,
            ..Api::new(store)
        }
    }
}

/// What must be in order for a run to count as ready.
struct Checks {
    counts: Counts,
    calendar: watch::Receiver<Calendar>,
    clock: Clock,
    started: DateTime<Utc>,
    stop: CancellationToken,
}

impl Checks {
    fn all(&self) -> Vec<Check> {
        vec![self.archive(), self.loading(), self.feed()]
    }

    /// A recorder that cannot write ends the run.
    fn archive(&self) -> Check {
        let ok = !self.stop.is_cancelled();
        let ticks = self.counts.recorder.ticks();
        let detail = if ok { format!("{ticks} ticks were written") } else { "the collector is ending".to_owned() };
        Check { name: "archive", ok, detail }
    }

    fn loading(&self) -> Check {
        let (archived, stored) = (self.counts.recorder.ticks(), self.counts.loader.ticks());
        let newest = self.counts.loader.newest().unwrap_or(self.started);
        let behind = self.clock.now() - newest;
        let ok = stored >= archived || behind <= BEHIND;
        let detail = if stored >= archived {
            "everything archived is in the database".to_owned()
        } else {
            let seconds = behind.num_seconds();
            format!("{} archived ticks are not in the database, which is {seconds} s behind", archived - stored)
        };
        Check { name: "loading", ok, detail }
    }

    fn feed(&self) -> Check {
        let now = self.clock.now();
        let session = self.calendar.borrow().session_at_or_after(now).filter(|(open, _)| *open <= now);
        let (open, expected) = (self.counts.track_b.connected(), self.counts.keys() as u64);
        let detail = format!("{open} of {expected} connections to the broker are open");
        match session {
            None => Check { name: "feed", ok: true, detail: format!("the market is closed; {detail}") },
            Some((opening, _)) => {
                let since = (now - opening.max(self.started)).to_std().unwrap_or_default();
                Check { name: "feed", ok: open >= expected || since < CONNECTING, detail }
            }
        }
    }
}

/// `collector serve`: answers from a database that something else fills.
pub(crate) async fn run(
    settings: &SettingsArgs,
    options: &ServeOptions,
    duration: Option<Duration>,
) -> anyhow::Result<ExitCode> {
    let settings = settings.resolve()?;
    let store = match options.read_store().await? {
        Some(store) => store,
        None => existing(&settings.database).await?,
    };
    let Some(door) = options.open(&settings.file.api).await? else {
        bail!("nothing to do: name a free address with --listen");
    };
    let stop = stop_on_signal()?;
    println!("Observer {}: http://{} answers from {}", env!("CARGO_PKG_VERSION"), door.address, store.name());
    println!("Ctrl-C ends it.");
    let calendar = calendar_of(&settings);
    let is_simulated = is_simulated(store.as_ref()).await?;
    let api = Api { calendar: Arc::new(move || calendar.clone()), is_simulated, stop: stop.clone(), ..Api::new(store) };
    let serving = door.serve(api);
    match duration {
        Some(duration) => tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(duration) => stop.cancel(),
        },
        None => stop.cancelled().await,
    }
    serving.await.context("serving failed")?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a simulated exchange was recorded: such runs say so in their names.
async fn is_simulated(store: &dyn Store) -> anyhow::Result<bool> {
    Ok(store.latest_quotes().await?.iter().any(|tick| tick.session_id.as_str().starts_with("sim-")))
}

fn calendar_of(settings: &StoreSettings) -> Calendar {
    MarketDayAnswers::read(&settings.data_dir).on_top_of(&Calendar::krx())
}

/// A database that is there and has its schema: who only reads makes none.
async fn existing(database: &Database) -> anyhow::Result<Arc<dyn Store>> {
    if let Database::Sqlite(path) = database
        && !Path::new(path).is_file()
    {
        bail!("there is no database {}: name another with --database-url, or record first", path.display());
    }
    let store = open_store(database).await?;
    store.check_schema().await?;
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(listen: &str) -> ServeOptions {
        ServeOptions { listen: Some(listen.parse().unwrap()), api_token: None, database_read_url: None }
    }

    #[tokio::test]
    async fn an_address_for_others_needs_a_token() {
        let open = options("0.0.0.0:0").open(&ApiFile::default()).await;
        assert!(open.is_err_and(|error| error.to_string().contains("OBSERVER_API_TOKEN")));
        let with_token = ApiFile { token: Some("secret".to_owned()), ..ApiFile::default() };
        assert!(options("0.0.0.0:0").open(&with_token).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let taken = options("127.0.0.1:0").open(&ApiFile::default()).await.unwrap().unwrap();
        let said = options(&taken.address.to_string()).open(&ApiFile::default()).await.err().unwrap().to_string();
        assert!(said.contains(&taken.address.to_string()) && said.contains("--listen"), "{said}");
        assert!(options("none").open(&ApiFile::default()).await.unwrap().is_none());
    }
}
