//! When a portfolio should be put right.

use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};
use obs_model::{Calendar, RebalanceFrequency, Symbol, Weight};
use rust_decimal::Decimal;

use crate::Valuation;

/// How far weights may go before a plan is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// The drift from which a plan is due; at or below it none is.
    pub drift: Weight,
    /// The most that a symbol's weight may differ from its target, as a difference of weights.
    pub band: Option<Weight>,
    /// The same as a part of the target: 0.25 lets a target of 0.2 go from 0.15 to 0.25. The narrower of the two counts.
    pub relative_band: Option<Decimal>,
    /// The most that cash may be above or below what the targets leave, since money came in or is needed.
    pub cash_band: Option<Weight>,
}

/// Why a plan is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The whole portfolio is too far from its targets.
    Drift {
        /// How far.
        drift: Decimal,
        /// How far it may be.
        threshold: Weight,
    },
    /// A symbol left its band.
    Band {
        /// The symbol.
        symbol: Symbol,
        /// Its weight.
        weight: Weight,
        /// Its target.
        target: Weight,
        /// How far it may be from it.
        band: Decimal,
    },
    /// There is more cash than there should be, or less.
    Cash {
        /// Its weight.
        weight: Weight,
        /// What the targets leave.
        target: Decimal,
        /// How far it may be from it.
        band: Weight,
    },
    /// The calendar says so.
    Calendar {
        /// How often it does.
        frequency: RebalanceFrequency,
        /// The first day of the present day, week or month.
        since: NaiveDate,
    },
}

/// Why a plan is due now; nothing if none is.
#[must_use]
pub fn reasons(valuation: &Valuation, tolerance: &Tolerance) -> Vec<Reason> {
    let mut found = Vec::new();
    if valuation.drift > tolerance.drift.share() {
        found.push(Reason::Drift { drift: valuation.drift, threshold: tolerance.drift });
    }
    for position in &valuation.positions {
        let target = position.target.share();
        let relative = tolerance.relative_band.and_then(|part| part.checked_mul(target));
        let bands = tolerance.band.map(Weight::share).into_iter().chain(relative);
        let Some(band) = bands.min() else { continue };
        if (position.weight.share() - target).abs() > band {
            let (symbol, weight, target) = (position.symbol, position.weight, position.target);
            found.push(Reason::Band { symbol, weight, target, band });
        }
    }
    let target = Decimal::ONE - valuation.positions.iter().map(|position| position.target.share()).sum::<Decimal>();
    let weight = valuation.cash_weight;
    let cash_band = tolerance.cash_band.filter(|band| (weight.share() - target).abs() > band.share());
    found.extend(cash_band.map(|band| Reason::Cash { weight, target, band }));
    found
}

/// Whether the calendar asks for a look today: on the first trading day of a day, week or month on which nobody has looked yet.
/// A first day that was missed is made up for on the next trading day.
#[must_use]
pub fn asked_by_calendar(
    frequency: RebalanceFrequency,
    last: Option<NaiveDate>,
    today: NaiveDate,
    calendar: &Calendar,
) -> Option<Reason> {
    calendar.session(today)?;
    let since = match frequency {
        RebalanceFrequency::Daily => today,
        RebalanceFrequency::Weekly => today.week(Weekday::Mon).checked_first_day()?,
        RebalanceFrequency::Monthly => today.with_day(1)?,
    };
    last.is_none_or(|last| last < since).then_some(Reason::Calendar { frequency, since })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Decimal| (share * Decimal::ONE_HUNDRED).round_dp(2).normalize();
        match self {
            Self::Drift { drift, threshold } => {
                write!(f, "drift {} % is above {} %", percent(*drift), percent(threshold.share()))
            }
            Self::Band { symbol, weight, target, band } => {
                let (weight, target) = (percent(weight.share()), percent(target.share()));
                write!(f, "{symbol} is at {weight} %, more than {} points from {target} %", percent(*band))
            }
            Self::Cash { weight, target, band } => {
                let (weight, band) = (percent(weight.share()), percent(band.share()));
                write!(f, "cash is at {weight} %, more than {band} points from {} %", percent(*target))
            }
            Self::Calendar { frequency, since } => {
                let often = match frequency {
                    RebalanceFrequency::Daily => "daily",
                    RebalanceFrequency::Weekly => "weekly",
                    RebalanceFrequency::Monthly => "monthly",
                };
                write!(f, "the {often} look that is due since {since}")
            }
        }
    }
}
