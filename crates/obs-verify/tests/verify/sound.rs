//! What a sound record looks like, and what is no reason to doubt one.

use std::{fs, sync::Arc};

use obs_verify::{Code, Progress, Request, Severity, Subject, verify};

use crate::{Outcome, assert_codes, errors, market, on_both, only};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undisturbed_record_is_sound_to_the_second_and_to_the_share() -> Outcome {
    on_both(async |loaded| {
        let report = loaded.verify().await?;
        assert!(report.findings().all(|finding| finding.severity == Severity::Note), "{:#?}", report.sections);
        let account = report.accounts.iter().find(|account| account.symbol == market::symbol("005930")).unwrap();
        let (seconds, shares) = (account.seconds.unwrap(), account.shares.unwrap());
        // From the opening to the last sign of life; the connection was away from 00:05:00 to 00:07:00.
        assert_eq!([seconds.subscribed, seconds.observed, seconds.gaps].map(|it| it as i64), [600, 480, 120]);
        assert_eq!([seconds.unexplained, seconds.twice].map(|it| it as i64), [0, 0]);
        assert_eq!(shares.recorded + shares.before + shares.missing, shares.traded);
        assert_eq!((shares.before, shares.missing, shares.told), (0, market::LOST + 5_000, market::LOST + 5_000));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_file_is_no_second_record() -> Outcome {
    on_both(async |loaded| {
        fs::copy(loaded.dir.path().join(market::SCALP), loaded.dir.path().join("copy.jsonl"))?;
        assert_codes(&loaded.verify().await?, &[]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_and_symbols_that_nobody_asks_for_are_left_out() -> Outcome {
    on_both(async |loaded| {
        loaded.sql("DELETE FROM scalp_ticks WHERE id = (SELECT min(id) FROM scalp_ticks WHERE symbol = '000660')").await?;
        let verified =
            async |request: Request| verify(Arc::clone(&loaded.store), request, Arc::new(Progress::default())).await;
        let of_symbol = Request { symbol: Some(market::symbol("005930")), ..loaded.request() };
        assert_codes(&verified(of_symbol).await?, &[]);
        let later = Request { from: Some("2026-01-23".parse()?), ..loaded.request() };
        let report = verified(later).await?;
        assert_eq!((errors(&report).len(), report.days), (0, None));
        let that_day = Request { from: Some("2026-01-22".parse()?), to: Some("2026-01-22".parse()?), ..loaded.request() };
        assert_eq!(only(&verified(that_day).await?, Code::TickMissing).code, Code::TickMissing);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_lines_wait_until_somebody_acknowledges_them() -> Outcome {
    on_both(async |loaded| {
        fs::write(loaded.dir.path().join("bad.jsonl"), "not json\n")?;
        loaded.load().await;
        let report = loaded.verify().await?;
        assert_codes(&report, &[Code::RejectWaiting]);
        assert!(only(&report, Code::RejectWaiting).place.ends_with("bad.jsonl:1"));
        assert_eq!(report.section(Subject::Rejects).unwrap().counts["reject_waiting"], 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_wait_are_told() -> Outcome {
    on_both(async |loaded| {
        loaded.edit(market::SCALP, |lines| lines.push(lines[0].clone()));
        fs::write(loaded.dir.path().join("new.jsonl"), "{}\n")?;
        assert_codes(&loaded.verify().await?, &[Code::FileBehind, Code::FileNotLoaded]);
        Ok(())
    })
    .await
}
