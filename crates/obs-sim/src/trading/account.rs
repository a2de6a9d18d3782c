//! What one customer owns. Amounts in won, quantities in shares.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use obs_model::{Side, Symbol};

use super::order::Order;

/// Shares that an account starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartingHolding {
    /// The stock.
    pub symbol: Symbol,
    /// How many shares.
    pub quantity: i64,
    /// What each cost, in won.
    pub price: i64,
}

/// A customer's cash and shares. Cash moves two open days after a trade; shares move at once.
#[derive(Debug, Default)]
pub(crate) struct Account {
    settled: i64,
    /// By the day on which it moves.
    unsettled: BTreeMap<NaiveDate, i64>,
    holdings: BTreeMap<Symbol, Holding>,
    day: Option<NaiveDate>,
    pub(crate) today: Turnover,
    pub(crate) previous: Turnover,
}

/// What was traded on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turnover {
    pub(crate) bought: i64,
    pub(crate) sold: i64,
    /// Fees and tax.
    pub(crate) costs: i64,
}

/// The shares of one stock, with the day's movements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holding {
    pub(crate) name: Option<String>,
    pub(crate) quantity: i64,
    /// What the shares cost, without fees.
    pub(crate) cost: i64,
    pub(crate) bought_today: i64,
    pub(crate) sold_today: i64,
    pub(crate) bought_before: i64,
    pub(crate) sold_before: i64,
}

impl Account {
    pub(crate) fn new(cash: i64, holdings: &[StartingHolding]) -> Self {
        let held = |start: &StartingHolding| Holding {
            quantity: start.quantity,
            cost: start.price.saturating_mul(start.quantity),
            ..Holding::default()
        };
        let holdings = holdings.iter().map(|start| (start.symbol, held(start))).collect();
        Self { settled: cash, holdings, ..Self::default() }
    }

    /// The cash that is there today.
    pub(crate) const fn cash(&self) -> i64 {
        self.settled
    }

    /// The cash that will be there when all trades until now have settled.
    pub(crate) fn total_cash(&self) -> i64 {
        self.settled + self.unsettled.values().sum::<i64>()
    }

    /// The cash that will be there on a day.
    pub(crate) fn cash_on(&self, day: NaiveDate) -> i64 {
        self.settled + self.unsettled.range(..=day).map(|(_, amount)| amount).sum::<i64>()
    }

    /// Stocks that are held, and those that were sold lately, by their codes.
    pub(crate) fn holdings(&self) -> impl Iterator<Item = (Symbol, &Holding)> {
        self.holdings.iter().map(|(symbol, holding)| (*symbol, holding))
    }

    pub(crate) fn held(&self, symbol: Symbol) -> i64 {
        self.holdings.get(&symbol).map_or(0, |holding| holding.quantity)
    }

    /// Books a fill. `cost` is its fee and tax.
    pub(super) fn book(&mut self, order: &Order, shares: i64, amount: i64, cost: i64, settles: NaiveDate) {
        let holding = self.holdings.entry(order.symbol).or_default();
        holding.name.get_or_insert_with(|| order.name.clone());
        let moves = match order.side {
            Side::Buy => {
                holding.quantity += shares;
                holding.cost += amount;
                holding.bought_today += shares;
                self.today.bought += amount;
                -amount - cost
            }
            Side::Sell => {
                let part = i128::from(holding.cost) * i128::from(shares) / i128::from(holding.quantity.max(1));
                holding.cost -= i64::try_from(part).unwrap_or(holding.cost);
                holding.quantity -= shares;
                holding.sold_today += shares;
                self.today.sold += amount;
                amount - cost
            }
        };
        self.today.costs += cost;
        *self.unsettled.entry(settles).or_default() += moves;
    }

    /// Begins a day, unless it has begun. `follows` tells whether it is the first open day after another one.
    pub(super) fn roll(&mut self, today: NaiveDate, follows: impl Fn(NaiveDate) -> bool) {
        let before = self.day.replace(today);
        if before.is_none_or(|before| before >= today) {
            return;
        }
        while let Some(due) = self.unsettled.first_entry().filter(|due| *due.key() <= today) {
            self.settled += due.remove();
        }
        let consecutive = before.is_some_and(follows);
        let traded = std::mem::take(&mut self.today);
        self.previous = if consecutive { traded } else { Turnover::default() };
        for holding in self.holdings.values_mut() {
            let (bought, sold) = (std::mem::take(&mut holding.bought_today), std::mem::take(&mut holding.sold_today));
            (holding.bought_before, holding.sold_before) = if consecutive { (bought, sold) } else { (0, 0) };
        }
        // What was sold in full stays listed while its money is on the way.
        self.holdings.retain(|_, held| held.quantity > 0 || held.sold_before > 0);
    }
}
