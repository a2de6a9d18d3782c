//! The volume of trades whose records carry only the day's running total.

use obs_model::QualityFlag;
use obs_store::Store;

use crate::{Outcome, append, contents, folder, load_all, load_with, on_both};

/// A line of the Python system's collector at a Korean time.
fn line(date: &str, time: &str, volume: &str) -> String {
    let execution_time = time.replace(':', "");
    format!(
        r#"{{"timestamp":"{date}T{time}.250000+09:00","symbol":"005930","execution_time":"{execution_time}","price":{{"current":70000}},"volume":{volume},"bid_ask":{{}},"source":"websocket","session_id":"run-b"}}"#
    ) + "\n"
}

/// The running totals of a day, by Korean time, as the Python system's lines.
pub(crate) fn totals(date: &str, totals: &[(&str, i64)]) -> Vec<u8> {
    let line = |(time, total): &(&str, i64)| line(date, time, &format!(r#"{{"accumulated":{total}}}"#));
    totals.iter().map(line).collect::<String>().into_bytes()
}

/// Volumes and whether the tick is degraded, by time.
async fn volumes(store: &dyn Store) -> anyhow::Result<Vec<(Option<i64>, bool)>> {
    let ticks = contents(store).await?.ticks;
    let short =
        |tick: &obs_model::Tick| (tick.volume.map(obs_model::Quantity::shares), tick.quality_flag == QualityFlag::Degraded);
    Ok(ticks.iter().map(short).collect())
}

const DAY: &str = "2026-01-22";

#[tokio::test]
async fn the_first_of_a_day_is_unknown_and_the_rest_are_differences_over_files_and_runs() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[
            ("a.jsonl", &totals(DAY, &[("09:00:00", 100), ("09:00:01", 130), ("09:00:02", 130)])),
            ("b.jsonl", &totals(DAY, &[("10:00:00", 200)])),
        ]);
        load_all(&store, dir.path()).await;
        append(dir.path(), "b.jsonl", &totals(DAY, &[("10:00:05", 205)]));
        load_all(&store, dir.path()).await;
        append(dir.path(), "b.jsonl", &totals("2026-01-23", &[("09:00:00", 50), ("09:00:01", 51)]));
        load_all(&store, dir.path()).await;
        let known = |shares| (Some(shares), false);
        let first = (None, true);
        assert_eq!(volumes(&*store).await?, [first, known(30), known(0), known(70), known(5), first, known(1)]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_korean_day_counts_and_not_that_of_utc() -> Outcome {
    on_both(async |store| {
        // 08:59:59 and 09:00:00 in Korea lie on two days of UTC.
        let dir = folder(&[("a.jsonl", &totals(DAY, &[("08:59:59", 100), ("09:00:00", 130)]))]);
        load_all(&store, dir.path()).await;
        assert_eq!(volumes(&*store).await?, [(None, true), (Some(30), false)]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_total_that_falls_is_unknown_and_its_shares_do_not_count_twice() -> Outcome {
    on_both(async |store| {
        let late = [("09:00:00", 100), ("09:00:01", 200), ("09:00:02", 150), ("09:00:03", 160), ("09:00:04", 300)];
        let dir = folder(&[("a.jsonl", &totals(DAY, &late))]);
        for batch_lines in [2, 100] {
            load_with(&store, dir.path(), obs_pipeline::LoadOptions { batch_lines, ..Default::default() }).await;
            let late = (None, true);
            assert_eq!(volumes(&*store).await?, [(None, true), (Some(100), false), late, late, (Some(100), false)]);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_record_with_its_own_volume_between_two_totals_counts_once() -> Outcome {
    on_both(async |store| {
        let own = line(DAY, "09:00:01", r#"{"tick":20,"accumulated":120}"#);
        let bytes = [totals(DAY, &[("09:00:00", 100)]), own.into_bytes(), totals(DAY, &[("09:00:02", 150)])].concat();
        let dir = folder(&[("a.jsonl", &bytes)]);
        load_all(&store, dir.path()).await;
        assert_eq!(volumes(&*store).await?, [(None, true), (Some(20), false), (Some(30), false)]);
        Ok(())
    })
    .await
}
