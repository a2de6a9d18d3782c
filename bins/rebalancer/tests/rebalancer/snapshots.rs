//! Snapshots: what is held and worth, and which prices are good enough.

use std::fs;

use chrono::TimeDelta;

use crate::support::Desk;

#[tokio::test]
async fn holdings_from_a_file_are_valued_at_recorded_prices() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    let taken = desk.json(&["snapshot", "--holdings", "holdings.csv"]);
    assert_eq!(taken["total"], "17000000");
    assert_eq!(taken["cash"], "3000000");
    assert_eq!(taken["source"], "file");
    let positions = taken["positions"].as_array().unwrap();
    let held: Vec<_> =
        positions.iter().map(|row| (row["symbol"].as_str().unwrap(), row["value"].as_str().unwrap())).collect();
    assert_eq!(held, [("000660", "0"), ("005930", "14000000")]);
    assert_eq!(taken["due"].as_array().unwrap().len(), 2, "drift and the calendar: {taken}");
    assert_eq!(desk.store.snapshots(None, 10).await.unwrap().len(), 1);
    let shown = desk.ok(&["snapshot", "--holdings", "holdings.csv", "--dry-run"]);
    assert!(shown.contains("17,000,000") && shown.contains("82.35 %") && shown.contains("A plan is due"), "{shown}");
    assert_eq!(desk.store.snapshots(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_every_line_that_is_wrong() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    fs::write(desk.file("wrong.csv"), "종목코드,보유수량\n005930,-1\n000660,1.5\n").unwrap();
    let words = desk.refused(1, &["snapshot", "--holdings", "wrong.csv", "--cash", "1000"]).await;
    assert!(words.contains("line 2") && words.contains("line 3"), "{words}");
    fs::write(desk.file("no-cash.csv"), "종목코드,보유수량\n005930,1\n").unwrap();
    assert!(desk.refused(1, &["snapshot", "--holdings", "no-cash.csv"]).await.contains("--cash"));
    let words = desk.refused(1, &["snapshot", "--holdings", "holdings.csv", "--cash", "5"]).await;
    assert!(words.contains("3,000,000") && words.contains("leave one out"), "{words}");
}

#[tokio::test]
async fn doubtful_prices_are_listed_with_their_ages_and_can_be_accepted_by_name() {
    let desk = Desk::without_prices().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    let words = desk.refused(78, &["snapshot", "--holdings", "holdings.csv"]).await;
    assert!(words.contains("000660 has no price") && words.contains("collector"), "{words}");
    desk.prices(TimeDelta::minutes(40)).await;
    let words = desk.refused(78, &["snapshot", "--holdings", "holdings.csv"]).await;
    assert!(words.contains("005930 has a price that is 40 minutes of trading old"), "{words}");
    assert!(words.contains("--accept 000660,005930"), "{words}");
    let taken = desk.json(&["snapshot", "--holdings", "holdings.csv", "--accept", "000660,005930"]);
    assert!(taken["positions"][0]["doubt"].as_str().unwrap().contains("40 minutes"), "{taken}");
}

#[tokio::test]
async fn the_paper_account_begins_with_a_file() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    assert!(desk.refused(1, &["snapshot", "--from", "paper"]).await.contains("--holdings"));
    desk.ok(&["snapshot", "--holdings", "holdings.csv"]);
    let taken = desk.json(&["snapshot", "--from", "paper"]);
    assert_eq!((taken["total"].as_str(), taken["source"].as_str()), (Some("17000000"), Some("paper")));
}
