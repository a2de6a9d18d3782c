//! What must be there before real money moves.

use std::path::Path;

use obs_cli::TradingFile;
use obs_model::{Money, PlanDigest};
use obs_rebalance::TradingLimits;
use rust_decimal::Decimal;

use crate::exit::NeedsPerson;

/// The limits of the settings file.
pub(crate) fn limits(file: &TradingFile, kill_switch: &Path) -> anyhow::Result<TradingLimits> {
    let amount = |key: &str, won: Option<i64>| {
        let Some(won) = won else { return Ok(None) };
        match Money::new(Decimal::from(won)) {
            Ok(amount) if won > 0 => Ok(Some(amount)),
            _ => Err(NeedsPerson::error(format!("`trading.{key}` is {won}: give an amount in won above zero"))),
        }
    };
    Ok(TradingLimits {
        order_value: amount("max_order_value", file.max_order_value)?,
        day_value: amount("max_day_value", file.max_day_value)?,
        kill_switch: kill_switch.to_path_buf(),
    })
}

/// Real money needs three separate things: the settings file's word, both limits, and the digest of the plan, typed.
///
/// # Errors
/// Everything that is missing, one a line.
pub(crate) fn check(
    file: &TradingFile,
    limits: &TradingLimits,
    approved: Option<&PlanDigest>,
    confirmed: Option<&str>,
) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if !file.allow_live {
        missing.push(
            "live trading is not allowed: set `allow_live = true` in section [trading] of the settings file".to_owned(),
        );
    }
    if limits.order_value.is_none() {
        missing.push("set `max_order_value`, in won, in section [trading] of the settings file".to_owned());
    }
    if limits.day_value.is_none() {
        missing.push("set `max_day_value`, in won, in section [trading] of the settings file".to_owned());
    }
    match (confirmed, approved) {
        (None, _) => missing.push("say --confirm with the twelve digits that `rebalancer approve` printed".to_owned()),
        (Some(confirmed), Some(approved)) if confirmed != approved.short() => missing.push(format!(
            "--confirm says {confirmed} and another plan was approved: look at it with `rebalancer show`, and copy its digest"
        )),
        _ => {}
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(NeedsPerson::error(format!("real money is not traded yet, nothing was sent:\n  {}", missing.join("\n  "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(file: &TradingFile, confirmed: Option<&str>) -> String {
        let limits = limits(file, Path::new("stop")).unwrap();
        let digest = PlanDigest::new("0123456789ab".repeat(6).chars().take(64).collect::<String>()).unwrap();
        check(file, &limits, Some(&digest), confirmed).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn each_of_the_things_that_real_money_needs_is_asked_for_by_its_name() {
        let all = TradingFile {
            allow_live: true,
            max_order_value: Some(1_000_000),
            max_day_value: Some(5_000_000),
            ..TradingFile::default()
        };
        let confirmed = Some("0123456789ab");
        assert_eq!(said(&all, confirmed), "");
        assert!(said(&TradingFile { allow_live: false, ..all.clone() }, confirmed).contains("allow_live"));
        assert!(said(&TradingFile { max_order_value: None, ..all.clone() }, confirmed).contains("max_order_value"));
        assert!(said(&TradingFile { max_day_value: None, ..all.clone() }, confirmed).contains("max_day_value"));
        assert!(said(&all, None).contains("--confirm"));
        assert!(said(&all, Some("0123456789ac")).contains("another plan"));
        let nothing = said(&TradingFile::default(), None);
        assert_eq!(nothing.lines().count(), 5, "{nothing}");
    }

    #[test]
    fn a_limit_that_is_none_is_refused() {
        let file = TradingFile { max_day_value: Some(0), ..TradingFile::default() };
        let error = limits(&file, Path::new("stop")).unwrap_err();
        assert!(error.to_string().contains("`trading.max_day_value` is 0"), "{error}");
    }
}
