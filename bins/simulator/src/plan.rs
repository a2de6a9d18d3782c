//! Faults that are planned: on the command line, or in a file.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, anyhow};
use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use obs_model::KST;
use obs_sim::Scheduled;
use serde::Deserialize;

/// Reads `FAULT@TIME[+DURATION]`.
pub(crate) fn planned(text: &str, start: DateTime<Utc>) -> anyhow::Result<Scheduled> {
    let (fault, when) = text.rsplit_once('@').ok_or_else(|| anyhow!("say when, such as {text}@10:15"))?;
    let (at, lasting) = when.split_once('+').map_or((when, None), |(at, lasting)| (at, Some(lasting)));
    schedule(fault, at, lasting, start)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    fault: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at: String,
    fault: String,
    #[serde(rename = "for")]
    lasting: Option<String>,
}

/// Reads a file of faults.
pub(crate) fn from_file(path: &Path, start: DateTime<Utc>) -> anyhow::Result<Vec<Scheduled>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the faults in {}", path.display()))?;
    let file: File = toml::from_str(&text).with_context(|| format!("cannot understand the faults in {}", path.display()))?;
    let read = |(number, entry): (usize, &Entry)| {
        let place = || format!("fault {} in {}", number + 1, path.display());
        schedule(&entry.fault, &entry.at, entry.lasting.as_deref(), start).with_context(place)
    };
    file.fault.iter().enumerate().map(read).collect()
}

fn schedule(fault: &str, at: &str, lasting: Option<&str>, start: DateTime<Utc>) -> anyhow::Result<Scheduled> {
    Ok(Scheduled {
        at: instant(at, start).ok_or_else(|| anyhow!("{at:?} is no time: write 10:15, 10:15:30 or 2026-11-23T10:15"))?,
        fault: fault.parse()?,
        lasting: lasting.map_or(Ok(Duration::ZERO), humantime::parse_duration)?,
    })
}

/// A Korean time; without a date, the first such time from the start on.
fn instant(text: &str, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let dated = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let korean = match dated.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        Some(time) => time,
        None => {
            let time = ["%H:%M:%S", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())?;
            let today = start.with_timezone(&KST).naive_local();
            let day = if time < today.time() { today.date().succ_opt()? } else { today.date() };
            day.and_time(time)
        }
    };
    korean.checked_sub_signed(TimeDelta::hours(9)).map(|utc| utc.and_utc())
}

#[cfg(test)]
mod tests {
    use obs_sim::Fault;

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-23T08:50:00+09:00".parse().unwrap()
    }

    #[test]
    fn a_time_is_korean_and_the_next_one_of_its_kind() {
        let at = |text: &str| planned(text, start()).unwrap().at;
        assert_eq!(at("drop@10:15"), "2026-11-23T01:15:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(at("drop@08:49:59"), "2026-11-23T23:49:59Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(at("drop@2026-12-01T09:00"), "2026-12-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn values_and_durations_are_read() {
        let Scheduled { fault, lasting, .. } = planned("clock-skew:-30@09:00+1m 30s", start()).unwrap();
        assert_eq!((fault, lasting), (Fault::ClockSkew { by: TimeDelta::seconds(-30) }, Duration::from_secs(90)));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let complaint = |text: &str| planned(text, start()).unwrap_err().to_string();
        assert_eq!(complaint("drop"), "say when, such as drop@10:15");
        assert_eq!(complaint("drop@noon"), "\"noon\" is no time: write 10:15, 10:15:30 or 2026-11-23T10:15");
        assert!(complaint("quake@10:15").starts_with("\"quake\" is no fault: use drop, "));
    }

    #[test]
    fn a_file_lists_faults_and_a_mistake_in_it_has_a_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("faults.toml");
        fs::write(&path, "[[fault]]\nat = \"10:15\"\nfault = \"silence\"\nfor = \"90s\"\n").unwrap();
        let faults = from_file(&path, start()).unwrap();
        assert_eq!((faults.len(), &faults[0].fault, faults[0].lasting), (1, &Fault::Silence, Duration::from_secs(90)));
        fs::write(&path, "[[fault]]\nat = \"10:15\"\nfault = \"quake\"\n").unwrap();
        let error = from_file(&path, start()).unwrap_err().to_string();
        assert_eq!(error, format!("fault 1 in {}", path.display()));
    }
}
