//! Which keys and hosts of Korea Investment & Securities a program uses.

use std::{num::NonZeroU32, path::Path};

use anyhow::bail;
use clap::{Args, ValueEnum};
use obs_kis::{Credentials, Endpoints, Environment, KisSettings};

use crate::KisFile;

/// Keys and hosts.
#[derive(Args, Clone, Debug)]
pub struct KisArgs {
    /// The broker's app key
    #[arg(long, global = true, value_name = "KEY", env = "KIS_APP_KEY", hide_env_values = true)]
    kis_app_key: Option<String>,
    /// The broker's app secret; better given as the variable than as the flag, which other users of the machine can see
    #[arg(long, global = true, value_name = "SECRET", env = "KIS_APP_SECRET", hide_env_values = true)]
    kis_app_secret: Option<String>,
    /// The broker's live or paper-trading hosts [default: live]
    #[arg(long, global = true, value_name = "ENV", env = "KIS_ENV")]
    kis_env: Option<KisEnv>,
    /// Another REST host than the broker's, such as that of `cargo run -p simulator`
    #[arg(long, global = true, value_name = "URL", env = "KIS_REST_URL", requires = "kis_websocket_url")]
    kis_rest_url: Option<String>,
    /// The WebSocket that belongs to it
    #[arg(long, global = true, value_name = "URL", env = "KIS_WEBSOCKET_URL", requires = "kis_rest_url")]
    kis_websocket_url: Option<String>,
    /// REST calls a second that the account may make [default: 18 live, 1 paper]
    #[arg(long, global = true, value_name = "N")]
    calls_per_second: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KisEnv {
    Live,
    Paper,
}

/// How to reach an account at the broker.
#[derive(Clone, Debug)]
pub struct KisAccess {
    /// The hosts.
    pub endpoints: Endpoints,
    /// The first pair of keys.
    pub keys: Credentials,
    /// Limits, deadlines, the folder for tokens.
    pub settings: KisSettings,
    /// Whether the hosts are the broker's own, so that prices and money are real.
    pub is_real: bool,
    /// What people are told about it.
    pub description: String,
}

impl KisArgs {
    /// Puts flags, environment and the section `[kis]` of the settings file together. `None` if there are no keys.
    ///
    /// # Errors
    /// If there is half a pair of keys or of hosts, or one of them cannot be used.
    pub fn access(&self, file: &KisFile, data_dir: &Path) -> anyhow::Result<Option<KisAccess>> {
        let app_key = self.kis_app_key.clone().or_else(|| file.app_key.clone());
        let app_secret = self.kis_app_secret.clone().or_else(|| file.app_secret.clone());
        let keys = match (app_key, app_secret) {
            (None, None) => return Ok(None),
            (Some(key), Some(secret)) => Credentials::new(key, secret)?,
            (Some(_), None) => bail!("KIS_APP_KEY is set and KIS_APP_SECRET is not: set both, or neither for a simulation"),
            (None, Some(_)) => bail!("KIS_APP_SECRET is set and KIS_APP_KEY is not: set both, or neither for a simulation"),
        };
        let environment = self.environment(file)?;
        let name = match environment {
            Environment::Live => "live",
            Environment::Paper => "paper-trading",
        };
        let own = match environment {
            Environment::Live => Endpoints::live(),
            Environment::Paper => Endpoints::paper(),
        };
        let rest = self.kis_rest_url.as_ref().or(file.rest_url.as_ref());
        let websocket = self.kis_websocket_url.as_ref().or(file.websocket_url.as_ref());
        let (endpoints, description) = match (rest, websocket) {
            (Some(rest), Some(websocket)) => {
                let other = Endpoints::at(environment, rest, websocket)?;
                (other, format!("{rest}, as {name} hosts: not the broker's own"))
            }
            (None, None) => (own, format!("Korea Investment & Securities, {name} hosts")),
            _ => {
                bail!("`kis.rest_url` and `kis.websocket_url` belong together: set both, or neither for the broker's hosts")
            }
        };
        let mut settings = KisSettings::new(environment);
        settings.token_cache = Some(data_dir.join("tokens"));
        if let Some(limit) = self.calls_per_second.or(file.calls_per_second) {
            settings.limits.calls_per_second = limit;
        }
        Ok(Some(KisAccess { endpoints, keys, settings, is_real: rest.is_none(), description }))
    }

    fn environment(&self, file: &KisFile) -> anyhow::Result<Environment> {
        let env = match (&self.kis_env, &file.env) {
            (Some(env), _) => *env,
            (None, Some(name)) => KisEnv::from_str(name, true)
                .map_err(|_| anyhow::anyhow!("`kis.env` of the settings file is {name:?}: write live or paper"))?,
            (None, None) => KisEnv::Live,
        };
        Ok(match env {
            KisEnv::Live => Environment::Live,
            KisEnv::Paper => Environment::Paper,
        })
    }
}
