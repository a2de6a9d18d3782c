//! One WebSocket connection, from its acceptance to its end.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use obs_model::KST;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message},
};
use tracing::debug;

use crate::{exchange::Exchange, sessions::Outgoing};

/// The transaction of a PINGPONG, with its quotes.
const PINGPONG: &str = r#""PINGPONG""#;

/// Serves a client until it leaves, is thrown out, or the simulator ends. The socket is then dropped without a closing
/// handshake: the client sees the end of the stream.
pub(crate) async fn serve(stream: TcpStream, exchange: Arc<Exchange>) {
    let mut silence = exchange.silence.subscribe();
    let accepted = async {
        // A silent exchange takes connections, as a host does whose programs hang, and leaves them waiting for a handshake.
        let _ = silence.wait_for(|silent| !silent).await;
        tokio_tungstenite::accept_async(stream).await
    };
    let mut socket = tokio::select! {
        accepted = accepted => match accepted {
            Ok(socket) => socket,
            Err(error) => return debug!(%error, "no WebSocket handshake"),
        },
        () = exchange.stop.cancelled() => return,
    };
    let mut joined = exchange.sessions.join();
    let id = joined.id;
    debug!(connection = id, "client connected");
    tokio::select! {
        // First, so that a frame half written when the connection is cut is never finished.
        biased;
        () = joined.cut.cancelled() => debug!(connection = id, "connection cut"),
        () = exchange.stop.cancelled() => {}
        end = converse(&mut socket, id, &mut joined.outgoing, silence, &exchange) => match end {
            Ok(end) => debug!(connection = id, end, "connection ended"),
            Err(error) => debug!(connection = id, %error, "connection failed"),
        },
    }
    exchange.sessions.leave(id);
}

/// Talks until the client leaves or has ignored PINGPONG for too long, and says which.
async fn converse(
    socket: &mut WebSocketStream<TcpStream>,
    id: u64,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    mut silence: watch::Receiver<bool>,
    exchange: &Exchange,
) -> Result<&'static str, tungstenite::Error> {
    let mut pings = Pings::default();
    let mut timer = interval_at(Instant::now() + exchange.ping_interval, exchange.ping_interval);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let silent = *silence.borrow_and_update();
        let answer_due = pings.waiting_since.map(|since| since + exchange.ping_patience);
        tokio::select! {
            changed = silence.changed() => match changed {
                // Nobody could answer in the meantime.
                Ok(()) => pings = Pings::default(),
                Err(_) => return Ok("simulator gone"),
            },
            message = outgoing.recv() => match message {
                // What is silenced is lost, and does not come later.
                Some(_) if silent => {}
                Some(Outgoing { text, deliveries }) => {
                    socket.send(Message::Text(text)).await?;
                    exchange.ledger.add_delivered(deliveries);
                }
                None => return Ok("dropped"),
            },
            // The library answers WebSocket pings while it reads, so a silent exchange must not read either.
            message = socket.next(), if !silent => match message.transpose()? {
                // A client may answer in both ways; the second answer is late, and no request either.
                Some(Message::Text(text)) if pings.answered_by(text.as_bytes()) || text.contains(PINGPONG) => {}
                Some(Message::Text(text)) => exchange.hear(id, &text),
                Some(Message::Pong(bytes)) => _ = pings.answered_by(&bytes),
                Some(Message::Close(_)) | None => return Ok("client left"),
                Some(_) => {}
            },
            _ = timer.tick(), if !silent => {
                let text = pings.next(exchange.now());
                socket.send(Message::text(text)).await?;
            }
            () = sleep_until(answer_due.unwrap_or_else(Instant::now)), if answer_due.is_some() && !silent => {
                return Ok("PINGPONG unanswered");
            }
        }
    }
}

/// The PINGPONG messages that wait for an answer; an answer to any of them will do.
#[derive(Default)]
struct Pings {
    unanswered: Vec<String>,
    waiting_since: Option<Instant>,
}

impl Pings {
    fn next(&mut self, now: DateTime<Utc>) -> String {
        let datetime = now.with_timezone(&KST).format("%Y%m%d%H%M%S");
        let text = format!(r#"{{"header":{{"tr_id":{PINGPONG},"datetime":"{datetime}"}}}}"#);
        self.unanswered.push(text.clone());
        self.waiting_since.get_or_insert_with(Instant::now);
        text
    }

    fn answered_by(&mut self, bytes: &[u8]) -> bool {
        let answered = self.unanswered.iter().any(|text| text.as_bytes() == bytes);
        if answered {
            *self = Self::default();
        }
        answered
    }
}
