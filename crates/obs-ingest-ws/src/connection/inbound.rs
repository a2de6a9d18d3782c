//! What comes over a connection, and what follows from it.

use chrono::{DateTime, Utc};
use obs_model::{FeedChange, Symbol};
use tokio_tungstenite::tungstenite::{self, Message};

use super::{Connection, End};
use crate::{
    Ack, BOOKS, FeedError, FeedItem, Frame, FrameError, Outcome, Refusal, RefusalKind, RejectedFrame, TRADES, decode_frame,
    error::beginning, item::count, subscriptions::Answered,
};

impl Connection<'_> {
    /// Takes what came, or that nothing will come any more.
    pub(super) async fn receive(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            // Also a message that is too long, or no text: what follows it could not be told apart.
            Some(Err(error)) => return Err(End::Lost(error.to_string())),
            None => return Err(End::Lost("the broker ended the connection".to_owned())),
        };
        let received_at = self.feed.clock.now();
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
            // The library answers pings by itself; an answer to ours is a sign of life and nothing else.
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
            Ok(Frame::Books(_)) => self.reject(received_at, unasked(BOOKS.to_owned()), text).await,
            Ok(Frame::Encrypted { tr_id }) => {
                self.reject(received_at, unasked(format!("encrypted {}", beginning(tr_id, 20))), text).await
            }
            Ok(Frame::Other { tr_id, .. }) => self.reject(received_at, unasked(beginning(tr_id, 20)), text).await,
            Err(reason) => self.reject(received_at, reason, text).await,
        }
    }

    /// Handles the answer to a request.
    async fn answered(&mut self, received_at: DateTime<Utc>, ack: Ack, text: &str) -> Result<(), End> {
        let answered = match ack.outcome {
            Outcome::Refused { code, message } => return self.refused(received_at, &ack.tr_key, code, message).await,
            _ if ack.tr_id != TRADES => Answered::Unasked,
            Outcome::Subscribed | Outcome::AlreadySubscribed => match self.subscriptions.begun(&ack.tr_key) {
                Answered::Changed(symbol) => {
                    self.acknowledged = true;
                    return self.tell(received_at, FeedChange::Subscribed { symbol }).await;
                }
                other => other,
            },
            Outcome::Unsubscribed | Outcome::NotSubscribed => match self.subscriptions.ended(&ack.tr_key) {
                Answered::Changed(symbol) => return self.tell(received_at, FeedChange::Unsubscribed { symbol }).await,
                other => other,
            },
        };
        match answered {
            Answered::Unasked => {
                let what = format!("an answer about {} {}", beginning(&ack.tr_id, 20), beginning(&ack.tr_key, 20));
                self.reject(received_at, unasked(what), text).await
            }
            Answered::Changed(_) | Answered::Known => Ok(()),
        }
    }

    /// Hands a refusal on, and draws the consequences.
    async fn refused(&mut self, at: DateTime<Utc>, tr_key: &str, code: String, message: String) -> Result<(), End> {
        count(&self.feed.counters.refused);
        let kind = RefusalKind::of(&code);
        let symbol = match (Symbol::new(tr_key), kind) {
            (Ok(symbol), _) => Some(symbol),
            (Err(_), RefusalKind::Connection) => None,
            (Err(_), _) => self.subscriptions.only_unanswered(),
        };
        let refusal = Refusal { at, symbol, kind, code: code.clone(), message: message.clone() };
        tracing::warn!(feed = %self.feed_id, "{refusal}");
        self.output(FeedItem::Refused(refusal)).await?;
        match (kind, symbol) {
            (RefusalKind::NoRoom, Some(symbol)) => self.subscriptions.no_room(symbol),
            (RefusalKind::Symbol, Some(symbol)) => self.subscriptions.refused(symbol),
            // Asked again when the request falls due again.
            (RefusalKind::NoRoom | RefusalKind::Symbol | RefusalKind::Passing, _) => {}
            (RefusalKind::Connection, _) => {
                return Err(match code.as_str() {
                    "OPSP8996" => End::InUse(format!("another connection uses the app key: {message} ({code})")),
                    "OPSP0011" => End::KeyRefused { code, message },
                    _ => End::Fatal(FeedError::KeyRefused { code, message }),
                });
            }
        }
        Ok(())
    }

    async fn reject(&self, received_at: DateTime<Utc>, reason: FrameError, text: &str) -> Result<(), End> {
        count(&self.feed.counters.rejected);
        let sample = beginning(text, RejectedFrame::SAMPLE);
        self.output(FeedItem::Rejected(RejectedFrame { received_at, reason, sample })).await
    }
}

fn unasked(what: String) -> FrameError {
    FrameError::Unasked { what }
}
