//! Order books and their frames.

use obs_sim::{
    frame::{BookWidth, encode_book},
    market::{BookView, Level, Market, Phase, StockView, tick_size},
};
use proptest::prelude::*;

use crate::{at, krx};

fn samsung(market: &Market) -> StockView {
    market.stock("005930".parse().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_book_follows_from_the_quotes(seed: u64, minutes in 1..500_i64) {
        let mut market = krx(seed, 60, 1);
        let open = at("2026-01-22T08:20:00+09:00");
        market.advance(open, open + chrono::TimeDelta::minutes(minutes));
        for symbol in market.symbols() {
            let stock = market.stock(symbol).unwrap();
            let book = stock.book();
            let sum = |side: &[Level]| side.iter().map(|level| level.size).sum::<i64>();
            prop_assert_eq!(sum(&book.asks), stock.quotes.total_ask_size);
            prop_assert_eq!(sum(&book.bids), stock.quotes.total_bid_size);
            prop_assert_eq!(book.asks[0], Level { price: stock.quotes.ask, size: stock.quotes.ask_size });
            prop_assert_eq!(book.bids[0], Level { price: stock.quotes.bid, size: stock.quotes.bid_size });
            prop_assert!(book.asks.is_sorted_by(|low, high| low.price < high.price));
            prop_assert!(book.bids.is_sorted_by(|high, low| high.price > low.price));
            for level in book.asks.iter().chain(&book.bids) {
                prop_assert!(level.size > 0 && level.price % tick_size(level.price) == 0);
                prop_assert!((stock.reference.lower_limit..=stock.reference.upper_limit).contains(&level.price));
            }
            prop_assert!(book.asks.len() <= BookView::LEVELS && book.bids.len() <= BookView::LEVELS);
            prop_assert_eq!(market.stock(symbol).unwrap().book(), book);
        }
    }
}

#[test]
fn an_auction_is_expected_to_bring_what_it_brings() {
    let mut market = krx(7, 41, 2);
    let mut expect = |from: &str, until: &str, phase| {
        market.advance(at(from), at(until));
        let stock = samsung(&market);
        assert_eq!(stock.phase, phase);
        stock.expected
    };
    assert_eq!(expect("2026-01-22T08:00:00+09:00", "2026-01-22T08:29:59+09:00", Phase::Closed), None);
    let opening = expect("2026-01-22T08:29:59+09:00", "2026-01-22T09:00:00+09:00", Phase::Continuous);
    assert_eq!(opening, None);
    let opening = {
        let mut market = krx(7, 41, 2);
        market.advance(at("2026-01-22T08:00:00+09:00"), at("2026-01-22T08:59:59+09:00"));
        samsung(&market).expected.unwrap()
    };
    let mut market = krx(7, 41, 2);
    market.advance(at("2026-01-22T08:00:00+09:00"), at("2026-01-22T09:00:00.000000001+09:00"));
    let stock = samsung(&market);
    assert_eq!(stock.last, opening.price);
    assert!(stock.day.unwrap().volume >= opening.size);

    market.advance(at("2026-01-22T09:00:00.000000001+09:00"), at("2026-01-22T15:29:59+09:00"));
    let close = samsung(&market);
    let expected = close.expected.unwrap();
    market.advance(at("2026-01-22T15:29:59+09:00"), at("2026-01-22T15:31:00+09:00"));
    let closed = samsung(&market);
    assert_eq!((closed.last, closed.expected, closed.phase), (expected.price, None, Phase::Closed));
    assert!(closed.day.unwrap().volume - close.day.unwrap().volume >= expected.size);
}

/// The book that a public test of a client holds, as far as ours has the same fields.
#[test]
fn a_book_is_written_field_by_field() {
    let levels = |first: i64, step: i64, sizes: [i64; 10]| -> Vec<Level> {
        (0..).zip(sizes).map(|(nth, size)| Level { price: first + nth * step, size }).collect()
    };
    let book = BookView {
        symbol: "066570".parse().unwrap(),
        at: at("2026-06-08T12:15:23+09:00"),
        phase: Phase::Continuous,
        asks: levels(99_100, 100, [1_244, 1_096, 775, 2_090, 3_584, 2_831, 4_081, 4_526, 5_637, 7_314]),
        bids: levels(98_900, -100, [1_108, 4_129, 4_670, 2_050, 1_665, 995, 3_837, 678, 1_288, 4_068]),
        expected: None,
        base_price: 97_200,
        volume: 354_177,
    };
    let written = "0|H0STASP0|001|066570^121523^0^99100^99200^99300^99400^99500^99600^99700^99800^99900^100000^98900^98800^98700\
                   ^98600^98500^98400^98300^98200^98100^98000^1244^1096^775^2090^3584^2831^4081^4526^5637^7314^1108^4129^4670\
                   ^2050^1665^995^3837^678^1288^4068^33178^24488^0^0^0^0^0^-97200^5^-100.00^354177^0^0^0^0^0";
    assert_eq!(encode_book(&book, BookWidth::Documented), written);
    assert_eq!(encode_book(&book, BookWidth::Midpoint), format!("{written}^0^0^0"));
    assert_eq!(encode_book(&book, BookWidth::Current), format!("{written}^0^0^0^2"));
}

#[test]
fn an_auctions_book_tells_what_is_expected_and_a_short_side_ends_in_zeros() {
    let book = BookView {
        symbol: "005930".parse().unwrap(),
        at: at("2026-01-22T08:45:00+09:00"),
        phase: Phase::OpeningAuction,
        asks: vec![Level { price: 93_600, size: 5 }],
        bids: Vec::new(),
        expected: Some(Level { price: 72_720, size: 1_000 }),
        base_price: 72_000,
        volume: 0,
    };
    let text = encode_book(&book, BookWidth::Current);
    let fields: Vec<&str> = text.rsplit('|').next().unwrap().split('^').collect();
    assert_eq!(fields.len(), 63);
    assert_eq!(fields[2], "B");
    assert_eq!((fields[3], fields[4], fields[13], fields[23], fields[33]), ("93600", "0", "0", "5", "0"));
    assert_eq!(fields[43..54], ["5", "0", "0", "0", "72720", "1000", "1000", "720", "2", "1.00", "0"]);
    let closing = encode_book(&BookView { phase: Phase::ClosingAuction, ..book }, BookWidth::Current);
    assert!(closing.contains("^084500^A^"));
}
