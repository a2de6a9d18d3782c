//! One task that looks at the store once a second while anybody listens, and tells all listeners what is new.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Bar, Gap, Symbol, minute_of};
use obs_store::{StoreError, TimeRange};
use serde::Serialize;
use tokio::{
    sync::broadcast,
    time::{MissedTickBehavior, interval},
};
use tracing::warn;

use crate::{
    router::App,
    routes::status::{Status, gaps_today},
    rows::{market::BarRow, record::GapRow},
};

/// How often the store is asked.
const PAUSE: Duration = Duration::from_secs(1);
/// Messages that a listener may be behind before it is sent away: many seconds of bars of all subscribed symbols.
const WAITING: usize = 4_096;
/// Messages that are kept for listeners that come back.
const REMEMBERED: usize = 1_024;

/// Something that listeners are told.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Its number since the hub was made.
    pub(crate) number: u64,
    /// `status`, `bar` or `gap`.
    pub(crate) event: &'static str,
    /// The symbols that it is about; empty for all.
    pub(crate) symbols: Vec<Symbol>,
    /// As JSON.
    pub(crate) data: String,
}

/// Where listeners come together.
pub(crate) struct Hub {
    /// Tells the numbers of this hub from those of one before a restart.
    pub(crate) name: i64,
    sender: broadcast::Sender<Arc<Message>>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    polling: bool,
    told: u64,
    remembered: VecDeque<Arc<Message>>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        Self { name: Utc::now().timestamp_millis(), sender, inner: Mutex::default() }
    }

    /// Listens, from the message behind `last` on as far as it is remembered. The first listener starts the polling.
    pub(crate) fn listen(app: &App, last: Option<u64>) -> (Vec<Arc<Message>>, broadcast::Receiver<Arc<Message>>) {
        let mut inner = app.hub.lock();
        let receiver = app.hub.sender.subscribe();
        let missed = last.map_or_else(Vec::new, |last| {
            inner.remembered.iter().filter(|message| message.number > last).cloned().collect()
        });
        if !inner.polling {
            inner.polling = true;
            tokio::spawn(poll(Arc::clone(app)));
        }
        (missed, receiver)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: &'static str, symbols: Vec<Symbol>, data: &impl Serialize) {
        let data = match serde_json::to_string(data) {
            Ok(data) => data,
            Err(error) => return warn!(%error, event, "An event cannot be written"),
        };
        let mut inner = self.lock();
        inner.told += 1;
        let message = Arc::new(Message { number: inner.told, event, symbols, data });
        inner.remembered.push_back(Arc::clone(&message));
        if inner.remembered.len() > REMEMBERED {
            inner.remembered.pop_front();
        }
        // Without listeners nobody needs to hear it.
        let _ = self.sender.send(message);
    }

    /// Whether nobody listens any more; the polling ends with that word.
    fn is_deserted(&self) -> bool {
        let mut inner = self.lock();
        let deserted = self.sender.receiver_count() == 0;
        inner.polling = !deserted;
        deserted
    }
}

async fn poll(app: App) {
    let mut looks = interval(PAUSE);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Seen::default();
    loop {
        tokio::select! {
            () = app.api.stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        if app.hub.is_deserted() {
            return;
        }
        if let Err(error) = look(&app, &mut seen).await {
            warn!(%error, "Listeners are told nothing for now");
        }
    }
}

/// What listeners were told, or what was there before they came.
#[derive(Default)]
struct Seen {
    gaps: Option<HashSet<Gap>>,
    bars: HashMap<(Symbol, DateTime<Utc>), Bar>,
}

async fn look(app: &App, seen: &mut Seen) -> Result<(), StoreError> {
    let gaps = gaps_today(app).await?;
    let status = Status::now(app, &gaps).await?;
    app.hub.tell("status", Vec::new(), &status);

    let minute = minute_of(app.now());
    let range = TimeRange { from: minute - TimeDelta::minutes(1), until: minute + TimeDelta::minutes(1) };
    for bar in app.store().bars(range, None).await? {
        let key = (bar.symbol, bar.bar_time);
        if seen.bars.get(&key) != Some(&bar) {
            app.hub.tell("bar", vec![bar.symbol], &BarRow::from(bar.clone()));
            seen.bars.insert(key, bar);
        }
    }
    seen.bars.retain(|(_, time), _| *time >= range.from);

    match &mut seen.gaps {
        // Those that are there when polling begins are asked for, not told.
        None => seen.gaps = Some(gaps.into_iter().collect()),
        Some(known) => {
            for gap in gaps.iter().filter(|gap| !known.contains(*gap)) {
                app.hub.tell("gap", gap.symbols.clone(), &GapRow::from(gap.clone()));
            }
            *known = gaps.into_iter().collect();
        }
    }
    Ok(())
}
