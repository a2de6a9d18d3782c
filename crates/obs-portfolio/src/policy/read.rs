//! A policy's file.

use obs_model::{PortfolioPolicy, TargetWeight};

use super::{Policy, PolicyError, PolicyProblem};

pub(super) fn policy(_text: &str, _read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> (Option<Policy>, Vec<PolicyProblem>) {
    (None, Vec::new())
}

pub(super) fn of_rows(_row: &PortfolioPolicy, _targets: &[TargetWeight]) -> Result<Policy, PolicyError> {
    Err(PolicyError(Vec::new()))
}
