//! A record that is written while it is verified.

use obs_archive::{ArchiveWriter, WriterSettings};
use obs_verify::Code;

use crate::{
    Outcome, assert_codes,
    market::{EVENTS, SCALP, SWING},
    on_both, only,
};

/// The market's last trade again, some seconds later.
fn next(lines: &[String]) -> String {
    lines[lines.len() - 1].replace("00:10:00", "00:10:04")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_a_moment_ago_is_on_its_way() -> Outcome {
    on_both(async |loaded| {
        let writer = ArchiveWriter::open(loaded.dir.path(), WriterSettings::default())?;
        loaded.edit(SCALP, |lines| lines.push(next(lines)));
        // Loaded after the positions were looked at.
        let columns = "symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id";
        loaded
            .sql(&format!(
                "INSERT INTO scalp_ticks ({columns}) SELECT {columns} FROM scalp_ticks WHERE id = (SELECT max(id) FROM scalp_ticks)"
            ))
            .await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let growing = only(&report, Code::FileGrowing);
        assert_eq!(growing.place, loaded.dir.path().display().to_string());
        assert!(growing.what.contains("2026-01-22T09:07:00+09:00"), "{growing:?}");

        // At rest nobody brings it any more.
        drop(writer);
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::FileBehind, Code::TickDoubled, Code::BarChanged]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ten_minute_bar_of_long_ago_may_come_now() -> Outcome {
    on_both(async |loaded| {
        let _writer = ArchiveWriter::open(loaded.dir.path(), WriterSettings::default())?;
        // A window that was caught up with a moment ago.
        let late = |line: &str| line.replace("09:00:00.000000", "08:50:00.000000");
        loaded.edit(SWING, |lines| lines.push(late(&lines[0])));
        let columns = "open, high, low, close, volume, bid_price, ask_price, session_id, schema_version, mitigation_level, quality_flag";
        loaded
            .sql(&format!(
                "INSERT INTO swing_bars_10m (symbol, bar_time, {columns}) SELECT symbol, '2026-01-21T23:50:00.000000Z', {columns} \
                 FROM swing_bars_10m WHERE symbol = '005930'"
            ))
            .await?;
        assert_codes(&loaded.verify().await?, &[]);
        // A row that no line tells of is damage also then.
        loaded.sql("UPDATE swing_bars_10m SET volume = 1 WHERE symbol = '000660'").await?;
        assert_codes(&loaded.verify().await?, &[Code::SwingChanged]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_that_has_stopped_is_told_while_recording_goes_on() -> Outcome {
    on_both(async |loaded| {
        let _writer = ArchiveWriter::open(loaded.dir.path(), WriterSettings::default())?;
        // Its newest line is ten minutes younger than the one that waits.
        loaded.edit(EVENTS, |lines| lines.push(lines[0].clone()));
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::FileBehind]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_further_back_is_found_while_recording_goes_on() -> Outcome {
    on_both(async |loaded| {
        let _writer = ArchiveWriter::open(loaded.dir.path(), WriterSettings::default())?;
        loaded.sql("DELETE FROM scalp_ticks WHERE id = (SELECT min(id) + 200 FROM scalp_ticks)").await?;
        assert_codes(&loaded.verify().await?, &[Code::TickMissing, Code::BarChanged]);
        Ok(())
    })
    .await
}
