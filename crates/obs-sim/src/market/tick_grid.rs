//! The prices that KRX admits: its tick table and its daily price limit.

/// The tick at a price in won, by the table in force since 2023-01-25 for KOSPI and KOSDAQ alike.
///
/// ```
/// use obs_sim::market::tick_size;
///
/// assert_eq!(tick_size(199_900), 100);
/// assert_eq!(tick_size(200_000), 500);
/// ```
#[must_use]
pub const fn tick_size(price: i64) -> i64 {
    match price {
        500_000.. => 1_000,
        200_000..500_000 => 500,
        50_000..200_000 => 100,
        20_000..50_000 => 50,
        5_000..20_000 => 10,
        2_000..5_000 => 5,
        _ => 1,
    }
}

/// The lowest and the highest price of a day in won: 30 % around the base price, cut to whole ticks.
///
/// ```
/// use obs_sim::market::price_limits;
///
/// assert_eq!(price_limits(128_500), (90_000, 167_000));
/// ```
#[must_use]
pub const fn price_limits(base_price: i64) -> (i64, i64) {
    let width = base_price * 3 / 10;
    let width = width - width % tick_size(base_price);
    // A limit may lie in another band of the table than the base price: move it inwards onto that band's grid.
    let (low, high) = (base_price - width, base_price + width);
    let beyond = low % tick_size(low);
    let low = if beyond == 0 { low } else { low - beyond + tick_size(low) };
    (low, floor_to_tick(high))
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
