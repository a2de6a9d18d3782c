//! A report as one page, with its charts as inline SVG: nothing is fetched from anywhere.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use obs_rebalance::{Figures, PlanFigures, Report, WeightChange};

use super::charts;
use crate::{
    tables::shares,
    text::{percent, plain, price, time, won},
};

const STYLE: &str = ":root{color-scheme:light dark;--text:#1d2430;--soft:#5b6675;--line:#d5dae2;--back:#ffffff;--before:#8d99ae;\
 --after:#2f6fb7;--target:#c2410c;--fee:#2f6fb7;--tax:#8d99ae;--slip:#c2410c}\
 @media (prefers-color-scheme:dark){:root{--text:#e6e9ef;--soft:#9aa5b5;--line:#39424f;--back:#14181f;--before:#6b778a;\
 --after:#6aa9f0;--target:#f59e5b;--fee:#6aa9f0;--tax:#6b778a;--slip:#f59e5b}}\
 body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:var(--text);background:var(--back)}\
 h2{margin-top:2.5rem}p.soft{color:var(--soft)}table{border-collapse:collapse;margin:.75rem 0}\
 caption{text-align:left;color:var(--soft);padding-bottom:.25rem}\
 td,th{border-bottom:1px solid var(--line);padding:.2rem .7rem;text-align:left;vertical-align:top}\
 td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr.sum td{font-weight:600}.wide{overflow-x:auto}\
 svg{max-width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--text)}\
 svg .axis{stroke:var(--line)}svg .before{fill:var(--before)}svg .after{fill:var(--after)}\
 svg .target{stroke:var(--target);stroke-width:2}svg .drift{fill:none;stroke:var(--after);stroke-width:2}\
 svg .dot{fill:var(--after)}svg .plan{stroke:var(--target);stroke-dasharray:3 3}svg .fee{fill:var(--fee)}\
 svg .tax{fill:var(--tax)}svg .slip{fill:var(--slip)}";

/// The report as a self-contained HTML page.
pub(super) fn page(report: &Report, now: DateTime<Utc>) -> String {
    let title = format!("Rebalancing by policy {}", escaped(report.policy.as_str()));
    let mut page = String::new();
    // Writing to a text does not fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<p class=\"soft\">As of {} in Korea. All amounts in won.</p>\n",
        time(now)
    );
    match &report.weights {
        Some(change) => weights(change, &mut page),
        None => page.push_str("<h2>Weights</h2>\n<p>Nothing was traded yet.</p>\n"),
    }
    drift(report, &mut page);
    costs(report, &mut page);
    report.plans.iter().rev().for_each(|plan| orders(plan, &mut page));
    page.push_str("</body></html>\n");
    page
}

fn weights(change: &WeightChange, page: &mut String) {
    let _ = writeln!(page, "<h2>Weights before and after plan {}</h2>", change.plan);
    page.push_str("<p class=\"soft\">At the prices of the snapshot that the plan started from.</p>\n");
    charts::weights(change, page);
    head("Each symbol's share of the portfolio", &["Symbol", "Target", "Before", "After", "Off target"], 1, page);
    let mut row = |name: &str, target, before, after| {
        cells(&[name.to_owned(), percent(target), percent(before), percent(after), percent(after - target)], 1, "", page);
    };
    for symbol in &change.symbols {
        row(symbol.symbol.as_str(), symbol.target.share(), symbol.before, symbol.after);
    }
    row("Cash", change.cash_target, change.cash_before, change.cash_after);
    page.push_str("</table></div>\n");
}

fn drift(report: &Report, page: &mut String) {
    page.push_str("<h2>Drift over time</h2>\n");
    if report.drift.is_empty() {
        page.push_str("<p>No snapshot was taken yet.</p>\n");
        return;
    }
    charts::drift(report, page);
    head("Each snapshot, in Korean time", &["Snapshot", "Drift"], 1, page);
    for point in &report.drift {
        cells(&[time(point.at), percent(point.drift)], 1, "", page);
    }
    page.push_str("</table></div>\n");
}

fn costs(report: &Report, page: &mut String) {
    page.push_str("<h2>What it cost</h2>\n");
    if report.plans.is_empty() {
        page.push_str("<p>No plan was made yet.</p>\n");
        return;
    }
    charts::costs(&report.plans, page);
    let header = ["Plan", "Made", "State", "Broker", "Traded", "Commission", "Tax", "Slippage"];
    head("Each plan, in Korean time; negative slippage is better than the price at decision", &header, 4, page);
    for plan in &report.plans {
        let broker = plan.broker.map(|broker| broker.to_string()).unwrap_or_default();
        let what = [plan.plan.to_string(), time(plan.created_at), plan.status.to_string(), broker];
        cells(&[&what[..], &sums(&plan.figures)].concat(), 4, "", page);
    }
    let what = ["All".to_owned(), String::new(), String::new(), String::new()];
    cells(&[&what[..], &sums(&report.total)].concat(), 4, "sum", page);
    page.push_str("</table></div>\n");
}

fn orders(plan: &PlanFigures, page: &mut String) {
    let _ = writeln!(page, "<h2>Orders of plan {}</h2>\n<p>{}</p>", plan.plan, escaped(&plain(&plan.reason)));
    let header =
        ["Order", "Side", "Symbol", "State", "Ordered", "Filled", "Decided at", "Traded", "Commission", "Tax", "Slippage"];
    head("Each order and what came of it", &header, 4, page);
    for order in &plan.orders {
        let what = [
            order.order.to_string(),
            order.side.to_string(),
            order.symbol.to_string(),
            order.status.to_string(),
            shares(order.quantity),
            shares(order.filled),
            order.decision_price.map(price).unwrap_or_default(),
        ];
        cells(&[&what[..], &sums(&order.figures)].concat(), 4, "", page);
    }
    page.push_str("</table></div>\n");
}

fn sums(figures: &Figures) -> [String; 4] {
    [figures.traded, figures.commission, figures.tax, figures.slippage].map(won)
}

/// Begins a table; all but the first columns are numbers.
fn head(caption: &str, header: &[&str], words: usize, page: &mut String) {
    let _ = write!(page, "<div class=\"wide\"><table><caption>{caption}</caption><tr>");
    for (nth, title) in header.iter().enumerate() {
        let class = if nth < words { "" } else { " class=\"n\"" };
        let _ = write!(page, "<th scope=\"col\"{class}>{title}</th>");
    }
    page.push_str("</tr>\n");
}

fn cells(row: &[String], words: usize, class: &str, page: &mut String) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = write!(page, "<tr{class}>");
    for (nth, cell) in row.iter().enumerate() {
        let class = if nth < words { "" } else { " class=\"n\"" };
        let _ = write!(page, "<td{class}>{}</td>", escaped(cell));
    }
    page.push_str("</tr>\n");
}

/// A text as it may stand in a page.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
