//! Rows of every table.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{
    Bar, Coverage, FeedId, FeedSession, Gap, GapReason, GapScope, HealedBar, Ohlc, Price, QualityFlag, Quantity,
    SchemaVersion, SessionId, SwingBar, Symbol, Tick, VolumeBreak,
};
use obs_store::{Origin, SourcedBar};

pub const DAY: &str = "2026-01-22";

pub fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

pub fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

pub fn price(won: &str) -> Price {
    won.parse().unwrap()
}

pub fn shares(number: i64) -> Quantity {
    Quantity::new(number).unwrap()
}

pub fn session() -> SessionId {
    SessionId::new("observer-1").unwrap()
}

/// A trade with everything.
pub fn tick() -> Tick {
    Tick {
        symbol: symbol("005930"),
        event_time: at("2026-01-22T09:00:01+09:00"),
        last_price: Some(price("71950.5")),
        volume: Some(shares(10)),
        bid_price: Some(price("71900")),
        ask_price: Some(price("72000")),
        bid_size: Some(shares(100)),
        ask_size: Some(shares(200)),
        session_id: session(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

/// A trade of which nothing is known that may be unknown.
pub fn bare_tick() -> Tick {
    Tick {
        symbol: symbol("Q530031"),
        last_price: None,
        volume: None,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        quality_flag: QualityFlag::Gap,
        ..tick()
    }
}

/// Trades with the smallest and the largest values.
pub fn extreme_ticks() -> [Tick; 2] {
    let least = Tick {
        event_time: at("1970-01-01T00:00:00.000001Z"),
        last_price: Some(Price::MIN),
        volume: Some(Quantity::ZERO),
        bid_price: Some(Price::MIN),
        bid_size: Some(Quantity::ZERO),
        session_id: SessionId::new("s").unwrap(),
        ..tick()
    };
    let most = Tick {
        event_time: at("9999-12-31T23:59:59.999999Z"),
        last_price: Some(Price::MAX),
        volume: Some(Quantity::MAX),
        ask_price: Some(Price::MAX),
        ask_size: Some(Quantity::MAX),
        session_id: SessionId::new(&"x".repeat(SessionId::MAX_LEN)).unwrap(),
        mitigation_level: u8::MAX,
        quality_flag: QualityFlag::Degraded,
        ..tick()
    };
    [least, most]
}

fn ohlc() -> Ohlc {
    Ohlc::new(price("71900"), price("72000.5"), price("71899.9999"), price("71950")).unwrap()
}

pub fn bar() -> Bar {
    Bar {
        symbol: symbol("005930"),
        bar_time: at("2026-01-22T09:00:00+09:00"),
        ohlc: ohlc(),
        volume: shares(1_234),
        coverage: Coverage::of_slots(84),
        session_id: session(),
        quality_flag: QualityFlag::Normal,
    }
}

pub fn sourced_bar() -> SourcedBar {
    SourcedBar { bar: Bar { coverage: Coverage::NONE, quality_flag: QualityFlag::Gap, ..bar() }, origin: Origin::Healed }
}

pub fn healed_bar() -> HealedBar {
    HealedBar {
        symbol: symbol("005930"),
        bar_time: at("2026-01-22T09:01:00+09:00"),
        ohlc: ohlc(),
        volume: shares(7),
        healed_at: at("2026-01-22T09:05:00.25+09:00"),
        session_id: session(),
    }
}

/// Ten minutes without a trade.
pub fn swing_bar() -> SwingBar {
    SwingBar {
        symbol: symbol("0004V0"),
        bar_time: at("2026-01-22T09:00:00+09:00"),
        open: None,
        high: None,
        low: None,
        close: None,
        volume: Some(Quantity::ZERO),
        bid_price: Some(price("1005")),
        ask_price: None,
        session_id: session(),
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    }
}

/// A gap from a time on, of two symbols, the first of which was back a second earlier.
pub fn gap(start: &str) -> Gap {
    let (start, end) = (at(start), at(start) + TimeDelta::milliseconds(10_500));
    let symbols = vec![symbol("000660"), symbol("005930")];
    let gap = Gap::new((start, end), GapScope::Scalp, GapReason::WsDisconnect, symbols, session()).unwrap();
    gap.with_returns([(symbol("000660"), end - TimeDelta::seconds(1))])
}

/// A gap of all symbols.
pub fn general_gap(start: &str) -> Gap {
    let ends = (at(start), at(start) + TimeDelta::minutes(1));
    Gap::new(ends, GapScope::All, GapReason::ProcessRestart, Vec::new(), session()).unwrap()
}

pub fn feed_session() -> FeedSession {
    FeedSession {
        feed_id: FeedId::nth_of(&session(), 1).unwrap(),
        session_id: session(),
        symbol: symbol("005930"),
        attested_from: at("2026-01-22T09:00:00+09:00"),
        attested_until: at("2026-01-22T15:30:00+09:00"),
        closed: true,
    }
}

pub fn volume_break() -> VolumeBreak {
    VolumeBreak {
        symbol: symbol("005930"),
        after: at("2026-01-21T15:29:59+09:00"),
        before: at("2026-01-22T09:00:01+09:00"),
        shares: shares(31),
        session_id: session(),
    }
}
