//! Reading the fields of an answer.
//!
//! The broker sends every value as text, numbers included, pads some with blanks, and is not consistent about the case of keys
//! or about whether a single result is an object or a list of one. All of that is evened out here; what a field means is not.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{NaiveDate, NaiveTime};
use obs_model::{InvalidValue, Money, Price, Quantity, Symbol};
use serde_json::value::RawValue;

use crate::KisError;

/// The longest value that is read as a number, a date or a code: longer ones are not repeated in errors either.
const LONGEST: usize = 64;

/// An answer's top level.
pub(crate) struct Body {
    call: &'static str,
    values: BTreeMap<String, Box<RawValue>>,
}

/// One object of an answer.
pub(crate) struct Fields {
    call: &'static str,
    values: BTreeMap<String, String>,
}

impl Body {
    /// None if it is not an object.
    pub(crate) fn read(call: &'static str, json: &[u8]) -> Option<Self> {
        Some(Self { call, values: lower_keys(serde_json::from_slice(json).ok()?) })
    }

    /// A field of the top level, without blanks around it.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).and_then(|value| scalar(value)).filter(|text| !text.is_empty())
    }

    /// The top level as an object, for answers that have no other.
    pub(crate) fn fields(&self) -> Fields {
        let values = self.values.iter().filter_map(|(key, value)| Some((key.clone(), scalar(value)?))).collect();
        Fields { call: self.call, values }
    }

    /// The only object under a key, be it in a list or not; without fields if there is none.
    pub(crate) fn one(&self, key: &'static str) -> Result<Fields, KisError> {
        let first = self.many(key)?.into_iter().next();
        Ok(first.unwrap_or_else(|| Fields { call: self.call, values: BTreeMap::new() }))
    }

    /// The objects under a key, be they in a list or a single one; objects without fields are left out.
    pub(crate) fn many(&self, key: &'static str) -> Result<Vec<Fields>, KisError> {
        let Some(value) = self.values.get(key) else { return Ok(Vec::new()) };
        let json = value.get();
        type Object = BTreeMap<String, Box<RawValue>>;
        let objects: Result<Vec<Object>, _> = match json.as_bytes().first() {
            Some(b'[') => serde_json::from_str(json),
            Some(b'{') => serde_json::from_str(json).map(|object| vec![object]),
            // A call that found nothing may say `null` or `""`.
            _ => Ok(Vec::new()),
        };
        let objects = objects.map_err(|_| malformed(self.call, key, "it is not a list of objects".to_owned()))?;
        let fields = |object| Fields {
            call: self.call,
            values: lower_keys(object).into_iter().filter_map(|(key, value)| Some((key, scalar(&value)?))).collect(),
        };
        Ok(objects.into_iter().filter(|object| !object.is_empty()).map(fields).collect())
    }
}

impl Fields {
    /// A field without blanks around it, if there is anything in it.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A field that must be there.
    pub(crate) fn required(&self, key: &'static str) -> Result<&str, KisError> {
        match self.text(key) {
            Some(text) if text.len() <= LONGEST => Ok(text),
            Some(_) => Err(malformed(self.call, key, format!("it is longer than {LONGEST} bytes"))),
            None => Err(malformed(self.call, key, "it is missing or empty".to_owned())),
        }
    }

    /// A value that must be there.
    pub(crate) fn value<T: FromStr<Err = InvalidValue>>(&self, key: &'static str) -> Result<T, KisError> {
        self.parsed(key, self.required(key)?)
    }

    /// A price in won, where 0, blanks and a missing field say that there is none.
    pub(crate) fn price(&self, key: &'static str) -> Result<Option<Price>, KisError> {
        if self.text(key).is_none() {
            return Ok(None);
        }
        let text = self.required(key)?;
        Price::parse_or_none(text).map_err(|error| malformed(self.call, key, error.to_string()))
    }

    /// A price that must be there.
    pub(crate) fn required_price(&self, key: &'static str) -> Result<Price, KisError> {
        self.value(key)
    }

    /// An amount of won that must be there.
    pub(crate) fn money(&self, key: &'static str) -> Result<Money, KisError> {
        self.value(key)
    }

    /// A number of shares that must be there.
    pub(crate) fn quantity(&self, key: &'static str) -> Result<Quantity, KisError> {
        self.value(key)
    }

    /// A number of shares, where blanks and a missing field are zero.
    pub(crate) fn quantity_or_zero(&self, key: &'static str) -> Result<Quantity, KisError> {
        if self.text(key).is_none() { Ok(Quantity::ZERO) } else { self.value(key) }
    }

    /// A short code. Some calls fill it up to twelve characters in front (`00000A005930`).
    pub(crate) fn symbol(&self, key: &'static str) -> Result<Symbol, KisError> {
        let text = self.required(key)?;
        let short = match text.len() {
            12 => text.get(6..).unwrap_or(text),
            _ => text,
        };
        self.parsed(key, short)
    }

    /// A date as `YYYYMMDD` that must be there.
    pub(crate) fn date(&self, key: &'static str) -> Result<NaiveDate, KisError> {
        let text = self.required(key)?;
        NaiveDate::parse_from_str(text, "%Y%m%d")
            .map_err(|_| malformed(self.call, key, format!("{text:?} is not a date (YYYYMMDD)")))
    }

    /// A time of day in Korea as `HHMMSS` that must be there.
    pub(crate) fn time(&self, key: &'static str) -> Result<NaiveTime, KisError> {
        let text = self.required(key)?;
        NaiveTime::parse_from_str(text, "%H%M%S")
            .map_err(|_| malformed(self.call, key, format!("{text:?} is not a time (HHMMSS)")))
    }

    /// A time of day, or nothing if there is none that can be read. For times that nothing depends on.
    pub(crate) fn time_if_any(&self, key: &'static str) -> Option<NaiveTime> {
        self.time(key).ok()
    }

    /// Whether a field says `Y`.
    pub(crate) fn yes(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.eq_ignore_ascii_case("y"))
    }

    /// `Y` or `N`, and nothing else.
    pub(crate) fn flag(&self, key: &'static str) -> Result<bool, KisError> {
        match self.required(key)? {
            "Y" => Ok(true),
            "N" => Ok(false),
            other => Err(malformed(self.call, key, format!("{other:?} is neither Y nor N"))),
        }
    }

    fn parsed<T: FromStr<Err = InvalidValue>>(&self, key: &'static str, text: &str) -> Result<T, KisError> {
        text.parse().map_err(|error: InvalidValue| malformed(self.call, key, error.to_string()))
    }
}

/// An answer with a field that is not what it should be.
pub(crate) fn malformed(call: &'static str, field: &'static str, problem: String) -> KisError {
    KisError::Malformed { call, field, problem }
}

fn lower_keys(object: BTreeMap<String, Box<RawValue>>) -> BTreeMap<String, Box<RawValue>> {
    object.into_iter().map(|(key, value)| (key.to_lowercase(), value)).collect()
}

/// A text, or a number or truth value as it is written: numbers never go through a float.
fn scalar(value: &RawValue) -> Option<String> {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(json).ok().map(|text| text.trim().to_owned()),
        Some(b'{' | b'[' | b'n') | None => None,
        Some(_) => Some(json.to_owned()),
    }
}
