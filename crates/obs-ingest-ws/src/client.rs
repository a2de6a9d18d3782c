//! A feed: connects, stays connected, and says what it learns.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use obs_kis::{KisClient, KisError};
use obs_model::{FeedId, SessionId, Symbol};
use secrecy::SecretString;
use tokio::{sync::mpsc, time};
use tokio_tungstenite::{connect_async_with_config, tungstenite::protocol::WebSocketConfig};
use tokio_util::sync::CancellationToken;

use crate::{
    Counters, FeedError, FeedItem, MAX_REGISTRATIONS, Settings,
    backoff::Backoff,
    connection::{Connection, End, Socket},
    item::count,
};

/// How long connecting may take, handshake included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The longest message that is taken, in bytes. Twenty trades are 7,000.
const MAX_MESSAGE: usize = 1 << 20;
/// So many fresh approval keys may be refused in a row before the feed stops asking for more.
const REFUSED_KEYS: u32 = 3;

/// The trades of up to 41 symbols over one connection at a time.
///
/// It says everything through one channel, in the order in which it happened: a tick comes before any event that attests the
/// time it arrived in. A full channel makes it wait, so whoever receives must go on until the channel closes.
pub struct WsFeed {
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) session_id: SessionId,
    pub(crate) settings: Settings,
    pub(crate) clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    pub(crate) counters: Arc<Counters>,
    broker: KisClient,
    seed: u64,
}

/// Why there is no connection.
enum NotOpened {
    /// It may work later.
    Later(String),
    /// It will not.
    Never(KisError),
}

impl WsFeed {
    /// A feed of these symbols, in order of priority. Nothing is connected yet.
    ///
    /// `clock` tells when something arrived; `seed` decides the jitter of reconnecting.
    ///
    /// # Errors
    /// [`FeedError::Setup`] without symbols, with more than [`MAX_REGISTRATIONS`], with one twice, with an empty schedule of
    /// pauses, and if the session's name is too long for a feed's name.
    pub fn new(
        broker: KisClient,
        symbols: Vec<Symbol>,
        session_id: SessionId,
        settings: Settings,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        seed: u64,
    ) -> Result<Self, FeedError> {
        let setup = |reason: String| Err(FeedError::Setup { reason });
        if symbols.is_empty() {
            return setup("there are no symbols: name at least one".to_owned());
        }
        if symbols.len() > MAX_REGISTRATIONS {
            let found = symbols.len();
            return setup(format!("{found} symbols are more than the {MAX_REGISTRATIONS} that one app key may register"));
        }
        let twice = symbols.iter().enumerate().find(|(n, symbol)| symbols.iter().take(*n).any(|other| other == *symbol));
        if let Some((_, symbol)) = twice {
            return setup(format!("{symbol} is named twice"));
        }
        if settings.backoff.is_empty() {
            return setup("there are no pauses between attempts to connect: name at least one".to_owned());
        }
        if let Err(error) = FeedId::nth_of(&session_id, u32::MAX) {
            return setup(format!("the session's name is too long to number connections: {error}"));
        }
        let (clock, counters) = (Box::new(clock), Arc::default());
        Ok(Self { symbols, session_id, settings, clock, counters, broker, seed })
    }

    /// What it has done so far; goes on counting while it runs.
    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Listens until cancelled, or until nobody receives any more. Lost connections are opened again.
    ///
    /// # Errors
    /// [`FeedError`] if only a person can mend it, such as keys that the broker does not know. There is no second attempt then.
    pub async fn run(self, sender: mpsc::Sender<FeedItem>, cancel: CancellationToken) -> Result<(), FeedError> {
        let mut backoff = Backoff::new(&self.settings, self.seed);
        let mut approval_key = None;
        let mut refused_keys = 0;
        let mut connections = 0_u32;
        loop {
            let opened = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                opened = self.open(&mut approval_key) => opened,
            };
            let problem = match opened {
                Ok((socket, key)) => {
                    connections = connections.saturating_add(1);
                    let feed_id = FeedId::nth_of(&self.session_id, connections)
                        .map_err(|error| FeedError::Setup { reason: error.to_string() })?;
                    count(&self.counters.connections);
                    tracing::info!(feed = %feed_id, symbols = self.symbols.len(), "connected to the broker's WebSocket");
                    let opened_at = time::Instant::now();
                    let mut connection = Connection::new(&self, feed_id, socket, &sender);
                    let end = connection.run(&key, &cancel).await;
                    backoff.held(opened_at.elapsed());
                    if connection.was_acknowledged() {
                        refused_keys = 0;
                    }
                    match end {
                        End::Cancelled | End::NoReceiver => return Ok(()),
                        End::Fatal(error) => return Err(error),
                        End::KeyRefused { code, message } => {
                            refused_keys += 1;
                            if refused_keys >= REFUSED_KEYS {
                                return Err(FeedError::KeyRefused { code, message });
                            }
                            approval_key = None;
                            format!("the approval key was refused: {message} ({code})")
                        }
                        End::InUse(problem) | End::Lost(problem) => problem,
                        End::Silent => format!("nothing came for {:?}", self.settings.liveness),
                    }
                }
                Err(NotOpened::Later(problem)) => problem,
                Err(NotOpened::Never(error)) => return Err(error.into()),
            };
            let pause = backoff.pause();
            tracing::warn!(pause_ms = pause.as_millis(), "no connection to the broker's WebSocket: {problem}");
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = time::sleep(pause) => {}
            }
        }
    }

    /// Logs in, unless an earlier login still holds, and connects.
    async fn open(&self, approval_key: &mut Option<SecretString>) -> Result<(Socket, SecretString), NotOpened> {
        let key = match approval_key {
            Some(key) => key.clone(),
            None => {
                let key = self.broker.approval_key().await.map_err(|error| match error.is_retryable() {
                    true => NotOpened::Later(error.to_string()),
                    false => NotOpened::Never(error),
                })?;
                approval_key.insert(key).clone()
            }
        };
        let address = self.broker.endpoints().websocket();
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(address, Some(config), true);
        match time::timeout(CONNECT_DEADLINE, connecting).await {
            Ok(Ok((socket, _))) => Ok((socket, key)),
            Ok(Err(error)) => Err(NotOpened::Later(format!("{address} cannot be reached: {error}"))),
            Err(_) => Err(NotOpened::Later(format!("{address} did not answer within {CONNECT_DEADLINE:?}"))),
        }
    }
}
