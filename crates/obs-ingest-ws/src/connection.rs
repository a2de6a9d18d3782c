//! One connection, from its opening to its end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use obs_model::{FeedChange, FeedEvent, FeedId, GapReason};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{self, Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Ack, FeedError, FeedItem, Frame, FrameError, Outcome, RejectedFrame, TRADES, WsFeed, control, decode_frame,
    error::beginning,
    item::count,
    subscriptions::{Acknowledged, Subscriptions},
};

/// How often a feed attests that it is alive, at most.
const ATTEST_EVERY: Duration = Duration::from_secs(1);
/// How long the peer may take to accept what we send.
const SEND_DEADLINE: Duration = Duration::from_secs(5);
/// How long the peer may take to agree that the connection is over.
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
    sender: &'a mpsc::Sender<FeedItem>,
    subscriptions: Subscriptions,
    acknowledged: bool,
    /// When the last frame came.
    last_inbound: Option<DateTime<Utc>>,
    /// Whether a frame came since the feed was last attested.
    unattested: bool,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(feed: &'a WsFeed, feed_id: FeedId, socket: Socket, sender: &'a mpsc::Sender<FeedItem>) -> Self {
        Self {
            feed,
            feed_id,
            socket,
            sender,
            subscriptions: Subscriptions::new(&feed.symbols, &feed.settings, Instant::now()),
            acknowledged: false,
            last_inbound: None,
            unattested: false,
        }
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
        self.tell((self.feed.clock)(), FeedChange::Opened).await?;
        let mut attest = time::interval_at(Instant::now() + ATTEST_EVERY, ATTEST_EVERY);
        attest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Counted from when we last had time to listen: waiting for a full channel is not the peer's silence.
        let mut quiet_since = Instant::now();
        loop {
            let request = self.subscriptions.next_request();
            // In order of urgency. Reading comes before giving up, so that what has arrived counts, and after the timers, so
            // that a flood of frames does not silence us.
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(End::Cancelled),
                () = sleep_until(request) => self.request(approval_key).await?,
                _ = attest.tick() => self.attest().await?,
                message = self.socket.next() => {
                    self.receive(message).await?;
                    quiet_since = Instant::now();
                }
                () = time::sleep_until(quiet_since + self.feed.settings.liveness) => return Err(End::Silent),
            }
        }
    }

    /// Says that the connection is over, then ends it politely but without waiting long.
    async fn close(&mut self, end: &End) {
        self.unattested = self.last_inbound.is_some();
        let told = async {
            self.attest().await?;
            self.tell((self.feed.clock)(), FeedChange::Closed { reason: end.reason() }).await
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
        let _ = time::timeout(CLOSE_DEADLINE, goodbye).await;
    }

    /// Asks for the next symbol.
    async fn request(&mut self, approval_key: &SecretString) -> Result<(), End> {
        let Some(symbol) = self.subscriptions.take_request(Instant::now()) else { return Ok(()) };
        let text = control::subscription(approval_key.expose_secret(), symbol.as_str())
            .map_err(|error| End::Lost(format!("the subscription of {symbol} cannot be written: {error}")))?;
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match time::timeout(SEND_DEADLINE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Lost(error.to_string())),
            Err(_) => Err(End::Lost(format!("nothing was accepted for {SEND_DEADLINE:?}"))),
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(End::Lost(error.to_string())),
            None => return Err(End::Lost("the broker ended the connection".to_owned())),
        };
        let received_at = (self.feed.clock)();
        count(&self.feed.counters.frames);
        self.last_inbound = Some(received_at);
        self.unattested = true;
        match message {
            Message::Text(text) => self.text(received_at, &text).await,
            Message::Binary(bytes) => {
                self.reject(received_at, FrameError::NotAFrame, &String::from_utf8_lossy(&bytes)).await
            }
            Message::Close(Some(frame)) => Err(End::Lost(format!("the broker closed the connection: {frame}"))),
            Message::Close(None) => Err(End::Lost("the broker closed the connection".to_owned())),
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn text(&mut self, received_at: DateTime<Utc>, text: &str) -> Result<(), End> {
        match decode_frame(text) {
            Ok(Frame::Trades(trades)) => {
                for trade in trades {
                    match trade {
                        Ok(trade) => {
                            let record = trade.into_record(received_at, self.feed.session_id.clone());
                            self.output(FeedItem::Tick(record)).await?;
                            count(&self.feed.counters.ticks);
                        }
                        Err(record) => self.reject(received_at, record.reason, record.text).await?,
                    }
                }
                Ok(())
            }
            Ok(Frame::PingPong) => self.send(Message::text(text)).await,
            Ok(Frame::Control(ack)) => self.answered(received_at, ack, text).await,
            Ok(Frame::Encrypted { tr_id }) => {
                self.reject(received_at, unasked(format!("encrypted {}", beginning(tr_id, 20))), text).await
            }
            Ok(Frame::Other { tr_id, .. }) => self.reject(received_at, unasked(beginning(tr_id, 20)), text).await,
            Err(reason) => self.reject(received_at, reason, text).await,
        }
    }

    /// Handles the answer to a subscription.
    async fn answered(&mut self, received_at: DateTime<Utc>, ack: Ack, text: &str) -> Result<(), End> {
        match ack.outcome {
            Outcome::Subscribed | Outcome::AlreadySubscribed if ack.tr_id == TRADES => {
                match self.subscriptions.acknowledge(&ack.tr_key) {
                    Acknowledged::First(symbol) => {
                        self.acknowledged = true;
                        self.tell(received_at, FeedChange::Subscribed { symbol }).await
                    }
                    Acknowledged::Again => Ok(()),
                    Acknowledged::Unasked => {
                        let what = format!("a subscription of {}", beginning(&ack.tr_key, 20));
                        self.reject(received_at, unasked(what), text).await
                    }
                }
            }
            Outcome::Refused { code, message } => {
                count(&self.feed.counters.refused);
                tracing::warn!(feed = %self.feed_id, symbol = ack.tr_key, code, "the broker refused: {message}");
                let reason = FrameError::Refused { code: code.clone(), message: message.clone() };
                self.reject(received_at, reason, text).await?;
                match code.as_str() {
                    "OPSP8996" => Err(End::InUse(format!("another connection uses the app key: {message} ({code})"))),
                    "OPSP0011" => Err(End::KeyRefused { code, message }),
                    "OPSP0010" => Err(End::Fatal(FeedError::KeyRefused { code, message })),
                    // Faults inside the broker: asked again when the request falls due again.
                    "OPSP0007" | "OPSP0009" => Ok(()),
                    _ => {
                        self.subscriptions.refuse(&ack.tr_key);
                        Ok(())
                    }
                }
            }
            Outcome::Subscribed | Outcome::AlreadySubscribed | Outcome::Unsubscribed | Outcome::NotSubscribed => {
                self.reject(received_at, unasked(format!("an answer about {}", beginning(&ack.tr_id, 20))), text).await
            }
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

    async fn reject(&self, received_at: DateTime<Utc>, reason: FrameError, text: &str) -> Result<(), End> {
        count(&self.feed.counters.rejected);
        let sample = beginning(text, RejectedFrame::SAMPLE);
        self.output(FeedItem::Rejected(RejectedFrame { received_at, reason, sample })).await
    }

    /// Waits for room in the channel: nothing is dropped.
    async fn output(&self, item: FeedItem) -> Result<(), End> {
        self.sender.send(item).await.map_err(|_| End::NoReceiver)
    }
}

fn unasked(what: String) -> FrameError {
    FrameError::Unasked { what }
}

/// Sleeps until then, or for ever.
async fn sleep_until(then: Option<Instant>) {
    match then {
        Some(then) => time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}
