//! What ran on a database, and when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A row of `migration_log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationEntry {
    /// The migration's name, such as `001_create_scalp_tables`.
    pub name: String,
    /// When it ran.
    pub executed_at: Option<DateTime<Utc>>,
    /// `success`, or what went wrong.
    pub status: String,
    /// Free text.
    pub details: Option<String>,
}
