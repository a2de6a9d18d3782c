//! Why a symbol stays off its target.

use std::fmt;

use obs_model::{Money, Price};

/// Why a symbol stays off its target, or gets there only partly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// It is on the no-trade list.
    NoTrade,
    /// The exchange has halted it.
    Halted,
    /// One share is worth more than brings it nearer to the target.
    OneShare {
        /// What a share is worth.
        price: Price,
        /// What is missing to the target, or too much, in won.
        difference: Money,
    },
    /// The smallest order that is made would miss the target by more.
    SmallOrder {
        /// The order value that the policy asks for, in won.
        least: Money,
        /// What is missing to the target, or too much, in won.
        difference: Money,
    },
    /// One more order would break a limit of its weight.
    WeightLimit,
    /// The turnover limit is used up.
    Turnover,
    /// There is no cash for it.
    Cash,
    /// The drift would rise, or the search ended before it found better.
    Whole,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTrade => f.write_str("it is on the no-trade list"),
            Self::Halted => f.write_str("the exchange has halted it"),
            Self::OneShare { price, difference } => {
                write!(f, "{difference} won are missing or too much, and one share is {price} won")
            }
            Self::SmallOrder { least, difference } => {
                write!(f, "{difference} won are missing or too much, and an order is at least {least} won")
            }
            Self::WeightLimit => f.write_str("its weight would leave its limits"),
            Self::Turnover => f.write_str("the turnover limit is used up"),
            Self::Cash => f.write_str("there is no more cash to spend"),
            Self::Whole => f.write_str("nothing better was found for the portfolio as a whole"),
        }
    }
}
