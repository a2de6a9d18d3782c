//! The prices that KRX admits: its tick tables and its daily price limit.

use crate::Price;

/// Which of KRX's two tick tables holds for an instrument.
///
/// Stocks go by the table in force since 2023-01-25, for KOSPI and KOSDAQ alike, as the press reported it on 2023-01-17. Funds
/// and notes traded on the exchange (ETF, ETN) go in steps of 5 won, and of 1 won below 2,000 won; the latter is reported since
/// late 2023 and not confirmed. Trades may be off the grid by half a tick (orders at the midpoint), orders may not.
///
/// ```
/// use obs_model::{Price, TickTable};
///
/// let tick = |table: TickTable, price| Ok::<_, obs_model::InvalidValue>(table.tick_size(Price::from_won(price)?));
/// assert_eq!(tick(TickTable::Stock, 199_900)?, Price::from_won(100)?);
/// assert_eq!(tick(TickTable::Stock, 200_000)?, Price::from_won(500)?);
/// assert_eq!(tick(TickTable::Fund, 200_000)?, Price::from_won(5)?);
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TickTable {
    /// Stocks.
    #[default]
    Stock,
    /// Funds and notes traded on the exchange.
    Fund,
}

impl TickTable {
    /// The tick in whole won at a price in whole won.
    #[must_use]
    pub const fn tick_of_won(self, won: i64) -> i64 {
        match (self, won) {
            (Self::Stock, 500_000..) => 1_000,
            (Self::Stock, 200_000..500_000) => 500,
            (Self::Stock, 50_000..200_000) => 100,
            (Self::Stock, 20_000..50_000) => 50,
            (Self::Stock, 5_000..20_000) => 10,
            (Self::Stock, 2_000..5_000) | (Self::Fund, 2_000..) => 5,
            _ => 1,
        }
    }

    /// The tick at a price.
    #[must_use]
    pub fn tick_size(self, price: Price) -> Price {
        of(self.tick(price.ten_thousandths()), price)
    }

    /// Whether an order may have this price.
    #[must_use]
    pub const fn is_on_grid(self, price: Price) -> bool {
        price.ten_thousandths() % self.tick(price.ten_thousandths()) == 0
    }

    /// The admitted price at or below; never below one tick.
    #[must_use]
    pub fn floor_to_tick(self, price: Price) -> Price {
        let (raw, tick) = (price.ten_thousandths(), self.tick(price.ten_thousandths()));
        of((raw - raw % tick).max(tick), price)
    }

    /// The admitted price at or above, as far as prices reach.
    #[must_use]
    pub fn ceil_to_tick(self, price: Price) -> Price {
        let floor = self.floor_to_tick(price);
        // Where a band of the table ends the next one's grid begins, so a tick up is always on the grid.
        let next = floor.ten_thousandths() + self.tick(floor.ten_thousandths());
        if floor >= price { floor } else { of(next, floor) }
    }

    /// The lowest and the highest price of a day: 30 % around the base price, the width cut to whole ticks. That matches a sample
    /// of the broker's (128,500 won: 90,000 to 167,000); a limit that lies in another band of the table than the base price is
    /// moved inwards onto that band's grid, which is an assumption. Instruments on their first day and funds with leverage have
    /// wider limits.
    #[must_use]
    pub fn price_limits(self, base: Price) -> (Price, Price) {
        let raw = base.ten_thousandths();
        let width = raw * 3 / 10;
        let width = width - width % self.tick(raw);
        (self.ceil_to_tick(of(raw - width, base)), self.floor_to_tick(of(raw + width, base)))
    }

    const fn tick(self, raw: i64) -> i64 {
        self.tick_of_won(raw / Price::SCALE) * Price::SCALE
    }
}

/// A price of so many ten-thousandths, or the other one if there is none.
fn of(raw: i64, otherwise: Price) -> Price {
    Price::from_ten_thousandths(raw).unwrap_or(otherwise)
}
