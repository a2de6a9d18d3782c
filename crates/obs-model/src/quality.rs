//! How far a row can be trusted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Coverage, InvalidValue, Problem};

/// How far a row can be trusted; the greater, the worse, so that the worst of several is their maximum.
///
/// ```
/// use obs_model::QualityFlag;
///
/// let flags = [QualityFlag::Normal, QualityFlag::Gap, QualityFlag::Degraded];
/// assert_eq!(flags.into_iter().max(), Some(QualityFlag::Gap));
/// assert_eq!("degraded".parse(), Ok(QualityFlag::Degraded));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityFlag {
    /// Nothing speaks against it.
    #[default]
    Normal,
    /// Usable, with a reservation: out of hours, derived, or thinly covered.
    Degraded,
    /// It follows a hole, or mostly consists of one.
    Gap,
}

impl QualityFlag {
    /// A bar's flag from its coverage: from 0.7 normal, from 0.5 degraded, below that a gap.
    ///
    /// The thresholds are those of the Python system's database guide, section 2.1.
    #[must_use]
    pub fn of_coverage(coverage: Coverage) -> Self {
        match coverage.ratio() {
            ratio if ratio >= 0.7 => Self::Normal,
            ratio if ratio >= 0.5 => Self::Degraded,
            _ => Self::Gap,
        }
    }

    /// The name in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Degraded => "degraded",
            Self::Gap => "gap",
        }
    }
}

impl fmt::Display for QualityFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for QualityFlag {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match name {
            "normal" => Ok(Self::Normal),
            "degraded" => Ok(Self::Degraded),
            "gap" => Ok(Self::Gap),
            _ => Err(InvalidValue::new("quality flag", name, Problem::UnknownName { names: "normal, degraded, gap" })),
        }
    }
}
