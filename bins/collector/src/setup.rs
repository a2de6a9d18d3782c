//! Everything that a run needs to know.

use std::{path::PathBuf, sync::Arc};

use obs_aggregate::GuardSettings;
use obs_archive::WriterSettings;
use obs_ingest_rest::{LoadSettings, Settings as PollSettings, UniverseSource};
use obs_ingest_ws::{Settings as FeedSettings, SlotSettings, TriggerSettings};
use obs_kis::{Clock, Credentials, Endpoints, KisClient, KisError, KisSettings};
use obs_model::{Calendar, SessionId, Symbol};
use obs_store::Store;

use crate::Names;

/// Everything that a run needs to know. Whoever makes one decides where time, data and chance come from.
pub struct Setup {
    /// The archive's folder.
    pub dir: PathBuf,
    /// How the archive is written.
    pub writer: WriterSettings,
    /// What makes a trade doubtful.
    pub guards: GuardSettings,
    /// The database. Its schema is there.
    pub store: Arc<dyn Store>,
    /// The name of this run.
    pub session_id: SessionId,
    /// Whom to ask and to listen to.
    pub broker: Broker,
    /// Market time.
    pub clock: Clock,
    /// The built-in calendar.
    pub calendar: Calendar,
    /// Symbols that are always listened to.
    pub watch_list: Vec<Symbol>,
    /// Where Track A's symbols come from; `None` turns it off.
    pub universe: Option<UniverseSource>,
    /// By what rules.
    pub universe_settings: LoadSettings,
    /// How Track A polls.
    pub poll: PollSettings,
    /// How Track B's connections behave.
    pub feed: FeedSettings,
    /// Whether the minutes that gaps touched are asked for afterwards.
    pub heals: bool,
    /// How subscriptions are given out.
    pub slots: SlotSettings,
    /// What makes a symbol worth listening to.
    pub triggers: TriggerSettings,
    /// What stocks are called.
    pub names: Names,
    /// Decides the jitter of reconnecting.
    pub seed: u64,
}

/// An account at the broker.
#[derive(Clone)]
pub struct Broker {
    /// The hosts.
    pub endpoints: Endpoints,
    /// The pairs of keys. The first one makes the calls; each brings 41 subscriptions.
    pub keys: Vec<Credentials>,
    /// Limits, deadlines, the folder for tokens.
    pub settings: KisSettings,
}

impl Broker {
    /// A client for each pair of keys.
    ///
    /// # Errors
    /// [`KisError::Setup`] if TLS cannot be set up.
    pub fn clients(&self, clock: &Clock) -> Result<Vec<KisClient>, KisError> {
        let client =
            |keys: &Credentials| KisClient::new(self.endpoints.clone(), keys.clone(), self.settings.clone(), clock.clone());
        self.keys.iter().map(client).collect()
    }
}
