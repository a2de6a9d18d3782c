//! What a simulated market is made from.

use std::collections::BTreeSet;

use obs_model::Calendar;

use super::Listing;
use crate::SimError;

/// Continuous trading of a regular day: 09:00 to 15:20.
pub(super) const CONTINUOUS_SECONDS: u64 = 22_800;

/// What a simulated market is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSettings {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// The stocks; the earlier in the list, the busier.
    pub listings: Vec<Listing>,
    /// Trades in a second over all stocks, on average over continuous trading. At 0 only auctions trade.
    pub trades_per_second: u32,
    /// The days and hours of trading. [`Calendar::always`] never closes.
    pub calendar: Calendar,
}

impl MarketSettings {
    /// The default stocks at 80 trades a second, about what 41 subscribed large caps bring, in a market that never closes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, listings: Listing::defaults(), trades_per_second: 80, calendar: Calendar::always() }
    }

    pub(super) fn check(&self) -> Result<(), SimError> {
        let mut symbols = BTreeSet::new();
        for listing in &self.listings {
            listing.check()?;
            if !symbols.insert(listing.symbol) {
                return Err(SimError::ListedTwice { symbol: listing.symbol });
            }
        }
        if symbols.is_empty() { Err(SimError::NoListings) } else { Ok(()) }
    }
}
