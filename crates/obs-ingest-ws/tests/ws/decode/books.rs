//! Order books, in records of 59 fields and more.

use chrono::NaiveTime;
use obs_ingest_ws::Book;

use super::{BOOK, WIDER_BOOK, books, shares, won};

fn book(symbol: &str, time: &str, (ask, bid): (i64, i64), (ask_size, bid_size): (i64, i64)) -> Book {
    Book {
        symbol: symbol.parse().unwrap(),
        time: NaiveTime::parse_from_str(time, "%H%M%S").unwrap(),
        ask_price: Some(won(ask)),
        bid_price: Some(won(bid)),
        ask_size: shares(ask_size),
        bid_size: shares(bid_size),
    }
}

#[test]
fn the_best_level_of_a_book_of_59_and_of_63_fields() {
    assert_eq!(books(BOOK), [Ok(book("066570", "121523", (99_100, 98_900), (1_244, 1_108)))]);
    assert_eq!(books(WIDER_BOOK), [Ok(book("005930", "140610", (278_000, 277_500), (47_584, 70_626)))]);
}

#[test]
fn books_in_one_frame_and_one_that_is_broken() {
    let fields = BOOK.rsplit('|').next().unwrap();
    let (other, broken) = (fields.replace("066570", "0004V0"), fields.replace("^121523^", "^121560^"));
    let text = format!("0|H0STASP0|003|{fields}^{broken}^{other}");

    let read = books(&text);

    assert_eq!(read[0], Ok(book("066570", "121523", (99_100, 98_900), (1_244, 1_108))));
    let (reason, record) = read[1].as_ref().unwrap_err();
    assert_eq!((reason.to_string().as_str(), *record), (r#""" and "121560" are not a date and a time"#, broken.as_str()));
    assert_eq!(read[2], Ok(book("0004V0", "121523", (99_100, 98_900), (1_244, 1_108))));
}

#[test]
fn an_empty_side_of_a_book() {
    let text = BOOK.replace("^99100^99200^", "^0^0^").replace("^1244^1096^", "^0^0^");
    let expected = Book { ask_price: None, ..book("066570", "121523", (99_100, 98_900), (0, 1_108)) };
    assert_eq!(books(&text), [Ok(expected)]);
}
