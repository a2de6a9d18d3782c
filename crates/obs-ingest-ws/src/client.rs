//! A feed: connects, stays connected, and says what it learns.

use std::{sync::Arc, time::Duration};

use obs_kis::{Clock, KisClient, KisError};
use obs_model::{FeedId, SessionId, Symbol};
use secrecy::SecretString;
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tokio_tungstenite::{connect_async_with_config, tungstenite::protocol::WebSocketConfig};
use tokio_util::sync::CancellationToken;

use crate::{
    Counters, FeedError, FeedItem, Settings,
    backoff::Backoff,
    connection::{Connection, End, Socket},
};

/// How long connecting may take in market time, handshake included.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The longest message that is taken, in bytes. Twenty trades are 7,000.
const MAX_MESSAGE: usize = 1 << 20;
/// So many fresh approval keys may be refused in a row before the feed stops asking for more.
const REFUSED_KEYS: u32 = 3;
/// What a peer always gets to accept or answer something: sockets are no faster on a compressed clock.
const LEAST_DEADLINE: Duration = Duration::from_millis(500);

/// The trades of up to 41 symbols over one connection at a time, for one app key.
///
/// Which symbols is said through a channel and may change at any time: the connection unsubscribes what is no longer wanted, then
/// subscribes what is new. It is held also while nothing is wanted, so that what will be is subscribed at once.
///
/// It says everything through one channel, in the order in which it happened: a tick comes before any event that attests the
/// time it arrived in. A full channel makes it wait, so whoever receives must go on until the channel closes.
pub struct WsFeed {
    pub(crate) session_id: SessionId,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) counters: Arc<Counters>,
    broker: KisClient,
    wanted: watch::Receiver<Vec<Symbol>>,
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
    /// A feed of the symbols that are wanted at each time, in order of priority. Nothing is connected yet.
    ///
    /// Symbols beyond the first [`MAX_REGISTRATIONS`](crate::MAX_REGISTRATIONS) are left out with a warning. All feeds of a
    /// session share their `counters`, by which connections are named; `clock` is the market's; `seed` decides the jitter of
    /// reconnecting.
    ///
    /// # Errors
    /// [`FeedError::Setup`] with an empty schedule of pauses, and if the session's name is too long for a feed's name.
    pub fn new(
        broker: KisClient,
        wanted: watch::Receiver<Vec<Symbol>>,
        session_id: SessionId,
        counters: Arc<Counters>,
        settings: Settings,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, FeedError> {
        let setup = |reason: String| Err(FeedError::Setup { reason });
        if settings.backoff.is_empty() {
            return setup("there are no pauses between attempts to connect: name at least one".to_owned());
        }
        if let Err(error) = FeedId::nth_of(&session_id, u32::MAX) {
            return setup(format!("the session's name is too long to number connections: {error}"));
        }
        Ok(Self { session_id, settings, clock, counters, broker, wanted, seed })
    }

    /// Listens until cancelled, or until nobody receives any more. Lost connections are opened again.
    ///
    /// # Errors
    /// [`FeedError`] if only a person can mend it, such as keys that the broker does not know. There is no second attempt then.
    pub async fn run(self, sender: mpsc::Sender<FeedItem>, cancel: CancellationToken) -> Result<(), FeedError> {
        let mut backoff = Backoff::new(&self.settings, self.seed);
        let mut approval_key = None;
        let mut refused_keys = 0;
        let mut wanted = self.wanted.clone();
        loop {
            let opened = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                opened = self.open(&mut approval_key) => opened,
            };
            let problem = match opened {
                Ok((socket, key)) => {
                    let feed_id = FeedId::nth_of(&self.session_id, self.counters.next_connection())
                        .map_err(|error| FeedError::Setup { reason: error.to_string() })?;
                    tracing::info!(feed = %feed_id, "connected to the broker's WebSocket");
                    let opened_at = time::Instant::now();
                    let mut connection = Connection::new(&self, feed_id, socket, &mut wanted, &sender);
                    let end = connection.run(&key, &cancel).await;
                    backoff.held(opened_at.elapsed().saturating_mul(self.clock.speed()));
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
                () = self.clock.sleep(pause) => {}
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
        let deadline = self.deadline(CONNECT_DEADLINE);
        match time::timeout(deadline, connecting).await {
            Ok(Ok((socket, _))) => Ok((socket, key)),
            Ok(Err(error)) => Err(NotOpened::Later(format!("{address} cannot be reached: {error}"))),
            Err(_) => Err(NotOpened::Later(format!("{address} did not answer within {deadline:?}"))),
        }
    }

    /// How long a socket really gets for something that may take so long in market time.
    pub(crate) fn deadline(&self, market: Duration) -> Duration {
        self.clock.real(market).max(LEAST_DEADLINE)
    }
}
