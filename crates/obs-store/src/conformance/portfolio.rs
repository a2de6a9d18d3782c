//! The portfolio's record.

pub mod plans;
pub mod policies;
pub mod python;
pub mod snapshots;
pub mod states;
pub mod steps;

mod sample;

use super::{Outcome, sample as times};
