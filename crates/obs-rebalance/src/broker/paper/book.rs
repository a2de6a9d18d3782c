//! What the paper account holds and has ordered.

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{BrokerOrder, Money, OrderStatus, Price, Quantity, Side, Symbol, TickTable, trading_day};
use obs_store::StoredPlan;
use rust_decimal::Decimal;

use crate::{
    AccountState, BrokerError, BrokerQuote, ListedOrder, OrderTicket, TradingCosts,
    amount::{filled_so_far, scaled, worth},
};

/// Holdings, cash and orders. It reads no clock and no record.
pub(super) struct Book {
    /// With what open orders hold back.
    state: AccountState,
    costs: TradingCosts,
    orders: Vec<ListedOrder>,
    last_number: i64,
}

impl Book {
    pub(super) const fn new(state: AccountState, costs: TradingCosts) -> Self {
        Self { state, costs, orders: Vec::new(), last_number: 0 }
    }

    /// Takes over orders that an earlier process accepted.
    pub(super) fn adopt(&mut self, plan: &StoredPlan) {
        for order in plan.orders.iter().filter(|order| order.status == OrderStatus::Executing) {
            let Some(known) = &order.broker_order else { continue };
            let (filled, filled_amount) = filled_so_far(&plan.executions, order.order_id);
            self.orders.push(ListedOrder {
                order: known.clone(),
                at: order.submitted_at,
                ticket: OrderTicket {
                    symbol: order.symbol,
                    side: order.side,
                    quantity: order.target_qty,
                    limit: order.limit_price,
                },
                filled,
                filled_amount,
                open: order.target_qty.checked_sub(filled).unwrap_or_default(),
                ended: Quantity::ZERO,
                dropped: None,
            });
        }
    }

    /// What is held, with what open orders leave of it.
    pub(super) fn state(&self, today: NaiveDate) -> AccountState {
        let mut state = self.state.clone();
        for (symbol, held) in &mut state.holdings {
            held.sellable = self.sellable(*symbol, held.quantity, today);
        }
        state
    }

    /// The orders of a day. Those of an earlier one have ended with it.
    pub(super) fn listed(&self, day: NaiveDate, today: NaiveDate) -> Vec<ListedOrder> {
        let of_day = self.orders.iter().filter(|order| order.order.day == day).cloned();
        of_day.map(|order| if day < today { over(order) } else { order }).collect()
    }

    /// The symbols of open orders.
    pub(super) fn open_symbols(&self, today: NaiveDate) -> Vec<Symbol> {
        let mut symbols: Vec<_> = self.open(today).map(|order| order.ticket.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// The shares that the cash buys.
    pub(super) fn buyable(
        &self,
        symbol: Symbol,
        limit: Option<Price>,
        quote: &BrokerQuote,
        slippage: Decimal,
        today: NaiveDate,
    ) -> Quantity {
        let Some(price) = limit.or_else(|| fill_price(Side::Buy, quote, slippage)) else { return Quantity::ZERO };
        let cash = self.cash(today);
        let is_enough = |shares| self.cost_of(symbol, price, shares).is_some_and(|cost| cost <= cash);
        let most = i64::try_from((cash / Decimal::from(price)).floor()).unwrap_or_default().max(0);
        // The fee takes shares now and then: the most that is enough, by halving.
        let (mut enough, mut too_many) = (0, most.saturating_add(1));
        while too_many - enough > 1 {
            let middle = enough + (too_many - enough) / 2;
            let fits = Quantity::new(middle).is_ok_and(is_enough);
            (enough, too_many) = if fits { (middle, too_many) } else { (enough, middle) };
        }
        Quantity::new(enough).unwrap_or_default()
    }

    /// Takes an order, and fills it if the quote admits it.
    pub(super) fn place(
        &mut self,
        order: &OrderTicket,
        quote: &BrokerQuote,
        slippage: Decimal,
        now: DateTime<Utc>,
    ) -> Result<BrokerOrder, BrokerError> {
        self.check(order, quote, slippage, trading_day(now))?;
        // Of the clock, so that a later process of the same day begins with higher ones.
        self.last_number = now.timestamp_micros().max(self.last_number + 1);
        let known = BrokerOrder { day: trading_day(now), branch: "paper".to_owned(), number: self.last_number.to_string() };
        self.orders.push(ListedOrder {
            order: known.clone(),
            at: Some(now),
            ticket: *order,
            filled: Quantity::ZERO,
            filled_amount: Money::ZERO,
            open: order.quantity,
            ended: Quantity::ZERO,
            dropped: None,
        });
        self.meet(order.symbol, quote, slippage);
        Ok(known)
    }

    /// Withdraws what is open of an order.
    pub(super) fn cancel(&mut self, known: &BrokerOrder) {
        for order in self.orders.iter_mut().filter(|order| order.order == *known) {
            *order = over(order.clone());
        }
    }

    /// Fills what a quote admits, in full.
    pub(super) fn meet(&mut self, symbol: Symbol, quote: &BrokerQuote, slippage: Decimal) {
        for order in &mut self.orders {
            let OrderTicket { side, limit, .. } = order.ticket;
            let price = fill_price(side, quote, slippage).filter(|price| match (limit, side) {
                (None, _) => true,
                (Some(limit), Side::Buy) => *price <= limit,
                (Some(limit), Side::Sell) => *price >= limit,
            });
            let is_meant = order.ticket.symbol == symbol && order.open > Quantity::ZERO;
            if let Some(price) = price.filter(|_| is_meant) {
                fill(&mut self.state, &self.costs, order, price);
            }
        }
    }

    /// What a broker looks at before it takes an order.
    fn check(
        &self,
        order: &OrderTicket,
        quote: &BrokerQuote,
        slippage: Decimal,
        today: NaiveDate,
    ) -> Result<(), BrokerError> {
        let refuse = |words: String, may_pass| Err(BrokerError::Rejected { words, may_pass });
        if order.quantity == Quantity::ZERO {
            return refuse("an order for no shares".to_owned(), false);
        }
        // Every price of the stocks' grid is one of the funds' as well.
        if let Some(limit) = order.limit.filter(|limit| !TickTable::Fund.is_on_grid(*limit)) {
            return refuse(format!("no order can have the price {limit}"), false);
        }
        if order.side == Side::Sell {
            let held = self.state.holdings.get(&order.symbol).map_or(Quantity::ZERO, |held| held.quantity);
            let sellable = self.sellable(order.symbol, held, today);
            if order.quantity > sellable {
                return refuse(format!("{} should be sold and {sellable} can be", order.quantity), true);
            }
            return Ok(());
        }
        let price = order.limit.or_else(|| fill_price(Side::Buy, quote, slippage));
        let cash = self.cash(today);
        match price.and_then(|price| self.cost_of(order.symbol, price, order.quantity)) {
            None => refuse("it is worth more than what is counted with".to_owned(), false),
            Some(cost) if cost > cash => refuse(format!("it may cost {cost} won and {cash} are there"), true),
            Some(_) => Ok(()),
        }
    }

    fn open(&self, today: NaiveDate) -> impl Iterator<Item = &ListedOrder> {
        self.orders.iter().filter(move |order| order.order.day == today && order.open > Quantity::ZERO)
    }

    /// What open sales leave of the shares that are held.
    fn sellable(&self, symbol: Symbol, held: Quantity, today: NaiveDate) -> Quantity {
        let sold = self.open(today).filter(|order| order.ticket.symbol == symbol && order.ticket.side == Side::Sell);
        sold.fold(held, |left, order| left.checked_sub(order.open).unwrap_or_default())
    }

    /// What open purchases leave of the cash, in won. One without a price waits for a price and holds nothing back.
    fn cash(&self, today: NaiveDate) -> Decimal {
        let bought = self.open(today).filter(|order| order.ticket.side == Side::Buy);
        let held_back =
            bought.filter_map(|order| self.cost_of(order.ticket.symbol, order.ticket.limit?, order.open)).sum::<Decimal>();
        self.state.cash.won() - held_back
    }

    /// What buying costs with its fee, in won.
    fn cost_of(&self, symbol: Symbol, price: Price, shares: Quantity) -> Option<Decimal> {
        let amount = worth(price, shares);
        let costs = self.costs.of(symbol, Side::Buy, amount).ok()?;
        Some(amount.won() + costs.commission.won())
    }
}

/// Fills what is open of an order, unless the account cannot pay or deliver it any more.
/// An order of which nothing more is filled.
fn over(order: ListedOrder) -> ListedOrder {
    ListedOrder { open: Quantity::ZERO, ended: order.ended.saturating_add(order.open), ..order }
}

fn fill(state: &mut AccountState, costs: &TradingCosts, order: &mut ListedOrder, price: Price) {
    let OrderTicket { symbol, side, .. } = order.ticket;
    let amount = worth(price, order.open).won();
    let Ok(after) = Money::new(order.filled_amount.won() + amount) else { return };
    // Costs are those of the order's sum, as they are recorded.
    let (Ok(was), Ok(is)) = (costs.of(symbol, side, order.filled_amount), costs.of(symbol, side, after)) else { return };
    let fees = is.commission.won() + is.tax.won() - was.commission.won() - was.tax.won();
    let held = state.holdings.get(&symbol).map_or(Quantity::ZERO, |held| held.quantity);
    let (shares, cash) = match side {
        Side::Buy => (held.checked_add(order.open), state.cash.won() - amount - fees),
        Side::Sell => (held.checked_sub(order.open), state.cash.won() + amount - fees),
    };
    let (Some(shares), Ok(cash)) = (shares, Money::new(cash)) else { return };
    if cash.won() < Decimal::ZERO {
        return;
    }
    state.cash = cash;
    if shares == Quantity::ZERO {
        state.holdings.remove(&symbol);
    } else {
        state.holdings.entry(symbol).or_default().quantity = shares;
    }
    order.filled = order.filled.saturating_add(order.open);
    order.filled_amount = after;
    order.open = Quantity::ZERO;
}

/// The price at which an order of this side is filled now.
fn fill_price(side: Side, quote: &BrokerQuote, slippage: Decimal) -> Option<Price> {
    let (best, factor) = match side {
        Side::Buy => (quote.ask, Decimal::ONE + slippage),
        Side::Sell => (quote.bid, Decimal::ONE - slippage),
    };
    best.or_else(|| quote.last.and_then(|last| scaled(last, factor)))
}
