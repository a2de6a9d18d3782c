//! One symbol's share counts: which are admitted, and what each of them means.

use crate::{
    costs::{RATE_ONE, ScaledRates, cut},
    relaxation::{Multipliers, SCALE},
    units::WON,
};

/// A symbol, with all amounts in ten-thousandths of a won.
pub(crate) struct Line {
    pub(crate) price: i128,
    pub(crate) held: i128,
    /// The amount that the target weight asks for.
    pub(crate) goal: i128,
    pub(crate) rates: ScaledRates,
    /// Whether the holding may stay as it is.
    pub(crate) may_stay: bool,
    /// The other share counts that are admitted.
    pub(crate) segments: Vec<Segment>,
}

/// Share counts from one to another, both included, on one side of the holding and on one side of the goal: over them error,
/// cash and turnover are straight lines, but for the cutting of costs to whole won.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) from: i128,
    pub(crate) to: i128,
}

/// What a share count means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) shares: i128,
    /// Distance of the value from the goal.
    pub(crate) error: i128,
    /// Cash that it takes, with costs; negative for a sale.
    pub(crate) cash: i128,
    /// What is bought or sold.
    pub(crate) turnover: i128,
}

impl Choice {
    /// Its part in the sum of squares under the drift's root.
    pub(crate) const fn square(&self) -> i128 {
        self.error * self.error
    }
}

impl Line {
    /// Splits the admitted range at the holding and at the goal. An order is of at least `least` shares.
    pub(crate) fn split(mut self, low: i128, high: i128, least: i128) -> Self {
        self.may_stay = (low..=high).contains(&self.held);
        let below = self.goal.div_euclid(self.price);
        let (bought, sold) = ((low.max(self.held + least), high), (low, high.min(self.held - least)));
        // Of the purchases at or beyond the goal only the first is of use: each further share costs more and is farther off.
        let beyond = bought.0.max(below + 1);
        let segments = [(bought.0, bought.1.min(below)), (beyond, bought.1.min(beyond))];
        let sales = [(sold.0, sold.1.min(below)), (sold.0.max(below + 1), sold.1)];
        let all = segments.into_iter().chain(sales).filter(|(from, to)| from <= to);
        self.segments = all.map(|(from, to)| Segment { from, to }).collect();
        self
    }

    /// The cost of commission and tax, each cut to whole won.
    pub(crate) const fn costs(&self, shares: i128) -> (i128, i128) {
        let traded = (shares - self.held) * self.price;
        if traded >= 0 {
            (cut(traded, self.rates.buy), 0)
        } else {
            (cut(-traded, self.rates.sell), cut(-traded, self.rates.tax))
        }
    }

    pub(crate) const fn choice(&self, shares: i128) -> Choice {
        let traded = (shares - self.held) * self.price;
        let (commission, tax) = self.costs(shares);
        Choice {
            shares,
            error: (shares * self.price - self.goal).abs(),
            cash: traded + commission + tax,
            turnover: traded.abs(),
        }
    }

    /// The holding, if it may stay, and the ends of the segments: the most extreme choices in every respect.
    pub(crate) fn corners(&self) -> impl Iterator<Item = Choice> {
        let stay = self.may_stay.then_some(self.held);
        let ends = self.segments.iter().flat_map(|segment| [segment.from, segment.to]);
        stay.into_iter().chain(ends).map(|shares| self.choice(shares))
    }

    /// Whether the priced choices of a segment rise with the number of shares, costs taken as a straight line.
    pub(crate) const fn rises(&self, segment: Segment, prices: Multipliers) -> bool {
        let error = if segment.to * self.price <= self.goal { -SCALE } else { SCALE };
        let (cash, turnover) = if segment.from > self.held {
            (RATE_ONE + self.rates.buy, prices.turnover)
        } else {
            (RATE_ONE - self.rates.sell - self.rates.tax, -prices.turnover)
        };
        error * RATE_ONE + prices.cash * cash + turnover * RATE_ONE > 0
    }
}

/// Commission and tax are each less than a won below their straight lines.
pub(crate) const CUT: i128 = 2 * WON;
