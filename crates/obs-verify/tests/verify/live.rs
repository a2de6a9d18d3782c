//! A record that is written while it is verified.

use obs_archive::{ArchiveWriter, WriterSettings};
use obs_verify::Code;

use crate::{
    Outcome, assert_codes,
    market::{EVENTS, SCALP},
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
