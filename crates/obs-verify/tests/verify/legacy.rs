//! Lines that others wrote, of which loading works something out.

use obs_verify::Code;

use crate::{Loaded, Outcome, assert_codes, on_both, only};

/// A record of the Python system: the one volume that it has is the day's running total.
fn record(second: u32, total: u32) -> String {
    format!(
        r#"{{"timestamp": "2026-01-28T00:00:{second:02}.500000+00:00", "symbol": "005930", "execution_time": "0900{second:02}", "price": {{"current": 70500}}, "volume": {{"accumulated": {total}}}, "bid_ask": {{"bid_price": 70450, "ask_price": 70550}}}}"#
    )
}

fn add_legacy_file(loaded: &Loaded) {
    let lines: String = (1..=9).map(|nth| record(nth, 1_000 + 10 * nth) + "\n").collect();
    std::fs::write(loaded.dir.path().join("legacy.jsonl"), lines).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn volumes_and_flags_that_loading_works_out_are_no_difference() -> Outcome {
    on_both(async |loaded| {
        add_legacy_file(&loaded);
        loaded.load().await;
        assert_codes(&loaded.verify().await?, &[]);
        // Its bar tells when such a volume is edited.
        loaded.sql("UPDATE scalp_ticks SET volume = 11 WHERE id = (SELECT max(id) FROM scalp_ticks)").await?;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::BarChanged]);
        assert!(only(&report, Code::BarChanged).what.contains("volume is 80 instead of 81"));
        Ok(())
    })
    .await
}
