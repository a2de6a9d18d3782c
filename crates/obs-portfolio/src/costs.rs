//! What a trade costs.

use obs_model::{Money, Side};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{AllocateError, units};

/// Rates of commission and tax, as shares of the traded amount.
///
/// [`CostRates::default`] holds the rates of 2026: the broker's online commission of 0.0140527 % on each side, as its users
/// report it for KRX (accounts opened in a branch or by a promotion have others), and the securities transaction tax on sales,
/// which is 0.20 % on KOSDAQ and 0.05 % plus 0.15 % rural tax on KOSPI, as the press reports Presidential Decree 36001 of
/// 2025-12-31. Neither tariff nor decree was read in the original. Funds traded on the exchange (ETF) pay no tax.
///
/// Commission and tax of an order are each cut to whole won. That is an assumption: the broker does not publish its rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostRates {
    /// The broker's share of what is bought, such as 0.000140527.
    pub buy_commission: Decimal,
    /// The broker's share of what is sold.
    pub sell_commission: Decimal,
    /// The state's share of what is sold.
    pub sales_tax: Decimal,
}

/// What one order costs, in whole won.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// The broker's part.
    pub commission: Money,
    /// The state's part.
    pub tax: Money,
}

impl CostRates {
    /// No costs at all.
    pub const NONE: Self = Self { buy_commission: Decimal::ZERO, sell_commission: Decimal::ZERO, sales_tax: Decimal::ZERO };

    /// Decimals that a rate may have.
    pub const DECIMALS: u32 = 10;

    /// What an order costs.
    ///
    /// ```
    /// use obs_model::Side;
    /// use obs_portfolio::CostRates;
    ///
    /// let costs = CostRates::default().of(Side::Sell, "1000000".parse()?, true)?;
    /// assert_eq!((costs.commission, costs.tax), ("140".parse()?, "2000".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocateError::Rate`] if a rate is not within 0 to below 1 or has more than ten decimals, and
    /// [`AllocateError::TooLarge`] for an order above the largest portfolio.
    pub fn of(&self, side: Side, amount: Money, is_taxed: bool) -> Result<Costs, AllocateError> {
        let (rates, amount) = (self.scaled()?, units::from_money(amount));
        if !(0..=units::LARGEST).contains(&amount) {
            return Err(AllocateError::TooLarge { largest: units::to_money(units::LARGEST) });
        }
        let (commission, tax) = match side {
            Side::Buy => (rates.buy, 0),
            Side::Sell => (rates.sell, if is_taxed { rates.tax } else { 0 }),
        };
        Ok(Costs { commission: units::to_money(cut(amount, commission)), tax: units::to_money(cut(amount, tax)) })
    }

    /// The rates as whole numbers.
    pub(crate) fn scaled(&self) -> Result<ScaledRates, AllocateError> {
        let scale = |rate: Decimal| {
            let exact = rate.round_dp_with_strategy(Self::DECIMALS, RoundingStrategy::ToZero) == rate;
            if !exact || rate < Decimal::ZERO || rate >= Decimal::ONE {
                return Err(AllocateError::Rate { rate, decimals: Self::DECIMALS });
            }
            let rate = rate.normalize();
            Ok(rate.mantissa() * 10_i128.pow(Self::DECIMALS - rate.scale()))
        };
        let rates = ScaledRates {
            buy: scale(self.buy_commission)?,
            sell: scale(self.sell_commission)?,
            tax: scale(self.sales_tax)?,
        };
        // A sale that brings nothing would be no sale.
        if rates.sell + rates.tax >= RATE_ONE {
            return Err(AllocateError::Rate { rate: self.sell_commission + self.sales_tax, decimals: Self::DECIMALS });
        }
        Ok(rates)
    }
}

impl Default for CostRates {
    fn default() -> Self {
        let commission = Decimal::new(140_527, 9);
        Self { buy_commission: commission, sell_commission: commission, sales_tax: Decimal::new(2, 3) }
    }
}

/// A rate of 1, scaled.
pub(crate) const RATE_ONE: i128 = 10_i128.pow(CostRates::DECIMALS);

/// Rates in parts of [`RATE_ONE`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScaledRates {
    pub(crate) buy: i128,
    pub(crate) sell: i128,
    pub(crate) tax: i128,
}

/// A rate's part of an amount in ten-thousandths of a won, cut to whole won.
pub(crate) const fn cut(amount: i128, rate: i128) -> i128 {
    amount * rate / (RATE_ONE * units::WON) * units::WON
}
