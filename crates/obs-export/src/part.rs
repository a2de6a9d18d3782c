//! The file of a day.

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use arrow_array::RecordBatch;
use chrono::NaiveDate;
use tempfile::NamedTempFile;

use crate::{Dataset, ExportError, Format, Sink};

/// Where the rows of a day lie below a folder: `scalp_ticks/day=2026-01-22/part-0.parquet`. DuckDB, Polars and pyarrow take the
/// folder's name for a column `day`.
#[must_use]
pub fn part_path(dir: &Path, dataset: Dataset, day: NaiveDate, format: Format) -> PathBuf {
    dir.join(dataset.name()).join(format!("day={day}")).join(format!("part-0.{format}"))
}

/// A file in the making. It has a name of its own, beginning with a dot, until it is complete; if it is dropped before that, it
/// is removed.
pub struct Part {
    sink: Sink<BufWriter<NamedTempFile>>,
    path: PathBuf,
    rows: u64,
}

/// What a complete file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Part {
    /// Begins a file, and makes its folder if need be.
    ///
    /// # Errors
    /// [`ExportError`] if it cannot be made.
    pub fn create(path: PathBuf, dataset: Dataset, format: Format) -> Result<Self, ExportError> {
        let failed = |source| ExportError::File { path: path.clone(), source };
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Readable to whomever the system lets read new files; a temporary file is its owner's alone otherwise.
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".partial")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(failed)?;
        let sink = Sink::new(format, &dataset.schema(), BufWriter::new(file))?;
        Ok(Self { sink, path, rows: 0 })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// [`ExportError`] if they cannot be written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), ExportError> {
        self.sink.write(rows)?;
        self.rows += rows.num_rows() as u64;
        Ok(())
    }

    /// Completes the file, sees it on the disk, and gives it its name.
    ///
    /// # Errors
    /// [`ExportError::Exists`] if there is a file of that name and it is not to be replaced; otherwise if it cannot be written.
    pub fn finish(self, replace: bool) -> Result<Written, ExportError> {
        let Self { sink, path, rows } = self;
        let failed = |source| ExportError::File { path: path.clone(), source };
        let file = sink.finish()?.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        let bytes = file.as_file().metadata().map_err(failed)?.len();
        let named = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        match named {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Err(ExportError::Exists { path }),
            Err(error) => return Err(failed(error.error)),
        }
        // So that the name survives a power failure as well.
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()).map_err(failed)?;
        Ok(Written { rows, bytes })
    }
}
