//! The Python system's real files, where they lie at hand.
//!
//! The files have no licence and are no part of this repository, so these are the only tests that may do nothing: set
//! `OBS_LEGACY_DATA` to their folder to run them. All other tests use lines that were composed in the same shapes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use obs_schema::{Decoded, Decoder, Record};

/// What the lines of a file turned out to be: `tick`, `bar`, `swing`, `gap`, a kind of non-data, or a reject's reason.
type Counts = BTreeMap<String, usize>;

/// What each file must hold, from the description of the data.
const EXPECTED: [(&str, &[(&str, usize)]); 22] = [
    ("ledgers/gap_20260122.jsonl", &[("gap", 8)]),
    ("ledgers/overflow_20260121.a.jsonl", &[("overflow entry", 4)]),
    ("ledgers/overflow_20260121.b.jsonl", &[("overflow entry", 8)]),
    ("ledgers/overflow_20260125.jsonl", &[("overflow entry", 1)]),
    ("ledgers/overflow_20260127.jsonl", &[("overflow entry", 2)]),
    ("malformed/observer_20260122_0000.jsonl", &[("not_json", 89)]),
    ("results/buffered_test.jsonl", &[("unknown_shape", 400)]),
    ("scalp/20260125.jsonl", &[("tick", 3), ("trigger event", 2)]),
    ("scalp/20260126.jsonl", &[("trigger event", 2)]),
    ("swing/20260122.phase8.jsonl", &[("swing", 131)]),
    ("swing/20260122.with-local-test.jsonl", &[("swing", 145)]),
    ("swing/20260123.jsonl", &[("swing", 5_630)]),
    ("swing/20260125.sunday-run.jsonl", &[("swing", 2_923)]),
    ("swing/20260125.test-rows.jsonl", &[("swing", 8)]),
    ("swing/20260127.later.jsonl", &[("swing", 243)]),
    ("test_data/integration_scalp.jsonl", &[("tick", 91)]),
    ("test_data/mock_scalp.jsonl", &[("trigger event", 5)]),
    ("test_data/mock_swing.jsonl", &[("swing", 100)]),
    ("test_data/mock_swing.older.jsonl", &[("swing", 100)]),
    ("test_data/scalp_1m_bars_test.jsonl", &[("bar", 90)]),
    ("test_data/scalp_ticks_test.jsonl", &[("tick", 300)]),
    ("test_data/swing_bars_test.jsonl", &[("swing", 60)]),
];

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("OBS_LEGACY_DATA").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        println!("OBS_LEGACY_DATA is not set: the Python system's real files were not read");
    }
    folder.map(PathBuf::from)
}

fn decoded(file: &Path) -> Vec<Decoded> {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let mut decoder = Decoder::default();
    bytes.split(|byte| *byte == b'\n').map(|line| decoder.decode(line)).collect()
}

fn counts(file: &Path) -> Counts {
    let mut counts = Counts::new();
    for line in decoded(file) {
        let name = match line {
            Decoded::Record(Record::Tick(_)) => "tick",
            Decoded::Record(Record::Bar(_)) => "bar",
            Decoded::Record(Record::Swing(_)) => "swing",
            Decoded::Record(Record::Gap(_)) => "gap",
            Decoded::Record(Record::Feed(_)) => "feed",
            Decoded::Record(Record::Loss(_) | Record::Healed(_) | Record::Rejected(_) | Record::Slot(_)) => "ours",
            Decoded::NonData(kind) => kind.as_str(),
            Decoded::Reject(rejection) => rejection.reason.as_str(),
        };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

fn swing_rows(file: &Path) -> Vec<obs_model::SwingBar> {
    let rows = decoded(file).into_iter().map(|line| match line {
        Decoded::Record(Record::Swing(swing)) => swing.bar,
        other => panic!("{}: {other:?}", file.display()),
    });
    rows.collect()
}

/// Every file of JSON lines below a folder, by its path from there.
fn files_below(folder: &Path, from: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, from, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.insert(path.strip_prefix(from).unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn every_line_of_every_real_file_is_what_the_description_says() {
    let Some(folder) = data() else { return };
    let mut files = BTreeSet::new();
    files_below(&folder, &folder, &mut files);
    let found: BTreeMap<String, Counts> = files.into_iter().map(|file| (file.clone(), counts(&folder.join(file)))).collect();
    let expected: BTreeMap<String, Counts> = EXPECTED
        .into_iter()
        .map(|(file, counts)| (file.to_owned(), counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn real_swing_rows_have_no_quotes_and_no_zero_prices() {
    let Some(folder) = data() else { return };
    let before_open = swing_rows(&folder.join("swing/20260122.phase8.jsonl"));
    assert_eq!(before_open.len(), 131);
    assert!(before_open.iter().all(|row| row.bid_price.is_none() && row.ask_price.is_none()));
    assert!(before_open.iter().all(|row| row.open.is_none() && row.high.is_none() && row.low.is_none()));
    let without_close = before_open.iter().filter(|row| row.close.is_none()).map(|row| row.symbol.to_string());
    assert_eq!(without_close.collect::<BTreeSet<_>>(), ["003410", "010620"].map(str::to_owned).into());

    let day = swing_rows(&folder.join("swing/20260123.jsonl"));
    let symbols: BTreeSet<_> = day.iter().map(|row| row.symbol).collect();
    let sessions: BTreeSet<_> = day.iter().map(|row| row.session_id.clone()).collect();
    assert_eq!((day.len(), symbols.len(), sessions.len()), (5_630, 131, 9));
    assert!(day.iter().all(|row| row.bid_price.is_none() && row.ask_price.is_none()));

    let sunday = swing_rows(&folder.join("swing/20260125.sunday-run.jsonl"));
    assert_eq!(sunday.iter().filter(|row| row.close.is_none()).count(), 2_063);

    let later = swing_rows(&folder.join("swing/20260127.later.jsonl"));
    let with_letters = later.iter().filter(|row| row.symbol.as_str().contains(|c: char| c.is_ascii_uppercase()));
    assert_eq!(with_letters.map(|row| row.symbol).collect::<BTreeSet<_>>().len(), 8);
}
