//! The reject ledger, running day volumes, and counts.

use obs_model::Quantity;

use super::{Made, Outcome, sample};
use crate::{Batch, DayVolume, Reject, Store, Table, TableCount};

/// Any bytes and any text, and the limit.
///
/// # Errors
/// When the store fails.
pub async fn rejects_come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let bytes = Reject { raw: (0..=u8::MAX).collect(), ..sample::reject(1, 10) };
    let empty =
        Reject {
            raw: Vec::new(), detail: "\"가격\" is not a price, 'neither' is this".to_owned(), ..sample::reject(1, 20)
        };
    let long = Reject { raw: vec![0xff; 100_000], reason: "r".repeat(50), ..sample::reject(1, 30) };
    let rejects = vec![bytes.clone(), empty.clone(), long.clone()];
    let batch = Batch { rejects, advance: sample::advance(1, None, 100), ..Batch::default() };
    let committed = store.commit(&batch).await?;
    assert_eq!(committed.of(Table::LoadRejects), TableCount { inserted: 3, updated: 0 });

    assert_eq!(store.rejects(2).await?, [bytes.clone(), empty.clone()]);
    assert!(store.rejects(100).await? == [bytes, empty, long], "other rejects");
    assert_eq!(store.count(Table::LoadRejects).await?, 3);
    Ok(())
}

/// A last line without its end may be rejected, and is read again when the file has grown: its reject goes.
///
/// # Errors
/// When the store fails.
pub async fn a_reject_goes_when_its_line_is_read_again(store: &dyn Store) -> Outcome {
    let other_file =
        Batch { rejects: vec![sample::reject(2, 90)], advance: sample::advance(2, None, 100), ..Batch::default() };
    store.commit(&other_file).await?;
    // The position stays before the unfinished line at 80.
    let rejects = vec![sample::reject(1, 70), sample::reject(1, 80)];
    store.commit(&Batch { rejects, advance: sample::advance(1, None, 80), ..Batch::default() }).await?;
    assert_eq!(store.count(Table::LoadRejects).await?, 3);

    store.commit(&Batch { advance: sample::advance(1, Some(80), 120), ..Batch::default() }).await?;
    assert_eq!(store.rejects(10).await?, [sample::reject(2, 90), sample::reject(1, 70)]);
    Ok(())
}

/// A line that is rejected again is one reject, with the newest text.
///
/// # Errors
/// When the store fails.
pub async fn a_line_rejected_again_is_one_reject(store: &dyn Store) -> Outcome {
    let torn = Reject { raw: b"{\"sym".to_vec(), ..sample::reject(1, 80) };
    store.commit(&Batch { rejects: vec![torn], advance: sample::advance(1, None, 80), ..Batch::default() }).await?;

    let whole = Reject { raw: b"{\"symbol\":1}".to_vec(), reason: "bad_field".to_owned(), ..sample::reject(1, 80) };
    let again = Batch { rejects: vec![whole.clone()], advance: sample::advance(1, Some(80), 93), ..Batch::default() };
    let committed = store.commit(&again).await?;
    assert_eq!(committed.of(Table::LoadRejects), TableCount { inserted: 0, updated: 1 });
    assert_eq!(store.rejects(10).await?, [whole]);
    Ok(())
}

/// The running volume of a symbol and day is replaced; days and symbols are apart.
///
/// # Errors
/// When the store fails.
pub async fn day_volumes_are_replaced(store: &dyn Store) -> Outcome {
    let volume = |symbol: &str, day: &str, shares| {
        let (symbol, trading_day) = (symbol.parse()?, day.parse()?);
        Ok(DayVolume { symbol, trading_day, cumulative: Quantity::new(shares)? })
    };
    let batch = |volumes: Vec<Made<DayVolume>>| {
        let day_volumes = volumes.into_iter().collect::<Made<Vec<_>>>()?;
        Made::Ok(Batch { day_volumes, ..Batch::default() })
    };
    let (first, second) = ("2026-01-22", "2026-01-23");
    store
        .commit(&batch(vec![volume("005930", first, 10), volume("000660", first, 20), volume("005930", second, 30)])?)
        .await?;
    store.commit(&batch(vec![volume("005930", first, 40), volume("005930", first, i64::MAX)])?).await?;

    let mut of_first = store.day_volumes(first.parse()?).await?;
    of_first.sort_by_key(|volume| volume.symbol);
    assert_eq!(of_first, [volume("000660", first, 20)?, volume("005930", first, i64::MAX)?]);
    assert_eq!(store.day_volumes(second.parse()?).await?, [volume("005930", second, 30)?]);
    assert_eq!(store.day_volumes("2026-01-24".parse()?).await?, []);
    Ok(())
}

/// Everything of a batch is there after the commit, and the counts say how much.
///
/// # Errors
/// When the store fails.
pub async fn a_whole_batch_is_counted(store: &dyn Store) -> Outcome {
    let time = "2026-01-22T00:01:00Z";
    let start = sample::at(time)?;
    let gap = obs_model::Gap::new(
        (start, start + chrono::TimeDelta::seconds(11)),
        obs_model::GapScope::All,
        obs_model::GapReason::ProcessRestart,
        Vec::new(),
        sample::session()?,
    )?;
    let batch = Batch {
        ticks: vec![sample::tick("005930", time)?, sample::tick("005930", time)?],
        bars: vec![sample::bar("005930", time)?],
        recorded_bars: vec![sample::bar("000660", time)?],
        swing_bars: vec![sample::swing_bar("005930", time)?],
        gaps: vec![gap],
        feed_events: vec![sample::feed_event(1, time, obs_model::FeedChange::Subscribed { symbol: "005930".parse()? })?],
        day_volumes: vec![DayVolume {
            symbol: "005930".parse()?,
            trading_day: start.date_naive(),
            cumulative: Quantity::ZERO,
        }],
        rejects: vec![sample::reject(1, 50)],
        advance: sample::advance(1, None, 200),
    };
    let committed = store.commit(&batch).await?;
    let expected = [2, 2, 1, 1, 1, 1];
    for (table, rows) in Table::ALL.into_iter().zip(expected) {
        assert_eq!(committed.of(table), TableCount { inserted: rows, updated: 0 }, "{}", table.name());
        assert_eq!(store.count(table).await?, rows, "{}", table.name());
    }
    assert_eq!(store.positions().await?, [sample::position(1, 200)]);
    Ok(())
}
