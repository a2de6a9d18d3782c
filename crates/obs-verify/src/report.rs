//! What verification says.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use obs_model::{GapReason, KST, Symbol};
use serde::Serialize;

use crate::{Code, QueryTime, Severity};

/// How many findings of one code a section lists. All are counted; a store that lost a day would list millions.
const LISTED: u64 = 100;

/// Whether a record is sound, and where it is not. Its JSON form is documented in `docs/VERIFY.md`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub version: u32,
    /// No finding is an error.
    pub sound: bool,
    /// The store, without a password.
    pub store: String,
    /// The first and the last trading day that was looked at; `None` if there is none.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// What was looked at, a section a subject.
    pub sections: Vec<Section>,
    /// Each symbol's day in seconds and in shares.
    pub accounts: Vec<Account>,
    /// How many bars have which coverage, from full to thin.
    pub coverage: Vec<CoverageBand>,
    /// The mean coverage of each symbol's hours, for a heat map.
    pub heat: Vec<HeatCell>,
    /// The gaps, for a timeline.
    pub timeline: Vec<TimelineGap>,
    /// How long the store takes for what people ask most; empty unless somebody [measured](crate::measure) it.
    pub queries: Vec<QueryTime>,
}

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Archive files and loading positions.
    Files,
    /// Ticks, archive against store.
    Ticks,
    /// One-minute bars against the stored ticks.
    Bars,
    /// Ten-minute bars, archive against store.
    Swing,
    /// Gaps and attested time, archive against store.
    Gaps,
    /// The identity in seconds.
    Seconds,
    /// The identity in shares.
    Shares,
    /// The reject ledger.
    Rejects,
    /// What is odd about the data itself.
    Sanity,
}

/// One subject of a report.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// The subject.
    pub subject: Subject,
    /// What was counted.
    pub facts: Vec<Fact>,
    /// What was found, at most a hundred of each code.
    pub findings: Vec<Finding>,
    /// How many findings there are of each code, listed or not.
    pub counts: BTreeMap<&'static str, u64>,
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What was counted.
    pub name: String,
    /// How much there is of it.
    pub value: u64,
}

/// Something that is wrong, odd or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The row or the line: a table with a key, or a file with a line's number.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// A symbol's trading day in seconds and shares. `None` where the archive does not tell: feeds without events, records without
/// running totals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// The Korean trading day.
    pub day: NaiveDate,
    /// What was traded.
    pub symbol: Symbol,
    /// The session in seconds.
    pub seconds: Option<Seconds>,
    /// The day in shares.
    pub shares: Option<Shares>,
}

/// A session's time while a symbol was subscribed, in seconds. `observed + gaps + unexplained - twice = subscribed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Session time while the symbol was subscribed.
    pub subscribed: f64,
    /// Of it: the feed was attested alive.
    pub observed: f64,
    /// Of it: gaps.
    pub gaps: f64,
    /// Of it: neither.
    pub unexplained: f64,
    /// Of it: both.
    pub twice: f64,
}

/// A symbol's day in shares. `recorded + before + missing = traded`, as far as the last record tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// By the broker's running total.
    pub traded: i64,
    /// Recorded, each share once.
    pub recorded: i64,
    /// Traded before the first record.
    pub before: i64,
    /// Missing between records.
    pub missing: i64,
    /// Of the missing: told by lines of losses.
    pub told: i64,
}

/// Bars of a range of coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageBand {
    /// The range.
    pub band: &'static str,
    /// How many bars.
    pub bars: u64,
}

/// A symbol's hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatCell {
    /// The Korean trading day.
    pub day: NaiveDate,
    /// The hour, Korean time.
    pub hour: u32,
    /// What was traded.
    pub symbol: Symbol,
    /// Mean coverage of its bars, 0 to 1.
    pub coverage: f64,
}

/// A stored gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineGap {
    /// The last evidence before it.
    pub start: DateTime<Utc>,
    /// The first evidence after it.
    pub end: DateTime<Utc>,
    /// Why.
    pub reason: GapReason,
}

impl Report {
    /// All findings, by section.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|section| &section.findings)
    }

    /// The section on a subject.
    #[must_use]
    pub fn section(&self, subject: Subject) -> Option<&Section> {
        self.sections.iter().find(|section| section.subject == subject)
    }
}

impl Section {
    pub(crate) const fn new(subject: Subject) -> Self {
        Self { subject, facts: Vec::new(), findings: Vec::new(), counts: BTreeMap::new() }
    }

    /// Adds to a number.
    pub(crate) fn count(&mut self, name: &str, value: u64) {
        match self.facts.iter_mut().find(|fact| fact.name == name) {
            Some(fact) => fact.value += value,
            None => self.facts.push(Fact { name: name.to_owned(), value }),
        }
    }

    pub(crate) fn find(&mut self, code: Code, place: impl Into<String>, what: impl Into<String>) {
        let count = self.counts.entry(code.as_str()).or_default();
        *count += 1;
        if *count <= LISTED {
            let severity = code.severity();
            self.findings.push(Finding { code, severity, place: place.into(), what: what.into() });
        }
    }

    /// Whether no finding of it is an error.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

impl Subject {
    /// A heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Files => "Archive files",
            Self::Ticks => "Ticks",
            Self::Bars => "One-minute bars",
            Self::Swing => "Ten-minute bars",
            Self::Gaps => "Gaps and attested time",
            Self::Seconds => "Accounted seconds",
            Self::Shares => "Accounted shares",
            Self::Rejects => "Rejected lines",
            Self::Sanity => "Sanity of the data",
        }
    }
}

/// An instant in Korean time, for people.
pub(crate) fn korean(at: DateTime<Utc>) -> String {
    at.with_timezone(&KST).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
