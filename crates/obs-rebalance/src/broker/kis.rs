//! An account at Korea Investment & Securities, with real or with play money.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;
use obs_kis::{
    AccountNumber, Clock, Environment, KisClient, KisError, NewOrder, OrderFilter, OrderKind, OrderRecord, OrderRef,
    Rejection, TimeInForce, Venue,
};
use obs_model::{BrokerKind, BrokerOrder, KST, Price, Quantity, Symbol, trading_day};

use super::{AccountState, Broker, BrokerError, BrokerQuote, HeldShares, ListedOrder, OrderTicket};

/// An account at Korea Investment & Securities. Orders go to the Korea Exchange and end with the day.
pub struct KisBroker {
    client: KisClient,
    account: AccountNumber,
    clock: Clock,
}

impl KisBroker {
    /// An account at the client's hosts. Nothing is asked yet.
    #[must_use]
    pub const fn new(client: KisClient, account: AccountNumber, clock: Clock) -> Self {
        Self { client, account, clock }
    }
}

#[async_trait]
impl Broker for KisBroker {
    fn kind(&self) -> BrokerKind {
        match self.client.endpoints().environment() {
            Environment::Live => BrokerKind::KisLive,
            Environment::Paper => BrokerKind::KisPaper,
        }
    }

    fn account(&self) -> String {
        self.account.to_string()
    }

    async fn state(&self) -> Result<AccountState, BrokerError> {
        let balance = self.client.balance(&self.account).await.map_err(told)?;
        let mut holdings: BTreeMap<Symbol, HeldShares> = BTreeMap::new();
        // A stock that was bought in several ways has a row for each; one that was sold keeps a row of zero shares.
        for row in balance.holdings.iter().filter(|row| row.quantity > Quantity::ZERO) {
            let held = holdings.entry(row.symbol).or_default();
            held.quantity = held.quantity.saturating_add(row.quantity);
            held.sellable = held.sellable.saturating_add(row.sellable);
        }
        Ok(AccountState { holdings, cash: balance.settled_deposit })
    }

    async fn quote(&self, symbol: Symbol) -> Result<BrokerQuote, BrokerError> {
        let quote = self.client.quote(symbol).await.map_err(told)?;
        let (mut ask, mut bid) = (None, None);
        if !quote.halted {
            let book = self.client.asking_price(symbol).await.map_err(told)?;
            (ask, bid) = (book.asks.first().map(|level| level.price), book.bids.first().map(|level| level.price));
        }
        Ok(BrokerQuote {
            last: quote.price,
            at: self.clock.now(),
            ask,
            bid,
            upper_limit: quote.upper_limit,
            lower_limit: quote.lower_limit,
            is_halted: quote.halted,
        })
    }

    async fn buyable(&self, symbol: Symbol, limit: Option<Price>) -> Result<Quantity, BrokerError> {
        let power = self.client.buying_power(&self.account, symbol, kind_of(limit)).await.map_err(told)?;
        Ok(power.quantity)
    }

    async fn place(&self, order: &OrderTicket) -> Result<BrokerOrder, BrokerError> {
        let day = trading_day(self.clock.now());
        let OrderTicket { symbol, side, quantity, limit } = *order;
        let new = NewOrder { symbol, side, quantity, kind: kind_of(limit), venue: Venue::Krx };
        let receipt = self.client.place_order(&self.account, &new).await.map_err(told)?;
        Ok(BrokerOrder { day, branch: receipt.order.branch, number: receipt.order.number })
    }

    async fn cancel(&self, order: &BrokerOrder) -> Result<(), BrokerError> {
        let known = OrderRef { branch: order.branch.clone(), number: order.number.clone() };
        match self.client.cancel_order(&self.account, &known, None, Venue::Krx).await {
            Ok(_) | Err(KisError::Rejected { reason: Rejection::NothingOpen, .. }) => Ok(()),
            Err(error) => Err(told(error)),
        }
    }

    async fn orders(&self, day: NaiveDate) -> Result<Vec<ListedOrder>, BrokerError> {
        let records = self.client.orders(&self.account, day, day, &OrderFilter::default()).await.map_err(told)?;
        // A revision or cancellation has a row of its own. What was cancelled keeps its row, with nothing open.
        Ok(records.into_iter().filter(|record| record.parent.is_none()).map(listed).collect())
    }
}

const fn kind_of(limit: Option<Price>) -> OrderKind {
    match limit {
        Some(price) => OrderKind::Limit(price, TimeInForce::Day),
        None => OrderKind::Market(TimeInForce::Day),
    }
}

fn listed(record: OrderRecord) -> ListedOrder {
    let rejected = record.rejected;
    let dropped = (rejected > Quantity::ZERO).then(|| format!("the exchange refused {rejected} of its shares"));
    let at = record.time.and_then(|time| record.date.and_time(time).and_local_timezone(KST).single());
    ListedOrder {
        order: BrokerOrder { day: record.date, branch: record.order.branch, number: record.order.number },
        at: at.map(|at| at.to_utc()),
        ticket: OrderTicket { symbol: record.symbol, side: record.side, quantity: record.quantity, limit: record.price },
        filled: record.filled,
        filled_amount: record.filled_amount,
        open: record.open,
        ended: record.cancelled.saturating_add(rejected),
        dropped,
    }
}

/// What an error of the client means for whoever trades.
fn told(error: KisError) -> BrokerError {
    let words = error.to_string();
    match error {
        KisError::Rejected { reason, .. } => {
            BrokerError::Rejected { words, may_pass: matches!(reason, Rejection::CashShort | Rejection::HoldingsShort) }
        }
        KisError::OutcomeUnknown { .. } => BrokerError::OutcomeUnknown { words },
        _ if error.is_retryable() => BrokerError::Unavailable { words },
        _ => BrokerError::Refused { words },
    }
}
