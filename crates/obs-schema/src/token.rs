//! One JSON value as it stands in the line.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeZone, Utc};
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
