//! The universe, renewed every trading day.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{NaiveTime, TimeDelta};
use obs_ingest_rest::{LoadSettings, Universe, UniverseSource, load};
use obs_kis::{Clock, KisClient};
use obs_model::{Calendar, KST, trading_day};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::names::Names;

/// When a trading day's universe is loaded: the broker's files of the day are there, and the market is not open yet.
const LOADED_AT: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// So many lines of a file that cannot be used are shown; their number is not bounded, and the first ones tell what is wrong.
const SHOWN_PROBLEMS: usize = 10;

/// How long to wait after a load that failed.
const LOAD_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// Loads the universe and renews it every trading day.
pub(crate) struct Universes {
    pub(crate) source: UniverseSource,
    pub(crate) settings: LoadSettings,
    pub(crate) dir: PathBuf,
    pub(crate) client: KisClient,
    pub(crate) calendar: watch::Receiver<Calendar>,
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    /// How many symbols it has.
    pub(crate) members: Arc<AtomicUsize>,
}

impl Universes {
    /// Loads the first universe, however long it takes, and then one each trading day, until it is told to stop.
    pub(crate) async fn keep(self, sender: watch::Sender<Arc<Universe>>, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            let calendar = self.calendar.borrow().clone();
            let loaded = tokio::select! {
                () = stop.cancelled() => return,
                loaded = load(&self.source, &self.client, &self.dir, &calendar, now, &self.settings) => loaded,
            };
            let next = match loaded {
                Ok(loaded) => {
                    loaded.problems.iter().take(SHOWN_PROBLEMS).for_each(|problem| warn!("In the universe: {problem}"));
                    loaded.warnings.iter().for_each(|warning| warn!("{warning}"));
                    let universe = loaded.universe;
                    let members = universe.members.iter();
                    self.names.learn(members.filter_map(|member| Some((member.symbol, member.name.as_deref()?))));
                    info!(members = universe.members.len(), closes_of = %universe.date, "The universe is loaded");
                    self.members.store(universe.members.len(), Ordering::Relaxed);
                    sender.send_replace(Arc::new(universe));
                    let tomorrow = trading_day(now) + TimeDelta::days(1);
                    let at = tomorrow.and_time(LOADED_AT).and_local_timezone(KST).single();
                    at.map_or(now + TimeDelta::days(1), |at| at.to_utc())
                }
                Err(error) => {
                    warn!("There is no universe: {error}");
                    now + LOAD_AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep_until(next) => {}
            }
        }
    }
}
