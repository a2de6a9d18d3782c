//! Holes that only silence tells of.

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::silences;
use obs_model::Calendar;

use crate::at;

fn found(evidence: &[&str]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    silences(evidence.iter().map(|time| at(time)), TimeDelta::minutes(11), &Calendar::krx())
}

#[test]
fn silence_is_a_hole_when_it_is_longer_than_expected() {
    assert_eq!(found(&["01:00:00", "01:11:00", "01:11:00", "01:21:00"]), []);
    assert_eq!(found(&["01:21:01", "01:00:00", "01:10:00"]), [(at("01:10:00"), at("01:21:01"))]);
    assert_eq!(found(&[]), []);
}

#[test]
fn silence_outside_the_session_is_none() {
    assert_eq!(found(&["06:20:00", "12:00:00"]), []);
    assert_eq!(found(&["06:15:00", "12:00:00"]), [(at("06:15:00"), at("06:30:00"))]);
    let night = [at("06:29:00"), at("00:10:00") + TimeDelta::days(1)];
    assert_eq!(silences(night, TimeDelta::minutes(11), &Calendar::krx()), []);
}
