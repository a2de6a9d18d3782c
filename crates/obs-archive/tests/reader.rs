//! Reading lines, whatever is in them, and continuing from a position.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use chrono::{DateTime, Utc};
use obs_archive::{ArchiveError, ArchiveWriter, MAX_LINE, Reader, SHOWN, WriterSettings, last_line};
use obs_schema::Stream;
use proptest::prelude::*;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file.jsonl");
    fs::write(&path, content).unwrap();
    (dir, path)
}

fn grow(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// The next line's content and whether it is too long.
fn next(reader: &mut Reader) -> Option<(Vec<u8>, bool)> {
    reader.line().unwrap().map(|line| (line.bytes.to_vec(), line.too_long))
}

#[test]
fn lines_come_with_number_and_place_whatever_they_hold() {
    let content = b"{\"a\":1}\n\n\r\n\0\0\ncr\rin it\r\n\xff\xfe\xea\n\xed\x95\x9c\nno end";
    let (_dir, path) = file(content);
    let mut reader = Reader::open(&path).unwrap();
    let expected: [(&[u8], u64); 7] = [
        (b"{\"a\":1}", 8),
        (b"", 9),
        (b"", 11),
        (b"\0\0", 14),
        (b"cr\rin it", 24),
        (b"\xff\xfe\xea", 28),
        ("한".as_bytes(), 32),
    ];
    let mut offset = 0;
    for (number, (bytes, end)) in (1..).zip(expected) {
        let line = reader.line().unwrap().unwrap();
        assert_eq!((line.number, line.offset, line.end), (number, offset, end));
        assert_eq!((line.bytes, line.too_long), (bytes, false));
        offset = end;
        assert_eq!((reader.line_number(), reader.offset()), (number, end));
        assert_eq!(reader.content_digest(), digest(&content[..usize::try_from(end).unwrap()]));
    }
    assert_eq!(reader.line().unwrap(), None);
    assert_eq!(reader.offset(), 32);
}

#[test]
fn a_line_of_a_mebibyte_is_whole_and_a_longer_one_is_not() {
    let long = |length: usize| (0..length).map(|at| b'a' + (at % 23) as u8).collect::<Vec<_>>();
    for end in [b"\n".as_slice(), b"\r\n"] {
        let content =
            [&long(MAX_LINE), end, b"short", end, &long(MAX_LINE + 1), end, &long(3 * MAX_LINE), end, b"last", end].concat();
        let (_dir, path) = file(&content);
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(next(&mut reader), Some((long(MAX_LINE), false)));
        assert_eq!(next(&mut reader), Some((b"short".to_vec(), false)));
        assert_eq!(next(&mut reader), Some((long(SHOWN), true)));
        assert_eq!(next(&mut reader), Some((long(SHOWN), true)));
        let position = (reader.offset(), reader.line_number(), reader.content_digest());
        assert_eq!(position.0, (5 * MAX_LINE + 1 + 5 + 4 * end.len()) as u64);
        assert_eq!(position.2, digest(&content[..content.len() - 4 - end.len()]));
        assert_eq!(next(&mut reader), Some((b"last".to_vec(), false)));
        assert_eq!(next(&mut reader), None);
        assert_eq!(reader.content_digest(), digest(&content));

        let mut again = Reader::open(&path).unwrap();
        assert_eq!(again.skip_to(position.0, position.1).unwrap(), position.2);
        let line = again.line().unwrap().unwrap();
        assert_eq!((line.number, line.offset, line.bytes), (5, position.0, b"last".as_slice()));
    }
}

#[test]
fn a_growing_file_yields_each_line_once_it_is_complete() {
    let (_dir, path) = file(b"");
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(next(&mut reader), None);
    grow(&path, b"on");
    assert_eq!(next(&mut reader), None);
    assert_eq!((reader.offset(), reader.content_digest()), (0, digest(b"")));
    grow(&path, b"e\ntwo\nthr");
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    assert_eq!(next(&mut reader), Some((b"two".to_vec(), false)));
    assert_eq!(next(&mut reader), None);
    // A line that grows beyond what is held is not consumed before its end either.
    let long = vec![b'x'; MAX_LINE];
    grow(&path, &long);
    assert_eq!(next(&mut reader), None);
    grow(&path, &long);
    assert_eq!(next(&mut reader), None);
    assert_eq!((reader.offset(), reader.content_digest()), (8, digest(b"one\ntwo\n")));
    grow(&path, b"\nfour\n");
    assert!(next(&mut reader).is_some_and(|(bytes, too_long)| too_long && bytes.starts_with(b"thrxx")));
    assert_eq!(next(&mut reader), Some((b"four".to_vec(), false)));
    assert_eq!(reader.content_digest(), digest(&fs::read(&path).unwrap()));
}

#[test]
fn a_torn_line_that_a_repair_replaced_is_never_seen() {
    let (_dir, path) = file(b"one\ntorn");
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    assert_eq!(next(&mut reader), None);
    assert!(reader.unfinished().unwrap().is_some());
    OpenOptions::new().write(true).open(&path).unwrap().set_len(4).unwrap();
    grow(&path, b"another\n");
    assert_eq!(next(&mut reader), Some((b"another".to_vec(), false)));
    assert_eq!(reader.content_digest(), digest(b"one\nanother\n"));
}

#[test]
fn a_follower_stops_at_what_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = ArchiveWriter::open(dir.path(), WriterSettings::default()).unwrap();
    let at = "2026-01-22T00:00:00Z".parse().unwrap();
    writer.append(Stream::Scalp, at, b"one").unwrap();
    let (durable, path) = (writer.durable(), dir.path().join("scalp/20260122_09.jsonl"));
    let mut reader = Reader::open(&path).unwrap();
    // These bytes stand for some that are in the file and not yet synced.
    grow(&path, b"not synced\n");
    reader.limit(durable.readable(&path).unwrap());
    assert_eq!(next(&mut reader), None);
    fs::write(&path, b"").unwrap();
    writer.sync().unwrap();
    reader.limit(durable.readable(&path).unwrap());
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    assert_eq!(next(&mut reader), None);
}

#[test]
fn a_follower_on_another_thread_reads_every_line_once_across_segments() {
    let dir = tempfile::tempdir().unwrap();
    let settings = WriterSettings { fsync_bytes: 2000, ..WriterSettings::default() };
    let (mut writer, _) = ArchiveWriter::open(dir.path(), settings).unwrap();
    let durable = writer.durable();
    let start: DateTime<Utc> = "2026-01-22T00:00:00Z".parse().unwrap();
    let count = 12_000;
    let writing = thread::spawn(move || {
        for second in 0..count {
            writer.append(Stream::Scalp, start + Duration::from_secs(second), second.to_string().as_bytes()).unwrap();
        }
        writer.close().unwrap();
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut expected = 0;
    for hour in 9..13 {
        let path = dir.path().join(format!("scalp/20260122_{hour:02}.jsonl"));
        while !path.exists() {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        let mut reader = Reader::open(&path).unwrap();
        // A segment is finished when the next one exists, or the writer has ended.
        loop {
            let finished =
                dir.path().join(format!("scalp/20260122_{:02}.jsonl", hour + 1)).exists() || writing.is_finished();
            reader.limit(durable.readable(&path).unwrap());
            while let Some(line) = reader.line().unwrap() {
                assert_eq!(line.bytes, expected.to_string().as_bytes());
                expected += 1;
            }
            assert_eq!(reader.unfinished().unwrap(), None);
            if finished {
                break;
            }
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
    }
    writing.join().unwrap();
    assert_eq!(expected, count);
}

#[test]
fn a_limit_holds_for_what_was_read_ahead_too() {
    let (_dir, path) = file(b"one\ntwo\nthree\n");
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    reader.limit(6);
    assert_eq!(next(&mut reader), None);
    assert_eq!(reader.unfinished().unwrap().unwrap().bytes, b"tw");
    reader.limit(8);
    assert_eq!(next(&mut reader), Some((b"two".to_vec(), false)));
    assert_eq!(next(&mut reader), None);
    reader.limit(0);
    assert_eq!(next(&mut reader), None);
    reader.limit(u64::MAX);
    assert_eq!(next(&mut reader), Some((b"three".to_vec(), false)));
    assert_eq!(reader.content_digest(), digest(b"one\ntwo\nthree\n"));
}

#[test]
fn an_unfinished_line_is_seen_and_taken_only_on_demand() {
    let (_dir, path) = file(b"one\ntw\r");
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.unfinished().unwrap(), None);
    assert_eq!(reader.take_unfinished().unwrap(), None);
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    assert_eq!(next(&mut reader), None);
    let seen = reader.unfinished().unwrap().unwrap();
    assert_eq!((seen.number, seen.offset, seen.end, seen.bytes), (2, 4, 7, b"tw\r".as_slice()));
    assert_eq!((reader.offset(), reader.line_number()), (4, 1));
    let taken = reader.take_unfinished().unwrap().unwrap();
    assert_eq!((taken.number, taken.offset, taken.end, taken.bytes), (2, 4, 7, b"tw\r".as_slice()));
    assert_eq!((reader.offset(), reader.line_number(), reader.content_digest()), (7, 2, digest(b"one\ntw\r")));
    assert_eq!(reader.take_unfinished().unwrap(), None);
}

#[test]
fn an_unfinished_line_that_is_too_long_is_counted_and_hashed() {
    let content = [b"one\n".as_slice(), &vec![b'z'; 2 * MAX_LINE]].concat();
    let (_dir, path) = file(&content);
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    let seen = reader.unfinished().unwrap().unwrap();
    assert_eq!((seen.bytes.len(), seen.end, seen.too_long), (SHOWN, content.len() as u64, true));
    assert_eq!(reader.content_digest(), digest(b"one\n"));
    let taken = reader.take_unfinished().unwrap().unwrap();
    assert_eq!((taken.bytes.len(), taken.end, taken.too_long), (SHOWN, content.len() as u64, true));
    assert_eq!(reader.content_digest(), digest(&content));
}

#[test]
fn a_position_behind_the_end_is_an_error_and_the_reader_starts_over() {
    let (_dir, path) = file(b"one\ntwo\n");
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.skip_to(8, 2).unwrap(), digest(b"one\ntwo\n"));
    assert_eq!(next(&mut reader), None);
    let error = reader.skip_to(9, 3).unwrap_err();
    assert!(matches!(error, ArchiveError::Short { offset: 9, length: 8, .. }));
    let expected = format!("{} ends at byte 8, before position 9: read it from its start as another file", path.display());
    assert_eq!(error.to_string(), expected);
    assert_eq!((reader.offset(), reader.line_number(), reader.content_digest()), (0, 0, digest(b"")));
    assert_eq!(next(&mut reader), Some((b"one".to_vec(), false)));
    reader.limit(4);
    assert!(matches!(reader.skip_to(8, 2), Err(ArchiveError::Short { length: 4, .. })));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Reader::open("/no/such/file.jsonl").unwrap_err();
    assert_eq!(error.to_string(), "cannot read /no/such/file.jsonl: it does not exist; check the path");
}

#[test]
fn the_last_complete_line_is_found_from_the_end() {
    let (_dir, path) = file(b"");
    let expect = |content: &[u8], expected: Option<&[u8]>| {
        fs::write(&path, content).unwrap();
        assert_eq!(last_line(&path).unwrap().as_deref(), expected);
    };
    let long = vec![b'l'; MAX_LINE];
    expect(b"", None);
    expect(b"torn", None);
    expect(b"only\r\n", Some(b"only"));
    expect(b"one\ntwo\ntorn", Some(b"two"));
    expect(b"one\n\n", Some(b""));
    expect(&[b"one\n".as_slice(), &long, b"\r\n", &long].concat(), Some(&long));
    expect(&[b"one\n".as_slice(), &long, b"x\n"].concat(), None);
    expect(&[b"one\n".as_slice(), &long, &long, &long].concat(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn skipping_to_any_line_gives_the_digest_of_reading_there(
        lengths in prop::collection::vec(prop_oneof![8 => 0..300_usize, 1 => 250_000..300_000_usize], 1..20),
        stop in any::<prop::sample::Index>(),
    ) {
        let lines: Vec<Vec<u8>> = (b'a'..).zip(&lengths).map(|(byte, length)| vec![byte; *length]).collect();
        let content: Vec<u8> = lines.iter().flat_map(|line| [line, b"\n".as_slice()].concat()).collect();
        let (_dir, path) = file(&content);
        let mut read = Reader::open(&path).unwrap();
        let stop = stop.index(lines.len());
        for line in &lines[..stop] {
            prop_assert_eq!(read.line().unwrap().unwrap().bytes, line);
        }
        let (offset, number) = (read.offset(), read.line_number());
        prop_assert_eq!(read.content_digest(), digest(&content[..usize::try_from(offset).unwrap()]));

        let mut skipped = Reader::open(&path).unwrap();
        prop_assert_eq!(skipped.skip_to(offset, number).unwrap(), read.content_digest());
        for line in &lines[stop..] {
            prop_assert_eq!(skipped.line().unwrap().unwrap().bytes, line);
        }
        prop_assert_eq!(skipped.line().unwrap(), None);
        prop_assert_eq!(skipped.content_digest(), digest(&content));
        prop_assert_eq!(skipped.line_number(), lines.len() as u64);
    }
}
