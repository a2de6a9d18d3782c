//! Values that cases start from.

use chrono::{DateTime, Utc};
use obs_model::{
    Bar, Coverage, FeedChange, FeedEvent, FeedId, HealedBar, Ohlc, Price, QualityFlag, Quantity, SchemaVersion, SessionId,
    SwingBar, Tick, VolumeBreak,
};

use super::Made;
use crate::{Advance, Digest, LineCounts, Position, Reject, TimeRange};

pub(super) fn at(text: &str) -> Made<DateTime<Utc>> {
    Ok(text.parse()?)
}

pub(super) fn range(from: &str, until: &str) -> Made<TimeRange> {
    Ok(TimeRange { from: at(from)?, until: at(until)? })
}

/// From 1900 to 2100.
pub(super) fn ever() -> Made<TimeRange> {
    range("1900-01-01T00:00:00Z", "2100-01-01T00:00:00Z")
}

pub(super) fn session() -> Made<SessionId> {
    Ok(SessionId::new("observer-1")?)
}

/// A trade of ten shares at 71,900.
pub(super) fn tick(symbol: &str, event_time: &str) -> Made<Tick> {
    Ok(Tick {
        symbol: symbol.parse()?,
        event_time: at(event_time)?,
        last_price: Some(Price::from_won(71_900)?),
        volume: Some(Quantity::new(10)?),
        bid_price: Some(Price::from_won(71_800)?),
        ask_price: Some(Price::from_won(71_900)?),
        bid_size: Some(Quantity::new(1_200)?),
        ask_size: Some(Quantity::new(3_400)?),
        session_id: session()?,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
}

/// A fully observed minute that opens and closes at 71,900.
pub(super) fn bar(symbol: &str, bar_time: &str) -> Made<Bar> {
    Ok(Bar {
        symbol: symbol.parse()?,
        bar_time: at(bar_time)?,
        ohlc: Ohlc::of(Price::from_won(71_900)?),
        volume: Quantity::new(1_000)?,
        coverage: Coverage::FULL,
        session_id: session()?,
        quality_flag: QualityFlag::Normal,
    })
}

/// Ten minutes with every value there.
pub(super) fn swing_bar(symbol: &str, bar_time: &str) -> Made<SwingBar> {
    Ok(SwingBar {
        symbol: symbol.parse()?,
        bar_time: at(bar_time)?,
        open: Some("71900".parse()?),
        high: Some("72000.5".parse()?),
        low: Some("71800".parse()?),
        close: Some("71950.25".parse()?),
        volume: Some(Quantity::new(128_537)?),
        bid_price: Some("71950".parse()?),
        ask_price: Some("71960".parse()?),
        session_id: session()?,
        schema_version: SchemaVersion::V2,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
}

/// Shares that are missing between trades at two instants.
pub(super) fn volume_break(symbol: &str, (after, before): (&str, &str), shares: i64) -> Made<VolumeBreak> {
    Ok(VolumeBreak {
        symbol: symbol.parse()?,
        after: at(after)?,
        before: at(before)?,
        shares: Quantity::new(shares)?,
        session_id: session()?,
    })
}

/// A minute that the broker told in the evening, and that opens and closes at 72,000.
pub(super) fn healed_bar(symbol: &str, bar_time: &str) -> Made<HealedBar> {
    Ok(HealedBar {
        symbol: symbol.parse()?,
        bar_time: at(bar_time)?,
        ohlc: Ohlc::of(Price::from_won(72_000)?),
        volume: Quantity::new(2_000)?,
        healed_at: at("2026-01-22T09:00:00.25Z")?,
        session_id: session()?,
    })
}

/// A file named by a byte, loaded up to an offset, with a row for every ten bytes.
pub(super) fn position(head: u8, byte_offset: u64) -> Position {
    let rows = byte_offset / 10;
    Position {
        head: Digest::new([head; 32]),
        path: format!("scalp/20260122_{head:02}.jsonl"),
        byte_offset,
        line_number: rows,
        content: Digest::new([byte_offset.to_le_bytes()[0]; 32]),
        lines: LineCounts { rows, non_data: 0, rejects: 0 },
    }
}

/// The step of that file from one offset to another.
pub(super) fn advance(head: u8, from: Option<u64>, to: u64) -> Option<Advance> {
    Some(Advance { from, to: position(head, to) })
}

/// A line of that file that is not JSON.
pub(super) fn reject(head: u8, byte_offset: u64) -> Reject {
    let Position { head, path, line_number, .. } = position(head, byte_offset);
    Reject {
        head,
        path,
        line_number: line_number + 1,
        byte_offset,
        reason: "not_json".to_owned(),
        detail: "expected value at line 1 column 1".to_owned(),
        raw: b"what is this".to_vec(),
    }
}

/// Something that happened to the `nth` connection.
pub(super) fn feed_event(nth: u32, time: &str, change: FeedChange) -> Made<FeedEvent> {
    let session_id = session()?;
    Ok(FeedEvent { feed_id: FeedId::nth_of(&session_id, nth)?, session_id, at: at(time)?, change })
}
