//! From a plan to its fills at the paper broker.

use obs_model::PlanStatus;
use serde_json::Value;

use crate::support::{Desk, text};

#[tokio::test]
async fn a_portfolio_comes_to_its_policy_on_paper() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    desk.ok(&["snapshot", "--holdings", "holdings.csv"]);
    let planned = desk.json(&["plan"]);
    assert_eq!(planned["plan_id"], 1);
    let orders = planned["orders"].as_array().unwrap();
    assert_eq!((orders[0]["side"].as_str(), orders[0]["symbol"].as_str()), (Some("SELL"), Some("005930")));
    assert_eq!((orders[1]["side"].as_str(), orders[1]["symbol"].as_str()), (Some("BUY"), Some("000660")));
    let digest = planned["digest"].as_str().unwrap();

    let shown = desk.ok(&["show", "1"]);
    assert!(shown.contains("Plan 1 is pending") && shown.contains(&digest[..12]), "{shown}");
    let approved = desk.json(&["approve", "1", "--broker", "paper", "--yes"]);
    assert_eq!(approved["confirm"].as_str().unwrap(), &digest[..12]);
    assert!(desk.ok(&["status"]).contains("rebalancer execute 1 --broker paper"));

    let output = desk.run(&["execute", "1", "--broker", "paper", "--yes", "--json"]);
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(done["status"], "done");
    assert!(text(&output.stderr).contains("filled"), "it says what happens: {}", text(&output.stderr));
    let stored = desk.store.plan(obs_model::PlanId(1)).await.unwrap().unwrap();
    assert_eq!(stored.plan.status, PlanStatus::Done);

    // The next snapshot of the same account is at its targets, and nothing more is due.
    let after = desk.json(&["snapshot", "--from", "paper"]);
    let drift: f64 = after["drift"].as_str().unwrap().parse().unwrap();
    assert!(drift < 0.02, "{after}");
    let output = desk.run(&["plan"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("No plan is due"));
    let history = desk.json(&["history"]);
    assert_eq!(history[0]["status"], "done");
    assert!(history[0]["figures"]["commission"].as_str().unwrap().parse::<i64>().unwrap() > 0, "{history}");
}

#[tokio::test]
async fn a_plan_says_why_symbols_stay_off_their_targets() {
    let desk = Desk::with_plan().await;
    let output = desk.run(&["plan", "--force", "--why-not", "--dry-run"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Off target"), "{}", text(&output.stdout));
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let desk = Desk::with_plan().await;
    let before = desk.contents().await;
    desk.ok(&["plan", "--dry-run"]);
    desk.ok(&["approve", "1", "--broker", "paper", "--dry-run"]);
    desk.ok(&["cancel", "1", "--dry-run"]);
    assert_eq!(desk.contents().await, before);
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    let before = desk.contents().await;
    desk.ok(&["execute", "1", "--broker", "paper", "--dry-run"]);
    assert_eq!(desk.contents().await, before);
}

#[tokio::test]
async fn a_plan_that_was_withdrawn_is_not_executed() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    assert_eq!(desk.json(&["cancel", "1", "--yes"])["status"], "cancelled");
    let words = desk.refused(1, &["execute", "1", "--broker", "paper", "--yes"]).await;
    assert!(words.contains("cancelled"), "{words}");
}

#[tokio::test]
async fn everything_that_prints_json_prints_json() {
    let desk = Desk::with_plan().await;
    for arguments in [
        &["policy", "list"][..],
        &["policy", "check", "policy.toml"],
        &["policy", "show", "core"],
        &["show", "1"],
        &["status"],
        &["history"],
        &["report"],
    ] {
        let printed = desk.json(arguments);
        assert!(printed.is_object() || printed.is_array(), "{arguments:?}");
    }
    let status = desk.json(&["status"]);
    assert_eq!((status["plans"][0]["plan_id"].as_i64(), status["market_open"].as_bool()), (Some(1), Some(true)));
    let shown = desk.json(&["show", "1"]);
    assert_eq!(shown["events"][0]["event"], "created");
    assert!(shown["planned"][0]["from"].is_string(), "shares are exact decimals: {shown}");
}
