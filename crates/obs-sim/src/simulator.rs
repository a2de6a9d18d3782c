//! Starting and stopping.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::DropGuard;
use tracing::{info, warn};

use crate::{
    control::Control,
    error::SimError,
    exchange::Exchange,
    feed,
    ledger::Ledger,
    market::{Listing, Market},
    rest, session,
    settings::SimSettings,
};

/// A running exchange. It ends when it is stopped or dropped.
pub struct Simulator {
    rest: SocketAddr,
    websocket: SocketAddr,
    listings: Vec<Listing>,
    exchange: Arc<Exchange>,
    stop: DropGuard,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Opens the market and both ports.
    ///
    /// # Errors
    /// [`SimError`] if a port cannot be had, or the market's settings contradict themselves.
    pub async fn start(settings: SimSettings) -> Result<Self, SimError> {
        let exchange = Arc::new(Exchange::new(&settings));
        let market = Market::new(settings.market.clone())?;
        let (rest_listener, rest) = listen("HTTP", settings.rest_port).await?;
        let (websocket_listener, websocket) = listen("WebSocket", settings.websocket_port).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_rest(rest_listener, exchange.clone()));
        tasks.spawn(accept(websocket_listener, exchange.clone()));
        tasks.spawn(feed::run(exchange.clone(), market, exchange.now(), settings.step));
        info!(%rest, %websocket, "simulated exchange is open");
        let stop = exchange.stop.clone().drop_guard();
        Ok(Self { rest, websocket, listings: settings.market.listings, exchange, stop, tasks })
    }

    /// The address of the HTTP interface, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// The address of the WebSocket, such as `ws://127.0.0.1:40124`. Any path will do.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("ws://{}", self.websocket)
    }

    /// The one app key that is known here. It is made up.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.exchange.account.app_key
    }

    /// Its secret, made up too.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.exchange.account.app_secret
    }

    /// The stocks that are traded.
    #[must_use]
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The handle for faults.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(self.exchange.clone())
    }

    /// What was really sent.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.exchange.ledger.clone()
    }

    /// Closes everything and waits until it is closed.
    pub async fn stop(self) {
        let Self { stop, mut tasks, .. } = self;
        drop(stop);
        while tasks.join_next().await.is_some() {}
    }
}

async fn listen(service: &'static str, port: u16) -> Result<(TcpListener, SocketAddr), SimError> {
    let bound = async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        io::Result::Ok((listener, address))
    };
    bound.await.map_err(|source| SimError::Bind { service, port, source })
}

async fn serve_rest(listener: TcpListener, exchange: Arc<Exchange>) {
    let stopped = exchange.stop.clone().cancelled_owned();
    let served = axum::serve(listener, rest::router(exchange)).with_graceful_shutdown(stopped).await;
    if let Err(error) = served {
        warn!(%error, "HTTP interface failed");
    }
}

async fn accept(listener: TcpListener, exchange: Arc<Exchange>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = exchange.stop.cancelled() => break,
        };
        match accepted {
            Ok(_) if exchange.refuses() => {}
            Ok((stream, _)) => {
                without_delay(&stream);
                connections.spawn(session::serve(stream, exchange.clone()));
            }
            Err(error) => {
                warn!(%error, "a client could not be accepted");
                // Such as too many open files: without a pause this would spin until one is closed.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Small frames leave at once; where that cannot be had they leave a little later.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        warn!(%error, "TCP_NODELAY cannot be set");
    }
}
