//! A report for a terminal.

use std::{collections::BTreeMap, fmt};

use chrono::NaiveDate;
use obs_cli::{grouped, table};
use obs_verify::{Account, Finding, Report, Section, Severity};

/// The most findings of a code that are printed; `--json` and `--html` list more.
const PRINTED: usize = 10;

/// A report that prints as tables and lists.
pub(crate) struct Shown<'a>(pub(crate) &'a Report);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report) = self;
        let counts = |section: &Section, severity| grouped(number(section, severity));
        let rows = report.sections.iter().map(|section| {
            let [errors, warnings, notes] =
                [Severity::Error, Severity::Warning, Severity::Note].map(|severity| counts(section, severity));
            [section.subject.title().to_owned(), errors, warnings, notes]
        });
        writeln!(f, "{}", table(["Subject", "Errors", "Warnings", "Notes"], rows))?;
        for section in &report.sections {
            let facts = section.facts.iter().filter(|fact| fact.value > 0);
            let facts: Vec<_> = facts.map(|fact| format!("{} {}", grouped(fact.value), fact.name)).collect();
            if !facts.is_empty() {
                writeln!(f, "{}: {}", section.subject.title(), facts.join("; "))?;
            }
        }
        days(report, f)?;
        let bars: u64 = report.coverage.iter().map(|band| band.bars).sum();
        if bars > 0 {
            let share = |count: u64| format!("{:.1} %", 100.0 * count as f64 / bars as f64);
            let rows = report.coverage.iter().map(|band| [band.band.to_owned(), grouped(band.bars), share(band.bars)]);
            writeln!(f, "{}", table(["Coverage of bars", "Bars", "Share"], rows))?;
        }
        if !report.queries.is_empty() {
            let milliseconds = |time: f64| format!("{time:.2} ms");
            let rows = report.queries.iter().map(|query| {
                let (p50, p99) = (milliseconds(query.p50_ms), milliseconds(query.p99_ms));
                [query.question.to_owned(), grouped(query.rows as u64), p50, p99]
            });
            writeln!(f, "{}", table(["Question", "Rows", "50 of 100", "99 of 100"], rows))?;
        }
        for section in report.sections.iter().filter(|section| !section.findings.is_empty()) {
            writeln!(f, "{}", section.subject.title())?;
            for (code, count) in &section.counts {
                let of_code = section.findings.iter().filter(|finding| finding.code.as_str() == *code);
                of_code.take(PRINTED).try_for_each(|finding| line(finding, f))?;
                if *count > PRINTED as u64 {
                    writeln!(f, "  … and {} more of {code}; --json and --html list more", grouped(count - PRINTED as u64))?;
                }
            }
        }
        let verdict = if report.sound { "The record is sound" } else { "The record is NOT sound" };
        match report.days {
            Some((first, last)) => write!(f, "{verdict}: {}, {first} to {last}", report.store),
            None => write!(f, "{verdict}: {}, without any day", report.store),
        }
    }
}

/// How many findings of a severity a section has, listed or not.
fn number(section: &Section, severity: Severity) -> u64 {
    let codes: BTreeMap<_, _> = section.findings.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect();
    let of_severity = section.counts.iter().filter(|(code, _)| codes.get(*code) == Some(&severity));
    of_severity.map(|(_, count)| count).sum()
}

fn line(finding: &Finding, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    writeln!(f, "  {severity} {}: {}: {}", finding.code, finding.place, finding.what)
}

/// Each day in seconds and in shares, all symbols together.
fn days(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut days: BTreeMap<NaiveDate, Vec<&Account>> = BTreeMap::new();
    for account in &report.accounts {
        days.entry(account.day).or_default().push(account);
    }
    if days.is_empty() {
        return Ok(());
    }
    let rows = days.into_iter().map(|(day, accounts)| {
        let seconds = |of: fn(&obs_verify::Seconds) -> f64| -> String {
            let sum: f64 = accounts.iter().filter_map(|account| account.seconds.as_ref()).map(of).sum();
            grouped(sum.round() as u64)
        };
        let shares = |of: fn(&obs_verify::Shares) -> i64| -> i64 {
            accounts.iter().filter_map(|account| account.shares.as_ref()).map(of).sum()
        };
        let (recorded, traded) = (shares(|shares| shares.recorded), shares(|shares| shares.traded));
        [
            day.to_string(),
            accounts.len().to_string(),
            seconds(|seconds| seconds.subscribed),
            seconds(|seconds| seconds.observed),
            seconds(|seconds| seconds.gaps),
            seconds(|seconds| seconds.unexplained),
            grouped(traded.unsigned_abs()),
            if traded > 0 { format!("{:.4} %", 100.0 * recorded as f64 / traded as f64) } else { String::new() },
            grouped(shares(|shares| shares.missing).unsigned_abs()),
        ]
    });
    let header = ["Day", "Symbols", "Seconds", "Observed", "In gaps", "Unexplained", "Shares traded", "Recorded", "Missing"];
    writeln!(f, "{}", table(header, rows))
}
