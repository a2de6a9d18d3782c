//! Writing rows in a format.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::Schema;
use parquet::{
    arrow::ArrowWriter,
    basic::Compression,
    file::properties::{EnabledStatistics, WriterProperties},
};

use crate::{
    ExportError, Format,
    text::{write_json_lines, write_records},
};

/// Rows of a row group of Parquet: what is in memory at once while it is written, some megabytes.
const ROW_GROUP: usize = 100_000;

/// Writes rows to a file, a socket or a buffer.
///
/// [`Sink::finish`] writes what ends the format, without which Parquet and Arrow files cannot be read.
pub struct Sink<W: Write + Send>(Writer<W>);

enum Writer<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    Arrow(Box<FileWriter<W>>),
    ArrowStream(Box<StreamWriter<W>>),
    Csv(Box<csv::Writer<W>>),
    JsonLines(W, String),
}

impl<W: Write + Send> Sink<W> {
    /// Begins to write rows of a schema.
    ///
    /// # Errors
    /// [`ExportError`] if the beginning cannot be written.
    pub fn new(format: Format, schema: &Schema, out: W) -> Result<Self, ExportError> {
        Ok(Self(match format {
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_statistics_enabled(EnabledStatistics::Page)
                    .set_max_row_group_row_count(Some(ROW_GROUP));
                Writer::Parquet(Box::new(ArrowWriter::try_new(out, schema.clone().into(), Some(properties.build()))?))
            }
            Format::Arrow => Writer::Arrow(Box::new(FileWriter::try_new(out, schema)?)),
            Format::ArrowStream => Writer::ArrowStream(Box::new(StreamWriter::try_new(out, schema)?)),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(schema.fields().iter().map(|field| field.name())).map_err(std::io::Error::from)?;
                Writer::Csv(Box::new(writer))
            }
            Format::JsonLines => Writer::JsonLines(out, String::new()),
        }))
    }

    /// Writes rows. Parquet holds them back until a row group is full.
    ///
    /// # Errors
    /// [`ExportError`] if they cannot be written, or have other columns than were announced.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), ExportError> {
        match &mut self.0 {
            Writer::Parquet(writer) => writer.write(rows)?,
            Writer::Arrow(writer) => writer.write(rows)?,
            Writer::ArrowStream(writer) => writer.write(rows)?,
            Writer::Csv(writer) => write_records(rows, writer)?,
            Writer::JsonLines(out, line) => write_json_lines(rows, line, out)?,
        }
        Ok(())
    }

    /// Writes what is left, and gives back where it was written to.
    ///
    /// # Errors
    /// [`ExportError`] if it cannot be written.
    pub fn finish(self) -> Result<W, ExportError> {
        let mut out = match self.0 {
            Writer::Parquet(writer) => writer.into_inner()?,
            Writer::Arrow(mut writer) => {
                writer.finish()?;
                writer.into_inner()?
            }
            Writer::ArrowStream(mut writer) => {
                writer.finish()?;
                writer.into_inner()?
            }
            Writer::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error)?,
            Writer::JsonLines(out, _) => out,
        };
        out.flush()?;
        Ok(out)
    }
}
