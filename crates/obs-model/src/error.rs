//! Why a value was refused.

/// A text or number that is not the value it was meant to be.
///
/// ```
/// use obs_model::Symbol;
///
/// let error = "5930".parse::<Symbol>().unwrap_err();
/// assert_eq!(error.to_string(), r#""5930" is not a symbol: it has 4 characters instead of 6"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {kind}: {problem}")]
pub struct InvalidValue {
    kind: &'static str,
    value: String,
    problem: Problem,
}

/// What is wrong with a refused value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Too few or too many characters.
    #[error("it has {found} characters instead of {expected}")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there may be, in words.
        expected: &'static str,
    },
    /// A character that has no place in such a value.
    #[error("{0:?} is not allowed in it")]
    Character(char),
    /// Not a decimal number.
    #[error("it is not a decimal number")]
    NotANumber,
    /// More digits behind the point than the value keeps.
    #[error("it has more than {max} decimals")]
    TooManyDecimals {
        /// The most digits kept.
        max: u32,
    },
    /// A number outside the range.
    #[error("it is outside {range}")]
    OutOfRange {
        /// The range, in words.
        range: &'static str,
    },
    /// Not one of a closed list of names.
    #[error("it is not one of {names}")]
    UnknownName {
        /// The names.
        names: &'static str,
    },
    /// Parts that contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl InvalidValue {
    /// The longest piece of a refused text that an error repeats, in characters.
    const SHOWN: usize = 60;

    pub(crate) fn new(kind: &'static str, value: impl Into<String>, problem: Problem) -> Self {
        let mut value = value.into();
        if let Some((end, _)) = value.char_indices().nth(Self::SHOWN) {
            value.truncate(end);
            value.push('…');
        }
        Self { kind, value, problem }
    }

    /// What the value should have been, such as `price`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}
