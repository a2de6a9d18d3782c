//! Lines that the Python system wrote: of which loading works something out, and which attest nothing.

use std::{fs, path::Path};

use obs_verify::{Code, Report, Shares};

use crate::{Loaded, Outcome, assert_codes, on_both, only};

/// A record of the Python system at a time of the morning; the one volume that it has is the day's running total.
fn total(time: &str, total: u32) -> String {
    trade(time, &format!(r#"{{"accumulated": {total}}}"#))
}

/// A record of its script that wrote the trade's own volume as well.
fn own(time: &str, volume: u32, total: u32) -> String {
    trade(time, &format!(r#"{{"tick": {volume}, "accumulated": {total}}}"#))
}

fn trade(time: &str, volume: &str) -> String {
    let execution_time = time.replace(':', "");
    format!(
        r#"{{"timestamp": "2026-01-28T{time}.500000+09:00", "symbol": "005930", "execution_time": "{execution_time}", "price": {{"current": 70500}}, "volume": {volume}, "bid_ask": {{"bid_price": 70450, "ask_price": 70550}}}}"#
    )
}

/// A row of its ten-minute files.
fn asked(time: &str, symbol: &str) -> String {
    format!(
        r#"{{"ts": "2026-01-28T{time}+09:00", "session": "s", "dataset": "track_a_swing", "market": "kr_stocks", "symbol": "{symbol}", "price": {{"open": 70000, "high": 71000, "low": 69000, "close": 70500}}, "volume": 1000, "bid_price": null, "ask_price": null, "source": "kis"}}"#
    )
}

impl Loaded {
    async fn load_lines(&self, name: &str, lines: &[String]) {
        fs::write(self.dir.path().join(name), lines.join("\n") + "\n").unwrap();
        self.load().await;
    }
}

/// The account of the one symbol on the one day.
fn shares(report: &Report) -> Shares {
    let mut of_day = report.accounts.iter().filter(|account| account.day.to_string() == "2026-01-28");
    of_day.next().unwrap().shares.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn volumes_that_loading_works_out_are_proven_by_their_sum() -> Outcome {
    on_both(async |loaded| {
        let lines: Vec<String> = (1..=9).map(|nth| total(&format!("09:00:0{nth}"), 1_000 + 10 * nth)).collect();
        loaded.load_lines("legacy.jsonl", &lines).await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let expected = Shares { traded: 1_090, recorded: 80, before: 1_010, missing: 0, told: 0 };
        assert_eq!(shares(&report), expected);
        // An edit that the bar agrees with is no better.
        loaded.sql("UPDATE scalp_ticks SET volume = 11 WHERE id = (SELECT max(id) FROM scalp_ticks)").await?;
        loaded.sql("UPDATE scalp_1m_bars SET volume = 81 WHERE bar_time = '2026-01-28T00:00:00.000000Z'").await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::SharesChanged]);
        let changed = only(&report, Code::SharesChanged);
        assert_eq!(changed.place, "scalp_ticks 005930 2026-01-28");
        assert!(changed.what.contains("have 81 shares") && changed.what.contains("say 80"), "{changed:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_of_a_day_is_of_unknown_volume_and_must_say_so() -> Outcome {
    on_both(async |loaded| {
        loaded.load_lines("legacy.jsonl", &[total("09:00:01", 100), total("09:00:02", 130)]).await;
        loaded.sql("UPDATE scalp_ticks SET quality_flag = 'normal' WHERE volume IS NULL").await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::TickChanged]);
        assert!(only(&report, Code::TickChanged).what.ends_with("quality_flag is normal instead of degraded"));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_were_loaded_late_are_of_unknown_volume_and_no_error() -> Outcome {
    on_both(async |loaded| {
        loaded.load_lines("later.jsonl", &[total("10:00:01", 500), total("10:00:02", 530)]).await;
        loaded.load_lines("earlier.jsonl", &[total("09:00:01", 100), total("09:00:02", 120)]).await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let unknown = only(&report, Code::SharesUnknown);
        assert!(unknown.what.contains("3 rows") && unknown.what.contains("by 400 shares"), "{unknown:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_between_records_with_volumes_of_their_own_are_no_hole() -> Outcome {
    on_both(async |loaded| {
        let lines = [total("09:00:01", 100), own("09:00:02", 20, 120), total("09:00:03", 150), own("09:00:04", 5, 155)];
        loaded.load_lines("legacy.jsonl", &lines).await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let expected = Shares { traded: 155, recorded: 55, before: 100, missing: 0, told: 0 };
        assert_eq!(shares(&report), expected);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_that_the_python_system_dropped_are_told_and_no_error() -> Outcome {
    on_both(async |loaded| {
        loaded.load_lines("legacy.jsonl", &[own("09:00:01", 10, 10), own("09:00:02", 5, 22)]).await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let dropped = only(&report, Code::SharesUnrecorded);
        assert!(dropped.what.starts_with("7 shares"), "{dropped:?}");
        assert_eq!(dropped.place, "005930 2026-01-28T09:00:01+09:00 to 2026-01-28T09:00:02+09:00");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rounds_that_failed_to_come_are_told_unless_a_gap_tells_of_them() -> Outcome {
    on_both(async |loaded| {
        // Another symbol each time: the silence is that of all. Eleven minutes are none, and neither is the afternoon.
        let rounds = [("08:30:00", "005930"), ("09:01:00", "000660"), ("09:12:00", "005930"), ("09:27:00", "000660")];
        let lines: Vec<String> = rounds.iter().map(|(time, symbol)| asked(time, symbol)).collect();
        loaded.load_lines("20260128.jsonl", &lines).await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let silence = only(&report, Code::SwingSilence);
        assert_eq!(silence.place, "swing_bars_10m 2026-01-28T09:12:00+09:00 to 2026-01-28T09:27:00+09:00");
        assert!(silence.what.contains("900 seconds"), "{silence:?}");

        let gap = r#"{"track_type": "track_a", "symbol": null, "gap_type": "minor", "gap_duration_seconds": 780.0, "last_update": "2026-01-28T09:12:00+09:00", "detected_at": "2026-01-28T09:25:00+09:00", "expected_interval_seconds": 600}"#;
        loaded.load_lines("gap_20260128.jsonl", &[gap.to_owned()]).await;
        let report = loaded.verify().await?;
        assert_eq!(report.findings().filter(|finding| finding.code == Code::SwingSilence).count(), 0);
        Ok(())
    })
    .await
}

/// Restarts between 14:34 and 15:18 left the one hole of that day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_day_has_the_hole_of_its_description_and_no_other() -> Outcome {
    let Some(data) = std::env::var_os("OBS_LEGACY_DATA").filter(|folder| !folder.is_empty()) else {
        println!("OBS_LEGACY_DATA is not set: the Python system's real day was not verified");
        return Ok(());
    };
    on_both(async |loaded| {
        fs::copy(Path::new(&data).join("swing/20260123.jsonl"), loaded.dir.path().join("20260123.jsonl"))?;
        loaded.load().await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[]);
        let silence = only(&report, Code::SwingSilence);
        assert!(silence.what.starts_with("for 1486 seconds"), "{silence:?}");
        assert!(silence.place.starts_with("swing_bars_10m 2026-01-23T14:"), "{silence:?}");
        Ok(())
    })
    .await
}
