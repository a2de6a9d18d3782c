//! A report as one page, with its charts as inline SVG: nothing is fetched from anywhere.

use std::fmt::Write;

use crate::{Report, Section, Severity};

mod charts;

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#222}\
 h1.sound{color:#176b34}h1.unsound{color:#a01818}table{border-collapse:collapse;margin:.5rem 0}\
 td,th{border:1px solid #ddd;padding:.15rem .5rem;text-align:left;vertical-align:top}td.n{text-align:right}\
 tr.error td{background:#fdeaea}tr.warning td{background:#fff6df}svg{max-width:100%;height:auto}text{font:10px system-ui,sans-serif}";

/// The report as a self-contained HTML page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = String::new();
    let (class, verdict) =
        if report.sound { ("sound", "The record is sound") } else { ("unsound", "The record is not sound") };
    // Writing to a text does not fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{verdict}</title><style>{STYLE}</style></head>\
         <body>\n<h1 class=\"{class}\">{verdict}</h1>\n<p>{}",
        escaped(&report.store)
    );
    if let Some((first, last)) = report.days {
        let _ = write!(page, ", {first} to {last}");
    }
    page.push_str("</p>\n");
    charts::heat_map(&report.heat, &mut page);
    charts::timeline(&report.timeline, &mut page);
    report.sections.iter().for_each(|section| put_section(section, &mut page));
    put_queries(report, &mut page);
    put_accounts(report, &mut page);
    page.push_str("</body></html>\n");
    page
}

fn put_section(section: &Section, page: &mut String) {
    let _ = writeln!(page, "<h2>{}</h2>\n<table>", section.subject.title());
    for fact in section.facts.iter().filter(|fact| fact.value > 0) {
        let _ = writeln!(page, "<tr><td>{}</td><td class=\"n\">{}</td></tr>", escaped(&fact.name), fact.value);
    }
    page.push_str("</table>\n");
    if section.findings.is_empty() {
        page.push_str("<p>Nothing was found.</p>\n");
        return;
    }
    page.push_str("<table><tr><th>Code</th><th>Where</th><th>What</th></tr>\n");
    for finding in &section.findings {
        let class = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let (place, what) = (escaped(&finding.place), escaped(&finding.what));
        let _ = writeln!(page, "<tr class=\"{class}\"><td>{}</td><td>{place}</td><td>{what}</td></tr>", finding.code);
    }
    page.push_str("</table>\n");
    for (code, count) in &section.counts {
        let listed = section.findings.iter().filter(|finding| finding.code.as_str() == *code).count() as u64;
        if *count > listed {
            let _ = writeln!(page, "<p>{} more of {code} are not listed.</p>", count - listed);
        }
    }
}

fn put_queries(report: &Report, page: &mut String) {
    if report.queries.is_empty() {
        return;
    }
    page.push_str("<h2>Queries</h2>\n<table><tr><th>Question</th><th>Rows</th><th>p50, ms</th><th>p99, ms</th></tr>\n");
    for query in &report.queries {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.2}</td><td class=\"n\">{:.2}</td></tr>",
            query.question, query.rows, query.p50_ms, query.p99_ms
        );
    }
    page.push_str("</table>\n");
}

fn put_accounts(report: &Report, page: &mut String) {
    if report.accounts.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Each symbol's day</h2>\n<table><tr><th>Day</th><th>Symbol</th><th>Seconds subscribed</th><th>Observed</th>\
         <th>In gaps</th><th>Unexplained</th><th>Shares traded</th><th>Recorded</th><th>Before</th><th>Missing</th></tr>\n",
    );
    for account in &report.accounts {
        let seconds = account.seconds.map(|it| [it.subscribed, it.observed, it.gaps, it.unexplained]);
        let shares = account.shares.map(|it| [it.traded, it.recorded, it.before, it.missing]);
        let seconds = seconds.map_or_else(|| [const { String::new() }; 4], |all| all.map(|it| format!("{it:.3}")));
        let shares = shares.map_or_else(|| [const { String::new() }; 4], |all| all.map(|it| it.to_string()));
        let _ = write!(page, "<tr><td>{}</td><td>{}</td>", account.day, account.symbol);
        for cell in seconds.iter().chain(&shares) {
            let _ = write!(page, "<td class=\"n\">{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

/// A text as it may stand in a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
