//! A machine whose disk, power and clock fail on request.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use obs_archive::segments;
use rand::{Rng, RngExt};
use tempfile::TempDir;

/// Where `machine.c` has its fields.
const CLOCK: u64 = 0;
const WRITE_ERROR: u64 = 8;
const SYNC_ERROR: u64 = 12;
const SYNC_TIME: u64 = 16;
const LENGTH: u64 = 24;

/// What a disk says when it fails: numbers of Linux.
#[derive(Clone, Copy)]
pub(super) enum DiskError {
    /// ENOSPC: it is full.
    Full,
    /// EIO while writing.
    Write,
    /// EIO while syncing.
    Sync,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "disk full",
            Self::Write => "disk does not write",
            Self::Sync => "disk does not sync",
        })
    }
}

/// Compiles what stands between a program and the C library, once for all episodes.
pub(super) fn compile(into: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (into.join("machine.c"), into.join("machine.so"));
    fs::write(&source, include_str!("machine.c"))?;
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    ensure!(compiler.status().context("cannot run cc, the C compiler")?.success(), "machine.c does not compile");
    Ok(library)
}

/// A machine with a data folder.
pub(super) struct Machine {
    library: PathBuf,
    /// The control file, and how much of each file is on the disk.
    private: TempDir,
    control: File,
    /// The folder that a collector writes to.
    pub(super) dir: PathBuf,
    /// From when on the clock was how wrong.
    skews: Vec<(DateTime<Utc>, TimeDelta)>,
}

impl Machine {
    pub(super) fn new(library: &Path, dir: &Path) -> anyhow::Result<Self> {
        let private = tempfile::tempdir()?;
        fs::create_dir(private.path().join("notes"))?;
        let control = OpenOptions::new().write(true).create_new(true).open(private.path().join("control"))?;
        control.set_len(LENGTH)?;
        let dir = fs::canonicalize(dir)?;
        Ok(Self { library: library.to_owned(), private, control, dir, skews: Vec::new() })
    }

    /// Lets a program run on it.
    pub(super) fn runs(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CHAOS_FOLDER", &self.dir);
        command.env("CHAOS_CONTROL", self.private.path().join("control"));
        command.env("CHAOS_NOTES", self.private.path().join("notes"));
    }

    /// From now on the disk fails so, or works.
    pub(super) fn set_disk(&self, error: Option<DiskError>) -> anyhow::Result<()> {
        let (no_space, io): (i32, i32) = (28, 5);
        let (write, sync) = match error {
            None => (0, 0),
            Some(DiskError::Full) => (no_space, 0),
            Some(DiskError::Write) => (io, 0),
            Some(DiskError::Sync) => (0, io),
        };
        self.control.write_all_at(&write.to_ne_bytes(), WRITE_ERROR)?;
        Ok(self.control.write_all_at(&sync.to_ne_bytes(), SYNC_ERROR)?)
    }

    /// From now on syncing takes so long.
    pub(super) fn set_sync_time(&self, time: Duration) -> anyhow::Result<()> {
        let microseconds = i64::try_from(time.as_micros())?;
        Ok(self.control.write_all_at(&microseconds.to_ne_bytes(), SYNC_TIME)?)
    }

    /// From now on the clock is so wrong.
    pub(super) fn set_clock(&mut self, by: TimeDelta) -> anyhow::Result<()> {
        self.skews.push((Utc::now(), by));
        let nanoseconds = by.num_nanoseconds().context("too long")?;
        Ok(self.control.write_all_at(&nanoseconds.to_ne_bytes(), CLOCK)?)
    }

    /// What its clock may have shown around an instant, if who looked did so within `tolerance`.
    pub(super) fn shown(&self, at: DateTime<Utc>, tolerance: TimeDelta) -> Vec<DateTime<Utc>> {
        let right = (DateTime::<Utc>::MIN_UTC, TimeDelta::zero());
        let skews: Vec<_> = std::iter::once(right).chain(self.skews.iter().copied()).collect();
        let until = |nth: usize| skews.get(nth + 1).map_or(DateTime::<Utc>::MAX_UTC, |next| next.0);
        let in_force = skews.iter().enumerate().filter(|(nth, (since, _))| {
            since.signed_duration_since(at) <= tolerance && at.signed_duration_since(until(*nth)) <= tolerance
        });
        in_force.map(|(_, (_, skew))| at + *skew).collect()
    }

    /// What a loss of power leaves: of what was not synced some part, or nothing in its place. Returns how many bytes it took.
    pub(super) fn lose_power(&self, rng: &mut impl Rng) -> anyhow::Result<u64> {
        let mut lost = 0;
        for segment in segments(&self.dir)? {
            let file = OpenOptions::new().write(true).open(&segment.path)?;
            let known = file.metadata()?;
            let synced = self.noted(known.ino(), "synced").first().map_or(0, |synced| known.len().min(*synced));
            if let [from, until] = self.noted(known.ino(), "dropped")[..] {
                file.write_all_at(&vec![0; usize::try_from(until.saturating_sub(from))?], from)?;
            }
            if synced < known.len() {
                let kept = rng.random_range(synced..known.len());
                lost += known.len() - kept;
                file.set_len(kept)?;
                // The length may have been written and the content not.
                if rng.random_bool(0.3) {
                    file.set_len(kept + rng.random_range(1..5_000))?;
                }
            }
        }
        Ok(lost)
    }

    fn noted(&self, file: u64, word: &str) -> Vec<u64> {
        let path = self.private.path().join("notes").join(format!("{file}.{word}"));
        let text = fs::read_to_string(path).unwrap_or_default();
        text.split(' ').filter_map(|number| number.parse().ok()).collect()
    }
}
