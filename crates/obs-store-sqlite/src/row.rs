//! From rows to values, with a name for the cell that does not fit.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use obs_model::{Price, Quantity};
pub(crate) use obs_store::adapter::{BadCell, bad, checked, read_all, signed};
use sqlx::{
    Decode, Row, Sqlite, Type,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

/// A statement with the values bound so far.
pub(crate) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A cell that must hold something.
///
/// The driver reads NULL as 0 or as an empty text unless it is asked for an `Option`.
pub(crate) fn cell<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T, BadCell>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    cell_or_none(row, column)?.ok_or_else(|| bad(column, "it is NULL"))
}

/// A cell that may be NULL.
pub(crate) fn cell_or_none<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<Option<T>, BadCell>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get::<Option<T>, _>(column).map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => bad(column, source),
        other => bad(column, other),
    })
}

/// A text that names a value.
pub(crate) fn parsed<T>(row: &SqliteRow, column: &'static str) -> Result<T, BadCell>
where
    T: FromStr<Err: Display>,
{
    checked(column, cell::<&str>(row, column)?.parse())
}

/// A text that names a value, if there is one.
pub(crate) fn parsed_or_none<T>(row: &SqliteRow, column: &'static str) -> Result<Option<T>, BadCell>
where
    T: FromStr<Err: Display>,
{
    cell_or_none::<&str>(row, column)?.map(|text| checked(column, text.parse())).transpose()
}

/// A small count from 0, if there is one.
pub(crate) fn small_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<u32>, BadCell> {
    cell_or_none::<i64>(row, column)?.map(|number| checked(column, u32::try_from(number))).transpose()
}

/// An instant, if there is one.
pub(crate) fn instant_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<DateTime<Utc>>, BadCell> {
    cell_or_none(row, column)?.map(|text| parsed_instant(column, text)).transpose()
}

/// An instant.
pub(crate) fn instant(row: &SqliteRow, column: &'static str) -> Result<DateTime<Utc>, BadCell> {
    parsed_instant(column, cell(row, column)?)
}

/// An instant in the one form that the tables hold.
pub(crate) fn parsed_instant(column: &'static str, text: &str) -> Result<DateTime<Utc>, BadCell> {
    text.parse().map_err(|error| bad(column, format!("{text:?}: {error}")))
}

/// The form that the tables hold an instant in; what is finer than microseconds is cut off towards the past.
pub(crate) fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The form of an instant that bounds a range. Texts beyond the years of four digits would sort before all others.
pub(crate) fn bound_text(at: DateTime<Utc>) -> String {
    match at.year() {
        ..0 => "0000".to_owned(),
        10_000.. => "9999-12-31T23:59:59.999999Z".to_owned(),
        _ => instant_text(at),
    }
}

/// A day.
pub(crate) fn day(row: &SqliteRow, column: &'static str) -> Result<NaiveDate, BadCell> {
    let text: &str = cell(row, column)?;
    text.parse().map_err(|error| bad(column, format!("{text:?}: {error}")))
}

/// A price, selected as text, where NULL and 0 say that there is none: the Python system wrote 0.
pub(crate) fn price_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<Price>, BadCell> {
    cell_or_none::<&str>(row, column)?.map_or(Ok(None), |text| checked(column, Price::parse_or_none(text)))
}

/// A price, selected as text, that must be there.
pub(crate) fn price(row: &SqliteRow, column: &'static str) -> Result<Price, BadCell> {
    parsed(row, column)
}

/// Binds a price so that no float comes between: whole won as a whole number, all others as text.
pub(crate) fn bind_price<'q>(query: Bound<'q>, price: Option<Price>) -> Bound<'q> {
    match price {
        None => query.bind(None::<i64>),
        Some(price) => match price.whole_won() {
            Some(won) => query.bind(won),
            None => query.bind(price.to_string()),
        },
    }
}

/// A count of shares, if there is one.
pub(crate) fn quantity_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<Quantity>, BadCell> {
    cell_or_none::<i64>(row, column)?.map(|shares| checked(column, Quantity::new(shares))).transpose()
}

/// A count of shares that must be there.
pub(crate) fn quantity(row: &SqliteRow, column: &'static str) -> Result<Quantity, BadCell> {
    checked(column, Quantity::new(cell(row, column)?))
}

/// A sampling level.
pub(crate) fn level(row: &SqliteRow, column: &'static str) -> Result<u8, BadCell> {
    u8::try_from(cell::<i64>(row, column)?).map_err(|error| bad(column, error))
}

/// A count of bytes or lines.
pub(crate) fn count(row: &SqliteRow, column: &'static str) -> Result<u64, BadCell> {
    u64::try_from(cell::<i64>(row, column)?).map_err(|error| bad(column, error))
}

/// A row's number, for an error.
pub(crate) fn number_of(row: &SqliteRow, column: &'static str) -> String {
    cell::<i64>(row, column).map_or_else(|_| "?".to_owned(), |number| number.to_string())
}

/// Symbol and time of a row, for an error.
pub(crate) fn symbol_and(row: &SqliteRow, time: &'static str) -> String {
    let symbol = cell::<&str>(row, "symbol").unwrap_or("?");
    match instant(row, time) {
        Ok(at) => format!("{symbol} {at}"),
        Err(_) => format!("{symbol} ?"),
    }
}
