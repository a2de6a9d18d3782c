//! Symbols, sessions, feeds, policies, and the closed lists of names.

use obs_model::{FeedId, GapReason, GapScope, PolicyId, QualityFlag, SchemaVersion, SessionId, Symbol};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

fn through_json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn every_symbol_reads_back(code in "[0-9A-Z]{6}|Q[0-9A-Z]{6}") {
        let symbol: Symbol = code.parse().unwrap();
        prop_assert_eq!(symbol.as_str(), &code);
        prop_assert_eq!(symbol.to_string(), &*code);
        prop_assert_eq!(through_json(&symbol), symbol);
    }

    #[test]
    fn symbols_sort_as_their_texts(a in "[0-9A-Z]{6}|Q[0-9A-Z]{6}", b in "[0-9A-Z]{6}|Q[0-9A-Z]{6}") {
        prop_assert_eq!(Symbol::new(&a).unwrap().cmp(&Symbol::new(&b).unwrap()), a.cmp(&b));
    }

    #[test]
    fn every_session_and_feed_name_reads_back(name in "[!#-\\[\\]-~]{1,50}") {
        let (session, feed) = (SessionId::new(&name).unwrap(), FeedId::new(&name).unwrap());
        prop_assert_eq!(session.to_string().parse(), Ok(session.clone()));
        prop_assert_eq!(feed.to_string().parse(), Ok(feed.clone()));
        prop_assert_eq!(serde_json::to_string(&session).unwrap(), format!("\"{name}\""), "no escape is needed");
        prop_assert_eq!(through_json(&session), session);
        prop_assert_eq!(through_json(&feed), feed);
    }

    #[test]
    fn every_policy_name_reads_back(name in "\\PC{1,50}") {
        let policy = PolicyId::new(name.clone()).unwrap();
        prop_assert_eq!(policy.as_str(), &name);
        prop_assert_eq!(policy.to_string(), name);
        prop_assert_eq!(through_json(&policy), policy);
    }
}

#[test]
fn codes_that_are_symbols() {
    for code in ["005930", "0004V0", "00104K", "ABCDEF", "Q12345", "Q530031", "Q5300AB"] {
        assert_eq!(code.parse::<Symbol>().map(|symbol| symbol.to_string()), Ok(code.to_owned()));
    }
    assert_eq!(format!("{:?}", Symbol::new("005930").unwrap()), "Symbol(005930)");
    assert_eq!(format!("[{:>8}]", Symbol::new("005930").unwrap()), "[  005930]");
}

#[test]
fn codes_that_are_no_symbols_and_why() {
    let table = [
        ("", "it has 0 characters instead of 6"),
        ("5930", "it has 4 characters instead of 6"),
        ("AAPL", "it has 4 characters instead of 6"),
        ("0059300", "it has 7 characters instead of 6"),
        ("Q5300311", "it has 8 characters instead of 6"),
        ("q530031", "'q' is not allowed in it"),
        ("0004v0", "'v' is not allowed in it"),
        ("삼성전자", "'삼' is not allowed in it"),
        ("00593０", "'０' is not allowed in it"),
        ("005930 ", "' ' is not allowed in it"),
        ("00593\0", "'\\0' is not allowed in it"),
        ("005-30", "'-' is not allowed in it"),
    ];
    for (code, problem) in table {
        let error = code.parse::<Symbol>().unwrap_err();
        assert_eq!((error.kind(), error.problem().to_string().as_str()), ("symbol", problem), "{code:?}");
    }
}

#[test]
fn names_of_sessions_have_one_to_fifty_characters_that_need_no_escape() {
    assert!(SessionId::new(&"x".repeat(50)).is_ok());
    let table = [
        (String::new(), "it has 0 characters instead of 1 to 50"),
        ("x".repeat(51), "it has 51 characters instead of 1 to 50"),
        ("a b".to_owned(), "' ' is not allowed in it"),
        ("a\"b".to_owned(), "'\"' is not allowed in it"),
        ("a\\b".to_owned(), "'\\\\' is not allowed in it"),
        ("a\nb".to_owned(), "'\\n' is not allowed in it"),
        ("세션".to_owned(), "'세' is not allowed in it"),
    ];
    for (name, problem) in table {
        assert_eq!(SessionId::new(&name).unwrap_err().problem().to_string(), problem, "{name:?}");
        assert_eq!(FeedId::new(&name).unwrap_err().problem().to_string(), problem, "{name:?}");
    }
}

#[test]
fn a_feed_is_named_after_its_session_if_there_is_room() {
    let session = SessionId::new(&"x".repeat(48)).unwrap();
    assert_eq!(FeedId::nth_of(&session, 7).unwrap().as_str(), format!("{}#7", "x".repeat(48)));
    let error = FeedId::nth_of(&session, 10).unwrap_err();
    assert_eq!((error.kind(), error.problem().to_string().as_str()), ("feed id", "it has 51 characters instead of 1 to 50"));
}

#[test]
fn names_of_policies_have_one_to_fifty_characters_of_any_script() {
    assert!(PolicyId::new("균형 ".repeat(16)).is_ok(), "48 characters, many more bytes");
    assert!(PolicyId::new("균".repeat(51)).is_err());
    assert!(PolicyId::new("").is_err());
    assert_eq!(PolicyId::new("a\tb").unwrap_err().to_string(), r#""a\tb" is not a policy id: '\t' is not allowed in it"#);
    assert!(serde_json::from_str::<PolicyId>(r#""""#).is_err(), "no written form skips the check");
}

#[test]
fn a_name_is_never_a_json_number() {
    assert!(serde_json::from_str::<Symbol>("123456").is_err(), "its leading zeros could be lost");
    assert!(serde_json::from_str::<SessionId>("1").is_err());
    assert!(serde_json::from_str::<FeedId>("1").is_err());
    assert_eq!(
        serde_json::from_str::<Symbol>("123456").unwrap_err().to_string(),
        "invalid type: integer `123456`, expected a text at line 1 column 6"
    );
}

#[test]
fn an_escape_in_json_is_read_before_the_name_is_checked() {
    assert_eq!(serde_json::from_str::<Symbol>(r#""\u0030\u003059\u00330""#).unwrap().as_str(), "005930");
    assert!(serde_json::from_str::<SessionId>(r#""a\"b""#).is_err());
}

#[test]
fn closed_lists_print_what_they_read() {
    for flag in [QualityFlag::Normal, QualityFlag::Degraded, QualityFlag::Gap] {
        assert_eq!((flag.to_string().parse(), flag.as_str()), (Ok(flag), &*flag.to_string()));
        assert_eq!(serde_json::to_value(flag).unwrap(), flag.as_str());
        assert_eq!(through_json(&flag), flag);
    }
    for scope in [GapScope::Scalp, GapScope::Swing, GapScope::All] {
        assert_eq!((scope.to_string().parse(), scope.as_str()), (Ok(scope), &*scope.to_string()));
        assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        assert_eq!(through_json(&scope), scope);
    }
    for reason in GapReason::ALL {
        assert_eq!((reason.to_string().parse(), reason.as_str()), (Ok(reason), &*reason.to_string()));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        assert_eq!(through_json(&reason), reason);
    }
    for version in [SchemaVersion::V1, SchemaVersion::V2] {
        assert_eq!(version.as_str().parse(), Ok(version));
        assert_eq!(serde_json::to_value(version).unwrap(), version.as_str());
        assert_eq!(through_json(&version), version);
    }
}

#[test]
fn a_name_outside_a_closed_list_is_told_the_list() {
    assert_eq!(
        "NORMAL".parse::<QualityFlag>().unwrap_err().to_string(),
        r#""NORMAL" is not a quality flag: it is not one of normal, degraded, gap"#
    );
    assert_eq!(
        "track_a".parse::<GapScope>().unwrap_err().to_string(),
        r#""track_a" is not a gap scope: it is not one of scalp, swing, all"#
    );
    let error = "".parse::<GapReason>().unwrap_err().to_string();
    for reason in GapReason::ALL {
        assert!(error.contains(reason.as_str()), "{reason} is missing in: {error}");
    }
    assert!(serde_json::from_str::<GapReason>(r#""WsDisconnect""#).is_err());
}
