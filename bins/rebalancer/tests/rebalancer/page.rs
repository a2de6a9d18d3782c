//! The report as a page.

use std::fs;

use crate::support::Desk;

#[tokio::test]
async fn the_page_needs_nothing_from_anywhere_and_has_charts_with_tables_beside_them() {
    let desk = Desk::with_plan().await;
    desk.ok(&["approve", "1", "--broker", "paper", "--yes"]);
    desk.ok(&["execute", "1", "--yes"]);
    desk.ok(&["snapshot", "--from", "paper"]);
    desk.ok(&["report", "--html", "report.html"]);
    let page = fs::read_to_string(desk.file("report.html")).unwrap();
    assert_balanced(&page);
    for foreign in ["http://", "https://", "//cdn", "src=", "href=", "<script", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for there in
        ["prefers-color-scheme:dark", "id=\"weights-title\"", "id=\"drift-desc\"", "id=\"costs-title\"", "Orders of plan 1"]
    {
        assert!(page.contains(there), "{there}");
    }
    assert_eq!(page.matches("<svg").count(), 3);
    assert_eq!(page.matches("<table").count(), 4);
}

#[tokio::test]
async fn a_portfolio_without_plans_has_a_page_too() {
    let desk = Desk::new().await;
    desk.ok(&["policy", "apply", "policy.toml", "--yes"]);
    desk.ok(&["report", "--html", "report.html"]);
    let page = fs::read_to_string(desk.file("report.html")).unwrap();
    assert_balanced(&page);
    assert!(page.contains("No plan was made yet."));
}

/// Every element that is opened is closed, in the right order.
fn assert_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split_whitespace().next().unwrap();
        if tag.starts_with('!') || tag.ends_with('/') {
            continue;
        }
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "near <{tag}>"),
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}
