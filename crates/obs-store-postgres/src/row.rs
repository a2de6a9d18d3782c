//! From rows to values, with a name for the cell that does not fit.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, Utc};
use obs_model::{Price, Quantity};
pub(crate) use obs_store::adapter::{BadCell, bad, checked, read_all, signed};
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

/// Symbol and time of a row, for an error.
pub(crate) fn symbol_and(row: &PgRow, time: &'static str) -> String {
    let symbol = cell::<&str>(row, "symbol").unwrap_or("?");
    match instant(row, time) {
        Ok(at) => format!("{symbol} {at}"),
        Err(_) => format!("{symbol} ?"),
    }
}
