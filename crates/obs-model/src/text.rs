//! Serde through `Display` and `FromStr`, so that no written form skips a check.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserializer, Serializer, de};

use crate::{InvalidValue, Problem};

pub(crate) fn serialize<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads a name. A number is refused: a format that drops leading zeros has made another name of it.
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Name(PhantomData))
}

/// Reads a number that stands in a text, or a whole number. A float is refused: it may have been rounded already.
pub(crate) fn deserialize_number<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Number(PhantomData))
}

/// Finds a value by the name that it is written with.
pub(crate) fn by_name<T: Copy>(
    kind: &'static str,
    name: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    names: &'static str,
) -> Result<T, InvalidValue> {
    let found = all.iter().copied().find(|value| name_of(*value) == name);
    found.ok_or_else(|| InvalidValue::new(kind, name, Problem::UnknownName { names }))
}

/// Splits `12.34` into its sign (1 or -1), `12` and `34`; without a point the last is `0`. Nothing else is a plain number.
pub(crate) fn plain_number(text: &str) -> Option<(i64, &str, &str)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (all_digits(whole) && all_digits(fraction)).then_some((sign, whole, fraction))
}

struct Name<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Name<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

struct Number<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Number<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// A number of 1 to 18 plain digits, which is what nearly every price and quantity is.
pub(crate) fn small_whole(text: &str) -> Option<i64> {
    if !(1..=18).contains(&text.len()) {
        return None;
    }
    text.bytes().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + i64::from(b - b'0')))
}
