//! The broker's books: who ordered what, who owns what.
//!
//! An accepted order rests in the book and takes part in the market from [`DeskSettings::fill_lag`] after its acceptance. It
//! is filled by the trades and quotes of the simulated market, and does not move them.

mod account;
mod checks;
mod costs;
mod matching;
mod order;
mod refusal;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::{Calendar, Side, Symbol, trading_day};

pub use account::StartingHolding;
pub(crate) use account::{Account, Holding, Turnover};
pub(crate) use checks::{NewOrder, OrderType, Pricing};
pub(crate) use costs::Costs;
pub use order::{Action, Order};
pub(crate) use refusal::OrderRefusal;

use crate::settings::Environment;

/// Paper trading numbers the whole year, the live broker each day; here numbers never repeat, which both admit.
const FIRST_NUMBER: u64 = 38_614;

/// What the desk needs to know of a stock. Prices in won.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    pub(crate) name: String,
    pub(crate) last: i64,
    /// The previous close.
    pub(crate) base: i64,
    pub(crate) bid: i64,
    pub(crate) ask: i64,
    pub(crate) bid_size: i64,
    pub(crate) ask_size: i64,
    pub(crate) lower_limit: i64,
    pub(crate) upper_limit: i64,
    pub(crate) halted: bool,
}

/// What a customer wants to become of an open order.
pub(crate) struct Revision {
    pub(crate) original: u64,
    /// Shares; `None` for all that is left.
    pub(crate) quantity: Option<i64>,
    pub(crate) order_type: OrderType,
    /// In won; `None` for types without a price.
    pub(crate) price: Option<i64>,
}

pub(crate) struct DeskSettings {
    pub(crate) environment: Environment,
    pub(crate) calendar: Calendar,
    pub(crate) fill_lag: TimeDelta,
    pub(crate) costs: Costs,
}

/// All accounts and orders of the broker. It reads no clock.
pub(crate) struct Desk {
    settings: DeskSettings,
    accounts: Vec<Account>,
    /// In the order of their numbers.
    orders: Vec<Order>,
    next_number: u64,
    /// Of the quotes that stand now, the shares that orders have taken.
    taken: BTreeMap<(Symbol, Side), i64>,
    /// How many of the next orders are refused, whatever they are.
    refused: u64,
}

impl Desk {
    pub(crate) fn new(settings: DeskSettings, accounts: Vec<Account>) -> Self {
        Self { settings, accounts, orders: Vec::new(), next_number: FIRST_NUMBER, taken: BTreeMap::new(), refused: 0 }
    }

    pub(crate) fn costs(&self) -> Costs {
        self.settings.costs
    }

    /// Every order of every customer, oldest first.
    pub(crate) fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// An account as it is on an instant's day.
    pub(crate) fn account(&mut self, customer: usize, now: DateTime<Utc>) -> Option<&Account> {
        self.roll(now);
        self.accounts.get(customer)
    }

    /// What a customer could spend on new orders, in won: the cash of two days from now less what open orders may need.
    pub(crate) fn spendable(&mut self, customer: usize, now: DateTime<Utc>) -> i64 {
        self.roll(now);
        let reserved: i64 = self.open(customer).map(|order| self.settings.costs.reserve(order)).sum();
        self.accounts.get(customer).map_or(0, Account::total_cash) - reserved
    }

    /// The shares of a stock that a customer could sell.
    pub(crate) fn sellable(&mut self, customer: usize, symbol: Symbol, now: DateTime<Utc>) -> i64 {
        self.roll(now);
        let offered: i64 =
            self.open(customer).filter(|o| o.symbol == symbol && o.side == Side::Sell).map(Order::remaining).sum();
        self.accounts.get(customer).map_or(0, |account| account.held(symbol)) - offered
    }

    /// Refuses so many of the next orders for want of cash.
    pub(crate) const fn refuse_next(&mut self, orders: u64) {
        self.refused = self.refused.saturating_add(orders);
    }

    /// Takes an order, which does not fill it.
    pub(crate) fn place(
        &mut self,
        customer: usize,
        new: &NewOrder,
        stock: Option<&Stock>,
        now: DateTime<Utc>,
    ) -> Result<Order, OrderRefusal> {
        let stock = stock.ok_or(OrderRefusal::UnknownSymbol)?;
        self.check_open(now)?;
        checks::check_stock(new, stock, self.settings.environment)?;
        if let Some(left) = self.refused.checked_sub(1) {
            self.refused = left;
            return Err(OrderRefusal::CashShort);
        }
        match new.side {
            Side::Buy => {
                let price = new.price.unwrap_or(stock.upper_limit);
                if self.settings.costs.price_of(price, new.quantity) > self.spendable(customer, now) {
                    return Err(OrderRefusal::CashShort);
                }
            }
            Side::Sell if self.sellable(customer, new.symbol, now) < new.quantity => {
                return Err(OrderRefusal::HoldingsShort);
            }
            Side::Sell => {}
        }
        Ok(self.accept(customer, new, stock, None, now))
    }

    /// Replaces what is left of an order, or a part of it, by an order with another price. It gets a number of its own.
    pub(crate) fn revise(
        &mut self,
        customer: usize,
        Revision { original, quantity, order_type, price }: Revision,
        stock: Option<&Stock>,
        now: DateTime<Utc>,
    ) -> Result<Order, OrderRefusal> {
        self.check_open(now)?;
        let stock = stock.ok_or(OrderRefusal::UnknownSymbol)?;
        let index = self.find(customer, original)?;
        let old = &self.orders[index];
        let quantity = quantity.unwrap_or(old.remaining());
        if quantity <= 0 || quantity > old.remaining() {
            return Err(OrderRefusal::NothingLeft);
        }
        let new = NewOrder { symbol: old.symbol, side: old.side, order_type, quantity, price };
        checks::check_stock(&new, stock, self.settings.environment)?;
        if new.side == Side::Buy {
            let (before, after) = (self.settings.costs.reserve_part(old, quantity), price.unwrap_or(stock.upper_limit));
            if self.settings.costs.price_of(after, quantity) - before > self.spendable(customer, now) {
                return Err(OrderRefusal::CashShort);
            }
        }
        self.orders[index].cancel(quantity);
        Ok(self.accept(customer, &new, stock, Some((original, Action::Revise)), now))
    }

    /// Takes back what is left of an order, or a part of it. The cancellation gets a number of its own.
    pub(crate) fn cancel(
        &mut self,
        customer: usize,
        original: u64,
        quantity: Option<i64>,
        stock: Option<&Stock>,
        now: DateTime<Utc>,
    ) -> Result<Order, OrderRefusal> {
        self.check_open(now)?;
        let stock = stock.ok_or(OrderRefusal::UnknownSymbol)?;
        let index = self.find(customer, original)?;
        let old = &mut self.orders[index];
        let quantity = quantity.unwrap_or(old.remaining());
        if quantity <= 0 || quantity > old.remaining() {
            return Err(OrderRefusal::NothingLeft);
        }
        old.cancel(quantity);
        let (symbol, side, order_type) = (old.symbol, old.side, old.order_type);
        let new = NewOrder { symbol, side, order_type, quantity, price: None };
        Ok(self.accept(customer, &new, stock, Some((original, Action::Cancel)), now))
    }

    fn accept(
        &mut self,
        customer: usize,
        new: &NewOrder,
        stock: &Stock,
        child: Option<(u64, Action)>,
        now: DateTime<Utc>,
    ) -> Order {
        let (original, action) = child.map_or((None, Action::New), |(original, action)| (Some(original), action));
        let order = Order {
            customer,
            number: self.next_number,
            original,
            action,
            accepted_at: now,
            symbol: new.symbol,
            name: stock.name.clone(),
            side: new.side,
            order_type: new.order_type,
            price: new.limit(stock),
            quantity: new.quantity,
            filled: 0,
            filled_value: 0,
            cancelled: if action == Action::Cancel { new.quantity } else { 0 },
            expired: false,
            reserve_price: new.price.unwrap_or(stock.upper_limit),
        };
        self.next_number += 1;
        self.orders.push(order.clone());
        order
    }

    /// The open orders of a customer.
    fn open(&self, customer: usize) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.customer == customer && order.remaining() > 0)
    }

    fn find(&self, customer: usize, number: u64) -> Result<usize, OrderRefusal> {
        let found = self.orders.iter().position(|order| order.customer == customer && order.number == number);
        found.filter(|index| self.orders[*index].remaining() > 0).ok_or(OrderRefusal::NothingLeft)
    }

    fn check_open(&self, now: DateTime<Utc>) -> Result<(), OrderRefusal> {
        let calendar = &self.settings.calendar;
        match calendar.session(trading_day(now)) {
            _ if calendar.contains(now) => Ok(()),
            Some((open, _)) if now < open => Err(OrderRefusal::BeforeOpen),
            _ => Err(OrderRefusal::Closed),
        }
    }

    /// Moves the books on to an instant's day: orders of earlier days are over, money due has come.
    fn roll(&mut self, now: DateTime<Utc>) {
        let today = trading_day(now);
        for order in self.orders.iter_mut().rev().take_while(|order| !order.expired) {
            order.expired = trading_day(order.accepted_at) < today;
        }
        for account in &mut self.accounts {
            account.roll(today, |day| open_day_after(&self.settings.calendar, day, 1) == Some(today));
        }
    }
}

/// The `count`th open day after a day, counted from 1. No market is closed for a month.
fn open_day_after(calendar: &Calendar, day: NaiveDate, count: usize) -> Option<NaiveDate> {
    day.iter_days().skip(1).take(40).filter(|day| calendar.session(*day).is_some()).nth(count.checked_sub(1)?)
}
