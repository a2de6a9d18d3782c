//! Rows of long lists, some at a time.

use chrono::{DateTime, Utc};
use obs_model::{Bar, Price, QualityFlag, Quantity, SwingBar, Symbol, Tick};

use super::{Made, Outcome, sample};
use crate::{Batch, Origin, PageOf, SourcedBar, Store, TimeRange};

fn first<K>(range: TimeRange, limit: u32) -> PageOf<K> {
    PageOf { range, symbol: None, after: None, limit }
}

/// Page by page all ticks come, each once, by time and then in the order of arrival, also where a page ends within a second.
///
/// # Errors
/// When the store fails.
pub async fn of_ticks_add_up(store: &dyn Store) -> Outcome {
    let nth = |symbol: &str, time: &str, shares| {
        Made::Ok(Tick { volume: Some(Quantity::new(shares)?), ..sample::tick(symbol, time)? })
    };
    let ticks = vec![
        nth("005930", "2026-01-22T00:00:02Z", 5)?,
        nth("000660", "2026-01-22T00:00:01Z", 1)?,
        nth("005930", "2026-01-22T00:00:01Z", 2)?,
        nth("0004V0", "2026-01-22T00:00:01Z", 3)?,
        nth("005930", "2026-01-22T00:00:01Z", 4)?,
        nth("005930", "2026-01-22T00:00:03Z", 6)?,
    ];
    store.commit(&Batch { ticks: ticks.clone(), ..Batch::default() }).await?;

    let shares = |rows: &[(i64, Tick)]| -> Vec<i64> {
        rows.iter().map(|(_, tick)| tick.volume.map_or(0, Quantity::shares)).collect()
    };
    let range = sample::range("2026-01-22T00:00:00Z", "2026-01-22T00:00:03Z")?;
    let mut page = first(range, 2);
    let mut found = Vec::new();
    loop {
        let rows = store.ticks_page(page).await?;
        let Some((id, last)) = rows.last() else { break };
        assert!(rows.len() <= 2, "{rows:?}");
        page.after = Some((last.event_time, *id));
        found.extend(shares(&rows));
    }
    assert_eq!(found, [1, 2, 3, 4, 5]);
    assert_eq!(found.len() as u64, store.count_ticks(range).await?);
    assert_eq!(store.count_ticks(sample::range("2026-01-22T00:00:01Z", "2026-01-22T00:00:02Z")?).await?, 4);

    let of_one = PageOf { symbol: Some("005930".parse()?), ..first(range, 100) };
    assert_eq!(shares(&store.ticks_page(of_one).await?), [2, 4, 5]);
    let behind =
        PageOf { after: store.ticks_page(of_one).await?.first().map(|(id, tick)| (tick.event_time, *id)), ..of_one };
    assert_eq!(shares(&store.ticks_page(behind).await?), [4, 5]);
    assert_eq!(shares(&store.ticks_page(first(range, 0)).await?), [0; 0]);
    assert_eq!(shares(&store.ticks_page(first(sample::ever()?, 100)).await?).len(), 6);
    Ok(())
}

/// Bars come by time and then by symbol, in the order of bytes; with healing the healed one where the observed one is missing or
/// not normal.
///
/// # Errors
/// When the store fails.
pub async fn of_bars_add_up(store: &dyn Store) -> Outcome {
    let doubtful = |time| Made::Ok(Bar { quality_flag: QualityFlag::Degraded, ..sample::bar("005930", time)? });
    let bars = vec![
        sample::bar("005930", "2026-01-22T00:00:00Z")?,
        doubtful("2026-01-22T00:01:00Z")?,
        sample::bar("00104K", "2026-01-22T00:01:00Z")?,
        sample::bar("000660", "2026-01-22T00:01:00Z")?,
    ];
    let healed_bars =
        vec![sample::healed_bar("005930", "2026-01-22T00:01:00Z")?, sample::healed_bar("005930", "2026-01-22T00:02:00Z")?];
    store.commit(&Batch { bars: bars.clone(), healed_bars, ..Batch::default() }).await?;

    let range = sample::range("2026-01-22T00:00:00Z", "2026-01-23T00:00:00Z")?;
    let observed = |bar: &Bar| SourcedBar { bar: bar.clone(), origin: Origin::Observed };
    let expected = [&bars[0], &bars[3], &bars[2], &bars[1]].map(observed);
    let keys = |rows: &[SourcedBar]| -> Vec<(DateTime<Utc>, Symbol)> {
        rows.iter().map(|row| (row.bar.bar_time, row.bar.symbol)).collect()
    };
    for size in 1..6 {
        let mut page = first(range, size);
        let mut found = Vec::new();
        loop {
            let rows = store.bars_page(page, false).await?;
            page.after = keys(&rows).pop();
            if rows.is_empty() {
                break;
            }
            found.extend(rows);
        }
        assert_eq!(found, expected, "pages of {size}");
    }
    assert_eq!(store.bars_page(PageOf { symbol: Some("005930".parse()?), ..first(range, 9) }, false).await?.len(), 2);

    let with_healing = store.bars_page(first(range, 9), true).await?;
    let origins: Vec<_> = with_healing.iter().map(|row| (row.bar.symbol.to_string(), row.origin.as_str())).collect();
    let names: Vec<_> = origins.iter().map(|(symbol, origin)| (symbol.as_str(), *origin)).collect();
    let (seen, mended) = ("observed", "healed");
    assert_eq!(names, [("005930", seen), ("000660", seen), ("00104K", seen), ("005930", mended), ("005930", mended)]);
    let behind = PageOf { after: keys(&with_healing).get(2).copied(), ..first(range, 1) };
    assert_eq!(store.bars_page(behind, true).await?, with_healing[3..4]);
    Ok(())
}

/// Ten-minute bars come by time and then by symbol.
///
/// # Errors
/// When the store fails.
pub async fn of_swing_bars_add_up(store: &dyn Store) -> Outcome {
    let late = SwingBar { close: Some(Price::from_won(7)?), ..sample::swing_bar("000660", "2026-01-22T00:10:00Z")? };
    let bars = vec![
        sample::swing_bar("005930", "2026-01-22T00:00:00Z")?,
        late.clone(),
        sample::swing_bar("000660", "2026-01-22T00:00:00Z")?,
    ];
    store.commit(&Batch { swing_bars: bars.clone(), ..Batch::default() }).await?;

    let page = first(sample::range("2026-01-22T00:00:00Z", "2026-01-23T00:00:00Z")?, 2);
    let rows = store.swing_bars_page(page).await?;
    assert_eq!(rows, [bars[2].clone(), bars[0].clone()]);
    let behind = rows.last().map(|bar| (bar.bar_time, bar.symbol));
    assert_eq!(store.swing_bars_page(PageOf { after: behind, ..page }).await?, [late]);
    Ok(())
}
