//! Any content: what is written into a frame comes out again, and nothing makes the decoder panic.

use chrono::{DateTime, NaiveTime};
use obs_ingest_ws::{Book, Frame, RejectedRecord, Trade, decode_frame};
use obs_model::{KST, Price, Symbol};
use proptest::prelude::*;

use super::{ACK, BOOK, ONE, PINGPONG, THREE, WIDER, WIDER_BOOK, books, shares, trades};

/// The records of a frame, as they are written on the wire with `width` fields each.
fn frame_of(trades: &[Trade], width: usize) -> String {
    let filler: Vec<&str> = WIDER.rsplit('|').next().unwrap().split('^').collect();
    let price = |price: Option<Price>| price.map_or_else(|| "0".to_owned(), |price| price.to_string());
    let records = trades.iter().map(|trade| {
        let event_time = trade.event_time.with_timezone(&KST);
        let mut fields: Vec<String> = filler.iter().cycle().take(width).map(|field| (*field).to_owned()).collect();
        for (index, text) in [
            (0, trade.symbol.to_string()),
            (1, event_time.format("%H%M%S").to_string()),
            (2, trade.price.to_string()),
            (10, price(trade.ask_price)),
            (11, price(trade.bid_price)),
            (12, trade.volume.to_string()),
            (13, trade.cumulative_volume.to_string()),
            (33, event_time.format("%Y%m%d").to_string()),
            (36, trade.ask_size.to_string()),
            (37, trade.bid_size.to_string()),
        ] {
            fields[index] = text;
        }
        fields.join("^")
    });
    let records: Vec<String> = records.collect();
    format!("0|H0STCNT0|{:03}|{}", records.len(), records.join("^"))
}

fn any_price() -> impl Strategy<Value = Price> {
    (Price::MIN.ten_thousandths()..=Price::MAX.ten_thousandths()).prop_map(|raw| Price::from_ten_thousandths(raw).unwrap())
}

prop_compose! {
    fn any_trade()(
        symbol in "Q?[0-9A-Z]{6}",
        // 1990 to 2100.
        seconds in 631_152_000_i64..4_102_444_800,
        price in any_price(),
        quotes in (proptest::option::of(any_price()), proptest::option::of(any_price())),
        volumes in [0..=i64::MAX, 0..=i64::MAX],
        sizes in [0..=i64::MAX, 0..=i64::MAX],
    ) -> Trade {
        Trade {
            symbol: symbol.parse::<Symbol>().unwrap(),
            event_time: DateTime::from_timestamp(seconds, 0).unwrap(),
            price,
            ask_price: quotes.0,
            bid_price: quotes.1,
            volume: shares(volumes[0]),
            cumulative_volume: shares(volumes[1]),
            ask_size: shares(sizes[0]),
            bid_size: shares(sizes[1]),
        }
    }
}

/// A book as it is written on the wire with `width` fields.
fn book_record(book: &Book, width: usize) -> String {
    let price = |price: Option<Price>| price.map_or_else(|| "0".to_owned(), |price| price.to_string());
    let mut fields = vec!["-97200".to_owned(); width];
    for (index, text) in [
        (0, book.symbol.to_string()),
        (1, book.time.format("%H%M%S").to_string()),
        (3, price(book.ask_price)),
        (13, price(book.bid_price)),
        (23, book.ask_size.to_string()),
        (33, book.bid_size.to_string()),
    ] {
        fields[index] = text;
    }
    fields.join("^")
}

prop_compose! {
    fn any_book()(
        symbol in "Q?[0-9A-Z]{6}",
        second in 0..86_400_u32,
        quotes in (proptest::option::of(any_price()), proptest::option::of(any_price())),
        sizes in [0..=i64::MAX, 0..=i64::MAX],
    ) -> Book {
        Book {
            symbol: symbol.parse::<Symbol>().unwrap(),
            time: NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap(),
            ask_price: quotes.0,
            bid_price: quotes.1,
            ask_size: shares(sizes[0]),
            bid_size: shares(sizes[1]),
        }
    }
}

/// Reads all there is in a text, for the panics that it must not cause.
fn exhaust(text: &str) -> usize {
    match decode_frame(text) {
        Ok(Frame::Trades(trades)) => count(trades),
        Ok(Frame::Books(books)) => count(books),
        _ => 0,
    }
}

/// Reads all records, as many as were announced.
fn count<'a, T>(records: impl ExactSizeIterator<Item = Result<T, RejectedRecord<'a>>>) -> usize {
    let announced = records.len();
    let read: Vec<_> = records.map(|record| record.map(|_| ()).map_err(|record| record.to_string())).collect();
    assert_eq!(read.len(), announced);
    announced
}

proptest! {
    #[test]
    fn a_frame_holds_the_trades_that_were_written_into_it(
        written in prop::collection::vec(any_trade(), 1..8),
        width in prop_oneof![Just(46_usize), Just(47), 48..60_usize],
    ) {
        let text = frame_of(&written, width);
        let read: Vec<_> = trades(&text).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn a_frame_holds_the_books_that_were_written_into_it(
        written in prop::collection::vec(any_book(), 1..4),
        width in 59..70_usize,
    ) {
        let records: Vec<String> = written.iter().map(|book| book_record(book, width)).collect();
        let text = format!("0|H0STASP0|{:03}|{}", records.len(), records.join("^"));
        let read: Vec<_> = books(&text).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), fields in ".*", count in "[0-9]{0,4}") {
        exhaust(&text);
        exhaust(&format!("{{{text}"));
        exhaust(&format!("0|H0STCNT0|{count}|{fields}"));
        exhaust(&format!("0|H0STCNT0|001|{}", [fields.as_str(); 46].join("^")));
        exhaust(&format!("0|H0STASP0|001|{}", [fields.as_str(); 59].join("^")));
    }

    #[test]
    fn no_mutilated_frame_makes_it_panic(
        sample in prop::sample::select(vec![ONE, WIDER, THREE, BOOK, WIDER_BOOK, ACK, PINGPONG]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec!["", "^", "|", "e", "-", ".", "가", "0", "{", "\""])), 1..6),
    ) {
        let mut text = sample.to_owned();
        for (index, put) in edits {
            let places: Vec<_> = text.char_indices().map(|(at, c)| at..at + c.len_utf8()).collect();
            if places.is_empty() {
                break;
            }
            text.replace_range(index.get(&places).clone(), put);
        }
        exhaust(&text);
    }

    #[test]
    fn a_truncated_frame_is_refused_or_loses_nothing(sample in prop::sample::select(vec![ONE, WIDER, THREE]), cut in any::<prop::sample::Index>()) {
        let text = &sample[..cut.index(sample.len())];
        if let Ok(Frame::Trades(_)) = decode_frame(text) {
            prop_assert_eq!(trades(text), trades(sample));
        }
    }
}
