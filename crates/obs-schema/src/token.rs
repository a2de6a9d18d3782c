//! One JSON value as it stands in the line.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use obs_model::{Price, Quantity};
use serde_json::value::RawValue;

use crate::{RejectReason, Rejection, reject::excerpt};

/// A field's name and its JSON text, or nothing where the field is absent or null.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    field: &'static str,
    json: Option<&'a str>,
}

impl<'a> Token<'a> {
    pub(crate) fn new(field: &'static str, raw: Option<&'a RawValue>) -> Self {
        Self { field, json: raw.map(RawValue::get) }
    }

    /// A field of which the JSON text was cut out of the line already.
    pub(crate) fn of_json(field: &'static str, json: &'a str) -> Self {
        Self { field, json: (json != "null").then_some(json) }
    }

    pub(crate) const fn is_present(self) -> bool {
        self.json.is_some()
    }

    pub(crate) fn is_object(self) -> bool {
        self.json.is_some_and(|json| json.starts_with('{'))
    }

    pub(crate) fn is_number(self) -> bool {
        self.json.is_some_and(|json| json.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    }

    pub(crate) fn json(self) -> Result<&'a str, Rejection> {
        self.json.ok_or_else(|| Rejection::missing(self.field))
    }

    /// The text of a JSON string.
    pub(crate) fn text(self) -> Result<Cow<'a, str>, Rejection> {
        let json = self.json()?;
        match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            Some(_) => serde_json::from_str(json).map(Cow::Owned).map_err(|_| self.wrong_type("a text")),
            None => Err(self.wrong_type("a text")),
        }
    }

    /// The digits of a JSON number, or of a number that stands in a string.
    fn number(self) -> Result<Cow<'a, str>, Rejection> {
        let json = self.json()?;
        if self.is_number() { Ok(Cow::Borrowed(json)) } else { self.text().map_err(|_| self.wrong_type("a number")) }
    }

    /// A value that reads itself from text.
    pub(crate) fn parse<T: std::str::FromStr<Err = obs_model::InvalidValue>>(self) -> Result<T, Rejection> {
        self.text()?.parse().map_err(|error| Rejection::of_value(self.field, &error))
    }

    /// A price; absent, null and 0 are none.
    pub(crate) fn price(self) -> Result<Option<Price>, Rejection> {
        if !self.is_present() {
            return Ok(None);
        }
        Price::parse_or_none(&self.number()?).map_err(|error| Rejection::of_value(self.field, &error))
    }

    /// A price that must be there.
    pub(crate) fn required_price(self) -> Result<Price, Rejection> {
        self.json()?;
        self.price()?.ok_or_else(|| Rejection::new(RejectReason::BadPrice, format!("`{}` is 0", self.field)))
    }

    /// A number of shares; absent and null are none.
    pub(crate) fn quantity(self) -> Result<Option<Quantity>, Rejection> {
        if !self.is_present() {
            return Ok(None);
        }
        let number = self.number()?;
        let read = number.parse();
        if read.is_ok() {
            return Ok(read.ok());
        }
        // Python writes a whole float as `1000.0`.
        let whole = number.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0')).map_or(&*number, |(w, _)| w);
        whole.parse().map(Some).map_err(|error| Rejection::of_value(self.field, &error))
    }

    /// A number of shares that must be there.
    pub(crate) fn required_quantity(self) -> Result<Quantity, Rejection> {
        self.quantity()?.ok_or_else(|| Rejection::missing(self.field))
    }

    /// A small whole number; absent and null are 0.
    pub(crate) fn small(self) -> Result<u8, Rejection> {
        let Some(json) = self.json else { return Ok(0) };
        json.parse().map_err(|_| self.wrong_type("a whole number up to 255"))
    }

    /// A ratio. It is a measure of quality and not a price, so a float may hold it.
    pub(crate) fn ratio(self) -> Result<f64, Rejection> {
        self.number()?.parse().map_err(|_| self.wrong_type("a number"))
    }

    /// An instant; `assume` is the zone of times without an offset.
    pub(crate) fn time(self, assume: Option<Tz>) -> Result<DateTime<Utc>, Rejection> {
        let text = self.text()?;
        if let Some(instant) = canonical_time(&text) {
            return Ok(instant);
        }
        let bad =
            |what: String| Rejection::new(RejectReason::BadTime, format!("`{}`: {} {what}", self.field, excerpt(&text)));
        let instant = match DateTime::parse_from_rfc3339(&text) {
            Ok(instant) => instant.to_utc(),
            Err(error) => {
                let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                    .iter()
                    .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
                    .ok_or_else(|| bad(format!("is not an ISO 8601 time: {error}")))?;
                let zone = assume.ok_or_else(|| {
                    let detail =
                        format!("`{}`: {} has no offset; name its zone with --assume-tz", self.field, excerpt(&text));
                    Rejection::new(RejectReason::NaiveTime, detail)
                })?;
                zone.from_local_datetime(&naive).earliest().ok_or_else(|| bad(format!("does not exist in {zone}")))?.to_utc()
            }
        };
        if !(1990..=2100).contains(&instant.year()) {
            return Err(bad("is outside the years 1990 to 2100".to_owned()));
        }
        // The databases keep microseconds and know no second 60; cutting and carrying here keeps what is archived and what is
        // stored the same.
        Ok(DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant))
    }

    pub(crate) fn wrong_type(self, expected: &str) -> Rejection {
        let json: String = self.json.unwrap_or("null").chars().take(40).collect();
        Rejection::new(RejectReason::WrongType, format!("`{}` is {json}, not {expected}", self.field))
    }
}

/// A time exactly as `encode` writes it, `2026-11-23T09:00:01.312045+09:00`; `None` goes the general way.
fn canonical_time(text: &str) -> Option<DateTime<Utc>> {
    const FORM: &[u8; 32] = b"0000-00-00T00:00:00.000000+09:00";
    const OFFSET: usize = 26;
    let bytes: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let fits = |at: usize| if FORM[at] == b'0' && at < OFFSET { bytes[at].is_ascii_digit() } else { bytes[at] == FORM[at] };
    if !(0..FORM.len()).all(fits) {
        return None;
    }
    let number = |at: std::ops::Range<usize>| bytes[at].iter().fold(0, |number, b| number * 10 + u32::from(b - b'0'));
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0..4)).ok()?, number(5..7), number(8..10))?;
    let time = date.and_hms_micro_opt(number(11..13), number(14..16), number(17..19), number(20..26))?;
    (1991..2100).contains(&date.year()).then(|| (time - TimeDelta::hours(9)).and_utc())
}
