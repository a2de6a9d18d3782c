//! What trading costs. All amounts in won, cut to whole won.

use obs_model::Side;

use super::order::Order;

/// The rates that the broker and the state take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Costs {
    /// Of bought and sold amounts, in billionths.
    fee_billionths: i128,
    /// Of sold amounts, in ten-thousandths.
    tax_per_10_000: i128,
}

impl Costs {
    /// As of 2026: 0.0140527 % for orders over the API, and the securities transaction tax of 0.20 % on sales, on KOSPI (with
    /// the rural tax) and KOSDAQ alike.
    pub(crate) const OF_2026: Self = Self { fee_billionths: 140_527, tax_per_10_000: 20 };

    /// What an amount that was bought or sold costs on top.
    pub(crate) fn of(&self, side: Side, amount: i64) -> i64 {
        let fee = i128::from(amount) * self.fee_billionths / 1_000_000_000;
        let tax = match side {
            Side::Buy => 0,
            Side::Sell => i128::from(amount) * self.tax_per_10_000 / 10_000,
        };
        saturate(fee + tax)
    }

    /// What buying needs in all, with the fee.
    pub(crate) fn price_of(&self, price: i64, shares: i64) -> i64 {
        let amount = price.saturating_mul(shares);
        amount.saturating_add(self.of(Side::Buy, amount))
    }

    /// The most shares that an amount buys.
    pub(crate) fn affordable(&self, price: i64, cash: i64) -> i64 {
        if price <= 0 || cash <= 0 {
            return 0;
        }
        let guess = saturate(i128::from(cash) * 1_000_000_000 / (i128::from(price) * (1_000_000_000 + self.fee_billionths)));
        // Cutting the fee to whole won may leave room for one more.
        if self.price_of(price, guess + 1) <= cash { guess + 1 } else { guess }
    }

    /// What an open order may still need.
    pub(super) fn reserve(&self, order: &Order) -> i64 {
        self.reserve_part(order, order.remaining())
    }

    /// What a part of an order may need.
    pub(super) fn reserve_part(&self, order: &Order, shares: i64) -> i64 {
        if order.side == Side::Buy { self.price_of(order.reserve_price, shares) } else { 0 }
    }
}

fn saturate(won: i128) -> i64 {
    i64::try_from(won).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buying_costs_the_fee_and_selling_the_tax_as_well() {
        let costs = Costs::OF_2026;
        assert_eq!((costs.of(Side::Buy, 10_000_000), costs.of(Side::Sell, 10_000_000)), (1_405, 21_405));
    }

    #[test]
    fn one_share_more_than_is_affordable_costs_too_much() {
        let costs = Costs::OF_2026;
        for (price, cash) in [(70_000, 107_177_377), (1, 1), (151_000, 150_999), (151_000, 302_042), (7, 1_000_000)] {
            let shares = costs.affordable(price, cash);
            assert!(shares == 0 || costs.price_of(price, shares) <= cash);
            assert!(costs.price_of(price, shares + 1) > cash);
        }
    }
}
