//! Writing rows into files for analysts.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use obs_model::{Price, Quantity, Tick, trading_day};
use obs_testkit::{TestDatabase, execute, generate_ticks};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::support::{backfill, contents, open, run, sqlite, subcommand, text};

/// The day of the generated ticks.
const DAY: &str = "2026-11-20";
const DAYS: [&str; 4] = ["--from", "2026-11-19", "--to", "2026-11-21"];
/// Trades with fractions, without prices and around midnight in Korea.
const ODD: &str = r#"{"symbol":"005930","event_time":"2026-11-19T23:59:59.999999+09:00","bid_price":70000.25,"ask_price":70100,"bid_size":100,"ask_size":200,"last_price":70050.0001,"volume":10,"session_id":"s","mitigation_level":0,"quality_flag":"normal"}
{"symbol":"0004V0","event_time":"2026-11-20T00:00:00+09:00","bid_price":0,"ask_price":0,"last_price":99999999999.9999,"session_id":"s","mitigation_level":0,"quality_flag":"gap"}
"#;
const READER: &str = include_str!("export.py");
const DOCUMENT: &str = include_str!("../../../../docs/PYTHON.md");

/// An archive of these and of generated ticks, loaded.
fn loaded(dir: &Path, database: &str) {
    let archive = generate_ticks(dir, 2_000, 7).unwrap().archive;
    fs::write(archive.join("scalp/20261119_23.jsonl"), ODD).unwrap();
    let output = run(backfill(database).arg(archive));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A database of the odd trades alone.
fn odd(dir: &Path) -> String {
    let archive = dir.join("archive");
    fs::create_dir(&archive).unwrap();
    fs::write(archive.join("ticks.jsonl"), ODD).unwrap();
    let database = sqlite(dir);
    assert!(run(backfill(&database).arg(archive)).status.success());
    database
}

fn export(database: &str, out: &Path, arguments: &[&str]) -> Command {
    let mut command = subcommand("export", database);
    command.args(DAYS).arg("--out").arg(out).args(arguments);
    command
}

fn exported(database: &str, out: &Path, arguments: &[&str]) -> Value {
    let output = run(export(database, out, arguments).arg("--json"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All files below a folder, and what is in them.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let below =
        |path: PathBuf| if path.is_dir() { files(&path) } else { BTreeMap::from([(path.clone(), fs::read(path).unwrap())]) };
    entries.flat_map(|entry| below(entry.unwrap().path())).collect()
}

fn relative(folder: &Path) -> Vec<String> {
    files(folder).keys().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
}

#[test]
fn each_day_is_a_file_of_exact_text_and_days_without_rows_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (odd(dir.path()), dir.path().join("out"));
    let report = exported(&database, &out, &["--table", "scalp_ticks", "--format", "csv"]);
    let day = |day: &str| out.join(format!("scalp_ticks/day={day}/part-0.csv"));
    let header = "symbol,event_time,bid_price,ask_price,bid_size,ask_size,last_price,volume,session_id,mitigation_level,quality_flag\n";
    // A trade at midnight is off the session, so it is doubtful.
    let first = "005930,2026-11-19T14:59:59.999999Z,70000.25,70100,100,200,70050.0001,10,s,0,degraded\n";
    assert_eq!(fs::read_to_string(day("2026-11-19")).unwrap(), format!("{header}{first}"));
    let second = "0004V0,2026-11-19T15:00:00.000000Z,,,,,99999999999.9999,,s,0,gap\n";
    assert_eq!(fs::read_to_string(day("2026-11-20")).unwrap(), format!("{header}{second}"));
    assert_eq!(relative(&out).len(), 2);

    let file = |of: &str| {
        let path = day(of);
        let bytes = fs::metadata(&path).unwrap().len();
        json!({ "table": "scalp_ticks", "day": of, "path": path, "rows": 1, "bytes": bytes, "replaced": false })
    };
    assert_eq!(report["files"], json!([file("2026-11-19"), file("2026-11-20")]));
    let bytes: usize = files(&out).values().map(Vec::len).sum();
    let sum = json!({ "table": "scalp_ticks", "days": 2, "empty_days": 1, "rows": 2, "bytes": bytes });
    assert_eq!(report["tables"], json!([sum]));
    assert_eq!((&report["format"], &report["dry_run"], &report["removed"]), (&json!("csv"), &json!(false), &json!([])));
}

#[tokio::test]
async fn both_databases_give_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let server = TestDatabase::create().await.unwrap();
    let databases = [sqlite(dir.path()), server.url().to_owned()];
    let outs = ["sqlite", "postgres"].map(|name| dir.path().join(name));
    for (database, out) in databases.iter().zip(&outs) {
        loaded(&dir.path().join("generated"), database);
        for format in ["parquet", "arrow", "csv", "jsonl"] {
            exported(database, out, &["--table", "all", "--format", format]);
        }
    }
    let [sqlite, postgres] = outs.each_ref().map(|out| files(out).into_values().collect::<Vec<_>>());
    assert_eq!(relative(&outs[0]), relative(&outs[1]));
    assert!(sqlite == postgres, "the files differ");
    let names = relative(&outs[0]);
    // Ticks of two days, and bars, also as the view has them; no gap, and no ten minutes.
    let tables: Vec<_> = names.iter().filter(|name| name.ends_with(".jsonl")).map(String::as_str).collect();
    let expected = ["scalp_1m_bars", "scalp_1m_bars_healed", "scalp_ticks"]
        .into_iter()
        .flat_map(|table| ["2026-11-19", "2026-11-20"].map(|day| format!("{table}/day={day}/part-0.jsonl")));
    assert_eq!(tables, expected.collect::<Vec<_>>());
    let ticks = outs[0].join(format!("scalp_ticks/day={DAY}/part-0"));
    let lines = |suffix: &str| fs::read_to_string(ticks.with_extension(suffix)).unwrap().lines().count();
    assert_eq!((lines("jsonl"), lines("csv")), (2_001, 2_002));
    let parquet = ParquetRecordBatchReaderBuilder::try_new(File::open(ticks.with_extension("parquet")).unwrap()).unwrap();
    assert_eq!(parquet.metadata().file_metadata().num_rows(), 2_001);
    assert_eq!(contents(&databases[0]).await.ticks(), 2_002);
}

#[tokio::test]
async fn files_that_are_there_are_replaced_only_if_that_is_said_and_else_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (odd(dir.path()), dir.path().join("out"));
    let ticks = ["--table", "scalp_ticks"];
    let report = exported(&database, &out, &ticks);
    assert_eq!(report["tables"][0]["days"], 2);
    let before = files(&out);
    // The bars would come first in no order of days, and are not written either.
    for arguments in [&["--table", "all"][..], &["--table", "all", "--dry-run"]] {
        let output = run(&mut export(&database, &out, arguments));
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains("day=2026-11-19/part-0.parquet") && said.contains("--overwrite"), "{said}");
    }
    assert_eq!(files(&out), before);

    execute(&database, "DELETE FROM scalp_ticks WHERE symbol = '005930'").await.unwrap();
    let dry = exported(&database, &out, &["--table", "scalp_ticks", "--overwrite", "--dry-run"]);
    assert_eq!((dry["removed"].as_array().unwrap().len(), &dry["files"][0]["replaced"]), (1, &json!(true)));
    assert_eq!(files(&out), before);
    let report = exported(&database, &out, &["--table", "scalp_ticks", "--overwrite"]);
    assert_eq!(report["removed"], dry["removed"]);
    assert_eq!(relative(&out), ["scalp_ticks/day=2026-11-20/part-0.parquet"]);
}

#[test]
fn a_dry_run_lists_what_would_be_written_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (odd(dir.path()), dir.path().join("out"));
    let output = run(&mut export(&database, &out, &["--table", "scalp_ticks,scalp_gaps", "--dry-run"]));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let first = format!("{}/scalp_ticks/day=2026-11-19/part-0.parquet: 1 rows\n", out.display());
    assert!(said.starts_with(&first) && said.contains("Nothing was written"), "{said}");
    assert!(!out.exists());
}

#[test]
fn only_the_symbols_that_were_asked_for_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (odd(dir.path()), dir.path().join("out"));
    let arguments = ["--table", "scalp_ticks", "--format", "jsonl", "--symbols", "0004V0,000660"];
    exported(&database, &out, &arguments);
    assert_eq!(relative(&out), ["scalp_ticks/day=2026-11-20/part-0.jsonl"]);
}

#[test]
fn what_makes_no_sense_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (odd(dir.path()), dir.path().join("out"));
    let refused = |arguments: &[&str]| {
        let output = run(subcommand("export", &database).arg("--out").arg(&out).args(arguments));
        assert!(!out.exists());
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = refused(&["--table", "all", "--from", "2026-11-20", "--to", "2026-11-19"]);
    assert!(code == Some(1) && said.contains("lies before --from 2026-11-20"), "{said}");
    let (code, said) = refused(&["--table", "tick", "--from", DAY, "--to", DAY]);
    assert!(code == Some(2) && said.contains("scalp_ticks"), "{said}");
    let (code, said) = refused(&["--table", "all", "--from", DAY, "--to", DAY, "--symbols", "AAPL"]);
    assert!(code == Some(2) && said.contains("AAPL"), "{said}");
}

/// A row as the reader prints it.
fn row(tick: &Tick) -> Value {
    let (price, shares) =
        (|price: Option<Price>| price.map(Price::ten_thousandths), |count: Option<Quantity>| count.map(Quantity::shares));
    json!([
        tick.symbol,
        tick.event_time.timestamp_micros(),
        price(tick.bid_price),
        price(tick.ask_price),
        shares(tick.bid_size),
        shares(tick.ask_size),
        price(tick.last_price),
        shares(tick.volume),
        tick.session_id,
        tick.mitigation_level,
        tick.quality_flag,
        trading_day(tick.event_time),
    ])
}

/// The Python that `OBS_TEST_PYTHON` names, or else `python3`, which may not be there or lack the libraries.
fn python() -> OsString {
    std::env::var_os("OBS_TEST_PYTHON").filter(|python| !python.is_empty()).unwrap_or_else(|| "python3".into())
}

#[tokio::test]
async fn pyarrow_polars_and_duckdb_read_every_row_as_the_store_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let (database, out) = (sqlite(dir.path()), dir.path().join("out"));
    loaded(dir.path(), &database);
    let always = obs_store::TimeRange {
        from: chrono::DateTime::<chrono::Utc>::MIN_UTC,
        until: chrono::DateTime::<chrono::Utc>::MAX_UTC,
    };
    let stored = open(&database).await.ticks(always, None).await.unwrap();
    let expected: Value = stored.iter().map(row).collect();
    let script = dir.path().join("reader.py");
    fs::write(&script, READER).unwrap();
    let python = python();
    for format in ["parquet", "arrow"] {
        let report = exported(&database, &out, &["--table", "scalp_ticks", "--format", format]);
        assert_eq!(report["tables"][0]["rows"], 2_002);
        let folder = dir.path().join(format);
        fs::create_dir(&folder).unwrap();
        fs::rename(out.join("scalp_ticks"), folder.join("scalp_ticks")).unwrap();
        let Ok(output) = Command::new(&python).arg(&script).arg(folder.join("scalp_ticks")).arg(format).output() else {
            println!("{} cannot be run: no library of Python read the files", python.display());
            return;
        };
        assert!(output.status.success(), "{}", text(&output.stderr));
        let answers: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
        for (library, rows) in answers {
            if rows.is_null() {
                println!("{} has no {library} that reads {format}: it was not compared", python.display());
            } else {
                assert!(rows == expected, "{library} reads other rows from {format}");
            }
        }
    }
}

/// Next to the database and the export of which it tells.
#[test]
fn every_block_of_the_document_for_python_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (database, python) = (sqlite(dir.path()), python());
    let libraries = "import duckdb, pandas, polars, pyarrow";
    let found = Command::new(&python).args(["-c", libraries]).output().is_ok_and(|output| output.status.success());
    if !found {
        println!("{} has not all of duckdb, pandas, polars and pyarrow: docs/PYTHON.md was not run", python.display());
        return;
    }
    loaded(dir.path(), &database);
    for (format, folder) in [("parquet", "export"), ("csv", "export-csv")] {
        exported(&database, &dir.path().join(folder), &["--table", "all", "--format", format]);
    }
    let blocks = DOCUMENT.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut number = 0;
    for block in blocks {
        let output =
            Command::new(&python).args(["-c", block]).env_remove("OBSERVER_DATABASE").current_dir(dir.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{block}\n{}", text(&output.stderr));
        number += 1;
    }
    assert!(number > 10, "only {number} blocks");
}
