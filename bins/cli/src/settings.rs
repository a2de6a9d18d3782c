//! Settings: flag over environment over file.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use config::{Config, File, FileFormat};
use obs_aggregate::GuardSettings;
use serde::Deserialize;
use url::Url;

use crate::{Database, guards};

/// The settings file that is read when it is there.
const DEFAULT_FILE: &str = "observer.toml";

/// The settings that every program has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where things are")]
pub struct SettingsArgs {
    /// Settings file; `observer.toml` in the current folder is read if it is there
    #[arg(long, env = "OBSERVER_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Folder of the archive and of the embedded database [default: ./data]
    #[arg(long, env = "OBSERVER_DATA_DIR", value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// Database, as `postgres://user:password@host:port/name` or `sqlite://path` [default: `observer.db` in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    #[command(flatten)]
    parts: DatabaseParts,
}

/// A PostgreSQL address in parts, under the names that the Python system used.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "PostgreSQL in parts, instead of a URL")]
struct DatabaseParts {
    /// Host; naming it chooses PostgreSQL
    #[arg(long, env = "DB_HOST", value_name = "HOST", global = true)]
    db_host: Option<String>,
    /// Port
    #[arg(long, env = "DB_PORT", value_name = "PORT", default_value_t = 5432, global = true)]
    db_port: u16,
    /// User [default: the database's name]
    #[arg(long, env = "DB_USER", value_name = "USER", global = true)]
    db_user: Option<String>,
    /// Password; better given as the variable than as the flag, which other users of the machine can see
    #[arg(long, env = "DB_PASSWORD", value_name = "PASSWORD", hide_env_values = true, global = true)]
    db_password: Option<String>,
    /// Database
    #[arg(long, env = "DB_NAME", value_name = "NAME", default_value = "observer", global = true)]
    db_name: String,
}

/// What the settings file may say. Every key may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSettings {
    /// As `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// As `--database-url`.
    pub database_url: Option<String>,
    /// The watch list: symbols that are always listened to.
    pub symbols: Option<Vec<String>>,
    /// The account.
    pub kis: KisFile,
    /// What may be traded, and where.
    pub trading: TradingFile,
    /// The symbols whose ten-minute bars are collected.
    pub universe: UniverseFile,
    /// The interface over HTTP.
    pub api: ApiFile,
    /// The thresholds of the rules for doubtful trades, from the section `[guards]`.
    #[serde(deserialize_with = "guards::read")]
    pub guards: GuardSettings,
    /// Longest time that a record may wait for the disk, in milliseconds.
    pub fsync_interval_ms: Option<u64>,
    /// Most bytes that may wait for the disk.
    pub fsync_bytes: Option<usize>,
}

/// The section `[kis]` of the settings file.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KisFile {
    /// `live` or `paper`.
    pub env: Option<String>,
    /// The app key.
    pub app_key: Option<String>,
    /// The app secret.
    pub app_secret: Option<String>,
    /// Further keys. Each brings 41 more subscriptions.
    pub more_keys: Vec<KeyFile>,
    /// Another REST host than the broker's, such as a simulator's.
    pub rest_url: Option<String>,
    /// The WebSocket that belongs to it.
    pub websocket_url: Option<String>,
    /// REST calls a second that the account may make.
    pub calls_per_second: Option<std::num::NonZeroU32>,
}

/// A further pair of keys, in a section `[[kis.more_keys]]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The app key.
    pub app_key: String,
    /// The app secret.
    pub app_secret: String,
}

/// The section `[trading]` of the settings file.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TradingFile {
    /// The account, as `12345678-01`.
    pub account: Option<String>,
    /// Who fills orders when nobody says: `paper`, `kis-paper` or `kis-live`.
    pub broker: Option<String>,
    /// Whether orders may be sent to the live host. Only this file can say so: no flag, no variable.
    pub allow_live: bool,
    /// The most won that one order may be worth.
    pub max_order_value: Option<i64>,
    /// The most won that all orders of a day may be worth together.
    pub max_day_value: Option<i64>,
    /// While this file is there, nothing is sent.
    pub kill_switch: Option<PathBuf>,
}

/// The section `[api]` of the settings file.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiFile {
    /// Where to answer, such as `127.0.0.1:8000`, or `none`.
    pub listen: Option<String>,
    /// What clients must show.
    pub token: Option<String>,
}

/// The section `[universe]` of the settings file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UniverseFile {
    /// A list of symbols, or a master file of the broker's. Without it the broker's master files are fetched.
    pub file: Option<PathBuf>,
    /// The least previous close in won of a member.
    pub minimum_close: Option<u32>,
}

impl std::fmt::Debug for ApiFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiFile").field("listen", &self.listen).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for TradingFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { account: _, broker, allow_live, max_order_value, max_day_value, kill_switch } = self;
        let mut shown = f.debug_struct("TradingFile");
        shown.field("broker", broker).field("allow_live", allow_live).field("max_order_value", max_order_value);
        shown.field("max_day_value", max_day_value).field("kill_switch", kill_switch).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for KisFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KisFile").field("env", &self.env).finish_non_exhaustive()
    }
}

/// Where the archive and the database are.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The archive's folder.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// What else the file says.
    pub file: FileSettings,
}

impl SettingsArgs {
    /// Puts flags, environment and file together.
    ///
    /// # Errors
    /// If the file cannot be read or understood, or the database's address makes no sense.
    pub fn resolve(&self) -> anyhow::Result<StoreSettings> {
        let file = self.read_file()?;
        let data_dir = self.data_dir.clone().or_else(|| file.data_dir.clone()).unwrap_or_else(|| PathBuf::from("./data"));
        let url = match (&self.database_url, self.parts.url()?) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(url)) => Some(url),
            (None, None) => file.database_url.clone(),
        };
        let database = match url {
            Some(url) => url.parse()?,
            None => Database::Sqlite(data_dir.join("observer.db")),
        };
        Ok(StoreSettings { data_dir, database, file })
    }

    fn read_file(&self) -> anyhow::Result<FileSettings> {
        let path = self.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        if self.config.is_some() && !path.is_file() {
            bail!("there is no settings file {}: check --config", path.display());
        }
        Config::builder()
            .add_source(File::from(path.clone()).format(FileFormat::Toml).required(false))
            .build()
            .and_then(Config::try_deserialize)
            .with_context(|| format!("cannot use the settings file {}", path.display()))
    }
}

impl DatabaseParts {
    /// The parts as a URL, if a host is named.
    fn url(&self) -> anyhow::Result<Option<String>> {
        let Some(host) = &self.db_host else { return Ok(None) };
        let mut url = Url::parse("postgres://host")?;
        url.set_host(Some(host)).with_context(|| format!("DB_HOST is {host:?}, which is no host name"))?;
        let user = self.db_user.as_ref().unwrap_or(&self.db_name);
        let refused = |()| anyhow::anyhow!("DB_USER, DB_PASSWORD and DB_PORT do not fit the host {host:?}");
        url.set_port(Some(self.db_port)).map_err(refused)?;
        url.set_username(user).map_err(refused)?;
        url.set_password(self.db_password.as_deref()).map_err(refused)?;
        url.set_path(&self.db_name);
        Ok(Some(url.into()))
    }
}
