//! An account that exists in our own record alone.

mod book;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;
use obs_kis::Clock;
use obs_model::{BrokerKind, BrokerOrder, Calendar, Price, Quantity, Symbol, trading_day};
use obs_store::{Store, StoreError, StoredPlan};
use rust_decimal::Decimal;

use super::{AccountState, Broker, BrokerError, BrokerQuote, ListedOrder, OrderTicket};
use crate::TradingCosts;
use book::Book;

/// Bars that are looked at for the last close.
const BARS: u32 = 1;

/// An account that exists in our own record alone: orders are filled at the prices that were recorded, at once and in full.
///
/// It knows the orders that this process placed, and those of a plan that it was told to go on with
/// ([`going_on_with`](Self::going_on_with)).
pub struct PaperBroker {
    settings: PaperSettings,
    book: Mutex<Book>,
}

/// How a [`PaperBroker`] fills orders.
#[derive(Clone)]
pub struct PaperSettings {
    /// Where the prices are recorded.
    pub store: Arc<dyn Store>,
    /// The market's time.
    pub clock: Clock,
    /// When orders are taken.
    pub calendar: Calendar,
    /// What trades cost.
    pub costs: TradingCosts,
    /// How much worse than the last price an order is filled where no bid and ask are recorded, as a part of it.
    pub slippage: Decimal,
}

impl PaperBroker {
    /// An account with what it holds: shares and cash of the last snapshot, and what was filled since.
    #[must_use]
    pub fn new(settings: PaperSettings, state: AccountState) -> Self {
        let book = Mutex::new(Book::new(state, settings.costs.clone()));
        Self { settings, book }
    }

    /// The same account in which the plan's orders that were accepted and not ended lie open, as far as the record tells: an
    /// earlier process may have ended between accepting an order and recording its fill, and then it was not filled.
    #[must_use]
    pub fn going_on_with(self, plan: &StoredPlan) -> Self {
        self.book().adopt(plan);
        self
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic elsewhere leaves a book that is as good as before.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the record says a stock costs; `None` if it has never heard of it.
    async fn recorded(&self, symbol: Symbol) -> Result<Option<BrokerQuote>, BrokerError> {
        let store = &self.settings.store;
        let tick = store.latest_quotes().await.map_err(unavailable)?.into_iter().find(|tick| tick.symbol == symbol);
        let bar = store.last_bars(symbol, BARS).await.map_err(unavailable)?.pop();
        let swing = store.last_swing_bars(symbol, BARS).await.map_err(unavailable)?.pop();
        let quote =
            |last, at, ask, bid| BrokerQuote { last, at, ask, bid, upper_limit: None, lower_limit: None, is_halted: false };
        let tick = tick.map(|tick| quote(tick.last_price, tick.event_time, tick.ask_price, tick.bid_price));
        let bar = bar.map(|bar| quote(Some(bar.ohlc.close()), bar.bar_time, None, None));
        let swing = swing.map(|bar| quote(bar.close, bar.bar_time, bar.ask_price, bar.bid_price));
        let known = [tick, bar, swing].into_iter().flatten();
        let known = known.filter(|quote| quote.last.is_some() || (quote.ask.is_some() && quote.bid.is_some()));
        // Of two of the same time the first, which is finer.
        Ok(known.reduce(|best, other| if other.at > best.at { other } else { best }))
    }

    /// Fills what the recorded prices of now admit.
    async fn meet(&self) -> Result<(), BrokerError> {
        let now = self.settings.clock.now();
        if !self.settings.calendar.contains(now) {
            return Ok(());
        }
        let open = self.book().open_symbols(trading_day(now));
        for symbol in open {
            if let Some(quote) = self.recorded(symbol).await? {
                self.book().meet(symbol, &quote, self.settings.slippage);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Broker for PaperBroker {
    fn kind(&self) -> BrokerKind {
        BrokerKind::Paper
    }

    fn account(&self) -> String {
        "paper".to_owned()
    }

    async fn state(&self) -> Result<AccountState, BrokerError> {
        Ok(self.book().state(trading_day(self.settings.clock.now())))
    }

    async fn quote(&self, symbol: Symbol) -> Result<BrokerQuote, BrokerError> {
        let unknown = BrokerQuote {
            last: None,
            at: self.settings.clock.now(),
            ask: None,
            bid: None,
            upper_limit: None,
            lower_limit: None,
            is_halted: false,
        };
        Ok(self.recorded(symbol).await?.unwrap_or(unknown))
    }

    async fn buyable(&self, symbol: Symbol, limit: Option<Price>) -> Result<Quantity, BrokerError> {
        let Some(quote) = self.recorded(symbol).await? else { return Ok(Quantity::ZERO) };
        let day = trading_day(self.settings.clock.now());
        Ok(self.book().buyable(symbol, limit, &quote, self.settings.slippage, day))
    }

    async fn place(&self, order: &OrderTicket) -> Result<BrokerOrder, BrokerError> {
        let now = self.settings.clock.now();
        if !self.settings.calendar.contains(now) {
            return Err(refused("the market is closed"));
        }
        let quote =
            self.recorded(order.symbol).await?.ok_or_else(|| refused("no price of this symbol was ever recorded"))?;
        self.book().place(order, &quote, self.settings.slippage, now)
    }

    async fn cancel(&self, order: &BrokerOrder) -> Result<(), BrokerError> {
        self.book().cancel(order);
        Ok(())
    }

    async fn orders(&self, day: NaiveDate) -> Result<Vec<ListedOrder>, BrokerError> {
        self.meet().await?;
        Ok(self.book().listed(day, trading_day(self.settings.clock.now())))
    }
}

fn refused(words: &str) -> BrokerError {
    BrokerError::Rejected { words: words.to_owned(), may_pass: false }
}

fn unavailable(error: StoreError) -> BrokerError {
    BrokerError::Unavailable { words: error.to_string() }
}
