//! From rows to values, with a name for the cell that does not fit.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use chrono::{DateTime, Utc};
use obs_model::{Money, Price, Quantity};
pub(crate) use obs_store::adapter::{BadCell, bad, checked, read_all, signed};
use rust_decimal::Decimal;
use sqlx::{Decode, Postgres, Row, Type, error::UnexpectedNullError, postgres::PgRow};

use crate::wire::{Instant, TenThousandths};

/// A cell as the driver reads it.
pub(crate) fn cell<'r, T>(row: &'r PgRow, column: &'static str) -> Result<T, BadCell>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(column).map_err(|error| {
        let reason = match &error {
            sqlx::Error::ColumnDecode { source, .. } if source.is::<UnexpectedNullError>() => "it is NULL".to_owned(),
            sqlx::Error::ColumnDecode { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        BadCell { column, reason }
    })
}

/// A text that names a value.
pub(crate) fn parsed<T>(row: &PgRow, column: &'static str) -> Result<T, BadCell>
where
    T: FromStr<Err: Display>,
{
    checked(column, cell::<&str>(row, column)?.parse())
}

/// A text that names a value, if there is one.
pub(crate) fn parsed_or_none<T>(row: &PgRow, column: &'static str) -> Result<Option<T>, BadCell>
where
    T: FromStr<Err: Display>,
{
    cell::<Option<&str>>(row, column)?.map(|text| checked(column, text.parse())).transpose()
}

/// A small count from 0, if there is one.
pub(crate) fn small_or_none(row: &PgRow, column: &'static str) -> Result<Option<u32>, BadCell> {
    cell::<Option<i32>>(row, column)?.map(|number| checked(column, u32::try_from(number))).transpose()
}

/// A small count as a column holds it. No version and no order of a plan comes near the limit.
pub(crate) fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// An amount of money, if there is one.
pub(crate) fn money_or_none(row: &PgRow, column: &'static str) -> Result<Option<Money>, BadCell> {
    cell::<Option<Decimal>>(row, column)?.map(|won| checked(column, Money::new(won))).transpose()
}

/// An amount of money that must be there.
pub(crate) fn money(row: &PgRow, column: &'static str) -> Result<Money, BadCell> {
    checked(column, Money::new(cell(row, column)?))
}

/// An instant, if there is one.
pub(crate) fn instant_or_none(row: &PgRow, column: &'static str) -> Result<Option<DateTime<Utc>>, BadCell> {
    Ok(cell::<Option<Instant>>(row, column)?.map(|instant| instant.0))
}

/// An instant.
pub(crate) fn instant(row: &PgRow, column: &'static str) -> Result<DateTime<Utc>, BadCell> {
    cell::<Instant>(row, column).map(|instant| instant.0)
}

/// A price, where NULL and 0 say that there is none: the Python system wrote 0.
pub(crate) fn price_or_none(row: &PgRow, column: &'static str) -> Result<Option<Price>, BadCell> {
    match cell::<Option<TenThousandths>>(row, column)? {
        None | Some(TenThousandths(0)) => Ok(None),
        Some(TenThousandths(raw)) => checked(column, Price::from_ten_thousandths(raw)).map(Some),
    }
}

/// A price that must be there.
pub(crate) fn price(row: &PgRow, column: &'static str) -> Result<Price, BadCell> {
    checked(column, Price::from_ten_thousandths(cell::<TenThousandths>(row, column)?.0))
}

/// A count of shares, if there is one.
pub(crate) fn quantity_or_none(row: &PgRow, column: &'static str) -> Result<Option<Quantity>, BadCell> {
    cell::<Option<i64>>(row, column)?.map(|shares| checked(column, Quantity::new(shares))).transpose()
}

/// A count of shares that must be there.
pub(crate) fn quantity(row: &PgRow, column: &'static str) -> Result<Quantity, BadCell> {
    checked(column, Quantity::new(cell(row, column)?))
}

/// A sampling level.
pub(crate) fn level(row: &PgRow, column: &'static str) -> Result<u8, BadCell> {
    u8::try_from(cell::<i32>(row, column)?).map_err(|error| bad(column, error))
}

/// A count of bytes or lines.
pub(crate) fn count(row: &PgRow, column: &'static str) -> Result<u64, BadCell> {
    u64::try_from(cell::<i64>(row, column)?).map_err(|error| bad(column, error))
}

/// PostgreSQL's texts cannot hold the character NUL, which a strange path, line or answer may contain.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A row's number, for an error.
pub(crate) fn number_of(row: &PgRow, column: &'static str) -> String {
    cell::<i64>(row, column).map_or_else(|_| "?".to_owned(), |number| number.to_string())
}

/// Symbol and time of a row, for an error.
pub(crate) fn symbol_and(row: &PgRow, time: &'static str) -> String {
    let symbol = cell::<&str>(row, "symbol").unwrap_or("?");
    match instant(row, time) {
        Ok(at) => format!("{symbol} {at}"),
        Err(_) => format!("{symbol} ?"),
    }
}
