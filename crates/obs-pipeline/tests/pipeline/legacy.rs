//! The Python system's archives.

use std::{collections::BTreeSet, fs, path::Path};

use obs_model::{GapReason, QualityFlag};
use obs_pipeline::archive_files;
use obs_schema::{NonData, RejectReason};
use obs_store::{Table, TimeRange};

use crate::{Outcome, at, contents, ever, load_all, on_both, summary_of, symbol, write};

const SWING: &str = r#"{"ts":"2026-01-21T22:29:31.100000Z","session":"run-s","dataset":"track_a_swing","market":"kr_stocks","symbol":"005930","price":{"open":0,"high":0,"low":0,"close":71900},"volume":0,"bid_price":null,"ask_price":null,"source":"kis"}
{"ts":"2026-01-22T09:01:06.601983+09:00","session":"run-s","dataset":"track_a_swing","market":"kr_stocks","symbol":"000660","price":{"open":754000,"high":755000,"low":750000,"close":751000},"volume":128537,"source":"kis"}
{"ts":"2026-01-21T22:29:31.100001Z","session":"run-s","dataset":"track_a_swing","market":"kr_stocks","symbol":"010620","price":{"open":0,"high":0,"low":0,"close":0},"volume":0,"bid_price":null,"ask_price":null,"source":"kis"}
"#;

/// Version b, over two hours: totals go on from one file to the next.
fn scalp(seconds: &[(&str, &str, i64, i64)]) -> String {
    let line = |(time, code, price, total): &(&str, &str, i64, i64)| {
        let execution_time = time.replace(':', "");
        format!(
            r#"{{"timestamp":"2026-01-22T{time}.250000+09:00","symbol":"{code}","execution_time":"{execution_time}","price":{{"current":{price},"open":70000,"high":72000,"low":69000,"change_rate":0.7}},"volume":{{"accumulated":{total},"trade_value":1}},"bid_ask":{{"bid_price":{price},"ask_price":null}},"source":"websocket","session_id":"run-b"}}"#
        ) + "\n"
    };
    seconds.iter().map(line).collect()
}

const TRIGGER: &str = r#"{"timestamp":"2026-01-22T09:00:38.053915+09:00","symbol":"005930","slot_id":1,"trigger_type":"volume_surge","priority_score":0.9,"detected_at":"2026-01-22T09:00:38.053915+09:00"}"#;
const OVERFLOW: &str = r#"{"timestamp":"2026-01-22T12:28:22.9+09:00","symbol":"CCC003","trigger_type":"bootstrap","priority_score":0.88,"detected_at":"2026-01-22T12:28:22.9+09:00","reason":"all_slots_occupied"}"#;
const GAP: &str = r#"{"track_type":"track_b","symbol":"005930","gap_type":"major","gap_duration_seconds":90.0,"last_update":"2026-01-22T09:10:00+09:00","detected_at":"2026-01-22T09:11:30+09:00","expected_interval_seconds":2}"#;
const TABLE_TICK: &str = r#"{"symbol":"051910","event_time":"2026-01-22T00:30:05Z","last_price":400000,"volume":7,"bid_price":399500,"ask_price":400000,"bid_size":10,"ask_size":20,"session_id":"run-t","mitigation_level":0,"quality_flag":"normal"}"#;
const TABLE_BAR: &str = r#"{"symbol":"051910","bar_time":"2026-01-22T00:31:00Z","open":400000,"high":401000,"low":399000,"close":400500,"volume":900,"coverage_ratio":0.95,"session_id":"run-t","quality_flag":"normal"}"#;

/// Every kind of line, and what may lie between them.
fn composed(dir: &Path) {
    write(dir, "swing/20260122.jsonl", SWING.as_bytes());
    let nine = scalp(&[
        ("09:00:10", "005930", 71_900, 1_000),
        ("09:00:11", "005930", 72_000, 1_030),
        ("09:00:11", "000660", 750_000, 50),
    ]);
    let ten = scalp(&[("10:00:00", "005930", 72_100, 5_030), ("10:00:30", "000660", 751_000, 50)]);
    write(dir, "scalp/20260122_09.jsonl", format!("{nine}{TRIGGER}\n").as_bytes());
    write(dir, "scalp/20260122_10.jsonl", ten.as_bytes());
    write(dir, "logs/system/gap_20260122.jsonl", format!("{GAP}\r\n\r\n{GAP}X\r\n").as_bytes());
    write(dir, "logs/system/overflow_20260122.jsonl", format!("{OVERFLOW}\n\n").as_bytes());
    write(dir, "test_data/ticks.jsonl", format!("{TABLE_TICK}\n").as_bytes());
    write(dir, "test_data/bars.jsonl", format!("{TABLE_BAR}\n").as_bytes());
    write(dir, "logs/app.jsonl", "2026-01-22 09:00:00 INFO 시작\n2026-01-22 09:00:01 INFO 끝\n".as_bytes());
    let long = vec![b'x'; 1024 * 1024 + 1];
    write(
        dir,
        "logs/strange.jsonl",
        &[TRIGGER.as_bytes(), b"\n", &long, b"\n\xff\xfe\n[1]\n", OVERFLOW.as_bytes()].concat(),
    );
    write(dir, "logs/empty.jsonl", b"");
    write(dir, "universe.json", b"{}");
}

#[tokio::test]
async fn every_line_of_a_composed_folder_is_a_row_or_known_or_a_reject() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        composed(dir.path());
        let (files, others) = archive_files(&[dir.path().to_path_buf()])?;
        assert_eq!((files.len(), others), (10, 1));
        let summary = load_all(&store, dir.path()).await;
        for file in &summary.files {
            let bytes = fs::read(&file.path)?;
            let unfinished = u64::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + unfinished;
            assert_eq!(file.lines(), lines, "{}", file.path.display());
            assert_eq!(file.already_loaded, 0);
        }
        let of = |name| {
            let file = summary_of(&summary, name);
            (file.rows, file.non_data_lines(), file.rejected_lines())
        };
        assert_eq!(of("swing/20260122.jsonl"), (3, 0, 0));
        assert_eq!(of("scalp/20260122_09.jsonl"), (3, 1, 0));
        assert_eq!(of("scalp/20260122_10.jsonl"), (2, 0, 0));
        assert_eq!(of("gap_20260122.jsonl"), (1, 1, 1));
        assert_eq!(of("overflow_20260122.jsonl"), (0, 2, 0));
        assert_eq!(of("app.jsonl"), (0, 0, 2));
        assert_eq!(of("strange.jsonl"), (0, 2, 3));
        assert_eq!(of("empty.jsonl"), (0, 0, 0));
        assert_eq!(summary_of(&summary, "overflow_20260122.jsonl").non_data[&NonData::Blank], 1);
        let reasons: Vec<_> = summary_of(&summary, "strange.jsonl").rejects.keys().copied().collect();
        assert_eq!(reasons, [RejectReason::TooLong, RejectReason::NotUtf8, RejectReason::NotObject]);

        let found = contents(&*store).await?;
        assert_eq!(found.counts.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [6, 6, 1, 3, 0, 0, 0, 6]);
        assert_eq!(summary.tables().of(Table::LoadRejects).inserted, 6);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reject_says_where_it_is_and_keeps_the_line() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        composed(dir.path());
        load_all(&store, dir.path()).await;
        let rejects = contents(&*store).await?.rejects;
        let of = |name: &str| {
            let found = rejects.iter().filter(|reject| reject.path.ends_with(name));
            found
                .map(|reject| (reject.line_number, reject.byte_offset, reject.reason.clone(), reject.raw.clone()))
                .collect::<Vec<_>>()
        };
        let gap = (GAP.len() + 4) as u64;
        assert_eq!(of("gap_20260122.jsonl"), [(3, gap, "not_json".to_owned(), format!("{GAP}X").into_bytes())]);
        let first = (TRIGGER.len() + 1) as u64;
        let second = first + 1024 * 1024 + 2;
        let long = vec![b'x'; 4096];
        assert_eq!(
            of("strange.jsonl"),
            [
                (2, first, "too_long".to_owned(), long),
                (3, second, "not_utf8".to_owned(), b"\xff\xfe".to_vec()),
                (4, second + 3, "not_object".to_owned(), b"[1]".to_vec()),
            ]
        );
        assert_eq!(of("app.jsonl")[1].3, "2026-01-22 09:00:01 INFO 끝".as_bytes());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_the_values_become() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        composed(dir.path());
        load_all(&store, dir.path()).await;
        let found = contents(&*store).await?;

        let [samsung, other, gone] = ["005930", "000660", "010620"]
            .map(|code| found.swing_bars.iter().find(|bar| bar.symbol == symbol(code)).unwrap());
        assert_eq!((samsung.open, samsung.high, samsung.low), (None, None, None));
        assert_eq!(samsung.close, Some("71900".parse()?));
        assert_eq!((gone.close, gone.bid_price, gone.ask_price), (None, None, None));
        assert_eq!(other.open, Some("754000".parse()?));
        assert!(found.swing_bars.iter().all(|bar| bar.quality_flag == QualityFlag::Degraded));

        let samsung: Vec<_> = found.ticks.iter().filter(|tick| tick.symbol == symbol("005930")).collect();
        let volumes: Vec<_> = samsung.iter().map(|tick| tick.volume.map(|volume| volume.shares())).collect();
        assert_eq!(volumes, [None, Some(30), Some(4_000)]);
        let flags: Vec<_> = samsung.iter().map(|tick| tick.quality_flag).collect();
        assert_eq!(flags, [QualityFlag::Degraded, QualityFlag::Normal, QualityFlag::Normal]);
        assert_eq!(samsung[0].event_time, at("00:00:10"));
        assert_eq!(samsung[0].ask_price, None);

        let gap = &found.gaps[0];
        assert_eq!((gap.start(), gap.end(), gap.reason), (at("00:10:00"), at("00:11:30"), GapReason::NoDataReceived));

        let first = &found.bars.iter().find(|bar| bar.symbol == symbol("005930")).unwrap();
        assert_eq!((first.bar_time, first.volume.shares()), (at("00:00:00"), 30));
        assert!((first.coverage.ratio() - 2.0 / 120.0).abs() < 1e-9);
        let recorded = found.bars.iter().find(|bar| bar.bar_time == at("00:31:00")).unwrap();
        assert!((recorded.coverage.ratio() - 0.95).abs() < 1e-9);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn loading_again_and_from_a_copy_or_after_a_move_changes_nothing() -> Outcome {
    on_both(async |store| {
        let dir = tempfile::tempdir()?;
        composed(dir.path());
        // An earlier copy of a file beside it, as an archive has them.
        let nine = fs::read(dir.path().join("scalp/20260122_09.jsonl"))?;
        let half = nine.iter().position(|byte| *byte == b'\n').unwrap() + 40;
        write(dir.path(), "backup/nine.jsonl", &nine[..half]);
        // It is loaded first, and its torn line is finished by the file itself.
        load_all(&store, dir.path()).await;
        let once = contents(&*store).await?;
        assert_eq!(once.rejects.len(), 6);

        let again = load_all(&store, dir.path()).await;
        contents(&*store).await?.assert_is(&once);
        assert!(again.files.iter().all(|file| file.rows + file.non_data_lines() + file.rejected_lines() == 0));

        // Elsewhere under other names, in another order, and the first folder is gone.
        let elsewhere = tempfile::tempdir()?;
        for (nth, file) in archive_files(&[dir.path().to_path_buf()])?.0.iter().rev().enumerate() {
            fs::copy(file, elsewhere.path().join(format!("{nth:03}.jsonl")))?;
        }
        drop(dir);
        let moved = load_all(&store, elsewhere.path()).await;
        contents(&*store).await?.assert_is(&once);
        assert!(moved.files.iter().all(|file| file.rows + file.non_data_lines() + file.rejected_lines() == 0));
        let lines: u64 = moved.files.iter().map(|file| file.lines()).sum();
        assert_eq!(lines, again.files.iter().map(|file| file.lines()).sum::<u64>());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_real_files_load_to_the_figures_of_their_description() -> Outcome {
    let Some(data) = std::env::var_os("OBS_LEGACY_DATA").filter(|folder| !folder.is_empty()) else {
        println!("OBS_LEGACY_DATA is not set: the Python system's real files were not loaded");
        return Ok(());
    };
    let data = Path::new(&data);
    on_both(async |store| {
        load_all(&store, &data.join("swing/20260122.phase8.jsonl")).await;
        let first = store.swing_bars(ever(), None).await?;
        assert_eq!(first.len(), 131);
        assert!(first.iter().all(|bar| bar.bid_price.is_none() && bar.ask_price.is_none() && bar.open.is_none()));
        assert_eq!(first.iter().filter(|bar| bar.close.is_none()).count(), 2);

        let day = load_all(&store, &data.join("swing/20260123.jsonl")).await;
        assert_eq!(day.tables().of(Table::SwingBars).inserted, 5_630);
        let friday = TimeRange { from: "2026-01-22T15:00:00Z".parse()?, until: "2026-01-23T15:00:00Z".parse()? };
        let symbols: BTreeSet<_> = store.swing_bars(friday, None).await?.iter().map(|bar| bar.symbol).collect();
        assert_eq!(symbols.len(), 131);

        let summary = load_all(&store, data).await;
        for file in &summary.files {
            let bytes = fs::read(&file.path)?;
            assert_eq!(file.lines(), bytes.iter().filter(|byte| **byte == b'\n').count() as u64, "{}", file.path.display());
        }
        let inserted = |name, table| summary_of(&summary, name).tables.of(table).inserted;
        assert_eq!(inserted("test_data/scalp_ticks_test.jsonl", Table::ScalpTicks), 300);
        assert_eq!(summary_of(&summary, "test_data/scalp_1m_bars_test.jsonl").rows, 90);
        assert_eq!(summary_of(&summary, "test_data/swing_bars_test.jsonl").rows, 60);
        assert_eq!(inserted("gap_20260122.jsonl", Table::ScalpGaps), 8);
        assert_eq!(inserted("observer_20260122_0000.jsonl", Table::LoadRejects), 89);
        assert_eq!(store.count(Table::ScalpGaps).await?, 8);

        let once = contents(&*store).await?;
        load_all(&store, data).await;
        let copy = tempfile::tempdir()?;
        for (nth, file) in archive_files(&[data.to_path_buf()])?.0.iter().enumerate() {
            fs::copy(file, copy.path().join(format!("{nth:03}.jsonl")))?;
        }
        load_all(&store, copy.path()).await;
        contents(&*store).await?.assert_is(&once);
        Ok(())
    })
    .await
}
