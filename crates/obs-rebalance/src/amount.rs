//! Amounts out of prices and shares.

use obs_model::{Money, OrderId, Price, Quantity, RebalanceExecution};
use rust_decimal::{Decimal, RoundingStrategy};

/// The largest amount that [`Money`] holds, in ten-thousandths of a won.
const LARGEST: i128 = 10_i128.pow(20) - 1;

/// Shares times price, in won. What is beyond [`Money`] counts as its largest amount, which every limit refuses.
pub(crate) fn worth(price: Price, shares: Quantity) -> Money {
    let units = i128::from(price.ten_thousandths()) * i128::from(shares.shares());
    Money::new(Decimal::from_i128_with_scale(units.min(LARGEST), Price::DECIMALS)).unwrap_or_default()
}

/// A price times a factor, cut to the decimals of a price.
pub(crate) fn scaled(price: Price, factor: Decimal) -> Option<Price> {
    let exact = Decimal::from(price).checked_mul(factor)?;
    Price::try_from(exact.round_dp_with_strategy(Price::DECIMALS, RoundingStrategy::ToZero)).ok()
}

/// What was filled of an order as it is recorded: shares, and what they cost without fees.
pub(crate) fn filled_so_far(executions: &[RebalanceExecution], order: OrderId) -> (Quantity, Money) {
    let fills = executions.iter().filter(|execution| execution.order_id == order);
    let (mut shares, mut won) = (Quantity::ZERO, Decimal::ZERO);
    for (price, filled) in fills.filter_map(|fill| Some((fill.filled_price?, fill.filled_qty))) {
        shares = shares.saturating_add(filled);
        won += worth(price, filled).won();
    }
    (shares, Money::new(won).unwrap_or_default())
}
