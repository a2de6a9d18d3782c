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
    /// When the first and the last tick were, in nanoseconds from the minute's start.
    opened_at: u64,
    closed_at: u64,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    /// The session of the last tick.
    session_id: SessionId,
}

impl Minute {
    /// Adds a tick of this symbol and minute.
    #[inline]
    pub fn add(&mut self, tick: &Tick) {
        // As UTC it needs no arithmetic of time zones.
        let time = tick.event_time.naive_utc();
        let (second, nanos) = (time.second(), time.nanosecond());
        self.ticks = self.ticks.saturating_add(1);
        self.slots |= 1 << (2 * second + u32::from(nanos >= 500_000_000));
        self.volume = self.volume.saturating_add(tick.volume.unwrap_or_default());
        let Some(price) = tick.last_price else { return };
        let at = u64::from(second) * 1_000_000_000 + u64::from(nanos);
        let Some(prices) = &mut self.prices else {
            self.prices = Some(Prices::of(at, price, &tick.session_id));
            return;
        };
        // Of two trades in the same instant the earlier arrival opens and the later one closes.
        if at < prices.opened_at {
            (prices.opened_at, prices.open) = (at, price);
        }
        if at >= prices.closed_at {
            (prices.closed_at, prices.close) = (at, price);
            // Nearly always it is the same name in the same place.
            let (last, next) = (prices.session_id.as_str(), tick.session_id.as_str());
            if !std::ptr::eq(last, next) && last != next {
                prices.session_id = tick.session_id.clone();
            }
        }
        prices.high = prices.high.max(price);
        prices.low = prices.low.min(price);
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
        let ohlc = Ohlc::new(prices.open, prices.high, prices.low, prices.close).ok()?;
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

impl Prices {
    fn of(at: u64, price: Price, session_id: &SessionId) -> Self {
        let session_id = session_id.clone();
        Self { opened_at: at, closed_at: at, open: price, high: price, low: price, close: price, session_id }
    }
}
