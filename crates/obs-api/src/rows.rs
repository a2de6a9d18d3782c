//! The rows as they are written. Prices and sums of money are texts, exact to the last digit; times are UTC.

pub(crate) mod market;
pub(crate) mod portfolio;
pub(crate) mod record;
