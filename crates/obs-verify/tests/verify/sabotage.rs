//! One thing is damaged, and exactly that is named.

use obs_verify::Code;

use crate::{
    Outcome, assert_codes, line,
    market::{EVENTS, SCALP},
    on_both, only,
};

/// A tick that stands alone in its minute's second, some minutes into the record.
const TICK: &str = "(SELECT min(id) + 200 FROM scalp_ticks)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_row_is_named_by_its_line() -> Outcome {
    on_both(async |loaded| {
        loaded.sql(&format!("DELETE FROM scalp_ticks WHERE id = {TICK}")).await?;
        let report = loaded.verify().await?;
        // The bar is not what the rest of the ticks add up to.
        assert_codes(&report, &[Code::TickMissing, Code::BarChanged]);
        assert_eq!(only(&report, Code::TickMissing).place, line(loaded.dir.path(), SCALP, 201));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubled_row_is_named_with_its_line() -> Outcome {
    on_both(async |loaded| {
        loaded
            .sql(&format!(
                "INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, \
                 session_id, mitigation_level, quality_flag) SELECT symbol, event_time, bid_price, ask_price, bid_size, \
                 ask_size, last_price, volume, session_id, mitigation_level, quality_flag FROM scalp_ticks WHERE id = {TICK}"
            ))
            .await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::TickDoubled, Code::BarChanged]);
        let doubled = only(&report, Code::TickDoubled);
        assert!(doubled.what.contains(&line(loaded.dir.path(), SCALP, 201)), "{doubled:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_price_is_named_with_what_it_was() -> Outcome {
    on_both(async |loaded| {
        loaded.sql(&format!("UPDATE scalp_ticks SET last_price = '70001.5' WHERE id = {TICK}")).await?;
        let report = loaded.verify().await?;
        let changed = only(&report, Code::TickChanged);
        assert!(changed.what.contains(&line(loaded.dir.path(), SCALP, 201)), "{changed:?}");
        assert!(changed.what.contains("last_price is 70001.5 instead of 70"), "{changed:?}");
        assert!(changed.place.starts_with("scalp_ticks 005930 2026-01-22T09:03:"), "{changed:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_line_is_named_by_its_file_and_by_its_row() -> Outcome {
    on_both(async |loaded| {
        loaded.edit(SCALP, |lines| drop(lines.remove(200)));
        let report = loaded.verify().await?;
        // Its shares are missing as well, and nobody told of them.
        assert_codes(&report, &[Code::FileChanged, Code::TickExtra, Code::SharesUnexplained]);
        assert_eq!(only(&report, Code::FileChanged).place, loaded.dir.path().join(SCALP).display().to_string());
        let extra = only(&report, Code::TickExtra);
        assert!(extra.place.starts_with("scalp_ticks 005930 2026-01-22T09:03:"), "{extra:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shifted_gap_is_named_with_what_it_was() -> Outcome {
    on_both(async |loaded| {
        loaded
            .sql("UPDATE scalp_gaps SET gap_end_ts = '2026-01-22T00:08:00.000000Z' WHERE reason = 'ws_disconnect'")
            .await?;
        let report = loaded.verify().await?;
        let changed = only(&report, Code::GapChanged);
        assert!(changed.place.contains("ws_disconnect"), "{changed:?}");
        assert!(
            changed.what.contains("gap_end_ts is 2026-01-22T09:08:00+09:00 instead of 2026-01-22T09:07:01+09:00"),
            "{changed:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_whose_gap_is_gone_everywhere_is_unexplained_time() -> Outcome {
    on_both(async |loaded| {
        loaded.edit(EVENTS, |lines| {
            lines.retain(|line| !(line.contains("\"kind\":\"gap\"") && line.contains("ws_disconnect")));
        });
        loaded.sql("DELETE FROM scalp_gaps WHERE reason = 'ws_disconnect'").await?;
        let report = loaded.verify().await?;
        let found: Vec<_> = report.findings().filter(|finding| finding.code == Code::TimeUnexplained).collect();
        let places: Vec<_> = found.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "000660 2026-01-22T09:05:00+09:00 to 2026-01-22T09:07:01+09:00",
                "005930 2026-01-22T09:05:00+09:00 to 2026-01-22T09:07:00+09:00"
            ]
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_else_that_is_edited_is_named() -> Outcome {
    let edits = [
        ("UPDATE scalp_1m_bars SET volume = volume + 1 WHERE symbol = '005930' AND bar_time = ", Code::BarChanged),
        ("DELETE FROM scalp_1m_bars WHERE symbol = '005930' AND bar_time = ", Code::BarMissing),
        ("UPDATE swing_bars_10m SET volume = 1 WHERE symbol = '005930' AND bar_time = ", Code::SwingChanged),
        ("DELETE FROM swing_bars_10m WHERE symbol = '005930' AND bar_time = ", Code::SwingMissing),
    ];
    for (edit, code) in edits {
        on_both(async |loaded| {
            loaded.sql(&format!("{edit} '2026-01-22T00:00:00.000000Z'")).await?;
            assert_codes(&loaded.verify().await?, &[code]);
            Ok(())
        })
        .await?;
    }
    let edits = [
        ("UPDATE volume_breaks SET shares = 8 WHERE shares = 7", Code::LossChanged),
        ("DELETE FROM volume_breaks WHERE shares = 7", Code::LossMissing),
        ("UPDATE healed_1m_bars SET volume = 1 WHERE bar_time = '2026-01-22T00:05:00.000000Z'", Code::HealedChanged),
        ("DELETE FROM healed_1m_bars WHERE bar_time = '2026-01-22T00:05:00.000000Z'", Code::HealedMissing),
        ("DELETE FROM scalp_gaps WHERE reason = 'volume_break'", Code::GapMissing),
    ];
    for (edit, code) in edits {
        on_both(async |loaded| {
            loaded.sql(edit).await?;
            assert_codes(&loaded.verify().await?, &[code]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_no_table_may_hold_is_named_and_the_rest_is_compared() -> Outcome {
    on_both(async |loaded| {
        loaded.sql(&format!("UPDATE scalp_ticks SET quality_flag = 'fine' WHERE id = {TICK}")).await?;
        loaded.sql("DELETE FROM swing_bars_10m WHERE symbol = '005930'").await?;
        let report = loaded.verify().await?;
        assert!(only(&report, Code::CorruptRow).place.starts_with("scalp_ticks.quality_flag"));
        only(&report, Code::SwingMissing);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_days_that_nobody_recorded_are_counted() -> Outcome {
    on_both(async |loaded| {
        loaded.sql(&format!("UPDATE scalp_ticks SET event_time = '2026-03-02T00:00:00.000000Z' WHERE id = {TICK}")).await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::TickMissing, Code::TickOutside, Code::BarChanged]);
        assert!(only(&report, Code::TickOutside).what.starts_with("1 rows"));
        Ok(())
    })
    .await
}
