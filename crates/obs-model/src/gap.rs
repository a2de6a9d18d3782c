//! Time in which data should have come and did not.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Problem, SessionId, Symbol};

/// A hole in the record, from the last evidence before it to the first after it: a row of `scalp_gaps`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Gap {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// Which track it is a hole in.
    pub scope: GapScope,
    /// Why.
    pub reason: GapReason,
    /// The symbols it touches; empty for all of the scope. The seed's table has no column for them, the archive keeps them.
    pub symbols: Vec<Symbol>,
    /// Symbols that were back before the end, and since when.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    returned: BTreeMap<Symbol, DateTime<Utc>>,
    /// The run of the recorder that noticed it.
    pub session_id: SessionId,
}

/// How long a gap is, in three classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Below one minute.
    Minor,
    /// From one minute to below five.
    Major,
    /// From five minutes.
    Critical,
}

/// What a gap is a hole in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapScope {
    /// Track B: ticks.
    Scalp,
    /// Track A: ten-minute bars.
    Swing,
    /// Both.
    All,
}

/// Why data is missing: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The socket closed.
    WsDisconnect,
    /// The socket stayed open and fell silent.
    WsTimeout,
    /// The broker answered with an error.
    ApiError,
    /// The broker's rate limit held us back.
    RateLimit,
    /// Nothing came, and nothing tells why.
    NoDataReceived,
    /// A collection came too late for its window.
    CollectionDelayed,
    /// The symbol lost its subscription to another one.
    SlotEvicted,
    /// The recorder was not running.
    ProcessRestart,
    /// The archive could not be written.
    DiskError,
    /// The clock jumped.
    ClockStep,
    /// Somebody stopped the recorder.
    ManualStop,
    /// The cumulative volume rose by more than the trades that arrived.
    VolumeBreak,
}

impl Gap {
    /// Checks a hole's ends.
    ///
    /// # Errors
    /// [`InvalidValue`] if it ends before it starts.
    pub fn new(
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        scope: GapScope,
        reason: GapReason,
        symbols: Vec<Symbol>,
        session_id: SessionId,
    ) -> Result<Self, InvalidValue> {
        if end < start {
            let text = format!("{start} to {end}");
            return Err(InvalidValue::new("gap", text, Problem::Contradiction("it ends before it starts")));
        }
        Ok(Self { start, end, scope, reason, symbols, returned: BTreeMap::new(), session_id })
    }

    /// The same hole, of which some symbols were out before its end: subscriptions come back one after the other. Times that
    /// are not between the hole's ends, and symbols that it does not touch, are left out.
    #[must_use]
    pub fn with_returns(mut self, returned: impl IntoIterator<Item = (Symbol, DateTime<Utc>)>) -> Self {
        let Self { start, end, .. } = self;
        let earlier = returned.into_iter().filter(|(symbol, at)| self.symbols.contains(symbol) && start <= *at && *at < end);
        self.returned = earlier.collect();
        self
    }

    /// The symbols that were back before its end, and since when.
    #[must_use]
    pub const fn returned(&self) -> &BTreeMap<Symbol, DateTime<Utc>> {
        &self.returned
    }

    /// When it ends for one of its symbols.
    #[must_use]
    pub fn end_of(&self, symbol: Symbol) -> DateTime<Utc> {
        self.returned.get(&symbol).copied().unwrap_or(self.end)
    }

    /// The last evidence before it.
    #[must_use]
    pub const fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The first evidence after it.
    #[must_use]
    pub const fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Its length in seconds, rounded half up, as the column `gap_seconds` holds it.
    #[must_use]
    pub fn seconds(&self) -> i32 {
        let rounded = (self.end - self.start + TimeDelta::milliseconds(500)).num_seconds();
        i32::try_from(rounded).unwrap_or(i32::MAX)
    }

    /// Its class.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.end - self.start {
            length if length >= TimeDelta::minutes(5) => Severity::Critical,
            length if length >= TimeDelta::minutes(1) => Severity::Major,
            _ => Severity::Minor,
        }
    }
}

impl GapScope {
    /// The name in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalp => "scalp",
            Self::Swing => "swing",
            Self::All => "all",
        }
    }
}

impl fmt::Display for GapScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for GapScope {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        [Self::Scalp, Self::Swing, Self::All]
            .into_iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| InvalidValue::new("gap scope", name, Problem::UnknownName { names: "scalp, swing, all" }))
    }
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::WsDisconnect,
        Self::WsTimeout,
        Self::ApiError,
        Self::RateLimit,
        Self::NoDataReceived,
        Self::CollectionDelayed,
        Self::SlotEvicted,
        Self::ProcessRestart,
        Self::DiskError,
        Self::ClockStep,
        Self::ManualStop,
        Self::VolumeBreak,
    ];

    const NAMES: &'static str = "ws_disconnect, ws_timeout, api_error, rate_limit, no_data_received, collection_delayed, \
         slot_evicted, process_restart, disk_error, clock_step, manual_stop, volume_break";

    /// The name in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WsDisconnect => "ws_disconnect",
            Self::WsTimeout => "ws_timeout",
            Self::ApiError => "api_error",
            Self::RateLimit => "rate_limit",
            Self::NoDataReceived => "no_data_received",
            Self::CollectionDelayed => "collection_delayed",
            Self::SlotEvicted => "slot_evicted",
            Self::ProcessRestart => "process_restart",
            Self::DiskError => "disk_error",
            Self::ClockStep => "clock_step",
            Self::ManualStop => "manual_stop",
            Self::VolumeBreak => "volume_break",
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for GapReason {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == name)
            .ok_or_else(|| InvalidValue::new("gap reason", name, Problem::UnknownName { names: Self::NAMES }))
    }
}
