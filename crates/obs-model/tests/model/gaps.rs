//! The length and class of a hole in the record.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Gap, GapReason, GapScope, SessionId, Severity};

fn gap_of(length: TimeDelta) -> Gap {
    let start: DateTime<Utc> = "2026-01-23T00:00:00.25Z".parse().unwrap();
    let session = SessionId::new("s1").unwrap();
    Gap::new((start, start + length), GapScope::Scalp, GapReason::WsTimeout, Vec::new(), session).unwrap()
}

#[test]
fn seconds_are_rounded_half_up() {
    let table = [(0, 0), (499, 0), (500, 1), (1_000, 1), (1_499, 1), (1_500, 2), (2_500, 3), (599_500, 600)];
    for (milliseconds, seconds) in table {
        assert_eq!(gap_of(TimeDelta::milliseconds(milliseconds)).seconds(), seconds, "{milliseconds} ms");
    }
    assert_eq!(gap_of(TimeDelta::microseconds(499_999)).seconds(), 0);
    assert_eq!(gap_of(TimeDelta::days(365 * 80)).seconds(), i32::MAX, "longer than the column can say");
}

#[test]
fn the_class_changes_at_one_and_at_five_minutes() {
    let table = [
        (0, Severity::Minor),
        (59_999, Severity::Minor),
        (60_000, Severity::Major),
        (299_999, Severity::Major),
        (300_000, Severity::Critical),
        (86_400_000, Severity::Critical),
    ];
    for (milliseconds, severity) in table {
        assert_eq!(gap_of(TimeDelta::milliseconds(milliseconds)).severity(), severity, "{milliseconds} ms");
    }
    assert!(Severity::Minor < Severity::Major && Severity::Major < Severity::Critical);
}

#[test]
fn a_gap_that_ends_before_it_starts_is_refused() {
    let start: DateTime<Utc> = "2026-01-23T00:00:01Z".parse().unwrap();
    let session = SessionId::new("s1").unwrap();
    let ends = (start, start - TimeDelta::seconds(1));
    let error = Gap::new(ends, GapScope::All, GapReason::ManualStop, Vec::new(), session).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#""2026-01-23 00:00:01 UTC to 2026-01-23 00:00:00 UTC" is not a gap: it ends before it starts"#
    );
}
