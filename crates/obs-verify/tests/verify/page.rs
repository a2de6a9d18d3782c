//! The written forms of a report.

use obs_verify::{html, measure};

use crate::{Outcome, on_both};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_one_json_object_and_one_page() -> Outcome {
    on_both(async |loaded| {
        let mut report = loaded.verify().await?;
        report.queries = measure(&*loaded.store, 3).await?;
        let written = serde_json::to_value(&report)?;
        assert_eq!((written["version"].as_u64(), written["sound"].as_bool()), (Some(1), Some(true)));
        let subjects: Vec<_> = written["sections"].as_array().unwrap().iter().map(|it| it["subject"].clone()).collect();
        let expected = ["files", "ticks", "bars", "swing", "gaps", "seconds", "shares", "rejects", "sanity"];
        assert_eq!(subjects, expected);
        let rows: Vec<_> = report.queries.iter().map(|query| query.rows).collect();
        // Eight minutes with ticks, a second each of the one symbol, two gaps, and no portfolio.
        assert_eq!(rows[3..], [2, 2, 2, 0]);
        assert!(rows[0] > 5 && rows[1] > 50 && rows[2] > rows[1]);
        assert!(report.queries.iter().all(|query| query.p50_ms <= query.p99_ms));
        let page = html(&report);
        assert!(page.contains("The record is sound") && page.contains("<svg") && page.ends_with("</html>\n"));
        // Nothing is fetched.
        assert!(!page.contains("http") && !page.contains("<script"));
        Ok(())
    })
    .await
}
