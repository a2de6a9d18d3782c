//! One symbol's minute in the making.

use chrono::{DateTime, Timelike, Utc};
use obs_model::{Bar, Coverage, Ohlc, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};

use crate::attested::{Stretch, attested_slots};

/// What the ticks of one symbol and minute add up to so far.
#[derive(Clone, Debug, Default)]
pub struct Minute {
    prices: Option<Prices>,
    volume: Quantity,
    ticks: u32,
    slots: u128,
}

#[derive(Clone, Debug)]
struct Prices {
    open: (DateTime<Utc>, Price),
    high: Price,
    low: Price,
    close: (DateTime<Utc>, Price),
    /// The session of the last tick.
    session_id: SessionId,
}

impl Minute {
    /// Adds a tick of this symbol and minute.
    pub fn add(&mut self, tick: &Tick) {
        self.ticks = self.ticks.saturating_add(1);
        self.slots |= 1 << slot_of(tick.event_time);
        self.volume = self.volume.saturating_add(tick.volume.unwrap_or_default());
        let Some(price) = tick.last_price else { return };
        let at = (tick.event_time, price);
        match &mut self.prices {
            None => {
                let session_id = tick.session_id.clone();
                self.prices = Some(Prices { open: at, high: price, low: price, close: at, session_id });
            }
            Some(prices) => {
                // Of two trades in the same instant the earlier arrival opens and the later one closes.
                if at.0 < prices.open.0 {
                    prices.open = at;
                }
                if at.0 >= prices.close.0 {
                    prices.close = at;
                    if prices.session_id != tick.session_id {
                        prices.session_id = tick.session_id.clone();
                    }
                }
                prices.high = prices.high.max(price);
                prices.low = prices.low.min(price);
            }
        }
    }

    /// How much of it was observed, also if no tick came.
    ///
    /// `stretches` are the symbol's attested stretches. Where they touch the minute, coverage is the share of half-second slots
    /// in which a tick arrived or that lie inside a stretch. Where none does, as in the Python system's archives, coverage is
    /// that system's formula: ticks / 120, at most 1.
    #[must_use]
    pub fn coverage(&self, minute: DateTime<Utc>, stretches: &[Stretch]) -> Coverage {
        Coverage::of_slots(match attested_slots(minute, stretches) {
            Some(attested) => (attested | self.slots).count_ones(),
            None => self.ticks,
        })
    }

    /// The bar, with its [`coverage`](Self::coverage), or none if no tick had a price.
    #[must_use]
    pub fn bar(&self, symbol: Symbol, minute: DateTime<Utc>, stretches: &[Stretch]) -> Option<Bar> {
        let prices = self.prices.as_ref()?;
        let coverage = self.coverage(minute, stretches);
        let ohlc = Ohlc::new(prices.open.1, prices.high, prices.low, prices.close.1).ok()?;
        Some(Bar {
            symbol,
            bar_time: minute,
            ohlc,
            volume: self.volume,
            coverage,
            session_id: prices.session_id.clone(),
            quality_flag: QualityFlag::of_coverage(coverage),
        })
    }
}

/// The half-second slot of its minute that an instant lies in.
fn slot_of(instant: DateTime<Utc>) -> u32 {
    2 * instant.second() + u32::from(instant.nanosecond() >= 500_000_000)
}
