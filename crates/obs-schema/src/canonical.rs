//! Our own tick line exactly as `encode` writes it: a shortcut past the general reader, for nearly every line is one.
//!
//! The shortcut only cuts the line into the same tokens; their values are read by the same code. A line that differs from the
//! written form in a single byte of its frame, or has a value that is refused, goes the general way, so both give the same answer
//! for every line.

use crate::token::Token;

/// The fields of a tick line.
pub(crate) struct TickTokens<'a> {
    pub(crate) ts: Token<'a>,
    pub(crate) event_time: Token<'a>,
    pub(crate) symbol: Token<'a>,
    pub(crate) last_price: Token<'a>,
    pub(crate) volume: Token<'a>,
    pub(crate) cumulative_volume: Token<'a>,
    pub(crate) bid_price: Token<'a>,
    pub(crate) ask_price: Token<'a>,
    pub(crate) bid_size: Token<'a>,
    pub(crate) ask_size: Token<'a>,
    pub(crate) session_id: Token<'a>,
    pub(crate) mitigation_level: Token<'a>,
    pub(crate) quality_flag: Token<'a>,
}

/// Cuts a tick line of version 2.0; `None` if it is not exactly of the written form.
pub(crate) fn tick(line: &str) -> Option<TickTokens<'_>> {
    let mut rest = line.strip_prefix(r#"{"v":"2.0","kind":"tick""#)?;
    let tokens = TickTokens {
        ts: next(&mut rest, "ts", ",\"ts\":")?,
        event_time: next(&mut rest, "event_time", ",\"event_time\":")?,
        symbol: next(&mut rest, "symbol", ",\"symbol\":")?,
        last_price: next(&mut rest, "last_price", ",\"last_price\":")?,
        volume: next(&mut rest, "volume", ",\"volume\":")?,
        cumulative_volume: next(&mut rest, "cumulative_volume", ",\"cumulative_volume\":")?,
        bid_price: next(&mut rest, "bid_price", ",\"bid_price\":")?,
        ask_price: next(&mut rest, "ask_price", ",\"ask_price\":")?,
        bid_size: next(&mut rest, "bid_size", ",\"bid_size\":")?,
        ask_size: next(&mut rest, "ask_size", ",\"ask_size\":")?,
        session_id: next(&mut rest, "session_id", ",\"session_id\":")?,
        mitigation_level: next(&mut rest, "mitigation_level", ",\"mitigation_level\":")?,
        quality_flag: next(&mut rest, "quality_flag", ",\"quality_flag\":")?,
    };
    (rest == "}").then_some(tokens)
}

/// Takes the next field off the line. Inlined, so that comparing with a key is comparing with a constant.
#[inline(always)]
fn next<'a>(rest: &mut &'a str, field: &'static str, key: &'static str) -> Option<Token<'a>> {
    let after = rest.strip_prefix(key)?;
    let (json, after) = after.split_at_checked(length_of_value(after)?)?;
    *rest = after;
    Some(Token::of_json(field, json))
}

/// How long the JSON value is that a text begins with: a text, a plain number or null. What a text may not hold is found by
/// whoever reads its value.
#[inline]
fn length_of_value(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'"' => Some(text[1..].find('"')? + 2),
        b'n' => text.starts_with("null").then_some(4),
        b'0'..=b'9' => {
            let is_part = |b: &&u8| b.is_ascii_digit() || **b == b'.';
            let length = bytes.iter().take_while(is_part).count();
            is_plain_number(&bytes[..length]).then_some(length)
        }
        _ => None,
    }
}

/// Digits, and perhaps a point between digits; no zero before other digits.
fn is_plain_number(digits: &[u8]) -> bool {
    if digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let mut parts = digits.split(|b| *b == b'.');
    let whole = parts.next().unwrap_or_default();
    let fraction_is_fine = parts.next().is_none_or(|fraction| !fraction.is_empty());
    !whole.is_empty() && (whole.len() == 1 || whole[0] != b'0') && fraction_is_fine && parts.next().is_none()
}
