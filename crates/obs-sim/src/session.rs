//! One WebSocket connection, from its acceptance to its end.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message},
};
use tracing::debug;

use crate::{
    exchange::Exchange,
    ledger::ConnectionEnd,
    pingpong::{PINGPONG, Pings},
    sessions::Outgoing,
};

/// What faults do to every connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineState {
    /// Nothing is read or sent.
    pub(crate) silent: bool,
    /// Nothing is read.
    pub(crate) deaf: bool,
    /// How long each message waits before it is sent, in real time.
    pub(crate) pause: Duration,
}

/// Serves a client until it leaves, is thrown out, or the simulator ends. The socket is then dropped without a closing
/// handshake: the client sees the end of the stream.
pub(crate) async fn serve(stream: TcpStream, exchange: Arc<Exchange>) {
    let mut line = exchange.line.subscribe();
    let accepted = async {
        // A silent exchange takes connections, as a host does whose programs hang, and leaves them waiting for a handshake.
        let _ = line.wait_for(|line| !line.silent && !line.deaf).await;
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
    exchange.ledger.open(id, exchange.world_now());
    debug!(connection = id, "client connected");
    let why = tokio::select! {
        // First, so that a frame half written when the connection is cut is never finished.
        biased;
        why = cut(&mut joined.cut) => why,
        () = exchange.stop.cancelled() => ConnectionEnd::Stopped,
        end = converse(&mut socket, id, &mut joined.outgoing, line, &exchange) => end.unwrap_or_else(|error| {
            debug!(connection = id, %error, "connection failed");
            ConnectionEnd::ClientLeft
        }),
    };
    debug!(connection = id, ?why, "connection ended");
    exchange.sessions.leave(id);
    exchange.ledger.close(id, exchange.world_now(), why);
}

/// Waits until the connection must end.
async fn cut(cut: &mut watch::Receiver<Option<ConnectionEnd>>) -> ConnectionEnd {
    // The sender leaves only after it has said why.
    cut.wait_for(Option::is_some).await.ok().and_then(|why| *why).unwrap_or(ConnectionEnd::Dropped)
}

/// Talks until the client leaves or has ignored PINGPONG for too long, and says which.
async fn converse(
    socket: &mut WebSocketStream<TcpStream>,
    id: u64,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    mut line: watch::Receiver<LineState>,
    exchange: &Exchange,
) -> Result<ConnectionEnd, tungstenite::Error> {
    let mut pings = Pings::default();
    let mut timer = interval_at(Instant::now() + exchange.ping_interval, exchange.ping_interval);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let LineState { silent, deaf, pause } = *line.borrow_and_update();
        let answer_due = pings.waiting_since.map(|since| since + exchange.ping_patience);
        tokio::select! {
            changed = line.changed() => match changed {
                // Nobody could answer in the meantime.
                Ok(()) => pings = Pings::default(),
                Err(_) => return Ok(ConnectionEnd::Stopped),
            },
            message = outgoing.recv() => match message {
                // What is silenced is lost, and does not come later; the state above may be older than the message.
                Some(_) if exchange.line.borrow().silent => {}
                Some(Outgoing { text, deliveries, duplicates }) => {
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                    socket.send(Message::Text(text)).await?;
                    exchange.ledger.add_delivered(deliveries);
                    exchange.ledger.add_duplicates(duplicates);
                }
                None => return Ok(ConnectionEnd::Dropped),
            },
            // The library answers WebSocket pings while it reads, so a silent exchange must not read either.
            message = socket.next(), if !silent && !deaf => match message.transpose()? {
                // A client may answer in both ways; the second answer is late, and no request either.
                Some(Message::Text(text)) if pings.answered_by(text.as_bytes()) || text.contains(PINGPONG) => {}
                Some(Message::Text(text)) => exchange.hear(id, &text),
                Some(Message::Pong(bytes)) => _ = pings.answered_by(&bytes),
                Some(Message::Close(_)) | None => return Ok(ConnectionEnd::ClientLeft),
                Some(_) => {}
            },
            _ = timer.tick(), if !silent => {
                let text = pings.next(exchange.now());
                socket.send(Message::text(text)).await?;
            }
            () = sleep_until(answer_due.unwrap_or_else(Instant::now)), if answer_due.is_some() && !silent && !deaf => {
                return Ok(ConnectionEnd::Unanswered);
            }
        }
    }
}
