//! Minutes to bars, without any broker.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use obs_ingest_rest::{BarError, CHART_ROWS, Evidence, Window, WindowBar, window_bar};
use obs_kis::MinuteRow;
use obs_model::{KST, Money, Ohlc, Price, Quantity};
use proptest::prelude::*;

use crate::running::{at, on, window};

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

/// A row as the broker sends it: HHMM, open, high, low, close, volume, the day's value.
fn row(hour: &str, prices: [i64; 4], volume: i64, value: i64) -> MinuteRow {
    row_on("2026-11-23", hour, prices, volume, value)
}

fn row_on(day: &str, hour: &str, [open, high, low, close]: [i64; 4], volume: i64, value: i64) -> MinuteRow {
    MinuteRow {
        date: day.parse().unwrap(),
        time: format!("{}:{}:00", &hour[..2], &hour[2..]).parse().unwrap(),
        open: won(open),
        high: won(high),
        low: won(low),
        close: won(close),
        volume: Quantity::new(volume).unwrap(),
        cumulative_value: Money::new(value.into()).unwrap(),
    }
}

fn bar(rows: &[MinuteRow], window: &Window) -> Result<WindowBar, BarError> {
    window_bar(window, &Evidence::of(rows))
}

/// Open, high, low, close and volume.
fn figures(bar: &WindowBar) -> ([Option<i64>; 4], i64) {
    let of = |price: fn(&Ohlc) -> Price| bar.ohlc.as_ref().map(price).and_then(Price::whole_won);
    ([of(Ohlc::open), of(Ohlc::high), of(Ohlc::low), of(Ohlc::close)], bar.volume.shares())
}

fn times(bar: &WindowBar) -> Vec<String> {
    bar.minutes.iter().map(|row| row.time.format("%H%M").to_string()).collect()
}

#[test]
fn the_rows_of_the_brokers_own_example() {
    // From the official workbook: two of the thirty rows of an answer.
    let rows = [
        row_on("2022-09-02", "1000", [92_400, 92_500, 92_400, 92_500], 1383, 55_858_827_400),
        row_on("2022-09-02", "0959", [92_500, 92_500, 92_400, 92_400], 1564, 55_731_000_300),
    ];
    let bar = bar(&rows, &window(on("2022-09-02", "09:50:00"))).unwrap();
    assert_eq!(figures(&bar), ([Some(92_500), Some(92_500), Some(92_400), Some(92_400)], 1564));
    assert_eq!(times(&bar), ["0959"]);
}

#[test]
fn only_the_windows_minutes_count_newest_first_as_sent() {
    let rows = [
        row("0910", [900, 900, 900, 900], 9, 90_000),
        row("0909", [120, 130, 110, 125], 4, 1_500),
        row("0904", [100, 140, 100, 120], 3, 1_000),
        row("0900", [105, 106, 95, 100], 6, 630),
    ];
    let bar = bar(&rows, &window(at("09:00:00"))).unwrap();
    assert_eq!(figures(&bar), ([Some(105), Some(140), Some(95), Some(125)], 13));
    assert_eq!(times(&bar), ["0900", "0904", "0909"]);
}

#[test]
fn a_minute_that_repeats_the_volume_of_the_one_before_had_no_trade() {
    // Row 0 until its first trade, and the rows that fill up to a minute that is still to come.
    let rows = [
        row("0909", [100, 100, 100, 100], 6, 630),
        row("0908", [100, 100, 100, 100], 6, 630),
        row("0907", [105, 106, 95, 100], 6, 630),
    ];
    let bar = bar(&rows, &window(at("09:00:00"))).unwrap();
    assert_eq!(figures(&bar), ([Some(105), Some(106), Some(95), Some(100)], 6));
    assert_eq!(times(&bar), ["0907"]);
}

#[test]
fn the_row_before_the_window_tells_whether_its_first_minute_had_a_trade() {
    let before = row("0909", [105, 106, 95, 100], 6, 630);
    let quiet = row("0910", [100, 100, 100, 100], 6, 630);
    assert_eq!(figures(&bar(&[quiet, before], &window(at("09:10:00"))).unwrap()), ([None; 4], 0));
    let traded = row("0910", [100, 100, 100, 100], 6, 1_230);
    assert_eq!(figures(&bar(&[traded, before], &window(at("09:10:00"))).unwrap()), ([Some(100); 4], 6));
}

#[test]
fn a_block_beside_the_book_is_no_trade_of_its_minute_nor_of_the_next() {
    let rows = [
        row("0912", [100, 100, 100, 100], 6, 9_000),
        row("0911", [100, 100, 100, 100], 0, 9_000),
        row("0905", [105, 106, 95, 100], 6, 630),
    ];
    assert_eq!(figures(&bar(&rows, &window(at("09:10:00"))).unwrap()), ([None; 4], 0));
}

#[test]
fn a_window_without_trades_has_no_prices_and_no_volume() {
    let rows = [row("0900", [105, 106, 95, 100], 6, 630)];
    let bar = bar(&rows, &window(at("09:10:00"))).unwrap();
    assert_eq!((figures(&bar), bar.minutes.len()), (([None; 4], 0), 0));
}

#[test]
fn the_last_window_has_the_closing_auction_and_no_other_has() {
    let rows = [row("1530", [200, 200, 200, 200], 50, 10_900), row("1519", [100, 100, 90, 90], 10, 900)];
    let closing = Window { closes: true, ..window(at("15:20:00")) };
    assert_eq!(figures(&bar(&rows, &closing).unwrap()), ([Some(200); 4], 50));
    assert_eq!(figures(&bar(&rows, &window(at("15:20:00"))).unwrap()), ([None; 4], 0));
}

#[test]
fn yesterdays_rows_are_evidence_but_no_trades() {
    let yesterday = (0..29).map(|n| row_on("2026-11-20", &format!("14{:02}", 59 - n), [1, 1, 1, 1], 5, 1_000_000 - n));
    let mut rows = vec![row("0903", [100, 100, 100, 100], 7, 700)];
    rows.extend(yesterday);
    assert_eq!(rows.len(), CHART_ROWS);
    let bar = bar(&rows, &window(at("09:00:00"))).unwrap();
    assert_eq!(figures(&bar), ([Some(100); 4], 7));
}

#[test]
fn rows_that_begin_inside_the_window_ask_for_earlier_ones() {
    let page: Vec<_> = (0..30).map(|n| row(&format!("09{:02}", 59 - n), [100; 4], 1, 100 * (60 - n))).collect();
    let mut evidence = Evidence::of(&page);
    let window = window(at("09:20:00"));
    let needed = "2026-11-23T09:20:00".parse().unwrap();
    let oldest = Some("2026-11-23T09:30:00".parse().unwrap());
    assert_eq!(window_bar(&window, &evidence), Err(BarError::Incomplete { needed, oldest }));
    assert_eq!(evidence.walk_back(window.day()), Some("09:29:00".parse().unwrap()));

    evidence.add(&[row("0929", [100; 4], 1, 3_000), row("0919", [100; 4], 1, 2_000)]);
    assert_eq!(figures(&window_bar(&window, &evidence).unwrap()), ([Some(100); 4], 1));
}

/// A market that never closes: a full answer may begin with the day, and there is nothing to ask for before it.
#[test]
fn rows_that_begin_with_the_day_are_whole() {
    let rows: Vec<MinuteRow> = (0..30).map(|nth| row(&format!("00{nth:02}"), [100; 4], 1, 100 * (nth + 1))).collect();
    assert_eq!(rows.len(), CHART_ROWS);
    let bar = bar(&rows, &window(at("00:00:00"))).unwrap();
    assert_eq!(figures(&bar), ([Some(100); 4], 10));
    assert_eq!(Evidence::of(&rows).walk_back("2026-11-23".parse().unwrap()), None);
}

#[test]
fn of_two_rows_of_a_minute_the_later_one_counts() {
    let early = row("0909", [100, 100, 100, 100], 6, 630);
    let late = row("0909", [100, 140, 100, 120], 9, 990);
    for rows in [[early, late], [late, early]] {
        assert_eq!(figures(&bar(&rows, &window(at("09:00:00"))).unwrap()).1, 9);
    }
}

#[test]
fn rows_that_contradict_themselves_are_no_bar() {
    let falls = [row("0909", [100; 4], 6, 500), row("0905", [100; 4], 6, 630)];
    let error = bar(&falls, &window(at("09:00:00"))).unwrap_err();
    assert_eq!(error.to_string(), "at 2026-11-23 09:09:00 the day's value falls from 630 to 500 won");

    let crossed = [row("0905", [100, 90, 110, 100], 6, 630)];
    let error = bar(&crossed, &window(at("09:00:00"))).unwrap_err();
    assert!(error.to_string().starts_with("the minute 2026-11-23 09:05:00 is no bar: "), "{error}");
}

/// A day of a stock: for each minute its trades' open, high, low, close and volume, or nothing.
fn days() -> impl Strategy<Value = Vec<Option<([i64; 4], i64)>>> {
    let prices = proptest::collection::vec(1_000_i64..2_000, 4);
    let minute = prices.prop_map(|mut prices| {
        let [open, close] = [prices[0], prices[1]];
        prices.sort_unstable();
        [open, prices[3], prices[0], close]
    });
    proptest::collection::vec(proptest::option::weighted(0.6, (minute, 1_i64..1_000)), 1..120)
}

fn minute_at(nth: usize) -> NaiveDateTime {
    at("09:00:00").with_timezone(&KST).naive_local() + TimeDelta::minutes(nth as i64)
}

proptest! {
    /// Whatever pages are asked for, in whatever order they come, with rows that fill up or without: the same bars.
    #[test]
    fn bars_are_those_of_the_trades(day in days(), fill in any::<bool>(), seed in any::<u64>()) {
        let (mut rows, mut value, mut last) = (Vec::new(), 0, None);
        for (nth, trades) in day.iter().enumerate() {
            let minute = minute_at(nth);
            let hour = minute.format("%H%M").to_string();
            match (trades, last) {
                (Some((prices, volume)), _) => {
                    value += prices[3] * volume;
                    last = Some((prices[3], *volume));
                    rows.push(row(&hour, *prices, *volume, value));
                }
                (None, Some((close, volume))) if fill => rows.push(row(&hour, [close; 4], volume, value)),
                (None, _) => {}
            }
        }
        rows.reverse();
        let mut pages: Vec<Vec<MinuteRow>> = rows.chunks(CHART_ROWS).map(<[_]>::to_vec).collect();
        // The page before the first trade: there are no earlier rows.
        pages.push(Vec::new());
        let mut evidence = Evidence::default();
        for page in &mut pages {
            let turn = seed as usize % page.len().max(1);
            page.rotate_left(turn);
            evidence.add(page);
            evidence.add(page);
        }
        for first in (0..day.len()).step_by(10) {
            let trades: Vec<_> = day[first..day.len().min(first + 10)].iter().flatten().collect();
            let start: DateTime<Utc> = at("09:00:00") + TimeDelta::minutes(first as i64);
            let bar = if rows.is_empty() {
                window_bar(&window(start), &Evidence::of_a_day_without_trades())
            } else {
                window_bar(&window(start), &evidence)
            }.unwrap();
            let expected = (
                [
                    trades.first().map(|(prices, _)| prices[0]),
                    trades.iter().map(|(prices, _)| prices[1]).max(),
                    trades.iter().map(|(prices, _)| prices[2]).min(),
                    trades.last().map(|(prices, _)| prices[3]),
                ],
                trades.iter().map(|(_, volume)| volume).sum::<i64>(),
            );
            prop_assert_eq!(figures(&bar), expected);
        }
    }

    /// Nothing that a broker may send makes it panic.
    #[test]
    fn any_rows_are_a_bar_or_an_error(
        rows in proptest::collection::vec((0_u32..1440, proptest::array::uniform4(1_i64..1000), any::<u32>(), any::<i32>()), 0..70),
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(minute, prices, volume, value)| {
            row(&format!("{:02}{:02}", minute / 60, minute % 60), prices, volume.into(), value.into())
        }).collect();
        if let Ok(bar) = bar(&rows, &window(at("09:10:00"))) {
            prop_assert_eq!(bar.ohlc.is_none(), bar.minutes.is_empty());
        }
    }
}
