//! Where records go, when they are durable, and who may write.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use chrono::{DateTime, Utc};
use obs_archive::{ArchiveError, ArchiveWriter, MAX_LINE, Reader, WriterSettings, is_being_written, segments};
use obs_schema::Stream;
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

fn open(dir: &Path) -> ArchiveWriter {
    let (writer, repairs) = ArchiveWriter::open(dir, WriterSettings::default()).unwrap();
    assert_eq!(repairs, []);
    writer
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Every file of the archive with its content, in the order of time.
fn contents(dir: &Path) -> Vec<(String, String)> {
    let name = |path: &Path| path.strip_prefix(dir).unwrap().display().to_string();
    segments(dir).unwrap().iter().map(|segment| (name(&segment.path), fs::read_to_string(&segment.path).unwrap())).collect()
}

fn expect(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn ticks_change_file_at_the_korean_hour() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    writer.append(Stream::Scalp, at("2026-01-22T00:59:59.999999Z"), b"last of nine").unwrap();
    writer.append(Stream::Scalp, at("2026-01-22T01:00:00Z"), b"first of ten").unwrap();
    writer.close().unwrap();
    let expected = [("scalp/20260122_09.jsonl", "last of nine\n"), ("scalp/20260122_10.jsonl", "first of ten\n")];
    assert_eq!(contents(dir.path()), expect(&expected));
}

#[test]
fn every_stream_changes_file_at_korean_midnight() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    for stream in Stream::ALL {
        writer.append(stream, at("2026-01-22T14:59:59.5Z"), b"old").unwrap();
        writer.append(stream, at("2026-01-22T15:00:00Z"), b"new").unwrap();
    }
    writer.close().unwrap();
    let expected = [
        ("events/20260122.jsonl", "old\n"),
        ("swing/20260122.jsonl", "old\n"),
        ("scalp/20260122_23.jsonl", "old\n"),
        ("events/20260123.jsonl", "new\n"),
        ("swing/20260123.jsonl", "new\n"),
        ("scalp/20260123_00.jsonl", "new\n"),
    ];
    assert_eq!(contents(dir.path()), expect(&expected));
}

#[test]
fn a_rotated_segment_is_durable_before_the_next_one_exists() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    writer.append(Stream::Scalp, at("2026-01-22T00:30:00Z"), b"nine").unwrap();
    writer.append(Stream::Scalp, at("2026-01-22T01:30:00Z"), b"ten").unwrap();
    // No sync: the old file is complete nevertheless and is no longer the writer's; the new one is empty.
    assert_eq!(contents(dir.path()), expect(&[("scalp/20260122_09.jsonl", "nine\n"), ("scalp/20260122_10.jsonl", "")]));
    let durable = writer.durable();
    let of = |name: &str| durable.length_of(&dir.path().join("scalp").join(name));
    assert_eq!((of("20260122_09.jsonl"), of("20260122_10.jsonl")), (None, Some(0)));
}

#[test]
fn a_clock_set_back_does_not_reopen_the_hour_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    for (time, line) in [("00:59:59", "a"), ("01:00:01", "b"), ("00:59:58", "c"), ("01:00:02", "d")] {
        writer.append(Stream::Scalp, at(&format!("2026-01-22T{time}Z")), line.as_bytes()).unwrap();
    }
    writer.close().unwrap();
    let expected = [("scalp/20260122_09.jsonl", "a\n"), ("scalp/20260122_10.jsonl", "b\nc\nd\n")];
    assert_eq!(contents(dir.path()), expect(&expected));
}

#[test]
fn a_second_opening_goes_on_behind_the_first() {
    let dir = tempfile::tempdir().unwrap();
    for line in ["one", "two"] {
        let mut writer = open(dir.path());
        writer.append(Stream::Swing, at("2026-01-22T01:00:00Z"), line.as_bytes()).unwrap();
    }
    assert_eq!(contents(dir.path()), expect(&[("swing/20260122.jsonl", "one\ntwo\n")]));
}

#[test]
fn a_second_writer_is_told_who_has_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = ArchiveWriter::open(dir.path(), WriterSettings::default()).unwrap_err();
    let expected = format!(
        "{} is being written by process {}: stop it, or choose another data folder",
        dir.path().display(),
        std::process::id()
    );
    assert!(matches!(error, ArchiveError::Locked { .. }));
    assert_eq!(error.to_string(), expected);
    drop(first);
    open(dir.path());
}

#[test]
fn a_folder_is_being_written_as_long_as_somebody_has_it() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!is_being_written(dir.path()).unwrap());
    let writer = open(dir.path());
    assert!(is_being_written(dir.path()).unwrap());
    writer.close().unwrap();
    assert!(!is_being_written(dir.path()).unwrap());
    // Asking takes nothing away.
    open(dir.path());
}

#[test]
fn who_only_asks_keeps_nobody_from_writing() {
    let dir = tempfile::tempdir().unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                is_being_written(dir.path()).unwrap();
            }
        });
        let opened: Vec<_> =
            (0..200).map(|_| ArchiveWriter::open(dir.path(), WriterSettings::default()).map(drop)).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    });
}

#[test]
fn durable_lengths_move_only_with_a_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    let durable = writer.durable();
    let path = dir.path().join("scalp/20260122_09.jsonl");
    assert_eq!(durable.length_of(&path), None);
    let mut expected = 0;
    for round in 1..=5 {
        for _ in 0..round {
            writer.append(Stream::Scalp, at("2026-01-22T00:00:00Z"), b"1234567").unwrap();
            assert_eq!(durable.length_of(&path), Some(expected));
            assert_eq!(durable.readable(&path).unwrap(), expected);
        }
        writer.sync().unwrap();
        expected += 8 * round;
        assert_eq!(durable.length_of(&path), Some(expected));
        assert_eq!(fs::metadata(&path).unwrap().len(), expected);
    }
    writer.append(Stream::Scalp, at("2026-01-22T00:00:00Z"), b"1234567").unwrap();
    writer.close().unwrap();
    assert_eq!(durable.length_of(&path), None);
    assert_eq!(durable.readable(&path).unwrap(), expected + 8);
}

#[test]
fn enough_pending_bytes_of_all_streams_together_are_synced_by_append() {
    let dir = tempfile::tempdir().unwrap();
    let settings = WriterSettings { fsync_bytes: 16, ..WriterSettings::default() };
    let (mut writer, _) = ArchiveWriter::open(dir.path(), settings).unwrap();
    let durable = writer.durable();
    let now = at("2026-01-22T00:00:00Z");
    let lengths =
        || ["swing/20260122.jsonl", "scalp/20260122_09.jsonl"].map(|name| durable.length_of(&dir.path().join(name)));
    writer.append(Stream::Swing, now, b"1234567").unwrap();
    writer.append(Stream::Scalp, now, b"123456").unwrap();
    assert_eq!(lengths(), [Some(0), Some(0)]);
    writer.append(Stream::Scalp, now, b"").unwrap_err();
    writer.append(Stream::Scalp, now, b"1").unwrap();
    assert_eq!(lengths(), [Some(8), Some(9)]);
    assert_eq!(writer.sync_in(now), None);
}

#[test]
fn the_oldest_pending_record_says_when_to_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    let ms = |ms| at("2026-01-22T00:00:00Z") + Duration::from_millis(ms);
    assert_eq!((writer.sync_in(ms(0)), writer.sync_due(ms(1000))), (None, false));
    writer.append(Stream::Scalp, ms(0), b"a").unwrap();
    writer.append(Stream::Swing, ms(60), b"b").unwrap();
    assert_eq!(writer.sync_in(ms(70)), Some(Duration::from_millis(30)));
    assert!(!writer.sync_due(ms(99)));
    assert!(writer.sync_due(ms(100)));
    assert!(writer.sync_due(ms(5000)));
    // The next Korean hour begins and the ticks of the old one are synced: the bar is the oldest now.
    writer.append(Stream::Scalp, ms(3_600_000), b"c").unwrap();
    assert_eq!(writer.sync_in(ms(70)), Some(Duration::from_millis(90)));
    // A clock set back says nothing about how long a record has waited.
    assert!(writer.sync_due(ms(0)));
    writer.sync().unwrap();
    assert_eq!(writer.sync_in(ms(70)), None);
}

#[test]
fn what_is_not_one_line_is_refused_and_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    let now = at("2026-01-22T00:00:00Z");
    let longest = vec![b'x'; MAX_LINE];
    let too_long = vec![b'x'; MAX_LINE + 1];
    let refused: [(&[u8], &str); 4] = [
        (b"", "is empty"),
        (b"a\nb", "contains a line feed"),
        (b"a\r", "ends in a carriage return"),
        (&too_long, "is longer than 1 MiB"),
    ];
    for (line, problem) in refused {
        let error = writer.append(Stream::Scalp, now, line).unwrap_err();
        let expected = format!("cannot append to the scalp archive: the line {problem}; give one record as one line");
        assert_eq!(error.to_string(), expected);
    }
    writer.append(Stream::Scalp, now, &longest).unwrap();
    writer.append(Stream::Scalp, now, b"\0\xff\"").unwrap();
    writer.close().unwrap();
    let mut reader = Reader::open(dir.path().join("scalp/20260122_09.jsonl")).unwrap();
    assert_eq!(reader.line().unwrap().unwrap().bytes, longest);
    assert_eq!(reader.line().unwrap().unwrap().bytes, b"\0\xff\"");
    assert_eq!(reader.line().unwrap(), None);
}

#[test]
fn files_that_are_not_of_the_archive_are_not_listed() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(segments(&dir.path().join("no such folder")), Err(ArchiveError::Read { .. })));
    assert_eq!(segments(dir.path()).unwrap(), []);
    let scalp = dir.path().join("scalp");
    fs::create_dir_all(scalp.join("20260122_11.jsonl")).unwrap();
    let names = [
        "20260122_09.jsonl",
        "20260122_09.jsonl.torn",
        "20260122_9.jsonl",
        "+2026012_09.jsonl",
        "20260122_24.jsonl",
        "20261322_09.jsonl",
        "20260122.jsonl",
        "20260122_09.json",
        "20260122_10 (copy).jsonl",
    ];
    for name in names {
        fs::write(scalp.join(name), "x\n").unwrap();
    }
    let found = segments(dir.path()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].stream, found[0].start), (Stream::Scalp, at("2026-01-22T00:00:00Z")));
    assert_eq!(found[0].path, scalp.join("20260122_09.jsonl"));
}
