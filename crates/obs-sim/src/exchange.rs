//! What all parts of a running simulator share.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::Symbol;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    customers::Customers,
    error::SimError,
    faults::{Fault, FaultBoard},
    frame::{BookWidth, RecordWidth, encode_book},
    ledger::Ledger,
    limiter::{Limiter, PaceLedger},
    market::{BookView, Market, Trade},
    message::{self, Cipher},
    random_text::{HEX, LOWER, random_text},
    session::LineState,
    sessions::{Judge, Sessions},
    settings::{Clock, Environment, SimSettings},
    trading::{Account, Costs, Desk, DeskSettings, Stock},
};

/// More than any clock is wrong.
const LARGEST_SKEW: TimeDelta = TimeDelta::days(3_650);

pub(crate) struct Exchange {
    pub(crate) environment: Environment,
    pub(crate) customers: Customers,
    pub(crate) sessions: Sessions,
    pub(crate) ledger: Ledger,
    pub(crate) faults: FaultBoard,
    /// What faults do to WebSocket connections.
    pub(crate) line: watch::Sender<LineState>,
    /// Of all calls, and of those for accounts and orders.
    pub(crate) limiter: Limiter,
    pub(crate) ledger_limiter: Limiter,
    /// Whether a call beyond the limit is answered with HTTP 200.
    pub(crate) refuse_with_200: bool,
    pub(crate) pace: PaceLedger,
    /// Cancelled when the simulator ends.
    pub(crate) stop: CancellationToken,
    /// In real time, as is the patience.
    pub(crate) ping_interval: Duration,
    pub(crate) ping_patience: Duration,
    market: Mutex<Market>,
    desk: Mutex<Desk>,
    record_width: RecordWidth,
    book_width: BookWidth,
    clock: Clock,
    speed: u32,
}

impl Exchange {
    pub(crate) fn new(settings: &SimSettings) -> Result<Self, SimError> {
        let market = Mutex::new(Market::new(settings.market.clone())?);
        let mut rng = ChaCha8Rng::seed_from_u64(settings.market.seed);
        // The market draws from stream 0 of the same seed, the first customer from stream 1.
        rng.set_stream(2);
        let cipher = Cipher { iv: random_text(&mut rng, HEX, 16), key: random_text(&mut rng, LOWER, 32) };
        let (calls, ledger_calls) = settings.limits.in_force(settings.environment);
        let accounts = (0..settings.customers.max(1)).map(|_| Account::new(settings.cash, &settings.holdings));
        let desk = DeskSettings {
            environment: settings.environment,
            calendar: settings.market.calendar.clone(),
            fill_lag: TimeDelta::from_std(settings.fill_lag).unwrap_or(TimeDelta::zero()),
            costs: Costs::OF_2026,
        };
        Ok(Self {
            environment: settings.environment,
            customers: Customers::new(settings.market.seed, settings.customers),
            sessions: Sessions::new(cipher),
            ledger: Ledger::new(settings.ledger_capacity),
            faults: FaultBoard::new(settings.faults.clone()),
            line: watch::Sender::new(LineState::default()),
            limiter: Limiter::new(calls),
            ledger_limiter: Limiter::new(ledger_calls),
            refuse_with_200: settings.limits.refused_with_200,
            pace: PaceLedger::default(),
            stop: CancellationToken::new(),
            ping_interval: settings.real(settings.ping_interval),
            ping_patience: settings.real(settings.ping_patience),
            market,
            desk: Mutex::new(Desk::new(desk, accounts.collect())),
            record_width: settings.record_width,
            book_width: settings.book_width,
            clock: settings.clock.clone(),
            speed: settings.speed.max(1),
        })
    }

    /// The broker's time: the world's, unless a fault says otherwise.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = self.world_now();
        now.checked_add_signed(self.skew()).unwrap_or(now)
    }

    /// How far a fault has put the broker's clock ahead.
    fn skew(&self) -> TimeDelta {
        let skew = self.faults.find(|fault| match fault {
            Fault::ClockSkew { by } => Some(*by),
            _ => None,
        });
        // A trade's time must stay within what a date can be.
        skew.unwrap_or_default().clamp(-LARGEST_SKEW, LARGEST_SKEW)
    }

    /// The time of the world around the broker, in which the market trades and faults come and go.
    pub(crate) fn world_now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// How long a stretch of market time takes.
    pub(crate) fn real(&self, market: Duration) -> Duration {
        market / self.speed
    }

    /// The market as far as the feed has advanced it. Whoever holds it keeps the feed waiting: no await, no long work.
    pub(crate) fn market(&self) -> MutexGuard<'_, Market> {
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accounts and orders. Whoever holds it must not wait for the market: the feed takes the market while it holds the desk.
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stock as traders see it, unless it is unknown or a fault delisted it.
    pub(crate) fn stock(&self, symbol: Symbol) -> Option<Stock> {
        if self.is_delisted(symbol) {
            return None;
        }
        let view = self.market().stock(symbol)?;
        Some(Stock {
            last: view.last,
            base: view.reference.base_price,
            bid: view.quotes.bid,
            ask: view.quotes.ask,
            bid_size: view.quotes.bid_size,
            ask_size: view.quotes.ask_size,
            lower_limit: view.reference.lower_limit,
            upper_limit: view.reference.upper_limit,
            halted: view.halted,
            name: view.name,
        })
    }

    /// Whether a fault took a stock off the list.
    pub(crate) fn is_delisted(&self, symbol: Symbol) -> bool {
        self.faults.is_on(&Fault::Delist { symbol })
    }

    /// Handles a client's message.
    pub(crate) fn hear(&self, connection: u64, text: &str) {
        let customer = |approval: &str| self.customers.of_approval(approval, self.now());
        let judge = Judge { customer: &customer, listed: &|symbol| !self.is_delisted(symbol) };
        if let Some(customer) = self.sessions.answer(connection, message::parse(text), &judge) {
            self.ledger.identify(connection, customer);
        }
    }

    /// Tells what the market's last step traded: to those who listen, and to the orders that wait for it. Faults that are due
    /// begin and end here.
    pub(crate) fn publish(&self, trades: &[Trade]) {
        self.pass_time();
        let skew = self.skew();
        let trades: Vec<Trade> = trades.iter().map(|trade| Trade { at: trade.at + skew, ..*trade }).collect();
        let trades = trades.as_slice();
        if !self.line.borrow().silent {
            self.sessions.deliver(trades, self.record_width, |symbol| self.is_delisted(symbol));
            self.sessions.deliver_books(&self.changed_books(trades), |book| encode_book(book, self.book_width));
        }
        self.desk().meet(trades, |symbol| self.stock(symbol), self.now());
        // Last, so that whoever sees the volume knows that its trades are under way or lost.
        self.ledger.add_traded(trades);
    }

    fn changed_books(&self, trades: &[Trade]) -> Vec<BookView> {
        let mut traded: Vec<Symbol> = trades.iter().map(|trade| trade.symbol).collect();
        traded.sort_unstable();
        traded.dedup();
        let wanted = self.sessions.with_book_listeners(traded);
        let market = self.market();
        let listed = wanted.into_iter().filter(|symbol| !self.is_delisted(*symbol));
        let skew = self.skew();
        let shown = |book: BookView| BookView { at: book.at + skew, ..book };
        listed.filter_map(|symbol| market.stock(symbol)).map(|view| shown(view.book())).collect()
    }
}
