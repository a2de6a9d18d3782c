//! Policies: applied, compared, refused.

use std::fs;

use crate::support::{Desk, POLICY};

#[tokio::test]
async fn a_policy_is_stored_as_a_version_and_shown_again() {
    let desk = Desk::without_prices().await;
    let applied = desk.json(&["policy", "apply", "policy.toml", "--yes"]);
    assert_eq!((applied["version"].as_u64(), applied["applied"].as_bool()), (Some(1), Some(true)));
    let shown = desk.json(&["policy", "show", "core"]);
    assert_eq!((shown["version"].as_u64(), shown["targets"]["005930"].as_str()), (Some(1), Some("0.5")));
    // What is stored says everything, and is a policy's file itself.
    fs::write(desk.file("again.toml"), shown["text"].as_str().unwrap()).unwrap();
    assert_eq!(desk.json(&["policy", "apply", "again.toml", "--yes"])["applied"], false);
    assert!(desk.ok(&["policy", "list"]).contains("Two large stocks"));
}

#[tokio::test]
async fn a_newer_version_says_what_it_changes_and_the_older_one_stays() {
    let desk = Desk::without_prices().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    fs::write(desk.file("policy.toml"), POLICY.replace("\"005930\" = 0.5", "\"005930\" = 0.45\n\"035420\" = 0.05")).unwrap();
    let said = desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    assert!(said.contains("005930") && said.contains("50 %") && said.contains("45 %") && said.contains("035420"), "{said}");
    assert_eq!(desk.json(&["policy", "show", "core"])["targets"]["005930"], "0.45");
    assert_eq!(desk.json(&["policy", "show", "core", "--version", "1"])["targets"]["005930"], "0.5");
}

#[tokio::test]
async fn what_is_wrong_with_a_policy_is_said_and_nothing_is_stored() {
    let desk = Desk::without_prices().await;
    for (wrong, said) in [
        (POLICY.replace("0.5", "0.7"), "1.2"),
        (POLICY.replace("0.5", "-0.5"), "005930"),
        (POLICY.replace("\"005930\"", "\"5930x\""), "5930x"),
        (POLICY.replace("drift =", "drfit ="), "drfit"),
    ] {
        fs::write(desk.file("wrong.toml"), wrong).unwrap();
        let words = desk.refused(1, &["policy", "apply", "wrong.toml", "--yes"]).await;
        assert!(words.contains("wrong.toml is not a policy") && words.contains(said), "{words}");
        let words = desk.refused(1, &["policy", "check", "wrong.toml"]).await;
        assert!(words.contains(said), "{words}");
    }
    let words = desk.refused(1, &["policy", "apply", "nowhere.toml", "--yes"]).await;
    assert!(words.contains("nowhere.toml"), "{words}");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_stored_unless_it_is_said_to_be_meant() {
    let desk = Desk::without_prices().await;
    let words = desk.refused(1, &["policy", "apply", "policy.toml"]).await;
    assert!(words.contains("--yes"), "{words}");
    let before = desk.contents().await;
    desk.ok(&["policy", "apply", "policy.toml", "--dry-run"]);
    assert_eq!(desk.contents().await, before);
}

#[tokio::test]
async fn a_policy_that_is_missing_or_not_chosen_is_said_with_those_there_are() {
    let desk = Desk::without_prices().await;
    assert!(desk.refused(1, &["snapshot"]).await.contains("policy apply"));
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    assert!(desk.refused(1, &["plan", "--policy", "other"]).await.contains("stored are core"));
    fs::write(desk.file("second.toml"), POLICY.replace("\"core\"", "\"second\"")).unwrap();
    desk.ok(&["policy", "apply", "second.toml", "--yes"]);
    let words = desk.refused(1, &["plan"]).await;
    assert!(words.contains("core, second") && words.contains("--policy"), "{words}");
    desk.ok(&["policy", "retire", "second", "--yes"]);
    assert!(desk.refused(1, &["plan"]).await.contains("policy core has no snapshot"));
    assert_eq!(desk.json(&["policy", "apply", "second.toml", "--yes"])["version"], 3, "it is in force again");
}
