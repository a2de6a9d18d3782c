//! Frames, read without any socket.

use chrono::{DateTime, NaiveTime, Utc};
use obs_ingest_ws::{Ack, Book, Frame, FrameError, Outcome, RejectedRecord, Trade, decode_frame};
use obs_model::{KST, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_schema::TickRecord;
use proptest::prelude::*;

/// One record of 46 fields, from the broker's own workbook.
const ONE: &str = "0|H0STCNT0|001|005930^093354^71900^5^-100^-0.14^72023.83^72100^72400^71700^71900^71800^1^3052507^219853241700^5105^6937^1832^84.90^1366314^1159996^1^0.39^20.28^090020^5^-200^090820^5^-500^092619^2^200^20230612^20^N^65945^216924^1118750^2199206^0.05^2424142^125.92^0^^72100";
/// One record of 47 fields at half a tick.
const WIDER: &str = "0|H0STCNT0|001|005930^140610^277750^2^3750^1.37^280395.69^283000^283500^276500^278000^277500^5^11955000^3352130122500^83251^86830^3579^120.39^5217059^6280658^5^0.53^53.70^090023^5^-5250^090048^5^-5750^135824^2^1250^20260922^20^N^47588^70626^794823^496479^0.20^17123443^69.82^0^^283000^2";
/// Three records of 46 fields.
const THREE: &str = "0|H0STCNT0|003|005930^094751^71950^2^1350^1.91^71690.50^71000^72300^70600^72000^71900^1^8305216^595403999350^21115^28170^7055^136.06^3060313^4163762^5^0.51^29.46^090014^2^950^090708^5^-350^090030^2^1350^20250730^20^N^93994^113056^1668973^822214^0.14^10584139^78.47^0^^71000^005930^094751^71900^2^1300^1.84^71690.50^71000^72300^70600^72000^71900^2^8305218^595404143150^21116^28170^7054^136.06^3060315^4163762^5^0.51^29.46^090014^2^900^090708^5^-400^090030^2^1300^20250730^20^N^93985^112986^1668973^822144^0.14^10584139^78.47^0^^71000^005930^094751^72000^2^1400^1.98^71690.50^71000^72300^70600^72000^71900^75^8305293^595409543150^21116^28171^7055^136.06^3060315^4163837^1^0.51^29.46^090014^2^1000^090708^5^-300^090030^2^1400^20250730^20^N^93985^112986^1668973^822144^0.14^10584139^78.47^0^^71000";
const BOOK: &str = "0|H0STASP0|001|066570^121523^0^99100^99200^99300^99400^99500^99600^99700^99800^99900^100000^98900^98800^98700^98600^98500^98400^98300^98200^98100^98000^1244^1096^775^2090^3584^2831^4081^4526^5637^7314^1108^4129^4670^2050^1665^995^3837^678^1288^4068^33178^24488^0^0^0^0^6134^-97200^5^-100.00^354177^0^3930^0^0^0";
/// A book of 63 fields.
const WIDER_BOOK: &str = "0|H0STASP0|001|005930^140610^0^278000^278500^279000^279500^280000^280500^281000^281500^282000^282500^277500^277000^276500^276000^275500^275000^274500^274000^273500^273000^47584^39910^40703^41379^71975^49537^74523^100544^208210^120466^70626^35559^56541^75952^45226^66236^37696^56909^26021^25718^794831^496484^0^0^0^0^457236^-274000^5^-100.00^11955000^13^5^0^0^0^277750^4831^2^2";
const ACK: &str = r#"{"header":{"tr_id":"H0STASP0","tr_key":"005930","encrypt":"N"},"body":{"rt_cd":"0","msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"d59d91fcf9fd0044","key":"iuheqrmvfxoceaxeyqgjwesozgizmmgx"}}}"#;
const PINGPONG: &str = r#"{"header": {"tr_id": "PINGPONG", "datetime": "20241011121818"}}"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

/// The trades of a frame, broken records as the reason and the text that they were.
fn trades(text: &str) -> Vec<Result<Trade, (FrameError, &str)>> {
    match decode_frame(text).unwrap() {
        Frame::Trades(trades) => trades.map(|trade| trade.map_err(|record| (record.reason, record.text))).collect(),
        other => panic!("{other:?}"),
    }
}

fn samsung(time: &str, price: i64, (ask, bid): (i64, i64), (volume, total): (i64, i64), sizes: (i64, i64)) -> Trade {
    Trade {
        symbol: "005930".parse().unwrap(),
        event_time: at(time),
        price: won(price),
        ask_price: Some(won(ask)),
        bid_price: Some(won(bid)),
        volume: shares(volume),
        cumulative_volume: shares(total),
        ask_size: shares(sizes.0),
        bid_size: shares(sizes.1),
    }
}

#[test]
fn one_record_of_46_fields() {
    let expected = samsung("2023-06-12T09:33:54+09:00", 71_900, (71_900, 71_800), (1, 3_052_507), (65_945, 216_924));
    assert_eq!(trades(ONE), [Ok(expected)]);
}

#[test]
fn one_record_of_47_fields_at_half_a_tick() {
    let expected = samsung("2026-09-22T14:06:10+09:00", 277_750, (278_000, 277_500), (5, 11_955_000), (47_588, 70_626));
    assert_eq!(trades(WIDER), [Ok(expected)]);
}

#[test]
fn three_records_follow_each_other_without_a_mark() {
    let trade = |price, volumes, sizes| Ok(samsung("2025-07-30T09:47:51+09:00", price, (72_000, 71_900), volumes, sizes));
    let expected = [
        trade(71_950, (1, 8_305_216), (93_994, 113_056)),
        trade(71_900, (2, 8_305_218), (93_985, 112_986)),
        trade(72_000, (75, 8_305_293), (93_985, 112_986)),
    ];
    assert_eq!(trades(THREE), expected);
}

#[test]
fn a_trade_as_it_is_recorded() {
    let (session, received_at) = (SessionId::new("observer-1").unwrap(), at("2023-06-12T00:33:54.250Z"));
    // Nobody offers: the broker says so with a price of 0.
    let text = ONE.replace("^71900^71800^", "^0^71800^");

    let record = trades(&text).remove(0).unwrap().into_record(received_at, session.clone());

    let expected = TickRecord {
        received_at,
        cumulative_volume: Some(shares(3_052_507)),
        tick: Tick {
            symbol: "005930".parse().unwrap(),
            event_time: at("2023-06-12T00:33:54Z"),
            last_price: Some(won(71_900)),
            volume: Some(shares(1)),
            bid_price: Some(won(71_800)),
            ask_price: None,
            bid_size: Some(shares(216_924)),
            ask_size: Some(shares(65_945)),
            session_id: session,
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    };
    assert_eq!(record, expected);
}

#[test]
fn codes_with_letters_and_prices_at_half_a_tick() {
    let text = ONE.replace("005930", "0004V0").replacen("^71900^", "^4152.5^", 1);
    let trade = trades(&text).remove(0).unwrap();
    assert_eq!((trade.symbol.as_str(), trade.price.to_string().as_str()), ("0004V0", "4152.5"));
}

#[test]
fn empty_fields_that_nobody_reads() {
    let expected = trades(ONE);
    let mut fields: Vec<&str> = ONE.split('^').collect();
    for (index, field) in fields.iter_mut().enumerate() {
        // The first piece is the frame's head and the symbol.
        if ![0, 1, 2, 10, 11, 12, 13, 33, 36, 37].contains(&index) {
            *field = "";
        }
    }
    assert_eq!(trades(&fields.join("^")), expected);
}

#[test]
fn a_broken_record_does_not_cost_its_siblings() {
    let text = THREE.replace("^71900^2^1300^", "^7190O^2^1300^");

    let records = trades(&text);

    let volumes = [0, 2].map(|n| records[n].as_ref().unwrap().volume.shares());
    assert_eq!(volumes, [1, 75]);
    let (reason, record) = records[1].as_ref().unwrap_err();
    assert_eq!(
        (reason.code(), reason.to_string().as_str()),
        ("bad_field", r#"STCK_PRPR: "7190O" is not a price: it is not a decimal number"#)
    );
    assert!(record.starts_with("005930^094751^7190O^") && record.ends_with("^71000"), "{record}");
    assert_eq!(record.split('^').count(), 46);
}

#[test]
fn fields_that_are_not_what_they_should_be() {
    let cases = [
        ("005930^093354", "00593^093354", r#"MKSC_SHRN_ISCD: "00593" is not a symbol: it has 5 characters instead of 6"#),
        ("^093354^", "^093360^", r#""20230612" and "093360" are not a date and a time"#),
        ("^093354^", "^93354^", r#""20230612" and "93354" are not a date and a time"#),
        ("^20230612^", "^20230229^", r#""20230229" and "093354" are not a date and a time"#),
        ("^20230612^", "^+0230612^", r#""+0230612" and "093354" are not a date and a time"#),
        ("^71900^5^", "^0^5^", "a trade without a price"),
        ("^71900^5^", "^-71900^5^", r#"STCK_PRPR: "-71900" is not a price: it is outside 0.0001 to 99999999999.9999"#),
        ("^71800^1^", "^^1^", r#"BIDP1: "" is not a price: it is not a decimal number"#),
        ("^1^3052507^", "^-1^3052507^", r#"CNTG_VOL: "-1" is not a quantity: it is outside 0 to 9223372036854775807"#),
        ("^3052507^", "^3.5^", r#"ACML_VOL: "3.5" is not a quantity: it is not a decimal number"#),
        (
            "^65945^",
            "^99999999999999999999^",
            r#"ASKP_RSQN1: "99999999999999999999" is not a quantity: it is outside 0 to 9223372036854775807"#,
        ),
        ("^216924^", "^x^", r#"BIDP_RSQN1: "x" is not a quantity: it is not a decimal number"#),
    ];
    for (good, bad, expected) in cases {
        let text = ONE.replacen(good, bad, 1);
        let (reason, _) = trades(&text).remove(0).unwrap_err();
        assert_eq!(reason.to_string(), expected, "{bad}");
    }
}

#[test]
fn texts_that_are_no_frames() {
    let fields = ONE.rsplit('|').next().unwrap();
    let cases = [
        (String::new(), "not_a_frame"),
        ("hello".to_owned(), "not_a_frame"),
        ("0|H0STCNT0|001".to_owned(), "not_a_frame"),
        ("2|H0STCNT0|001|x".to_owned(), "not_a_frame"),
        (format!("0|H0STCNT0||{fields}"), "bad_count"),
        (format!("0|H0STCNT0|000|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|-01|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|+01|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|99999999999999999999999|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|002|{fields}"), "bad_width"),
        (format!("0|H0STCNT0|999|{fields}"), "bad_width"),
        (format!("0|H0STCNT0|002|{fields}^{fields}^"), "bad_width"),
        ("0|H0STCNT0|001|".to_owned(), "bad_width"),
        (format!("0|H0STASP0|001|{fields}"), "bad_width"),
        (r#"{"header":"#.to_owned(), "bad_control"),
        ("{}".to_owned(), "bad_control"),
        (r#"{"header":{"tr_id":"H0STCNT0"}}"#.to_owned(), "bad_control"),
        (r#"{"header":{"tr_id":"H0STCNT0"},"body":{"rt_cd":"0"}}"#.to_owned(), "bad_control"),
    ];
    for (text, code) in cases {
        assert_eq!(decode_frame(&text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn only_the_first_three_bars_divide() {
    let text = ONE.replace("^72100", "^72|100");
    assert_eq!(trades(&text).len(), 1);
}

/// The books of a frame, broken records as the reason and the text that they were.
fn books(text: &str) -> Vec<Result<Book, (FrameError, &str)>> {
    match decode_frame(text).unwrap() {
        Frame::Books(books) => books.map(|book| book.map_err(|record| (record.reason, record.text))).collect(),
        other => panic!("{other:?}"),
    }
}

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

#[test]
fn frames_of_other_streams() {
    let expected = BOOK.replace("H0STASP0", "H0STANC0");
    assert!(matches!(decode_frame(&expected), Ok(Frame::Other { tr_id: "H0STANC0", records: 1 })));
    assert!(matches!(decode_frame("1|H0STCNI0|001|c2VjcmV0"), Ok(Frame::Encrypted { tr_id: "H0STCNI0" })));
}

#[test]
fn answers_to_subscriptions() {
    let ack = |text: &str| match decode_frame(text).unwrap() {
        Frame::Control(ack) => ack,
        other => panic!("{other:?}"),
    };
    let expected = Ack { tr_id: "H0STASP0".to_owned(), tr_key: "005930".to_owned(), outcome: Outcome::Subscribed };
    assert_eq!(ack(ACK), expected);

    let in_use = ack(
        r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey  "}}"#,
    );
    let refused = Outcome::Refused { code: "OPSP8996".to_owned(), message: "ALREADY IN USE appkey".to_owned() };
    assert_eq!(in_use, Ack { tr_id: "(null)".to_owned(), tr_key: String::new(), outcome: refused });

    let refused = |code: &str| Outcome::Refused { code: code.to_owned(), message: "words".to_owned() };
    let cases = [
        ("0", "OPSP0001", Outcome::Unsubscribed),
        ("1", "OPSP0002", Outcome::AlreadySubscribed),
        ("1", "OPSP0003", Outcome::NotSubscribed),
        ("1", "OPSP0008", refused("OPSP0008")),
        ("1", "OPSP0011", refused("OPSP0011")),
        // A success that is none.
        ("1", "OPSP0000", refused("OPSP0000")),
    ];
    for (rt_cd, msg_cd, outcome) in cases {
        let header = r#"{"tr_id":"H0STCNT0","tr_key":"000270"}"#;
        let text = format!(r#"{{"header":{header},"body":{{"rt_cd":"{rt_cd}","msg_cd":"{msg_cd}","msg1":"words"}}}}"#);
        assert_eq!(ack(&text).outcome, outcome, "{msg_cd}");
    }
}

#[test]
fn a_pingpong_however_it_is_spaced() {
    for text in [PINGPONG, r#"{"header":{"tr_id":"PINGPONG","datetime":"20241011121818"}}"#] {
        assert!(matches!(decode_frame(text), Ok(Frame::PingPong)), "{text}");
    }
}

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
