//! Starting and stopping.

use std::{io, net::SocketAddr, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::Symbol;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::DropGuard;
use tracing::{info, warn};

use crate::{
    control::Control,
    control_server,
    customers::Customer,
    error::SimError,
    exchange::Exchange,
    faults::Fault,
    feed,
    ledger::Ledger,
    limiter::Pace,
    line::Door,
    market::{Candle, Listing},
    rest, session,
    settings::SimSettings,
    trading::Order,
};

/// A running exchange. It ends when it is stopped or dropped.
pub struct Simulator {
    rest: SocketAddr,
    websocket: SocketAddr,
    control: Option<SocketAddr>,
    customers: Vec<Customer>,
    listings: Vec<Listing>,
    exchange: Arc<Exchange>,
    stop: DropGuard,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Opens the market and the ports.
    ///
    /// # Errors
    /// [`SimError`] if a port cannot be had, or the market's settings contradict themselves.
    pub async fn start(settings: SimSettings) -> Result<Self, SimError> {
        let exchange = Arc::new(Exchange::new(&settings)?);
        let (rest_listener, rest) = listen("HTTP", settings.rest_port).await?;
        let (websocket_listener, websocket) = listen("WebSocket", settings.websocket_port).await?;
        let mut tasks = JoinSet::new();
        let control = match settings.control_port {
            Some(port) => {
                let (listener, address) = listen("control", port).await?;
                tasks.spawn(control_server::serve(listener, exchange.clone()));
                Some(address)
            }
            None => None,
        };
        tasks.spawn(serve_rest(rest_listener, exchange.clone()));
        tasks.spawn(accept(websocket_listener, exchange.clone()));
        let now = exchange.now();
        exchange.market().live_through(now, settings.past);
        tasks.spawn(feed::run(exchange.clone(), now, settings.real(settings.step)));
        info!(%rest, %websocket, "simulated exchange is open");
        let (customers, listings) = (exchange.customers.list(), settings.market.listings);
        let stop = exchange.stop.clone().drop_guard();
        Ok(Self { rest, websocket, control, customers, listings, exchange, stop, tasks })
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

    /// The address of the control endpoint, if there is one.
    #[must_use]
    pub fn control_url(&self) -> Option<String> {
        self.control.map(|address| format!("http://{address}"))
    }

    /// The app key of the first customer. It is made up.
    #[must_use]
    pub fn app_key(&self) -> &str {
        self.customers.first().map_or("", |customer| &customer.app_key)
    }

    /// Its secret, made up too.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        self.customers.first().map_or("", |customer| &customer.app_secret)
    }

    /// Everybody who has an account here. There is at least one.
    #[must_use]
    pub fn customers(&self) -> &[Customer] {
        &self.customers
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

    /// The broker's time, which a fault may have put wrong.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.exchange.now()
    }

    /// How fast clients called the HTTP interface.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.exchange.pace.pace()
    }

    /// Every order that was accepted, with what became of it.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        self.exchange.desk().orders().to_vec()
    }

    /// The one-minute candles of a stock's day as the market made them, whether or not anybody was told.
    #[must_use]
    pub fn candles(&self, symbol: Symbol, day: NaiveDate) -> Vec<Candle> {
        self.exchange.market().candles(symbol, day).to_vec()
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
    let door = Door { listener, exchange: exchange.clone(), closed_by: None };
    if let Err(error) = axum::serve(door, rest::router(exchange)).with_graceful_shutdown(stopped).await {
        warn!(%error, "HTTP interface failed");
    }
}

async fn accept(listener: TcpListener, exchange: Arc<Exchange>) {
    let mut door = Door { listener, exchange: exchange.clone(), closed_by: Some(Fault::Refuse) };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = door.next() => {
                connections.spawn(session::serve(stream, exchange.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = exchange.stop.cancelled() => break,
        }
    }
    while connections.join_next().await.is_some() {}
}
