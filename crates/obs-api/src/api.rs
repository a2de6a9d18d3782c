//! What the API is made from.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use obs_model::{Calendar, Symbol};
use obs_store::Store;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// What the API is made from: a store, and plain functions for everything that only the running program knows.
#[derive(Clone)]
pub struct Api {
    /// Where answers come from. Its schema is there; it is only read.
    pub store: Arc<dyn Store>,
    /// The days and hours of the market, as they are known now.
    pub calendar: Arc<dyn Fn() -> Calendar + Send + Sync>,
    /// Market time.
    pub clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Whether the prices are made up, which people must be told.
    pub is_simulated: bool,
    /// What a stock is called, if that is known.
    pub names: Arc<dyn Fn(Symbol) -> Option<String> + Send + Sync>,
    /// What must be in order for `/ready`. That the store answers is checked besides.
    pub checks: Arc<dyn Fn() -> Vec<Check> + Send + Sync>,
    /// What `/metrics` says, in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What clients must show; `None` lets everybody in who can reach the port.
    pub token: Option<SecretString>,
    /// Whether it listens on a loopback address. A page elsewhere on the web could have its own name resolve to such an address,
    /// so requests for any other host are refused then.
    pub loopback: bool,
    /// Cancelled when the program ends: [`serve`](crate::serve) and all event streams end with it.
    pub stop: CancellationToken,
}

/// Something that must be in order before others may rely on the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What, in one word, such as `archive`.
    pub name: &'static str,
    /// Whether it is in order.
    pub ok: bool,
    /// What was found, and what to do if it is not in order.
    pub detail: String,
}

impl Api {
    /// A store over HTTP with nothing around it: KRX's calendar, the machine's clock, real prices, no names, checks, metrics or token,
    /// for loopback.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            calendar: Arc::new(Calendar::krx),
            clock: Arc::new(Utc::now),
            is_simulated: false,
            names: Arc::new(|_| None),
            checks: Arc::new(Vec::new),
            metrics: Arc::new(String::new),
            token: None,
            loopback: true,
            stop: CancellationToken::new(),
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("store", &self.store.name()).field("loopback", &self.loopback).finish_non_exhaustive()
    }
}
