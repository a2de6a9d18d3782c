//! Rows as text.
//!
//! Decimals are written exactly and as short as possible, `71950.5`; instants as `2026-01-22T00:00:00.000000Z`, which sorts.

use std::{
    fmt::{self, Write as _},
    io,
};

use arrow_array::{
    Array, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use chrono::{DateTime, SecondsFormat};
use rust_decimal::Decimal;

use crate::ExportError;

/// A column, and what is in it.
struct Column<'a> {
    name: String,
    array: &'a dyn Array,
    cells: Cells<'a>,
}

/// The cells of a column of a type that our tables have.
enum Cells<'a> {
    Text(&'a StringArray),
    Shares(&'a Int64Array),
    Number(&'a Int32Array),
    Ratio(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    Instant(&'a TimestampMicrosecondArray),
    Flag(&'a BooleanArray),
}

/// Writes rows as records of CSV, without a header.
pub(crate) fn write_records<W: io::Write>(rows: &RecordBatch, out: &mut csv::Writer<W>) -> Result<(), ExportError> {
    let columns = columns(rows)?;
    let mut cell = String::new();
    for row in 0..rows.num_rows() {
        for column in &columns {
            cell.clear();
            if !column.array.is_null(row) {
                column.cells.write(row, &mut cell).map_err(unprintable)?;
            }
            out.write_field(&cell).map_err(io::Error::from)?;
        }
        out.write_record(None::<&[u8]>).map_err(io::Error::from)?;
    }
    Ok(())
}

/// Writes rows as lines of JSON; `line` is a place to work in.
pub(crate) fn write_json_lines(rows: &RecordBatch, line: &mut String, out: &mut impl io::Write) -> Result<(), ExportError> {
    let columns = columns(rows)?;
    for row in 0..rows.num_rows() {
        line.clear();
        for column in &columns {
            line.push(if line.is_empty() { '{' } else { ',' });
            push_json_text(&column.name, line)?;
            line.push(':');
            match &column.cells {
                _ if column.array.is_null(row) => line.push_str("null"),
                Cells::Text(texts) => push_json_text(texts.value(row), line)?,
                exact @ (Cells::Decimal(_) | Cells::Instant(_)) => {
                    line.push('"');
                    exact.write(row, line).map_err(unprintable)?;
                    line.push('"');
                }
                number => number.write(row, line).map_err(unprintable)?,
            }
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn push_json_text(text: &str, line: &mut String) -> Result<(), io::Error> {
    line.push_str(&serde_json::to_string(text)?);
    Ok(())
}

fn unprintable(error: fmt::Error) -> io::Error {
    io::Error::other(error)
}

fn columns(rows: &RecordBatch) -> Result<Vec<Column<'_>>, ExportError> {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, array)| {
        let (name, found) = (field.name().clone(), field.data_type().clone());
        match Cells::of(array) {
            Some(cells) => Ok(Column { name, array, cells }),
            None => Err(ExportError::NoText { column: name, found }),
        }
    });
    columns.collect()
}

impl<'a> Cells<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        fn as_type<T: 'static>(array: &dyn Array) -> Option<&T> {
            array.as_any().downcast_ref()
        }
        as_type(array)
            .map(Self::Text)
            .or_else(|| as_type(array).map(Self::Shares))
            .or_else(|| as_type(array).map(Self::Number))
            .or_else(|| as_type(array).map(Self::Ratio))
            .or_else(|| as_type(array).map(Self::Decimal))
            .or_else(|| as_type(array).map(Self::Instant))
            .or_else(|| as_type(array).map(Self::Flag))
    }

    /// Writes a value that is not null.
    fn write(&self, row: usize, out: &mut String) -> fmt::Result {
        match self {
            Self::Text(array) => out.push_str(array.value(row)),
            Self::Shares(array) => write!(out, "{}", array.value(row))?,
            Self::Number(array) => write!(out, "{}", array.value(row))?,
            Self::Ratio(array) => write!(out, "{}", array.value(row))?,
            Self::Decimal(array) => {
                let scale = u32::try_from(array.scale()).map_err(|_| fmt::Error)?;
                let decimal = Decimal::try_from_i128_with_scale(array.value(row), scale).map_err(|_| fmt::Error)?;
                write!(out, "{}", decimal.normalize())?;
            }
            Self::Instant(array) => {
                let instant = DateTime::from_timestamp_micros(array.value(row)).ok_or(fmt::Error)?;
                out.push_str(&instant.to_rfc3339_opts(SecondsFormat::Micros, true));
            }
            Self::Flag(array) => write!(out, "{}", array.value(row))?,
        }
        Ok(())
    }
}
