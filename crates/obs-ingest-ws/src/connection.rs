//! One connection, from its opening to its end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use obs_model::{FeedChange, FeedEvent, FeedId, GapReason, Symbol};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{self, Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Bytes, Message},
};
use tokio_util::sync::CancellationToken;

use crate::{FeedError, FeedItem, WsFeed, control, subscriptions::Subscriptions};

mod inbound;

/// How often a feed attests that it is alive, at most, in market time.
const ATTEST_EVERY: Duration = Duration::from_secs(1);
/// How long the peer may take to accept what we send, in market time.
const SEND_DEADLINE: Duration = Duration::from_secs(5);
/// How long the peer may take to agree that the connection is over, in market time.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection ended.
pub(crate) enum End {
    /// We were asked to stop.
    Cancelled,
    /// Nobody receives what we send.
    NoReceiver,
    /// It closed or broke.
    Lost(String),
    /// It fell silent.
    Silent,
    /// Another connection uses the app key.
    InUse(String),
    /// The broker does not accept the approval key.
    KeyRefused { code: String, message: String },
    /// Connecting again would not help.
    Fatal(FeedError),
}

impl End {
    const fn reason(&self) -> GapReason {
        match self {
            Self::Cancelled | Self::NoReceiver => GapReason::ManualStop,
            Self::Lost(_) => GapReason::WsDisconnect,
            Self::Silent => GapReason::WsTimeout,
            Self::InUse(_) | Self::KeyRefused { .. } | Self::Fatal(_) => GapReason::ApiError,
        }
    }
}

/// One connection of a feed.
pub(crate) struct Connection<'a> {
    feed: &'a WsFeed,
    feed_id: FeedId,
    socket: Socket,
    wanted: &'a mut watch::Receiver<Vec<Symbol>>,
    sender: &'a mpsc::Sender<FeedItem>,
    subscriptions: Subscriptions,
    acknowledged: bool,
    /// When the last frame came.
    last_inbound: Option<DateTime<Utc>>,
    /// Whether a frame came since the feed was last attested.
    unattested: bool,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(
        feed: &'a WsFeed,
        feed_id: FeedId,
        socket: Socket,
        wanted: &'a mut watch::Receiver<Vec<Symbol>>,
        sender: &'a mpsc::Sender<FeedItem>,
    ) -> Self {
        let [pacing, again] =
            [feed.settings.subscribe_pacing, feed.settings.ask_again_after].map(|time| feed.clock.real(time));
        let subscriptions = Subscriptions::new(pacing, again, Instant::now());
        let (acknowledged, last_inbound, unattested) = (false, None, false);
        let mut new = Self { feed, feed_id, socket, wanted, sender, subscriptions, acknowledged, last_inbound, unattested };
        new.want();
        new
    }

    /// Whether the broker acknowledged any subscription.
    pub(crate) const fn was_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// Subscribes and listens until the connection ends, and says how it ended.
    pub(crate) async fn run(&mut self, approval_key: &SecretString, cancel: &CancellationToken) -> End {
        let Err(end) = self.listen(approval_key, cancel).await;
        self.close(&end).await;
        end
    }

    async fn listen(
        &mut self,
        approval_key: &SecretString,
        cancel: &CancellationToken,
    ) -> Result<std::convert::Infallible, End> {
        self.tell(self.feed.clock.now(), FeedChange::Opened).await?;
        // A timer without any time between its ticks is none.
        let attest_every = self.feed.clock.real(ATTEST_EVERY).max(Duration::from_millis(1));
        let mut attest = time::interval_at(Instant::now() + attest_every, attest_every);
        attest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let liveness = self.feed.clock.real(self.feed.settings.liveness);
        // Counted from when we last had time to listen: waiting for a full channel is not the peer's silence.
        let mut quiet_since = Instant::now();
        let mut pinged = false;
        let mut steered = true;
        loop {
            let request = self.subscriptions.next_request();
            // In order of urgency. Reading comes before giving up, so that what has arrived counts, and after the timers, so
            // that a flood of frames does not silence us.
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(End::Cancelled),
                // When nobody can change any more what is wanted, it stays as it is.
                changed = self.wanted.changed(), if steered => match changed {
                    Ok(()) => self.want(),
                    Err(_) => steered = false,
                },
                () = sleep_until(request) => self.request(approval_key).await?,
                _ = attest.tick() => self.attest().await?,
                message = self.socket.next() => {
                    self.receive(message).await?;
                    (quiet_since, pinged) = (Instant::now(), false);
                }
                () = time::sleep_until(quiet_since + liveness / 2), if !pinged => {
                    pinged = true;
                    self.send(Message::Ping(Bytes::new())).await?;
                }
                () = time::sleep_until(quiet_since + liveness) => return Err(End::Silent),
            }
        }
    }

    /// Takes note of what is wanted from now on.
    fn want(&mut self) {
        let surplus = self.subscriptions.want(&self.wanted.borrow_and_update());
        if surplus > 0 {
            tracing::warn!(feed = %self.feed_id, surplus, "more symbols are wanted than one app key may register");
        }
    }

    /// Says that the connection is over, then ends it politely but without waiting long.
    async fn close(&mut self, end: &End) {
        self.unattested = self.last_inbound.is_some();
        let told = async {
            self.attest().await?;
            self.tell(self.feed.clock.now(), FeedChange::Closed { reason: end.reason() }).await
        };
        // Without a receiver there is nobody to tell.
        let _ = told.await;
        if matches!(end, End::Lost(_)) {
            return;
        }
        let goodbye = async {
            // It fails when the connection is gone, which is what it is for.
            let _ = self.socket.close(None).await;
            // A peer that was silent before would not answer this either.
            while !matches!(end, End::Silent) && matches!(self.socket.next().await, Some(Ok(_))) {}
        };
        let _ = time::timeout(self.feed.deadline(CLOSE_DEADLINE), goodbye).await;
    }

    /// Makes the next request.
    async fn request(&mut self, approval_key: &SecretString) -> Result<(), End> {
        let Some(request) = self.subscriptions.take_request(Instant::now()) else { return Ok(()) };
        let text = control::request(approval_key.expose_secret(), request)
            .map_err(|error| End::Lost(format!("{request:?} cannot be written: {error}")))?;
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let deadline = self.feed.deadline(SEND_DEADLINE);
        match time::timeout(deadline, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Lost(error.to_string())),
            Err(_) => Err(End::Lost(format!("nothing was accepted for {deadline:?}"))),
        }
    }

    /// Attests that the feed was alive when the last frame came, unless that was said already.
    async fn attest(&mut self) -> Result<(), End> {
        match self.last_inbound {
            Some(at) if self.unattested => {
                self.unattested = false;
                self.tell(at, FeedChange::Alive).await
            }
            _ => Ok(()),
        }
    }

    async fn tell(&self, at: DateTime<Utc>, change: FeedChange) -> Result<(), End> {
        let (feed_id, session_id) = (self.feed_id.clone(), self.feed.session_id.clone());
        self.output(FeedItem::Feed(FeedEvent { feed_id, session_id, at, change })).await
    }

    /// Waits for room in the channel: nothing is dropped.
    async fn output(&self, item: FeedItem) -> Result<(), End> {
        self.sender.send(item).await.map_err(|_| End::NoReceiver)
    }
}

/// Sleeps until then, or for ever.
async fn sleep_until(then: Option<Instant>) {
    match then {
        Some(then) => time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}
