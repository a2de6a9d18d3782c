//! Disks that fail, played by devices that do: `/dev/full` has no room, and `/dev/null` takes everything and syncs nothing.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use chrono::{DateTime, Utc};
use obs_archive::{ArchiveError, ArchiveWriter, WriterSettings};
use obs_schema::Stream;
use std::{error::Error, fs, io::ErrorKind, os::unix::fs::symlink, path::PathBuf};
use tempfile::TempDir;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A writer whose ticks of nine o'clock go to a device.
fn writing_to(device: &str) -> (TempDir, ArchiveWriter, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scalp/20260122_09.jsonl");
    fs::create_dir(dir.path().join("scalp")).unwrap();
    symlink(device, &path).unwrap();
    let (writer, repairs) = ArchiveWriter::open(dir.path(), WriterSettings::default()).unwrap();
    assert_eq!(repairs, []);
    (dir, writer, path)
}

#[test]
fn a_full_disk_is_said_and_ends_the_writer() {
    let (dir, mut writer, path) = writing_to("/dev/full");
    let nine = at("2026-01-22T00:30:00Z");
    writer.append(Stream::Swing, nine, b"a bar").unwrap();
    writer.sync().unwrap();
    writer.append(Stream::Scalp, nine, b"a tick").unwrap();
    let error = writer.sync().unwrap_err();
    let said =
        format!("cannot write {}: the disk is full; make room for {}", path.display(), dir.path().join("scalp").display());
    assert!(matches!(&error, ArchiveError::Write { source, .. } if source.kind() == ErrorKind::StorageFull));
    assert_eq!(error.to_string(), said);
    assert!(error.source().is_some());

    // Everything else says the same, other streams and later hours too.
    let later = at("2026-01-22T05:00:00Z");
    assert_eq!(writer.append(Stream::Scalp, nine, b"a tick").unwrap_err().to_string(), said);
    assert_eq!(writer.append(Stream::Events, later, b"a gap").unwrap_err().to_string(), said);
    assert_eq!(writer.sync().unwrap_err().to_string(), said);
    let durable = writer.durable();
    assert_eq!(writer.close().unwrap_err().to_string(), said);

    // What was synced before stays so, and nothing is claimed beyond it.
    assert_eq!(durable.length_of(&path), Some(0));
    assert_eq!(durable.length_of(&dir.path().join("swing/20260122.jsonl")), Some(6));
    assert_eq!(fs::read(dir.path().join("swing/20260122.jsonl")).unwrap(), b"a bar\n");
    assert!(!dir.path().join("events/20260122.jsonl").exists());

    // With room again, a new writer goes on.
    fs::remove_file(&path).unwrap();
    let (mut writer, _) = ArchiveWriter::open(dir.path(), WriterSettings::default()).unwrap();
    writer.append(Stream::Scalp, nine, b"a tick").unwrap();
    writer.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"a tick\n");
}

#[test]
fn a_failed_fsync_ends_the_writer() {
    let (_dir, mut writer, path) = writing_to("/dev/null");
    writer.append(Stream::Scalp, at("2026-01-22T00:30:00Z"), b"a tick").unwrap();
    let error = writer.sync().unwrap_err();
    assert!(matches!(&error, ArchiveError::Sync { path: named, .. } if *named == path));
    assert!(error.to_string().starts_with(&format!("what was last written to {} may not be on the disk: ", path.display())));
    assert_eq!(writer.durable().length_of(&path), Some(0));
    assert_eq!(writer.sync().unwrap_err().to_string(), error.to_string());
}

#[test]
fn a_failure_while_changing_files_ends_the_writer() {
    let (dir, mut writer, _) = writing_to("/dev/full");
    writer.append(Stream::Scalp, at("2026-01-22T00:59:59Z"), b"a tick").unwrap();
    let error = writer.append(Stream::Scalp, at("2026-01-22T01:00:00Z"), b"a tick").unwrap_err();
    assert!(matches!(error, ArchiveError::Write { .. }));
    assert_eq!(writer.sync().unwrap_err().to_string(), error.to_string());
    assert!(!dir.path().join("scalp/20260122_10.jsonl").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("swing"), "a file in the way").unwrap();
    let error = ArchiveWriter::open(dir.path(), WriterSettings::default()).unwrap_err();
    assert!(matches!(&error, ArchiveError::Write { path, .. } if *path == dir.path().join("swing")));
}
