//! What can go wrong with a store, by what the caller can do about it.

use std::error::Error;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or the connection was lost: the same call may succeed later.
    #[error("{store} cannot be reached: {reason}")]
    Unavailable {
        /// Which store, without its password.
        store: String,
        /// What happened, and what to check.
        reason: String,
        /// The driver's error, if there was one.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Its schema is not the one this program knows: a person must act.
    #[error("{store} {problem}")]
    Schema {
        /// Which store, without its password.
        store: String,
        /// What is wrong with the schema.
        problem: SchemaProblem,
    },
    /// A file's position is not where the batch starts: somebody else loaded it meanwhile. Read the position again.
    #[error("the loading position of {path} is {found}, not {expected}: it is being loaded by another process as well")]
    Conflict {
        /// The file.
        path: String,
        /// The offset that the batch starts from, or `unknown`.
        expected: String,
        /// The offset that the store holds, or `unknown`.
        found: String,
    },
    /// Somebody else changed a row meanwhile, and the change that was asked for does not fit any more. Read it again.
    #[error("{what} is {found}, and {wanted} is not possible then: another program changed it meanwhile, look at it again")]
    Stale {
        /// Which row, in words: `plan 3`, `order 17`, `policy balanced`.
        what: String,
        /// The state that it has.
        found: String,
        /// The change that was asked for.
        wanted: String,
    },
    /// A stored row does not hold what its table promises.
    #[error("{table}.{column} of row {row} is unreadable: {reason}")]
    CorruptRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// The disk under the store is full, or the store is read-only: room must be made first.
    #[error("{store} cannot write: {reason}")]
    Full {
        /// Which store, without its password.
        store: String,
        /// What the engine said.
        reason: String,
    },
    /// The engine refused a statement. It is a fault in this program or in the database, and trying again will not help.
    #[error("{store} failed while {doing}")]
    Failed {
        /// Which store, without its password.
        store: String,
        /// What was being done.
        doing: &'static str,
        /// The driver's error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anybody doing anything to this program.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Full { .. })
    }
}

/// How a schema differs from the one this program knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    /// There is none.
    #[error("has no schema yet: run `cargo xtask migrate`")]
    Empty,
    /// Migrations are missing.
    #[error("has an older schema, without {}: run `cargo xtask migrate`", .missing.join(", "))]
    Older {
        /// Their names.
        missing: Vec<String>,
    },
    /// Migrations are there that this program does not know.
    #[error("has a newer schema, with {}: update this program", .unknown.join(", "))]
    Newer {
        /// Their names.
        unknown: Vec<String>,
    },
}

impl SchemaProblem {
    /// How a schema differs from the `known` one, by the names of the migrations that were `applied`. Names in `foreign` are
    /// somebody else's and do no harm. A schema that is older and newer at once is newer: migrating would not mend it.
    #[must_use]
    pub fn between(known: &[&str], foreign: &[&str], applied: &[String]) -> Option<Self> {
        let is_known = |name: &String| known.contains(&name.as_str()) || foreign.contains(&name.as_str());
        let unknown: Vec<_> = applied.iter().filter(|name| !is_known(name)).cloned().collect();
        let is_missing = |name: &&&str| !applied.iter().any(|applied| applied == *name);
        let missing: Vec<_> = known.iter().filter(is_missing).map(|name| (*name).to_owned()).collect();
        if applied.is_empty() {
            Some(Self::Empty)
        } else if !unknown.is_empty() {
            Some(Self::Newer { unknown })
        } else if !missing.is_empty() {
            Some(Self::Older { missing })
        } else {
            None
        }
    }
}
