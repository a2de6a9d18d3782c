//! The prices that KRX admits, in whole won.

use obs_model::{Price, TickTable};

/// The tick at a price in won, by KRX's table for stocks.
///
/// ```
/// use obs_sim::market::tick_size;
///
/// assert_eq!(tick_size(199_900), 100);
/// assert_eq!(tick_size(200_000), 500);
/// ```
#[must_use]
pub const fn tick_size(price: i64) -> i64 {
    TickTable::Stock.tick_of_won(price)
}

/// The lowest and the highest price of a day in won, as [`TickTable::price_limits`] has them; no width around a base that is no
/// price.
///
/// ```
/// use obs_sim::market::price_limits;
///
/// assert_eq!(price_limits(128_500), (90_000, 167_000));
/// ```
#[must_use]
pub fn price_limits(base_price: i64) -> (i64, i64) {
    let limits = Price::from_won(base_price).map(|base| TickTable::Stock.price_limits(base));
    let won = |price: Price| price.ten_thousandths() / Price::SCALE;
    limits.map_or((base_price, base_price), |(low, high)| (won(low), won(high)))
}

/// The next admitted price above one on the grid.
pub(super) const fn tick_up(price: i64) -> i64 {
    price + tick_size(price)
}

/// The next admitted price below one on the grid.
pub(super) const fn tick_down(price: i64) -> i64 {
    price - tick_size(price - 1)
}

/// The admitted price at or below.
pub(super) const fn floor_to_tick(price: i64) -> i64 {
    price - price % tick_size(price)
}
