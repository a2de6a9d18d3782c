//! Values in PostgreSQL's binary form.

use chrono::{DateTime, Utc};
use obs_model::Price;
use rust_decimal::Decimal;
use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};

/// Microseconds from 1970, where chrono counts from, to 2000, where PostgreSQL does.
const EPOCH: i64 = 946_684_800_000_000;

/// What a digit of a `NUMERIC` counts to, and its signs, by `src/backend/utils/adt/numeric.c` of PostgreSQL.
const BASE: i64 = 10_000;
const POSITIVE: u16 = 0;
const NEGATIVE: u16 = 0x4000;

/// An instant as `TIMESTAMPTZ`.
///
/// The driver's own conversion rounds instants before 2000 up, and panics on the `infinity` that a table may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

impl Instant {
    /// An instant that bounds a range: one before PostgreSQL's first, which is in 4713 BC, is as good as the year 0.
    pub(crate) fn bound(at: DateTime<Utc>) -> Self {
        const YEAR_0: i64 = -62_167_219_200;
        Self(DateTime::from_timestamp(YEAR_0, 0).map_or(at, |earliest| at.max(earliest)))
    }

    /// The instant so many microseconds after the year 2000 began.
    pub(crate) fn of_micros(micros: i64) -> Result<Self, &'static str> {
        let at = micros.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        at.map(Self).ok_or("it is infinite or too far away")
    }

    /// Microseconds since 2000; what is finer is cut off towards the past.
    pub(crate) const fn micros(at: DateTime<Utc>) -> i64 {
        at.timestamp_micros() - EPOCH
    }
}

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        <DateTime<Utc> as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(Self::micros(self.0), buffer)
    }
}

impl Decode<'_, Postgres> for Instant {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self::of_micros(Decode::<Postgres>::decode(value)?)?)
    }
}

/// A `NUMERIC` of at most four decimals, counted in ten-thousandths: the reverse of [`put_price`].
///
/// The driver's own conversion computes powers of ten in a decimal type of 96 bits, which takes longer than all else of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TenThousandths(pub(crate) i64);

impl Type<Postgres> for TenThousandths {
    fn type_info() -> PgTypeInfo {
        <Decimal as Type<Postgres>>::type_info()
    }
}

impl Decode<'_, Postgres> for TenThousandths {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self::of_bytes(value.as_bytes()?)?)
    }
}

impl TenThousandths {
    /// Reads the binary form.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let (parts, _) = bytes.as_chunks();
        let [_, weight, sign, _, digits @ ..] = parts else { return Err("it is cut short") };
        let raw = ten_thousandths(digits, i16::from_be_bytes(*weight)).ok_or("it has more digits than a price")?;
        match u16::from_be_bytes(*sign) {
            POSITIVE => Ok(Self(raw)),
            NEGATIVE => Ok(Self(-raw)),
            _ => Err("it is not a finite number"),
        }
    }
}

/// Ten-thousandths out of digits of base 10000, the first of which has this weight; `None` if they do not fit.
fn ten_thousandths(digits: &[[u8; 2]], weight: i16) -> Option<i64> {
    let mut raw = 0_i64;
    // The place of the next digit: 0 is that of the ten-thousandths.
    let mut place = i32::from(weight) + 1;
    for digit in digits.iter().copied().map(u16::from_be_bytes) {
        if place >= 0 {
            raw = raw.checked_mul(BASE)?.checked_add(i64::from(digit))?;
        } else if digit > 0 {
            return None;
        }
        place -= 1;
    }
    // Zeros at the end are not written.
    if raw == 0 { Some(0) } else { BASE.checked_pow(u32::try_from(place + 1).unwrap_or(0))?.checked_mul(raw) }
}

/// Appends one field of a `COPY … BINARY` row: its length and its bytes.
pub(crate) fn put_bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    // No field is longer than its column, so the length always fits.
    buffer.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    buffer.extend_from_slice(bytes);
}

/// Appends a field of type `BIGINT` or `TIMESTAMPTZ`.
pub(crate) fn put_i64(buffer: &mut Vec<u8>, value: i64) {
    put_bytes(buffer, &value.to_be_bytes());
}

/// Appends a field of type `INTEGER`.
pub(crate) fn put_i32(buffer: &mut Vec<u8>, value: i32) {
    put_bytes(buffer, &value.to_be_bytes());
}

/// Appends a field without a value.
pub(crate) fn put_null(buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// Appends a price as `NUMERIC` with four decimals; `None` is 0.
///
/// Such a number is a list of base-10000 digits, the weight of the first (0 is the digit of ones), a sign, and the count of
/// decimals to show. Ten-thousandths of a won are the digit of weight -1, so the count of them needs no other arithmetic than
/// being cut into base-10000 digits.
pub(crate) fn put_price(buffer: &mut Vec<u8>, price: Option<Price>) {
    const MOST: usize = 4;

    let mut rest = price.map_or(0, Price::ten_thousandths);
    let mut digits = [0_u16; MOST];
    let mut first = MOST;
    // A price has at most 15 decimal digits: four digits of base 10000.
    while rest > 0 && first > 0 {
        first -= 1;
        digits[first] = (rest % BASE) as u16;
        rest /= BASE;
    }
    let mut end = MOST;
    while end > first && digits[end - 1] == 0 {
        end -= 1;
    }
    let weight = if first == end { 0 } else { (MOST - first) as i16 - 2 };
    let count = (end - first) as u16;

    buffer.extend_from_slice(&(8 + 2 * u32::from(count)).to_be_bytes());
    for part in [count, weight as u16, POSITIVE, Price::DECIMALS as u16] {
        buffer.extend_from_slice(&part.to_be_bytes());
    }
    for digit in &digits[first..end] {
        buffer.extend_from_slice(&digit.to_be_bytes());
    }
}
