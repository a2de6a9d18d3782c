//! How a row's fields become columns.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, Utc};
use obs_model::{Price, Quantity};

/// Digits of a price and those of them behind the point, as in `NUMERIC(15,4)`.
const PRICE_DIGITS: (u8, i8) = (15, 4);
/// The zone of all instants.
const ZONE: &str = "UTC";
/// Under which key a column's field says what it holds.
const ABOUT: &str = "description";

/// A column of rows of one kind.
pub(crate) struct Column<T> {
    name: &'static str,
    about: &'static str,
    read: Read<T>,
}

/// What is in a column, and how to get it out of a row.
enum Read<T> {
    Text(fn(&T) -> &str),
    Price(fn(&T) -> Option<Price>),
    KnownPrice(fn(&T) -> Price),
    Shares(fn(&T) -> Option<Quantity>),
    KnownShares(fn(&T) -> Quantity),
    Number(fn(&T) -> i32),
    Ratio(fn(&T) -> f64),
    Instant(fn(&T) -> DateTime<Utc>),
    Flag(fn(&T) -> bool),
}

impl<T> Column<T> {
    /// Text: `string`.
    pub(crate) const fn text(name: &'static str, about: &'static str, read: fn(&T) -> &str) -> Self {
        Self { name, about, read: Read::Text(read) }
    }

    /// A price that may be missing: `decimal128(15, 4)`.
    pub(crate) const fn price(name: &'static str, about: &'static str, read: fn(&T) -> Option<Price>) -> Self {
        Self { name, about, read: Read::Price(read) }
    }

    /// A price: `decimal128(15, 4)`.
    pub(crate) const fn known_price(name: &'static str, about: &'static str, read: fn(&T) -> Price) -> Self {
        Self { name, about, read: Read::KnownPrice(read) }
    }

    /// A count of shares that may be missing: `int64`.
    pub(crate) const fn shares(name: &'static str, about: &'static str, read: fn(&T) -> Option<Quantity>) -> Self {
        Self { name, about, read: Read::Shares(read) }
    }

    /// A count of shares: `int64`.
    pub(crate) const fn known_shares(name: &'static str, about: &'static str, read: fn(&T) -> Quantity) -> Self {
        Self { name, about, read: Read::KnownShares(read) }
    }

    /// A small whole number: `int32`.
    pub(crate) const fn number(name: &'static str, about: &'static str, read: fn(&T) -> i32) -> Self {
        Self { name, about, read: Read::Number(read) }
    }

    /// A ratio: `double`.
    pub(crate) const fn ratio(name: &'static str, about: &'static str, read: fn(&T) -> f64) -> Self {
        Self { name, about, read: Read::Ratio(read) }
    }

    /// An instant: `timestamp[us, UTC]`. What is finer than a microsecond is cut off; no store holds it.
    pub(crate) const fn instant(name: &'static str, about: &'static str, read: fn(&T) -> DateTime<Utc>) -> Self {
        Self { name, about, read: Read::Instant(read) }
    }

    /// Yes or no: `bool`.
    pub(crate) const fn flag(name: &'static str, about: &'static str, read: fn(&T) -> bool) -> Self {
        Self { name, about, read: Read::Flag(read) }
    }

    fn field(&self) -> Field {
        let (kind, nullable) = match self.read {
            Read::Text(_) => (DataType::Utf8, false),
            Read::Price(_) => (price_type(), true),
            Read::KnownPrice(_) => (price_type(), false),
            Read::Shares(_) => (DataType::Int64, true),
            Read::KnownShares(_) => (DataType::Int64, false),
            Read::Number(_) => (DataType::Int32, false),
            Read::Ratio(_) => (DataType::Float64, false),
            Read::Instant(_) => (DataType::Timestamp(TimeUnit::Microsecond, Some(ZONE.into())), false),
            Read::Flag(_) => (DataType::Boolean, false),
        };
        let about = HashMap::from([(ABOUT.to_owned(), self.about.to_owned())]);
        Field::new(self.name, kind, nullable).with_metadata(about)
    }

    fn array(&self, rows: &[T]) -> Result<ArrayRef, ArrowError> {
        let rows = rows.iter();
        Ok(match self.read {
            Read::Text(read) => Arc::new(StringArray::from_iter_values(rows.map(read))),
            Read::Price(read) => Arc::new(prices(rows.map(|row| read(row).map(raw)).collect())?),
            Read::KnownPrice(read) => Arc::new(prices(Decimal128Array::from_iter_values(rows.map(|row| raw(read(row)))))?),
            Read::Shares(read) => Arc::new(rows.map(|row| read(row).map(Quantity::shares)).collect::<Int64Array>()),
            Read::KnownShares(read) => Arc::new(Int64Array::from_iter_values(rows.map(|row| read(row).shares()))),
            Read::Number(read) => Arc::new(Int32Array::from_iter_values(rows.map(read))),
            Read::Ratio(read) => Arc::new(Float64Array::from_iter_values(rows.map(read))),
            Read::Instant(read) => {
                let micros = rows.map(|row| read(row).timestamp_micros());
                Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone(ZONE))
            }
            Read::Flag(read) => Arc::new(BooleanArray::from_iter(rows.map(|row| Some(read(row))))),
        })
    }
}

/// The types and names of columns.
pub(crate) fn schema<T>(columns: &[Column<T>]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()))
}

/// Rows as columns.
pub(crate) fn batch<T>(columns: &[Column<T>], rows: &[T]) -> Result<RecordBatch, ArrowError> {
    let arrays = columns.iter().map(|column| column.array(rows)).collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema(columns), arrays)
}

fn price_type() -> DataType {
    let (digits, decimals) = PRICE_DIGITS;
    DataType::Decimal128(digits, decimals)
}

fn raw(price: Price) -> i128 {
    price.ten_thousandths().into()
}

fn prices(raw: Decimal128Array) -> Result<Decimal128Array, ArrowError> {
    let (digits, decimals) = PRICE_DIGITS;
    raw.with_precision_and_scale(digits, decimals)
}
