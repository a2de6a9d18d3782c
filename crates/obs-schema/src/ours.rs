//! Our own lines, version 2.0.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use obs_model::{
    FeedChange, FeedEvent, FeedId, Gap, GapReason, GapScope, HealedBar, Ohlc, QualityFlag, SchemaVersion, SlotEntry,
    SwingBar, Symbol, Tick, VolumeBreak,
};

use crate::{
    Decoder, Record, RejectReason, RejectedRecord, Rejection, SwingRecord, TickRecord, VERSION, canonical::TickTokens,
    reject::excerpt, shape::Fields, token::Token,
};

pub(crate) fn read(f: &Fields<'_>, decoder: &mut Decoder) -> Result<Record, Rejection> {
    let version = Token::new("v", f.v).text()?;
    // A 2.x line holds at least what a 2.0 line holds.
    if version != VERSION && !version.starts_with("2.") {
        return Err(Rejection::new(RejectReason::UnsupportedVersion, format!("version {} of the form", excerpt(&version))));
    }
    match &*Token::new("kind", f.kind).text()? {
        "tick" => tick(f, decoder).map(Record::Tick),
        "swing" => swing(f, decoder).map(Record::Swing),
        "gap" => gap(f, decoder).map(Record::Gap),
        "feed" => feed(f, decoder).map(Record::Feed),
        "loss" => loss(f, decoder).map(Record::Loss),
        "healed" => healed(f, decoder).map(Record::Healed),
        "reject" => rejected(f, decoder).map(Record::Rejected),
        "slot" => slot(f, decoder).map(Record::Slot),
        other => Err(Rejection::new(
            RejectReason::UnknownShape,
            format!("kind {} of version {}", excerpt(other), excerpt(&version)),
        )),
    }
}

fn tick(f: &Fields<'_>, decoder: &mut Decoder) -> Result<TickRecord, Rejection> {
    let tokens = TickTokens {
        ts: Token::new("ts", f.ts),
        event_time: Token::new("event_time", f.event_time),
        symbol: Token::new("symbol", f.symbol),
        last_price: Token::new("last_price", f.last_price),
        volume: Token::new("volume", f.volume),
        cumulative_volume: Token::new("cumulative_volume", f.cumulative_volume),
        bid_price: Token::new("bid_price", f.bid_price),
        ask_price: Token::new("ask_price", f.ask_price),
        bid_size: Token::new("bid_size", f.bid_size),
        ask_size: Token::new("ask_size", f.ask_size),
        session_id: Token::new("session_id", f.session_id),
        mitigation_level: Token::new("mitigation_level", f.mitigation_level),
        quality_flag: Token::new("quality_flag", f.quality_flag),
    };
    tick_of(&tokens, decoder)
}

/// A tick out of the tokens of its line.
pub(crate) fn tick_of(t: &TickTokens<'_>, decoder: &mut Decoder) -> Result<TickRecord, Rejection> {
    let zone = decoder.assume_tz();
    Ok(TickRecord {
        received_at: t.ts.time(zone)?,
        cumulative_volume: t.cumulative_volume.quantity()?,
        tick: Tick {
            symbol: t.symbol.parse()?,
            event_time: t.event_time.time(zone)?,
            last_price: Some(t.last_price.required_price()?),
            volume: Some(t.volume.required_quantity()?),
            bid_price: t.bid_price.price()?,
            ask_price: t.ask_price.price()?,
            bid_size: t.bid_size.quantity()?,
            ask_size: t.ask_size.quantity()?,
            session_id: decoder.session(t.session_id)?,
            mitigation_level: t.mitigation_level.small()?,
            quality_flag: quality_of(t.quality_flag)?,
        },
    })
}

fn swing(f: &Fields<'_>, decoder: &mut Decoder) -> Result<SwingRecord, Rejection> {
    let zone = decoder.assume_tz();
    Ok(SwingRecord {
        received_at: Token::new("ts", f.ts).time(zone)?,
        bar: SwingBar {
            symbol: Token::new("symbol", f.symbol).parse()?,
            bar_time: Token::new("bar_time", f.bar_time).time(zone)?,
            open: Token::new("open", f.open).price()?,
            high: Token::new("high", f.high).price()?,
            low: Token::new("low", f.low).price()?,
            close: Token::new("close", f.close).price()?,
            volume: Token::new("volume", f.volume).quantity()?,
            bid_price: Token::new("bid_price", f.bid_price).price()?,
            ask_price: Token::new("ask_price", f.ask_price).price()?,
            session_id: decoder.session(Token::new("session_id", f.session_id))?,
            schema_version: SchemaVersion::V2,
            mitigation_level: Token::new("mitigation_level", f.mitigation_level).small()?,
            quality_flag: quality(f)?,
        },
    })
}

fn gap(f: &Fields<'_>, decoder: &mut Decoder) -> Result<Gap, Rejection> {
    let zone = decoder.assume_tz();
    let start = Token::new("gap_start_ts", f.gap_start_ts).time(zone)?;
    let end = Token::new("gap_end_ts", f.gap_end_ts).time(zone)?;
    let scope: GapScope = Token::new("scope", f.scope).parse()?;
    let reason: GapReason = Token::new("reason", f.reason).parse()?;
    let list = Token::new("symbols", f.symbols);
    if !list.json()?.starts_with('[') {
        return Err(list.wrong_type("a list"));
    }
    let symbols: Vec<Symbol> = serde_json::from_str(list.json()?)
        .map_err(|error| Rejection::new(RejectReason::BadSymbol, format!("`symbols`: {error}")))?;
    let returned = Token::new("returned", f.returned);
    let returned: BTreeMap<Symbol, DateTime<FixedOffset>> = if returned.is_present() {
        serde_json::from_str(returned.json()?)
            .map_err(|error| Rejection::new(RejectReason::BadTime, format!("`returned`: {error}")))?
    } else {
        BTreeMap::new()
    };
    let session_id = decoder.session(Token::new("session_id", f.session_id))?;
    let gap = Gap::new((start, end), scope, reason, symbols, session_id);
    let gap = gap.map_err(|error| Rejection::of_value("gap_end_ts", &error))?;
    Ok(gap.with_returns(returned.into_iter().map(|(symbol, at)| (symbol, at.to_utc()))))
}

fn feed(f: &Fields<'_>, decoder: &mut Decoder) -> Result<FeedEvent, Rejection> {
    let feed_id: FeedId = Token::new("feed_id", f.feed_id).parse()?;
    let symbol = || Token::new("symbol", f.symbol).parse();
    let change = match &*Token::new("change", f.change).text()? {
        "opened" => FeedChange::Opened,
        "subscribed" => FeedChange::Subscribed { symbol: symbol()? },
        "unsubscribed" => FeedChange::Unsubscribed { symbol: symbol()? },
        "alive" => FeedChange::Alive,
        "closed" => FeedChange::Closed { reason: Token::new("reason", f.reason).parse()? },
        other => return Err(Rejection::new(RejectReason::BadValue, format!("`change` is {}", excerpt(other)))),
    };
    let at = Token::new("ts", f.ts).time(decoder.assume_tz())?;
    Ok(FeedEvent { feed_id, session_id: decoder.session(Token::new("session_id", f.session_id))?, at, change })
}

fn loss(f: &Fields<'_>, decoder: &mut Decoder) -> Result<VolumeBreak, Rejection> {
    let zone = decoder.assume_tz();
    Ok(VolumeBreak {
        symbol: Token::new("symbol", f.symbol).parse()?,
        after: Token::new("after", f.after).time(zone)?,
        before: Token::new("before", f.before).time(zone)?,
        shares: Token::new("shares", f.shares).required_quantity()?,
        session_id: decoder.session(Token::new("session_id", f.session_id))?,
    })
}

fn healed(f: &Fields<'_>, decoder: &mut Decoder) -> Result<HealedBar, Rejection> {
    let zone = decoder.assume_tz();
    let price = |name, field| Token::new(name, field).required_price();
    let ohlc = Ohlc::new(price("open", f.open)?, price("high", f.high)?, price("low", f.low)?, price("close", f.close)?);
    Ok(HealedBar {
        symbol: Token::new("symbol", f.symbol).parse()?,
        bar_time: Token::new("bar_time", f.bar_time).time(zone)?,
        ohlc: ohlc.map_err(|error| Rejection::of_value("high", &error))?,
        volume: Token::new("volume", f.volume).required_quantity()?,
        healed_at: Token::new("ts", f.ts).time(zone)?,
        session_id: decoder.session(Token::new("session_id", f.session_id))?,
    })
}

fn rejected(f: &Fields<'_>, decoder: &mut Decoder) -> Result<RejectedRecord, Rejection> {
    let text = |name, field| Token::new(name, field).text().map(|text| text.into_owned());
    Ok(RejectedRecord {
        at: Token::new("ts", f.ts).time(decoder.assume_tz())?,
        source: text("source", f.source)?,
        reason: text("reason", f.reason)?,
        detail: text("detail", f.detail)?,
        sample: text("sample", f.sample)?,
        session_id: decoder.session(Token::new("session_id", f.session_id))?,
    })
}

fn slot(f: &Fields<'_>, decoder: &mut Decoder) -> Result<SlotEntry, Rejection> {
    let (priority, by) = (Token::new("priority", f.priority), Token::new("by", f.by));
    let at = Token::new("ts", f.ts).time(decoder.assume_tz())?;
    Ok(SlotEntry {
        at,
        symbol: Token::new("symbol", f.symbol).parse()?,
        decision: Token::new("change", f.change).parse()?,
        priority: if priority.is_present() {
            Some(priority.json()?.parse().map_err(|_| priority.wrong_type("thousandths"))?)
        } else {
            None
        },
        by: if by.is_present() { Some(by.parse()?) } else { None },
        session_id: decoder.session(Token::new("session_id", f.session_id))?,
    })
}

/// The quality flag; a line without one has nothing against it.
pub(crate) fn quality(f: &Fields<'_>) -> Result<QualityFlag, Rejection> {
    quality_of(Token::new("quality_flag", f.quality_flag))
}

fn quality_of(token: Token<'_>) -> Result<QualityFlag, Rejection> {
    if token.is_present() { token.parse() } else { Ok(QualityFlag::Normal) }
}
