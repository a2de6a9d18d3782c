//! No text breaks a reader, and what is read prints to something that reads as the same.

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use obs_model::{
    FeedId, GapReason, GapScope, Money, PolicyId, Price, QualityFlag, Quantity, SchemaVersion, SessionId, Side, Symbol,
};
use proptest::prelude::*;

fn reads_what_it_prints<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err: Debug> + Display + PartialEq + Debug,
{
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        prop_assert_eq!(printed.parse::<T>().ok(), Some(value), "{:?} prints as {:?}", text, printed);
    }
    Ok(())
}

/// Anything, and what comes close to a number or a name.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+]{0,2}[0-9]{0,25}\\.?[0-9]{0,25}([eE][-+]?[0-9]{0,12})?",
        "[-0-9.eE+_ ]{0,12}",
        "Q?[0-9A-Za-z가]{5,7}",
        "(normal|degraded|gap|scalp|swing|all|ws_timeout|1.0|2.0|BUY|SELL)[ a]?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_reader_takes_any_text(text in any_text()) {
        reads_what_it_prints::<Symbol>(&text)?;
        reads_what_it_prints::<Price>(&text)?;
        reads_what_it_prints::<Quantity>(&text)?;
        reads_what_it_prints::<Money>(&text)?;
        reads_what_it_prints::<SessionId>(&text)?;
        reads_what_it_prints::<FeedId>(&text)?;
        reads_what_it_prints::<QualityFlag>(&text)?;
        reads_what_it_prints::<GapScope>(&text)?;
        reads_what_it_prints::<GapReason>(&text)?;
        // These have no `Display` of their own, or no `FromStr`.
        if let Ok(version) = text.parse::<SchemaVersion>() {
            prop_assert_eq!(version.as_str(), &text);
        }
        if let Ok(side) = text.parse::<Side>() {
            prop_assert_eq!(serde_json::to_value(side).unwrap(), &*text);
        }
        if let Ok(policy) = PolicyId::new(text.clone()) {
            prop_assert_eq!(PolicyId::new(policy.to_string()), Ok(policy));
        }
        let _ = Price::parse_or_none(&text);
    }
}
