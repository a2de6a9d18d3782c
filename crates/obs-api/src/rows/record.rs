//! What is known about the record itself: symbols, gaps, coverage, sessions, rejects.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{FeedSession, Gap, GapReason, GapScope, Price, SessionId, Severity, Symbol};
use obs_store::LedgerEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::Row;

/// A symbol of which something was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SymbolRow {
    /// The short code.
    #[schema(value_type = String, example = "005930")]
    pub(crate) symbol: Symbol,
    /// What it is called, if that is known.
    #[schema(required, example = "삼성전자")]
    pub(crate) name: Option<String>,
    /// The last price in won.
    #[schema(value_type = Option<String>, required, example = "71900")]
    pub(crate) last_price: Option<Price>,
    /// When that was.
    #[schema(required)]
    pub(crate) last_time: Option<DateTime<Utc>>,
    /// Minutes with a bar on the current Korean day.
    pub(crate) bars_today: u64,
    /// Their mean coverage, 0 to 1; `null` without bars.
    #[schema(required)]
    pub(crate) coverage_today: Option<f64>,
}

impl Row for SymbolRow {
    const LIST: &'static str = "symbols";
    const COLUMNS: &'static [&'static str] = &["symbol", "name", "last_price", "last_time", "bars_today", "coverage_today"];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

/// Time in which data should have come and did not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GapRow {
    /// The last evidence before it.
    start: DateTime<Utc>,
    /// The first evidence after it.
    end: DateTime<Utc>,
    /// Its length in seconds, rounded.
    seconds: i32,
    /// `minor` below one minute, `major` below five, `critical` from there.
    severity: &'static str,
    /// What it is a hole in: `scalp` (ticks), `swing` (ten-minute bars) or `all`.
    #[schema(value_type = String)]
    scope: GapScope,
    /// Why, such as `ws_disconnect`.
    #[schema(value_type = String)]
    reason: GapReason,
    /// The symbols that it touches; empty for all of the scope.
    #[schema(value_type = Vec<String>)]
    symbols: Vec<Symbol>,
    /// Symbols that were back before the end, and since when.
    #[schema(value_type = BTreeMap<String, DateTime<Utc>>)]
    returned: BTreeMap<Symbol, DateTime<Utc>>,
    /// The run of the recorder that noticed it.
    #[schema(value_type = String)]
    session_id: SessionId,
}

impl Row for GapRow {
    const LIST: &'static str = "gaps";
    const COLUMNS: &'static [&'static str] =
        &["start", "end", "seconds", "severity", "scope", "reason", "symbols", "session_id"];

    /// Symbols in one field, with spaces between them.
    fn flat(&self) -> impl Serialize + '_ {
        let symbols: Vec<&str> = self.symbols.iter().map(Symbol::as_str).collect();
        let Self { start, end, seconds, severity, scope, reason, session_id, .. } = self;
        (start, end, seconds, severity, scope, reason, symbols.join(" "), session_id)
    }
}

impl From<Gap> for GapRow {
    fn from(gap: Gap) -> Self {
        let severity = match gap.severity() {
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        };
        Self {
            start: gap.start(),
            end: gap.end(),
            seconds: gap.seconds(),
            severity,
            scope: gap.scope,
            reason: gap.reason,
            returned: gap.returned().clone(),
            symbols: gap.symbols,
            session_id: gap.session_id,
        }
    }
}

/// How well a symbol was observed on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageRow {
    /// The Korean day.
    pub(crate) day: NaiveDate,
    /// The symbol.
    #[schema(value_type = String, example = "005930")]
    pub(crate) symbol: Symbol,
    /// Minutes with a bar.
    pub(crate) bars: u64,
    /// Their mean coverage, 0 to 1; minutes without a trade have no bar and do not count.
    pub(crate) coverage: f64,
}

impl Row for CoverageRow {
    const LIST: &'static str = "coverage";
    const COLUMNS: &'static [&'static str] = &["day", "symbol", "bars", "coverage"];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

/// A stretch of time in which a connection was attested alive for a symbol.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionRow {
    /// The connection.
    feed_id: String,
    /// The run of the recorder that held it.
    #[schema(value_type = String)]
    session_id: SessionId,
    /// The subscribed symbol.
    #[schema(value_type = String, example = "005930")]
    symbol: Symbol,
    /// When the subscription was acknowledged.
    attested_from: DateTime<Utc>,
    /// The last instant at which the feed was known to be alive.
    attested_until: DateTime<Utc>,
    /// Whether the subscription or the connection is over.
    closed: bool,
}

impl Row for SessionRow {
    const LIST: &'static str = "sessions";
    const COLUMNS: &'static [&'static str] =
        &["feed_id", "session_id", "symbol", "attested_from", "attested_until", "closed"];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

impl From<FeedSession> for SessionRow {
    fn from(session: FeedSession) -> Self {
        Self {
            feed_id: session.feed_id.as_str().to_owned(),
            session_id: session.session_id,
            symbol: session.symbol,
            attested_from: session.attested_from,
            attested_until: session.attested_until,
            closed: session.closed,
        }
    }
}

/// A line that could not be loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectRow {
    /// The file, by the digest of its first line.
    head: String,
    /// Where the file was.
    path: String,
    /// Which line, counted from 1.
    line_number: u64,
    /// Where the line starts.
    byte_offset: u64,
    /// The reason's code.
    #[schema(example = "not_json")]
    reason: String,
    /// The reason in words.
    detail: String,
    /// The line; what is not UTF-8 in it is shown as U+FFFD.
    raw: String,
    /// When it was rejected.
    rejected_at: DateTime<Utc>,
    /// When a person accepted the loss.
    #[schema(required)]
    acknowledged_at: Option<DateTime<Utc>>,
}

impl Row for RejectRow {
    const LIST: &'static str = "rejects";
    const COLUMNS: &'static [&'static str] =
        &["head", "path", "line_number", "byte_offset", "reason", "detail", "raw", "rejected_at", "acknowledged_at"];

    fn flat(&self) -> impl Serialize + '_ {
        self
    }
}

impl From<LedgerEntry> for RejectRow {
    fn from(entry: LedgerEntry) -> Self {
        let LedgerEntry { reject, rejected_at, acknowledged_at } = entry;
        Self {
            head: reject.head.to_string(),
            path: reject.path,
            line_number: reject.line_number,
            byte_offset: reject.byte_offset,
            reason: reject.reason,
            detail: reject.detail,
            raw: String::from_utf8_lossy(&reject.raw).into_owned(),
            rejected_at,
            acknowledged_at,
        }
    }
}
