//! The reject ledger, running day volumes, and counts.

use obs_model::Quantity;

use super::{Made, Outcome, sample};
use crate::{Batch, DayVolume, LedgerEntry, Reject, RejectSelection, Store, Table, TableCount};

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

/// Conditions of a selection narrow each other, and what is acknowledged waits no more.
///
/// # Errors
/// When the store fails.
pub async fn rejects_wait_until_they_are_acknowledged(store: &dyn Store) -> Outcome {
    let odd = Reject { reason: "bad_field".to_owned(), ..sample::reject(2, 50) };
    let rejects = [sample::reject(1, 70), sample::reject(1, 80), odd.clone()];
    for reject in &rejects {
        store.commit(&Batch { rejects: vec![reject.clone()], ..Batch::default() }).await?;
    }
    let selected = async |selection: RejectSelection| {
        let entries = store.ledger(&selection, 10).await?;
        Made::Ok(entries.into_iter().map(|entry| entry.reject).collect::<Vec<_>>())
    };
    let of_line = |reject: &Reject| RejectSelection {
        head: Some(reject.head),
        byte_offset: Some(reject.byte_offset),
        ..RejectSelection::default()
    };
    let [first, second, _] = &rejects;
    assert_eq!(selected(RejectSelection::default()).await?, rejects);
    assert_eq!(selected(of_line(second)).await?, rejects[1..2]);
    let path = Some(first.path.clone());
    assert_eq!(selected(RejectSelection { path, ..RejectSelection::default() }).await?, rejects[..2]);
    let line_number = Some(second.line_number);
    assert_eq!(selected(RejectSelection { line_number, ..RejectSelection::default() }).await?, rejects[1..2]);
    let reason = Some("bad_field".to_owned());
    assert_eq!(selected(RejectSelection { reason: reason.clone(), ..RejectSelection::default() }).await?, rejects[2..]);
    assert_eq!(selected(RejectSelection { reason, ..of_line(second) }).await?, []);

    assert_eq!(store.unacknowledged().await?, 3);
    assert_eq!(store.acknowledge(&of_line(second)).await?, 1);
    let waiting = RejectSelection { waiting: true, ..RejectSelection::default() };
    assert_eq!(selected(waiting.clone()).await?, [first.clone(), odd]);
    let entry = store.ledger(&of_line(second), 1).await?;
    let [LedgerEntry { rejected_at, acknowledged_at: Some(acknowledged_at), .. }] = entry.as_slice() else {
        return Err(format!("not acknowledged: {entry:?}").into());
    };
    assert!(rejected_at <= acknowledged_at, "{entry:?}");

    assert_eq!(store.acknowledge(&RejectSelection::default()).await?, 2);
    assert_eq!(store.acknowledge(&RejectSelection::default()).await?, 0);
    assert_eq!((store.unacknowledged().await?, selected(waiting).await?), (0, Vec::new()));
    assert_eq!(store.ledger(&of_line(second), 1).await?, entry);
    Ok(())
}

/// An acknowledged line that is rejected again is still acknowledged, unless its text changed.
///
/// # Errors
/// When the store fails.
pub async fn a_changed_line_waits_again(store: &dyn Store) -> Outcome {
    let rejected = async |raw: &[u8]| {
        let reject = Reject { raw: raw.to_vec(), ..sample::reject(1, 80) };
        store.commit(&Batch { rejects: vec![reject], ..Batch::default() }).await?;
        Made::Ok(store.unacknowledged().await?)
    };
    assert_eq!(rejected(b"{").await?, 1);
    assert_eq!(store.acknowledge(&RejectSelection::default()).await?, 1);
    assert_eq!(rejected(b"{").await?, 0);
    assert_eq!(rejected(b"{}}").await?, 1);
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
        volume_breaks: vec![sample::volume_break("005930", (time, time), 7)?],
        healed_bars: vec![sample::healed_bar("005930", time)?],
        day_volumes: vec![DayVolume {
            symbol: "005930".parse()?,
            trading_day: start.date_naive(),
            cumulative: Quantity::ZERO,
        }],
        rejects: vec![sample::reject(1, 50)],
        advance: sample::advance(1, None, 200),
    };
    let committed = store.commit(&batch).await?;
    let expected = [2, 2, 1, 1, 1, 1, 1, 1];
    for (table, rows) in Table::ALL.into_iter().zip(expected) {
        assert_eq!(committed.of(table), TableCount { inserted: rows, updated: 0 }, "{}", table.name());
        assert_eq!(store.count(table).await?, rows, "{}", table.name());
    }
    assert_eq!(store.positions().await?, [sample::position(1, 200)]);
    Ok(())
}
