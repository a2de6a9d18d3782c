//! How a policy wants its orders made and sent.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, OrderType, Weight};

/// How orders are priced, split, and how long they are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRules {
    /// With or without a limit price.
    pub order_type: OrderType,
    /// How far a limit price may be from the price at decision, on the worse side, as a part of it. Below 1.
    pub distance: Weight,
    /// The largest part of the mean ten-minute volume that one order may be; a larger one is split. Above 0.
    pub participation: Weight,
    /// The time of trading after which a plan that has not begun expires. `None`: with the close of the session in which it was
    /// made, or of the next one if the market was closed.
    pub validity: Option<TimeDelta>,
    /// How far prices may have moved from the price at decision, as a part of it, before a plan expires. Below 1.
    pub away: Weight,
    /// How long an order may rest before it is withdrawn and priced anew.
    pub patience: TimeDelta,
    /// How often an order is sent at most, the first time included; at least 1.
    pub attempts: u32,
}

impl OrderRules {
    /// When a plan expires that is made at an instant. `None` if the calendar knows of no trading within a month of it.
    #[must_use]
    pub fn expiry(&self, made: DateTime<Utc>, calendar: &Calendar) -> Option<DateTime<Utc>> {
        let (open, close) = calendar.session_at_or_after(made)?;
        let Some(mut left) = self.validity else { return Some(close) };
        let (mut from, mut until) = (open.max(made), close);
        while until - from < left {
            left -= until - from;
            (from, until) = calendar.session_at_or_after(until)?;
        }
        Some(from + left)
    }
}

impl Default for OrderRules {
    /// Limits half a percent away, orders of a tenth of the volume, a minute of patience, three attempts.
    fn default() -> Self {
        Self {
            order_type: OrderType::Limit,
            distance: thousandths(5),
            participation: thousandths(100),
            validity: None,
            away: thousandths(20),
            patience: TimeDelta::seconds(60),
            attempts: 3,
        }
    }
}

fn thousandths(count: i64) -> Weight {
    Weight::new(rust_decimal::Decimal::new(count, 3)).unwrap_or_default()
}
