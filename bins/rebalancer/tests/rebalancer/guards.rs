//! What is not done, and what is said instead.

use std::fs;

use obs_testkit::execute;

use crate::support::Desk;

const LIVE: [&str; 4] = ["--kis-app-key", "key", "--kis-app-secret", "secret"];

#[tokio::test]
async fn a_plan_needs_a_snapshot_and_a_number_that_exists() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    assert!(desk.refused(1, &["plan"]).await.contains("rebalancer snapshot"));
    assert!(desk.refused(1, &["show", "7"]).await.contains("there is no plan 7"));
    assert!(desk.refused(1, &["execute", "7", "--yes"]).await.contains("there is no plan 7"));
}

#[tokio::test]
async fn a_plan_is_not_executed_before_it_is_approved_nor_twice_nor_elsewhere() {
    let desk = Desk::with_plan().await;
    assert!(desk.refused(1, &["execute", "1", "--broker", "paper", "--yes"]).await.contains("not approved"));
    assert!(desk.refused(1, &["approve", "1", "--broker", "paper"]).await.contains("--yes"));
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    assert!(desk.refused(1, &["execute", "1", "--broker", "kis-paper", "--yes"]).await.contains("approved for paper"));
    assert!(desk.refused(1, &["execute", "1", "--broker", "paper"]).await.contains("--yes"));
    desk.ok(&["execute", "1", "--broker", "paper", "--yes"]);
    let words = desk.refused(1, &["execute", "1", "--broker", "paper", "--yes"]).await;
    assert!(words.contains("plan 1 is done") && words.contains("rebalancer plan"), "{words}");
}

#[tokio::test]
async fn a_plan_that_somebody_changed_is_neither_approved_nor_executed() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    let touched = execute(&desk.database, "UPDATE rebalance_orders SET target_qty = target_qty + 1").await.unwrap();
    assert!(touched > 0);
    for arguments in [&["execute", "1", "--broker", "paper", "--yes"][..], &["approve", "1", "--broker", "paper", "--yes"]] {
        let words = desk.refused(1, arguments).await;
        assert!(words.contains("somebody changed its rows"), "{words}");
    }
}

#[tokio::test]
async fn while_the_stop_file_is_there_nothing_is_sent() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    fs::write(desk.file("stop-trading"), "").unwrap();
    let words = desk.refused(1, &["execute", "1", "--broker", "paper", "--yes"]).await;
    assert!(words.contains("stop-trading"), "{words}");
    assert!(desk.ok(&["status"]).contains("TRADING IS STOPPED"));
    fs::remove_file(desk.file("stop-trading")).unwrap();
    desk.ok(&["execute", "1", "--broker", "paper", "--yes"]);
}

#[tokio::test]
async fn two_programs_do_not_execute_at_once() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    let lock = desk.store.lock_execution().await.unwrap().unwrap();
    for command in ["execute", "cancel"] {
        let words = desk.refused(1, &[command, "1", "--yes"]).await;
        assert!(words.contains("another program executes"), "{words}");
    }
    drop(lock);
    desk.ok(&["execute", "1", "--yes"]);
}

#[tokio::test]
async fn a_plan_is_made_from_the_present_policy_and_what_is_held_now() {
    let desk = Desk::with_plan().await;
    let changed = fs::read_to_string(desk.file("policy.toml")).unwrap().replace("0.05", "0.06");
    fs::write(desk.file("policy.toml"), changed).unwrap();
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    assert!(desk.refused(1, &["plan"]).await.contains("measured by version 1"));
    desk.ok(&["snapshot", "--holdings", "holdings.csv"]);
    desk.ok(&["plan"]);
    desk.ok(&["approve", "2", "--broker", "paper", "--yes"]);
    desk.ok(&["execute", "2", "--yes"]);
    assert!(desk.refused(1, &["plan", "--force"]).await.contains("plan 2 traded since snapshot 2"));
}

#[tokio::test]
async fn real_money_needs_the_files_word_both_limits_and_the_digest() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "kis-live", "--yes"]);
    let execute = [&["execute", "1", "--broker", "kis-live", "--yes"][..], &LIVE].concat();
    let words = desk.refused(78, &execute).await;
    for missing in ["allow_live = true", "max_order_value", "max_day_value", "--confirm"] {
        assert!(words.contains(missing), "{missing} is missing in: {words}");
    }
    let settings = "[trading]\nallow_live = true\nmax_order_value = 9_000_000\nmax_day_value = 20_000_000\n";
    fs::write(desk.file("observer.toml"), settings).unwrap();
    let words = desk.refused(78, &execute).await;
    assert!(words.contains("--confirm") && !words.contains("allow_live"), "{words}");
    let wrong = [&execute[..], &["--confirm", "000000000000"]].concat();
    assert!(desk.refused(78, &wrong).await.contains("another plan"));
    let digest = desk.json(&["show", "1"])["plan"]["digest"].as_str().unwrap()[..12].to_owned();
    let right = [&execute[..], &["--confirm", &digest]].concat();
    let words = desk.refused(78, &right).await;
    assert!(words.contains("--hours always is for simulators"), "{words}");
}

#[tokio::test]
async fn a_broker_at_the_exchange_needs_keys_an_account_and_its_own_hosts() {
    let desk = Desk::with_plan().await;
    assert!(desk.refused(78, &["snapshot", "--from", "kis-live"]).await.contains("KIS_APP_KEY"));
    let words = desk.refused(78, &[&["snapshot", "--from", "kis-paper"][..], &LIVE].concat()).await;
    assert!(words.contains("KIS_ENV=paper"), "{words}");
    let simulator = ["--kis-rest-url", "http://127.0.0.1:1", "--kis-websocket-url", "ws://127.0.0.1:1"];
    let words = desk.refused(78, &[&["snapshot", "--from", "kis-live"][..], &LIVE, &simulator].concat()).await;
    assert!(words.contains("KIS_ACCOUNT"), "{words}");
    let own = ["--kis-rest-url", "https://openapi.koreainvestment.com:9443", "--kis-websocket-url", "ws://127.0.0.1:1"];
    let words = desk.refused(78, &[&["snapshot", "--from", "kis-live"][..], &LIVE, &own].concat()).await;
    assert!(words.contains("--hours always"), "{words}");
    assert_eq!(desk.run(&["resolve", "1", "1"]).status.code(), Some(2), "what was found must be said");
    assert!(desk.refused(1, &["resolve", "1", "1", "--not-sent", "--yes"]).await.contains("nothing to resolve"));
}
