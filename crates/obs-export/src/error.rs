//! What can go wrong with an export.

use std::{io, path::PathBuf};

use arrow_schema::{ArrowError, DataType};
use obs_store::StoreError;
use parquet::errors::ParquetError;

/// Why rows were not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The store did not give the rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows make no columns, or Arrow's format could not be written.
    #[error("the rows cannot be written as Arrow columns")]
    Columns(#[from] ArrowError),
    /// Parquet could not be written.
    #[error("the rows cannot be written as Parquet")]
    Parquet(#[from] ParquetError),
    /// Text could not be written.
    #[error("the rows cannot be written as text")]
    Text(#[from] io::Error),
    /// A column has a type that no table of ours has, so that its text is not defined.
    #[error("the column {column} is of the type {found}, which has no form as text: export it as parquet or arrow")]
    NoText {
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
    },
    /// A file or folder could not be made.
    #[error("cannot write {path}", path = .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is a file of that name already, and it was not to be replaced.
    #[error("{path} exists: remove it, choose another folder, or have it overwritten", path = .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}
