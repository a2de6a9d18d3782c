//! What a check found, and how it is shown.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::NOTHING};
use serde::Serialize;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// The collector would run; somebody should look at it.
    Warning,
    /// The collector would not run, or not do its work.
    Failure,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) subject: &'static str,
    pub(crate) state: State,
    /// What was found.
    pub(crate) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(crate) fn ok(subject: &'static str, detail: impl Into<String>) -> Self {
        Self { subject, state: State::Ok, detail: detail.into(), advice: None }
    }

    pub(crate) fn warning(subject: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, state: State::Warning, detail: detail.into(), advice: Some(advice.into()) }
    }

    pub(crate) fn failure(subject: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, state: State::Failure, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// The report for a terminal: one line each, and below a line that is not in order what to do.
pub(crate) fn table(findings: &[Finding]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for finding in findings {
        let (word, color) = match finding.state {
            State::Ok => ("ok", Color::Green),
            State::Warning => ("warning", Color::Yellow),
            State::Failure => ("FAILURE", Color::Red),
        };
        let detail = match &finding.advice {
            None => finding.detail.clone(),
            Some(advice) => format!("{}\n→ {advice}", finding.detail),
        };
        table.add_row([Cell::new(word).fg(color), Cell::new(finding.subject), Cell::new(detail)]);
    }
    table
}
