//! What a crash leaves, and what the next opening makes of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use chrono::{DateTime, Utc};
use obs_archive::{ArchiveWriter, Fate, Repair, WriterSettings, segments};
use obs_schema::Stream;
use proptest::prelude::*;
use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

const DAY: &str = "swing/20260122.jsonl";

fn noon() -> DateTime<Utc> {
    "2026-01-22T03:00:00Z".parse().unwrap()
}

fn torn(path: &Path) -> PathBuf {
    format!("{}.torn", path.display()).into()
}

fn open(dir: &Path) -> (ArchiveWriter, Vec<Repair>) {
    ArchiveWriter::open(dir, WriterSettings::default()).unwrap()
}

/// A data folder with one segment of this content.
fn folder(name: &str, content: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    dir
}

#[test]
fn a_whole_record_that_lacks_only_its_line_feed_stays_and_is_reported() {
    let record = br#"{"timestamp":"2026-01-22T12:00:00+09:00","symbol":"005930","price":70500,"volume":10}"#;
    let content = [b"one\n", record.as_slice()].concat();
    let dir = folder(DAY, &content);
    let path = dir.path().join(DAY);
    let (mut writer, repairs) = open(dir.path());
    let bytes = record.len() as u64;
    assert_eq!(repairs, [Repair { path: path.clone(), offset: 4, bytes, fate: Fate::Finished }]);
    writer.append(Stream::Swing, noon(), b"two").unwrap();
    writer.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), [content.as_slice(), b"\ntwo\n"].concat());
    assert!(!torn(&path).exists());
}

#[test]
fn a_torn_last_line_is_moved_aside_and_reported() {
    let dir = folder(DAY, b"one\ntwo\n{\"symb");
    let path = dir.path().join(DAY);
    let (mut writer, repairs) = open(dir.path());
    assert_eq!(repairs, [Repair { path: path.clone(), offset: 8, bytes: 6, fate: Fate::CutOff }]);
    let said = format!("{0} ended in a torn line: 6 bytes from offset 8 on were moved to {0}.torn", path.display());
    assert_eq!(repairs[0].to_string(), said);
    assert_eq!(fs::read(torn(&path)).unwrap(), b"{\"symb");
    writer.append(Stream::Swing, noon(), b"three").unwrap();
    writer.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
}

#[test]
fn a_tail_of_nul_bytes_is_a_torn_line() {
    for tail in [vec![0; 4096], [b"{\"a\"".as_slice(), &[0; 100_000]].concat()] {
        let dir = folder(DAY, &[b"one\n".as_slice(), &tail].concat());
        let path = dir.path().join(DAY);
        let (_writer, repairs) = open(dir.path());
        assert_eq!(repairs, [Repair { path: path.clone(), offset: 4, bytes: tail.len() as u64, fate: Fate::CutOff }]);
        assert_eq!(fs::read(&path).unwrap(), b"one\n");
        assert_eq!(fs::read(torn(&path)).unwrap(), tail);
    }
}

#[test]
fn a_segment_that_is_one_torn_line_becomes_empty() {
    let dir = folder(DAY, b"{\"sy");
    let (_writer, repairs) = open(dir.path());
    assert_eq!(repairs, [Repair { path: dir.path().join(DAY), offset: 0, bytes: 4, fate: Fate::CutOff }]);
    assert_eq!(fs::read(dir.path().join(DAY)).unwrap(), b"");
}

#[test]
fn every_torn_line_of_a_segment_is_kept() {
    let dir = folder(DAY, b"one\nfirst");
    let path = dir.path().join(DAY);
    assert_eq!(open(dir.path()).1.len(), 1);
    fs::write(&path, b"one\ntwo\nsecond").unwrap();
    assert_eq!(open(dir.path()).1.len(), 1);
    assert_eq!(open(dir.path()).1, []);
    assert_eq!(fs::read(torn(&path)).unwrap(), b"firstsecond");
}

#[test]
fn an_older_torn_segment_is_mended_when_the_writer_goes_on_with_it() {
    // A run whose clock was a year ahead left a newer segment behind.
    let dir = folder(DAY, b"one\nto");
    let path = dir.path().join(DAY);
    fs::write(dir.path().join("swing/20270122.jsonl"), b"from the future\n").unwrap();
    let (mut writer, repairs) = open(dir.path());
    assert_eq!(repairs, []);
    writer.append(Stream::Swing, noon(), b"two").unwrap();
    assert_eq!(writer.repairs(), [Repair { path: path.clone(), offset: 4, bytes: 2, fate: Fate::CutOff }]);
    assert_eq!(writer.repairs(), []);
    writer.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
}

#[derive(Clone, Debug)]
enum Step {
    Append(Stream, Duration, Vec<u8>),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let line = prop::collection::vec(any::<u8>().prop_map(|byte| if byte == b'\n' { 0 } else { byte }), 0..60);
    // A letter at the end, since a line may not be empty nor end in a carriage return.
    let line = line.prop_map(|mut line| {
        line.push(b'x');
        line
    });
    let wait = (0..4000_u64).prop_map(Duration::from_secs);
    prop_oneof![
        6 => (prop::sample::select(Stream::ALL.as_slice()), wait, line).prop_map(|(stream, wait, line)| Step::Append(stream, wait, line)),
        1 => Just(Step::Sync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn after_a_crash_every_synced_line_is_there_and_every_cut_is_reported(
        steps in prop::collection::vec(step(), 1..60),
        fsync_bytes in prop_oneof![Just(1_usize), 50..2000_usize],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 3),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let settings = WriterSettings { fsync_bytes, ..WriterSettings::default() };
        let (mut writer, _) = ArchiveWriter::open(dir.path(), settings).unwrap();
        let durable = writer.durable();
        let mut appended: HashMap<PathBuf, Vec<u8>> = HashMap::new();
        let mut now = noon();
        for step in &steps {
            match step {
                Step::Sync => writer.sync().unwrap(),
                Step::Append(stream, wait, line) => {
                    now += *wait;
                    writer.append(*stream, now, line).unwrap();
                    let path = obs_archive::Segment::of(dir.path(), *stream, now).path;
                    appended.entry(path).or_default().extend([line.as_slice(), b"\n"].concat());
                }
            }
            for segment in segments(dir.path()).unwrap() {
                let length = fs::metadata(&segment.path).unwrap().len();
                prop_assert!(durable.length_of(&segment.path).is_none_or(|durable| durable <= length));
            }
        }
        let synced: HashMap<PathBuf, Option<u64>> =
            appended.keys().map(|path| (path.clone(), durable.length_of(path))).collect();

        // The end of the writer puts all on the disk; the crash takes back any part of what was not synced before.
        drop(writer);
        let mut cuts = cuts.iter();
        let mut expected = Vec::new();
        for (path, content) in &mut appended {
            prop_assert_eq!(&fs::read(path).unwrap(), &*content);
            let Some(synced) = synced[path].and_then(|length| usize::try_from(length).ok()) else { continue };
            prop_assert!(synced == 0 || content[synced - 1] == b'\n');
            let left = synced + cuts.next().unwrap().index(content.len() - synced + 1);
            OpenOptions::new().write(true).open(path).unwrap().set_len(left as u64).unwrap();
            let whole = content[..left].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            prop_assert!(whole >= synced);
            if whole < left {
                let repair = Repair { path: path.clone(), offset: whole as u64, bytes: (left - whole) as u64, fate: Fate::CutOff };
                expected.push((repair, content[whole..left].to_vec()));
            }
            content.truncate(whole);
        }

        let (writer, mut repairs) = open(dir.path());
        drop(writer);
        repairs.sort_by(|a, b| a.path.cmp(&b.path));
        expected.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        prop_assert_eq!(repairs.iter().collect::<Vec<_>>(), expected.iter().map(|(repair, _)| repair).collect::<Vec<_>>());
        for (repair, bytes) in &expected {
            prop_assert_eq!(&fs::read(torn(&repair.path)).unwrap(), bytes);
        }
        for (path, content) in &appended {
            prop_assert_eq!(&fs::read(path).unwrap(), content);
        }
    }
}
