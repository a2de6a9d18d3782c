//! What this machine brings: the folder, its disk, the database, the calendar.

use std::{fs::File, io::Write, path::Path, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use obs_cli::{Database, open_store};
use obs_model::{Calendar, KST, trading_day};
use obs_store::StoreError;

use super::finding::Finding;

/// A day of forty busy symbols is a quarter of a gigabyte of archive, and as much again in the database.
const LITTLE_SPACE: u64 = 5_000_000_000;
const TOO_LITTLE_SPACE: u64 = 500_000_000;

/// A disk that takes longer to promise something holds up every tick.
const SLOW_DISK_MS: u128 = 100;

/// The holidays should be known for so long ahead.
const FORESIGHT: TimeDelta = TimeDelta::days(60);

/// Whether the folder can be written, how fast its disk is, and how much room it has.
pub(crate) fn disk(dir: &Path) -> Finding {
    let subject = "disk";
    let shown = dir.display();
    let advice = format!("let this user write to {shown}, or name another folder with --data-dir");
    if let Err(error) = std::fs::create_dir_all(dir) {
        return Finding::failure(subject, format!("{shown} cannot be made: {error}"), advice);
    }
    let started = Instant::now();
    if let Err(error) = write_through(dir) {
        return Finding::failure(subject, format!("{shown} cannot be written: {error}"), advice);
    }
    let took = started.elapsed().as_millis();
    let free = match rustix::fs::statvfs(dir) {
        Ok(space) => space.f_bavail.saturating_mul(space.f_frsize),
        Err(error) => {
            return Finding::warning(subject, format!("the room in {shown} is not known: {error}"), "look with df");
        }
    };
    let detail =
        format!("{shown}: {}.{} GB free, a write is safe after {took} ms", free / 1_000_000_000, free / 100_000_000 % 10);
    let more = "a day of 41 busy symbols needs about half a gigabyte: make room, or name another folder with --data-dir";
    if free < TOO_LITTLE_SPACE {
        Finding::failure(subject, detail, more)
    } else if free < LITTLE_SPACE {
        Finding::warning(subject, detail, more)
    } else if took > SLOW_DISK_MS {
        Finding::warning(subject, detail, "ticks wait for the disk: use a local one, not a network share")
    } else {
        Finding::ok(subject, detail)
    }
}

fn write_through(dir: &Path) -> std::io::Result<()> {
    let mut file: File = tempfile::tempfile_in(dir)?;
    file.write_all(b"Observer was here.\n")?;
    file.sync_all()
}

/// Whether the database answers, and what its schema is.
pub(crate) async fn database(database: &Database) -> Finding {
    let subject = "database";
    if let Database::Sqlite(path) = database
        && !path.exists()
    {
        return Finding::ok(subject, format!("{database} is not there yet; the collector will make it"));
    }
    let advice = "check DATABASE_URL, that the server runs and lets this machine in; the archive goes on without it";
    let store = match open_store(database).await {
        Ok(store) => store,
        Err(error) => return Finding::failure(subject, format!("{database}: {error}"), advice),
    };
    match (store.applied_migrations().await, store.check_schema().await) {
        (Ok(applied), _) if applied.is_empty() => {
            Finding::ok(subject, format!("{database} answers and is empty; the collector will make the tables"))
        }
        (Ok(applied), Ok(())) => {
            Finding::ok(subject, format!("{database} answers; {} migrations are applied", applied.len()))
        }
        (Ok(_), Err(error @ StoreError::Schema { .. })) => {
            Finding::failure(subject, format!("{database}: {error}"), "run: cargo xtask migrate")
        }
        (Err(error), _) | (_, Err(error)) => Finding::failure(subject, format!("{database}: {error}"), advice),
    }
}

/// What day it is, and when the market opens next.
pub(crate) fn calendar(calendar: &Calendar, now: DateTime<Utc>) -> Finding {
    let subject = "calendar";
    let shown = |at: DateTime<Utc>| at.with_timezone(&KST).format("%a %Y-%m-%d %H:%M");
    let next = match calendar.session_at_or_after(now) {
        Some((open, close)) if open <= now => format!("the market is open until {} KST", shown(close)),
        Some((open, _)) => format!("the market opens next on {} KST", shown(open)),
        None => return Finding::failure(subject, "no session within a month", "check the clock: is the year right?"),
    };
    match calendar.known_until() {
        Some(until) if until < trading_day(now + FORESIGHT) => Finding::warning(
            subject,
            format!("{next}; holidays are known until {until} only"),
            "install a newer version of Observer, or use live keys: the broker says which days are holidays",
        ),
        Some(until) => Finding::ok(subject, format!("{next}; holidays are known until {until}")),
        None => Finding::ok(subject, next),
    }
}
