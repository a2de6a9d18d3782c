//! The rules of an allocation once more, in decimals and without any cleverness.

use obs_model::{Money, Side};
use obs_portfolio::{Allocation, Asset, CashBuffer, CostRates, Limits};
use rust_decimal::{Decimal, prelude::ToPrimitive};

pub(crate) struct Portfolio<'a> {
    pub(crate) assets: &'a [Asset],
    pub(crate) cash: Money,
    pub(crate) limits: &'a Limits,
    pub(crate) rates: &'a CostRates,
}

/// What a combination of shares comes to.
#[derive(Default)]
struct Sums {
    error: Decimal,
    turnover: Decimal,
    cash: Decimal,
    squares: Decimal,
}

impl Sums {
    fn with(&self, row: &Self) -> Self {
        Self {
            error: self.error + row.error,
            turnover: self.turnover + row.turnover,
            cash: self.cash + row.cash,
            squares: self.squares + row.squares,
        }
    }
}

impl Portfolio<'_> {
    fn total(&self) -> Decimal {
        self.cash.won() + self.assets.iter().map(|asset| value(asset, asset.held.shares())).sum::<Decimal>()
    }

    fn sums(&self, shares: &[i64]) -> Sums {
        let start = Sums { cash: self.cash.won(), ..Sums::default() };
        self.assets.iter().zip(shares).fold(start, |sums, (asset, shares)| sums.with(&self.row(asset, *shares)))
    }

    fn row(&self, asset: &Asset, shares: i64) -> Sums {
        let error = (value(asset, shares) - asset.target.share() * self.total()).abs();
        let bought = value(asset, shares) - value(asset, asset.held.shares());
        let side = if bought < Decimal::ZERO { Side::Sell } else { Side::Buy };
        let costs = self.rates.of(side, Money::new(bought.abs()).unwrap(), asset.is_taxed).unwrap();
        let cash = -(bought + costs.commission.won() + costs.tax.won());
        Sums { error, turnover: bought.abs(), cash, squares: error * error }
    }

    /// The share counts that a symbol's own limits admit.
    fn admitted(&self, asset: &Asset) -> Vec<i64> {
        let total = self.total();
        let held = asset.held.shares();
        let most = (total / Decimal::from(asset.price)).floor().to_i64().unwrap().max(held);
        let within = |shares: &i64| {
            let worth = value(asset, *shares);
            let traded = (worth - value(asset, held)).abs();
            (asset.minimum.share() * total..=asset.maximum.share() * total).contains(&worth)
                && (*shares == held || (asset.is_tradable && traded >= self.limits.least_order.won()))
        };
        (0..=most).filter(within).collect()
    }

    fn keeps_budgets(&self, sums: &Sums) -> bool {
        let buffer = match self.limits.buffer {
            CashBuffer::Won(amount) => amount.won(),
            CashBuffer::Share(share) => share.share() * self.total(),
        };
        let allowed = self.limits.turnover.map(|limit| limit * self.total());
        sums.cash >= buffer && allowed.is_none_or(|allowed| sums.turnover <= allowed)
    }

    /// The least error, and of the allocations with it the least turnover.
    pub(crate) fn best(&self) -> Option<(Decimal, Decimal)> {
        let now = self.sums(&self.assets.iter().map(|asset| asset.held.shares()).collect::<Vec<_>>());
        let mut combinations = vec![Sums { cash: self.cash.won(), ..Sums::default() }];
        for asset in self.assets {
            let one: Vec<Sums> = self.admitted(asset).into_iter().map(|shares| self.row(asset, shares)).collect();
            combinations = combinations.iter().flat_map(|sums| one.iter().map(|row| sums.with(row))).collect();
        }
        let kept: Vec<&Sums> = combinations.iter().filter(|sums| self.keeps_budgets(sums)).collect();
        let least = |drift: bool| {
            let calm = kept.iter().filter(|sums| !drift || sums.squares <= now.squares);
            calm.map(|sums| (sums.error, sums.turnover)).min()
        };
        least(true).or_else(|| least(false))
    }

    /// Checks what an allocation says of itself, and that it keeps every limit.
    pub(crate) fn check(&self, found: &Allocation) {
        let shares: Vec<i64> = found.shares.iter().map(|row| row.wanted.shares()).collect();
        let sums = self.sums(&shares);
        assert_eq!((found.error.won(), found.turnover.won(), found.cash.won()), (sums.error, sums.turnover, sums.cash));
        assert!(sums.cash >= Decimal::ZERO);
        assert!(self.keeps_budgets(&sums));
        let now: Vec<i64> = self.assets.iter().map(|asset| asset.held.shares()).collect();
        let may_rest = self.keeps_budgets(&self.sums(&now))
            && self.assets.iter().all(|asset| self.admitted(asset).contains(&asset.held.shares()));
        assert!(!may_rest || found.drift_after <= found.drift_before);
        for ((asset, row), shares) in self.assets.iter().zip(&found.shares).zip(shares) {
            assert_eq!((asset.symbol, asset.held), (row.symbol, row.held));
            assert!(self.admitted(asset).contains(&shares), "{} shares of {}", shares, asset.symbol);
        }
    }
}

fn value(asset: &Asset, shares: i64) -> Decimal {
    Decimal::from(asset.price) * Decimal::from(shares)
}
