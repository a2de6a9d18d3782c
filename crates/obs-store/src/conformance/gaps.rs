//! Gaps and their symbols.

use obs_model::{Gap, GapReason, GapScope, Symbol};

use super::{Made, Outcome, sample};
use crate::{Batch, Derived, Rebuilt, Rewritten, Store, Table, TableCount};

fn gap(start: &str, end: &str, scope: GapScope, reason: GapReason) -> Made<Gap> {
    Ok(Gap::new((sample::at(start)?, sample::at(end)?), scope, reason, Vec::new(), sample::session()?)?)
}

/// Every scope and reason, by start.
///
/// # Errors
/// When the store fails.
pub async fn come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let scopes = [GapScope::Scalp, GapScope::Swing, GapScope::All];
    let times = |n: usize| (format!("2026-01-22T00:{n:02}:00.25Z"), format!("2026-01-22T00:{n:02}:30.75Z"));
    let nth = |(n, reason): (usize, GapReason)| gap(&times(n).0, &times(n).1, scopes[n % 3], reason);
    let gaps = GapReason::ALL.into_iter().enumerate().map(nth).collect::<Made<Vec<_>>>()?;
    let mut given = gaps.clone();
    given.reverse();

    let committed = store.commit(&Batch { gaps: given, ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::ScalpGaps), TableCount { inserted: 12, updated: 0 });
    assert_eq!(store.gaps(sample::ever()?).await?, gaps);
    Ok(())
}

/// The symbols of each gap and when each was back, in the order of symbols; a symbol named twice is one.
///
/// # Errors
/// When the store fails.
pub async fn keep_their_symbols(store: &dyn Store) -> Outcome {
    let [letters, samsung, hynix] = ["0004V0".parse()?, "005930".parse()?, "000660".parse()?];
    let made = |start: &str| gap(start, "2026-01-22T00:05:00Z", GapScope::Scalp, GapReason::WsDisconnect);
    let of_all = made("2026-01-22T00:00:00Z")?;
    let mut of_two = made("2026-01-22T00:01:00Z")?;
    of_two.symbols = vec![samsung, letters];
    let mut staggered = made("2026-01-22T00:01:00Z")?;
    staggered.symbols = vec![samsung, hynix, letters, samsung];
    let returns = [(hynix, sample::at("2026-01-22T00:04:59.25Z")?), (letters, staggered.start())];
    let staggered = staggered.with_returns(returns);
    store.commit(&Batch { gaps: vec![of_all.clone(), of_two.clone()], ..Batch::default() }).await?;
    store.commit(&Batch { gaps: vec![staggered.clone()], ..Batch::default() }).await?;

    let mut expected = [of_all, of_two, staggered];
    expected[1].symbols = vec![letters, samsung];
    expected[2].symbols = vec![letters, hynix, samsung];
    let found = store.gaps(sample::ever()?).await?;
    assert_eq!(found, expected);
    assert_eq!(found[2].end_of(hynix), sample::at("2026-01-22T00:04:59.25Z")?);
    assert_eq!(found[2].end_of(samsung), found[2].end());
    Ok(())
}

/// A gap touches a range if a part of it, or all of a gap without length, lies in it.
///
/// # Errors
/// When the store fails.
pub async fn are_found_where_they_touch(store: &dyn Store) -> Outcome {
    let made = |start: &str, end: &str| gap(start, end, GapScope::Scalp, GapReason::WsTimeout);
    let ends_there = made("2026-01-22T00:00:30Z", "2026-01-22T00:01:00Z")?;
    let reaches_in = made("2026-01-22T00:00:31Z", "2026-01-22T00:01:00.000001Z")?;
    let at_its_start = made("2026-01-22T00:01:00Z", "2026-01-22T00:01:00Z")?;
    let within = made("2026-01-22T00:01:10Z", "2026-01-22T00:01:20Z")?;
    let around = made("2026-01-21T00:00:00Z", "2026-01-23T00:00:00Z")?;
    let starts_late = made("2026-01-22T00:02:00Z", "2026-01-22T00:02:10Z")?;
    let gaps = vec![ends_there, reaches_in.clone(), at_its_start.clone(), within.clone(), around.clone(), starts_late];
    store.commit(&Batch { gaps, ..Batch::default() }).await?;

    let minute = sample::range("2026-01-22T00:01:00Z", "2026-01-22T00:02:00Z")?;
    assert_eq!(store.gaps(minute).await?, [around, reaches_in, at_its_start, within]);
    Ok(())
}

/// Of a range the gaps that start in it become those that are given, each as often as it is given, with their symbols.
///
/// # Errors
/// When the store fails.
pub async fn of_a_range_are_made_again(store: &dyn Store) -> Outcome {
    let [samsung, hynix] = ["005930".parse()?, "000660".parse()?];
    let made = |start: &str, end: &str, symbols: &[Symbol]| {
        let mut gap =
            gap(&format!("2026-01-22T{start}Z"), &format!("2026-01-22T{end}Z"), GapScope::Scalp, GapReason::WsTimeout)?;
        gap.symbols = symbols.to_vec();
        Made::Ok(gap)
    };
    let reaches_in = made("00:00:59", "00:01:30", &[samsung])?;
    let right =
        made("00:01:10", "00:01:20", &[samsung, hynix])?.with_returns([(hynix, sample::at("2026-01-22T00:01:15Z")?)]);
    let of_all = made("00:01:30", "00:01:40", &[])?;
    let [doubled, spoilt, lost] = [
        made("00:01:41", "00:01:42", &[samsung])?,
        made("00:01:50", "00:01:51", &[samsung])?,
        made("00:01:52", "00:02:30", &[])?,
    ];
    let altered = made("00:01:50", "00:01:51", &[hynix])?;
    let follows = made("00:02:00", "00:02:10", &[])?;
    let stored = vec![&reaches_in, &right, &of_all, &doubled, &doubled, &altered, &follows].into_iter().cloned().collect();
    store.commit(&Batch { gaps: stored, ..Batch::default() }).await?;

    let mut named_twice = right.clone();
    named_twice.symbols = vec![samsung, hynix, samsung];
    let derived = Derived {
        range: sample::range("2026-01-22T00:01:00Z", "2026-01-22T00:02:00Z")?,
        symbol: None,
        bars: Vec::new(),
        gaps: Some(vec![named_twice, of_all.clone(), doubled.clone(), spoilt.clone(), lost.clone()]),
    };
    let rebuilt = Rebuilt { gaps: Rewritten { written: 2, unchanged: 3, removed: 2 }, ..Rebuilt::default() };
    let untouched = store.gaps(sample::ever()?).await?;
    assert_eq!(store.rebuild(&derived, true).await?, rebuilt);
    assert_eq!(store.gaps(sample::ever()?).await?, untouched);
    assert_eq!(store.rebuild(&derived, false).await?, rebuilt);
    let mut right = right;
    right.symbols = vec![hynix, samsung];
    assert_eq!(store.gaps(sample::ever()?).await?, [reaches_in, right, of_all, doubled, spoilt, lost, follows]);
    let again = Rebuilt { gaps: Rewritten { written: 0, unchanged: 5, removed: 0 }, ..Rebuilt::default() };
    assert_eq!(store.rebuild(&derived, false).await?, again);
    Ok(())
}
