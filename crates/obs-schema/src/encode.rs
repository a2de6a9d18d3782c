//! Our own lines, written.

use std::{fmt::Display, io::Write};

use chrono::{DateTime, SecondsFormat, Utc};
use obs_model::{Bar, FeedChange, FeedEvent, Gap, HealedBar, KST, Price, Quantity, SlotEntry, VolumeBreak};

use crate::{Record, RejectedRecord, SwingRecord, TickRecord, VERSION};

/// Appends a record to `out` as one line of version 2.0, without a line feed.
///
/// Prices are JSON numbers of won in plain decimal notation, quantities whole numbers of shares, times ISO 8601 in Korean time
/// with microseconds. Texts are ASCII without characters that JSON escapes, because the model's types admit no others; only those
/// of a reject may hold anything.
pub fn encode(record: &Record, out: &mut Vec<u8>) {
    match record {
        Record::Tick(tick) => encode_tick(tick, out),
        Record::Swing(swing) => encode_swing(swing, out),
        Record::Gap(gap) => encode_gap(gap, out),
        Record::Feed(feed) => encode_feed(feed, out),
        Record::Loss(loss) => encode_loss(loss, out),
        Record::Healed(bar) => encode_healed(bar, out),
        Record::Rejected(rejected) => encode_rejected(rejected, out),
        Record::Slot(entry) => encode_slot(entry, out),
        Record::Bar(bar) => encode_bar(bar, out),
    }
}

/// An object under construction. Its fields are put after one that stands already.
struct Line<'a>(&'a mut Vec<u8>);

impl<'a> Line<'a> {
    fn of_kind(kind: &str, out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(b"{\"v\":\"");
        out.extend_from_slice(VERSION.as_bytes());
        out.extend_from_slice(b"\",\"kind\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
        Self(out)
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
    }

    /// A text from outside, which may hold anything.
    fn foreign(&mut self, name: &str, value: &str) {
        self.name(name);
        // Writing a text to a vector does not fail.
        let _ = serde_json::to_writer(&mut *self.0, value);
    }

    fn time(&mut self, name: &str, at: DateTime<Utc>) {
        self.text(name, &korean(at));
    }

    fn whole(&mut self, name: &str, value: i64) {
        self.name(name);
        self.0.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn number(&mut self, name: &str, value: impl Display) {
        self.name(name);
        // Writing to a vector does not fail.
        let _ = write!(self.0, "{value}");
    }

    fn price(&mut self, name: &str, price: Option<Price>) {
        match price {
            None => self.number(name, "null"),
            Some(price) => match price.whole_won() {
                Some(won) => self.whole(name, won),
                None => self.number(name, price),
            },
        }
    }

    fn quantity(&mut self, name: &str, quantity: Option<Quantity>) {
        match quantity {
            None => self.number(name, "null"),
            Some(quantity) => self.whole(name, quantity.shares()),
        }
    }

    fn end(self) {
        self.0.push(b'}');
    }
}

fn korean(at: DateTime<Utc>) -> String {
    at.with_timezone(&KST).to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn encode_tick(record: &TickRecord, out: &mut Vec<u8>) {
    let tick = &record.tick;
    let mut line = Line::of_kind("tick", out);
    line.time("ts", record.received_at);
    line.time("event_time", tick.event_time);
    line.text("symbol", tick.symbol.as_str());
    line.price("last_price", tick.last_price);
    line.quantity("volume", tick.volume);
    line.quantity("cumulative_volume", record.cumulative_volume);
    line.price("bid_price", tick.bid_price);
    line.price("ask_price", tick.ask_price);
    line.quantity("bid_size", tick.bid_size);
    line.quantity("ask_size", tick.ask_size);
    line.text("session_id", tick.session_id.as_str());
    line.whole("mitigation_level", i64::from(tick.mitigation_level));
    line.text("quality_flag", tick.quality_flag.as_str());
    line.end();
}

fn encode_swing(record: &SwingRecord, out: &mut Vec<u8>) {
    let bar = &record.bar;
    let mut line = Line::of_kind("swing", out);
    line.time("ts", record.received_at);
    line.time("bar_time", bar.bar_time);
    line.text("symbol", bar.symbol.as_str());
    line.price("open", bar.open);
    line.price("high", bar.high);
    line.price("low", bar.low);
    line.price("close", bar.close);
    line.quantity("volume", bar.volume);
    line.price("bid_price", bar.bid_price);
    line.price("ask_price", bar.ask_price);
    line.text("session_id", bar.session_id.as_str());
    line.whole("mitigation_level", i64::from(bar.mitigation_level));
    line.text("quality_flag", bar.quality_flag.as_str());
    line.end();
}

fn encode_gap(gap: &Gap, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("gap", out);
    line.time("gap_start_ts", gap.start());
    line.time("gap_end_ts", gap.end());
    line.whole("gap_seconds", i64::from(gap.seconds()));
    line.text("scope", gap.scope.as_str());
    line.text("reason", gap.reason.as_str());
    let symbols: Vec<String> = gap.symbols.iter().map(|symbol| format!("\"{symbol}\"")).collect();
    line.number("symbols", format_args!("[{}]", symbols.join(",")));
    if !gap.returned().is_empty() {
        let returned = gap.returned().iter().map(|(symbol, at)| format!("\"{symbol}\":\"{}\"", korean(*at)));
        line.number("returned", format_args!("{{{}}}", returned.collect::<Vec<_>>().join(",")));
    }
    line.text("session_id", gap.session_id.as_str());
    line.end();
}

fn encode_feed(event: &FeedEvent, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("feed", out);
    line.time("ts", event.at);
    line.text("feed_id", event.feed_id.as_str());
    line.text("session_id", event.session_id.as_str());
    match event.change {
        FeedChange::Opened => line.text("change", "opened"),
        FeedChange::Subscribed { symbol } => {
            line.text("change", "subscribed");
            line.text("symbol", symbol.as_str());
        }
        FeedChange::Unsubscribed { symbol } => {
            line.text("change", "unsubscribed");
            line.text("symbol", symbol.as_str());
        }
        FeedChange::Alive => line.text("change", "alive"),
        FeedChange::Closed { reason } => {
            line.text("change", "closed");
            line.text("reason", reason.as_str());
        }
    }
    line.end();
}

fn encode_loss(loss: &VolumeBreak, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("loss", out);
    line.text("symbol", loss.symbol.as_str());
    line.time("after", loss.after);
    line.time("before", loss.before);
    line.whole("shares", loss.shares.shares());
    line.text("session_id", loss.session_id.as_str());
    line.end();
}

fn encode_healed(bar: &HealedBar, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("healed", out);
    line.time("ts", bar.healed_at);
    line.time("bar_time", bar.bar_time);
    line.text("symbol", bar.symbol.as_str());
    line.price("open", Some(bar.ohlc.open()));
    line.price("high", Some(bar.ohlc.high()));
    line.price("low", Some(bar.ohlc.low()));
    line.price("close", Some(bar.ohlc.close()));
    line.quantity("volume", Some(bar.volume));
    line.text("session_id", bar.session_id.as_str());
    line.end();
}

fn encode_rejected(rejected: &RejectedRecord, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("reject", out);
    line.time("ts", rejected.at);
    line.foreign("source", &rejected.source);
    line.foreign("reason", &rejected.reason);
    line.foreign("detail", &rejected.detail);
    line.foreign("sample", &rejected.sample);
    line.text("session_id", rejected.session_id.as_str());
    line.end();
}

fn encode_slot(entry: &SlotEntry, out: &mut Vec<u8>) {
    let mut line = Line::of_kind("slot", out);
    line.time("ts", entry.at);
    line.text("symbol", entry.symbol.as_str());
    line.text("change", entry.decision.as_str());
    if let Some(priority) = entry.priority {
        line.whole("priority", i64::from(priority));
    }
    if let Some(by) = entry.by {
        line.text("by", by.as_str());
    }
    line.text("session_id", entry.session_id.as_str());
    line.end();
}

/// A bar goes out in the shape of its table, the only one in which bars come in.
fn encode_bar(bar: &Bar, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"symbol\":\"");
    out.extend_from_slice(bar.symbol.as_str().as_bytes());
    out.push(b'"');
    let mut line = Line(out);
    line.time("bar_time", bar.bar_time);
    line.price("open", Some(bar.ohlc.open()));
    line.price("high", Some(bar.ohlc.high()));
    line.price("low", Some(bar.ohlc.low()));
    line.price("close", Some(bar.ohlc.close()));
    line.quantity("volume", Some(bar.volume));
    line.number("coverage_ratio", bar.coverage.ratio());
    line.text("session_id", bar.session_id.as_str());
    line.text("quality_flag", bar.quality_flag.as_str());
    line.end();
}
