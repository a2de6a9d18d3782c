//! Lines of version 2.0: written, and read back.

use chrono::{DateTime, Utc};
use obs_model::{
    Bar, Coverage, FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, HealedBar, Ohlc, Price, QualityFlag, Quantity,
    SchemaVersion, SessionId, SlotDecision, SlotEntry, SwingBar, Symbol, Tick, VolumeBreak,
};
use obs_schema::{Decoded, Decoder, Record, RejectedRecord, Stream, SwingRecord, TickRecord, encode};
use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::lines::{at, line_of, price, record, session, shapes, shares, with};

fn encoded(record: &Record) -> String {
    let mut line = Vec::new();
    encode(record, &mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn a_tick_is_written_like_this() {
    let tick = TickRecord {
        received_at: at("2026-03-04T00:00:01.25Z"),
        cumulative_volume: shares(120),
        tick: Tick {
            symbol: "005930".parse().unwrap(),
            event_time: at("2026-03-04T00:00:01Z"),
            last_price: price("71950.5"),
            volume: shares(3),
            bid_price: price("71900"),
            ask_price: None,
            bid_size: shares(10),
            ask_size: None,
            session_id: session("s1"),
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    };
    let expected = concat!(
        r#"{"v":"2.0","kind":"tick","ts":"2026-03-04T09:00:01.250000+09:00","event_time":"2026-03-04T09:00:01.000000+09:00","#,
        r#""symbol":"005930","last_price":71950.5,"volume":3,"cumulative_volume":120,"bid_price":71900,"ask_price":null,"#,
        r#""bid_size":10,"ask_size":null,"session_id":"s1","mitigation_level":0,"quality_flag":"normal"}"#,
    );
    assert_eq!(encoded(&Record::Tick(tick)), expected);
}

#[test]
fn each_kind_is_written_as_its_sound_line_says() {
    let ours = shapes().into_iter().filter(|shape| shape.name.starts_with("our "));
    for shape in ours {
        let written: Value = serde_json::from_str(&encoded(&record(&shape.line))).unwrap();
        assert_eq!(written, shape.line, "{}", shape.name);
    }
}

#[test]
fn a_record_is_appended_to_what_stands_there_without_a_line_feed() {
    let mut lines = b"before\n".to_vec();
    encode(&record(&line_of("our feed event")), &mut lines);
    let text = String::from_utf8(lines).unwrap();
    assert!(text.starts_with("before\n{\"v\":\"2.0\",\"kind\":\"feed\",") && text.ends_with('}'), "{text}");
}

#[test]
fn a_later_minor_version_and_unknown_fields_are_read() {
    let line = with(with(line_of("our tick"), "/v", json!("2.7")), "/colour", json!({"deep": [1, 2]}));
    assert_eq!(record(&line), record(&line_of("our tick")));
}

#[test]
fn every_kind_has_its_folder() {
    let stream = |name| record(&line_of(name)).stream().map(Stream::folder);
    assert_eq!(stream("our tick"), Some("scalp"));
    assert_eq!(stream("our swing bar"), Some("swing"));
    assert_eq!(stream("our gap"), Some("events"));
    assert_eq!(stream("our feed event"), Some("events"));
    assert_eq!(stream("table bar"), None);
    assert_eq!(Stream::ALL.map(Stream::folder), ["events", "swing", "scalp"]);
}

#[test]
fn a_second_sixty_becomes_the_next_second_and_nanoseconds_are_cut() {
    let time_of = |text: &str| match record(&with(line_of("our tick"), "/ts", json!(text))) {
        Record::Tick(tick) => tick.received_at,
        other => panic!("{other:?}"),
    };
    assert_eq!(time_of("2026-03-04T08:59:60.5+09:00"), at("2026-03-04T00:00:00.5Z"));
    assert_eq!(time_of("2026-03-04T00:00:00.123456999Z"), at("2026-03-04T00:00:00.123456Z"));
}

#[test]
fn sessions_are_told_apart_from_line_to_line() {
    let mut decoder = Decoder::default();
    let mut session_of = |name: &str| {
        let line = with(line_of("our tick"), "/session_id", json!(name)).to_string();
        match decoder.decode(line.as_bytes()) {
            Decoded::Record(Record::Tick(tick)) => tick.tick.session_id.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(["a", "a", "b", "a"].map(&mut session_of), ["a", "a", "b", "a"]);
}

/// Instants of the years 1990 to 2100, to the microsecond.
fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    (631_152_000_000_000_i64..4_133_980_800_000_000).prop_map(|us| DateTime::from_timestamp_micros(us).unwrap())
}

fn any_symbol() -> impl Strategy<Value = Symbol> {
    "[0-9A-Z]{6}|Q[0-9A-Z]{6}".prop_map(|code| code.parse().unwrap())
}

fn any_session() -> impl Strategy<Value = SessionId> {
    "[!#-\\[\\]-~]{1,50}".prop_map(|name| name.parse().unwrap())
}

fn any_price() -> impl Strategy<Value = Price> {
    let raw = prop_oneof![1..=999_999_999_999_999_i64, 1..10_000_i64, (1..1_000_000_i64).prop_map(|won| won * 10_000)];
    raw.prop_map(|raw| Price::from_ten_thousandths(raw).unwrap())
}

fn any_quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![0..1_000_000_i64, 0..=i64::MAX].prop_map(|shares| Quantity::new(shares).unwrap())
}

fn any_quality() -> impl Strategy<Value = QualityFlag> {
    select(&[QualityFlag::Normal, QualityFlag::Degraded, QualityFlag::Gap])
}

fn any_tick() -> impl Strategy<Value = Record> {
    let times = (any_time(), any_time());
    let quotes = (option::of(any_price()), option::of(any_price()), option::of(any_quantity()), option::of(any_quantity()));
    let trade = (any_price(), any_quantity(), option::of(any_quantity()));
    let origin = (any_symbol(), any_session(), any::<u8>(), any_quality());
    (times, trade, quotes, origin).prop_map(|(times, trade, quotes, origin)| {
        Record::Tick(TickRecord {
            received_at: times.0,
            cumulative_volume: trade.2,
            tick: Tick {
                symbol: origin.0,
                event_time: times.1,
                last_price: Some(trade.0),
                volume: Some(trade.1),
                bid_price: quotes.0,
                ask_price: quotes.1,
                bid_size: quotes.2,
                ask_size: quotes.3,
                session_id: origin.1,
                mitigation_level: origin.2,
                quality_flag: origin.3,
            },
        })
    })
}

fn any_swing() -> impl Strategy<Value = Record> {
    let times = (any_time(), any_time());
    let prices = proptest::array::uniform6(option::of(any_price()));
    let origin = (any_symbol(), any_session(), any::<u8>(), any_quality());
    (times, prices, option::of(any_quantity()), origin).prop_map(|(times, prices, volume, origin)| {
        let [open, high, low, close, bid_price, ask_price] = prices;
        Record::Swing(SwingRecord {
            received_at: times.0,
            bar: SwingBar {
                symbol: origin.0,
                bar_time: times.1,
                open,
                high,
                low,
                close,
                volume,
                bid_price,
                ask_price,
                session_id: origin.1,
                schema_version: SchemaVersion::V2,
                mitigation_level: origin.2,
                quality_flag: origin.3,
            },
        })
    })
}

fn any_gap() -> impl Strategy<Value = Record> {
    let scope = select(&[GapScope::Scalp, GapScope::Swing, GapScope::All]);
    let symbols = collection::vec(any_symbol(), 0..4);
    (any_time(), any_time(), scope, select(&GapReason::ALL), symbols, any_session()).prop_map(
        |(one, other, scope, reason, symbols, session)| {
            let ends = (one.min(other), one.max(other));
            let returned = symbols.first().map(|symbol| (*symbol, ends.0));
            Record::Gap(Gap::new(ends, scope, reason, symbols, session).unwrap().with_returns(returned))
        },
    )
}

fn any_feed() -> impl Strategy<Value = Record> {
    let change = prop_oneof![
        Just(FeedChange::Opened),
        Just(FeedChange::Alive),
        any_symbol().prop_map(|symbol| FeedChange::Subscribed { symbol }),
        any_symbol().prop_map(|symbol| FeedChange::Unsubscribed { symbol }),
        select(&GapReason::ALL).prop_map(|reason| FeedChange::Closed { reason }),
    ];
    (any_session(), any_session(), any_time(), change).prop_map(|(feed, session_id, at, change)| {
        let feed_id = FeedId::new(feed.as_str()).unwrap();
        Record::Feed(FeedEvent { feed_id, session_id, at, change })
    })
}

fn any_loss() -> impl Strategy<Value = Record> {
    (any_symbol(), any_time(), any_time(), any_quantity(), any_session()).prop_map(
        |(symbol, after, before, shares, session_id)| {
            Record::Loss(VolumeBreak { symbol, after, before, shares, session_id })
        },
    )
}

fn any_healed() -> impl Strategy<Value = Record> {
    let prices = proptest::array::uniform4(any_price());
    (any_symbol(), any_time(), prices, any_quantity(), any_time(), any_session()).prop_map(
        |(symbol, bar_time, mut prices, volume, healed_at, session_id)| {
            prices.sort();
            let [low, open, close, high] = prices;
            let ohlc = Ohlc::new(open, high, low, close).unwrap();
            Record::Healed(HealedBar { symbol, bar_time, ohlc, volume, healed_at, session_id })
        },
    )
}

fn any_rejected() -> impl Strategy<Value = Record> {
    (any_time(), "[A-Z0-9]{1,10}", "[a-z_]{1,50}", ".{0,80}", ".{0,200}", any_session()).prop_map(
        |(at, source, reason, detail, sample, session_id)| {
            Record::Rejected(RejectedRecord { at, source, reason, detail, sample, session_id })
        },
    )
}

fn any_slot() -> impl Strategy<Value = Record> {
    let (priority, by) = (option::of(0..=1_000_u16), option::of(any_symbol()));
    (any_time(), any_symbol(), select(&SlotDecision::ALL), priority, by, any_session()).prop_map(
        |(at, symbol, decision, priority, by, session_id)| {
            Record::Slot(SlotEntry { at, symbol, decision, priority, by, session_id })
        },
    )
}

fn any_bar() -> impl Strategy<Value = Record> {
    let prices = proptest::array::uniform4(any_price());
    let ratio = prop_oneof![0.0..=1.0_f64, (0..=120_u32).prop_map(|slots| f64::from(slots) / 120.0)];
    (any_symbol(), any_time(), prices, any_quantity(), ratio, any_session(), any_quality()).prop_map(
        |(symbol, bar_time, mut prices, volume, ratio, session_id, quality_flag)| {
            prices.sort();
            let [low, open, close, high] = prices;
            Record::Bar(Bar {
                symbol,
                bar_time,
                ohlc: Ohlc::new(open, high, low, close).unwrap(),
                volume,
                coverage: Coverage::new(ratio).unwrap(),
                session_id,
                quality_flag,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_record_reads_back(record in prop_oneof![any_tick(), any_swing(), any_gap(), any_feed(), any_loss(), any_healed(), any_rejected(), any_slot(), any_bar()]) {
        let line = encoded(&record);
        prop_assert!(!line.contains(['\n', '\r']), "{}", line);
        prop_assert!(serde_json::from_str::<Value>(&line).is_ok_and(|json| json.is_object()), "{}", line);
        prop_assert_eq!(Decoder::default().decode(line.as_bytes()), Decoded::Record(record), "{}", line);
    }
}
