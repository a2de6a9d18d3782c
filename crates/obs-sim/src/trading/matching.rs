//! How resting orders meet the market.
//!
//! A trade fills orders that accept its price, at that price, up to the shares that it traded; a quote fills orders that
//! accept it, up to the shares that it shows. So a large order is filled piece by piece. Earlier orders go first.

use chrono::{DateTime, Utc};
use obs_model::{Side, Symbol, trading_day};

use super::{Desk, Stock, checks::Stay, open_day_after};
use crate::market::{Trade, tick_size};

impl Desk {
    /// Fills what the market's last step fills: first its trades, then the quotes that it left. `stock` tells the quotes.
    pub(crate) fn meet(&mut self, trades: &[Trade], stock: impl Fn(Symbol) -> Option<Stock>, now: DateTime<Utc>) {
        self.roll(now);
        self.taken.retain(|(symbol, _), _| !trades.iter().any(|trade| trade.symbol == *symbol));
        if !self.orders.iter().any(|order| order.remaining() > 0) {
            return;
        }
        // A print at the midpoint, half a tick off the grid, comes from orders of another kind.
        for trade in trades.iter().filter(|trade| trade.price % tick_size(trade.price) == 0) {
            self.meet_trade(trade);
        }
        if self.settings.calendar.contains(now) {
            self.meet_quotes(stock, now);
        }
    }

    fn meet_trade(&mut self, trade: &Trade) {
        let mut left = trade.volume;
        for index in 0..self.orders.len() {
            let order = &self.orders[index];
            let waits = order.order_type.stay == Stay::Day && order.accepted_at + self.settings.fill_lag <= trade.at;
            if order.symbol == trade.symbol && waits && order.accepts(trade.price) {
                let shares = order.remaining().min(left);
                left -= shares;
                self.fill(index, shares, trade.price, trade.at);
            }
        }
    }

    fn meet_quotes(&mut self, stock: impl Fn(Symbol) -> Option<Stock>, now: DateTime<Utc>) {
        for index in 0..self.orders.len() {
            let order = &self.orders[index];
            if order.remaining() == 0 || order.accepted_at + self.settings.fill_lag > now {
                continue;
            }
            let (symbol, side, stay) = (order.symbol, order.side, order.order_type.stay);
            let Some(stock) = stock(symbol).filter(|stock| !stock.halted) else { continue };
            let (price, size) = match side {
                Side::Buy => (stock.ask, stock.ask_size),
                Side::Sell => (stock.bid, stock.bid_size),
            };
            let taken = self.taken.entry((symbol, side)).or_default();
            let offered = if price > 0 && order.accepts(price) { (size - *taken).max(0) } else { 0 };
            let shares = match stay {
                Stay::AllOrNothing if offered < order.remaining() => 0,
                _ => order.remaining().min(offered),
            };
            *taken += shares;
            self.fill(index, shares, price, now);
            if stay != Stay::Day {
                let order = &mut self.orders[index];
                order.cancel(order.remaining());
            }
        }
    }

    fn fill(&mut self, index: usize, shares: i64, price: i64, at: DateTime<Utc>) {
        let order = &mut self.orders[index];
        if shares <= 0 {
            return;
        }
        // Of the order's sum, so that cutting to whole won does not depend on the number of pieces.
        let before = self.settings.costs.of(order.side, order.filled_value);
        order.fill(shares, price);
        let cost = self.settings.costs.of(order.side, order.filled_value) - before;
        let day = trading_day(at);
        let settles = open_day_after(&self.settings.calendar, day, 2).unwrap_or(day);
        if let Some(account) = self.accounts.get_mut(order.customer) {
            account.book(order, shares, shares * price, cost, settles);
        }
    }
}
