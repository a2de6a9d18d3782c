//! A line's fields, of whatever shape, and the recognition of the shape.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{RejectReason, Rejection};

/// The union of the fields of all shapes. Unknown fields are ignored, so that later 2.x versions may add some.
#[derive(Deserialize)]
pub(crate) struct Fields<'a> {
    // Our own form.
    #[serde(borrow)]
    pub(crate) v: Option<&'a RawValue>,
    pub(crate) kind: Option<&'a RawValue>,
    pub(crate) cumulative_volume: Option<&'a RawValue>,
    pub(crate) gap_start_ts: Option<&'a RawValue>,
    pub(crate) gap_end_ts: Option<&'a RawValue>,
    pub(crate) scope: Option<&'a RawValue>,
    pub(crate) symbols: Option<&'a RawValue>,
    pub(crate) returned: Option<&'a RawValue>,
    pub(crate) feed_id: Option<&'a RawValue>,
    pub(crate) change: Option<&'a RawValue>,
    pub(crate) priority: Option<&'a RawValue>,
    pub(crate) after: Option<&'a RawValue>,
    pub(crate) before: Option<&'a RawValue>,
    pub(crate) shares: Option<&'a RawValue>,
    pub(crate) source: Option<&'a RawValue>,
    pub(crate) detail: Option<&'a RawValue>,
    pub(crate) sample: Option<&'a RawValue>,
    pub(crate) by: Option<&'a RawValue>,
    // Shared names.
    pub(crate) ts: Option<&'a RawValue>,
    pub(crate) event_time: Option<&'a RawValue>,
    pub(crate) bar_time: Option<&'a RawValue>,
    pub(crate) symbol: Option<&'a RawValue>,
    pub(crate) last_price: Option<&'a RawValue>,
    pub(crate) volume: Option<&'a RawValue>,
    pub(crate) bid_price: Option<&'a RawValue>,
    pub(crate) ask_price: Option<&'a RawValue>,
    pub(crate) bid_size: Option<&'a RawValue>,
    pub(crate) ask_size: Option<&'a RawValue>,
    pub(crate) open: Option<&'a RawValue>,
    pub(crate) high: Option<&'a RawValue>,
    pub(crate) low: Option<&'a RawValue>,
    pub(crate) close: Option<&'a RawValue>,
    pub(crate) coverage_ratio: Option<&'a RawValue>,
    pub(crate) session_id: Option<&'a RawValue>,
    pub(crate) schema_version: Option<&'a RawValue>,
    pub(crate) mitigation_level: Option<&'a RawValue>,
    pub(crate) quality_flag: Option<&'a RawValue>,
    pub(crate) reason: Option<&'a RawValue>,
    // The Python system's collectors.
    pub(crate) session: Option<&'a RawValue>,
    pub(crate) dataset: Option<&'a RawValue>,
    pub(crate) price: Option<&'a RawValue>,
    pub(crate) timestamp: Option<&'a RawValue>,
    pub(crate) execution_time: Option<&'a RawValue>,
    pub(crate) bid_ask: Option<&'a RawValue>,
    // Its ledgers and other non-data.
    pub(crate) track_type: Option<&'a RawValue>,
    pub(crate) gap_type: Option<&'a RawValue>,
    pub(crate) last_update: Option<&'a RawValue>,
    pub(crate) detected_at: Option<&'a RawValue>,
    pub(crate) trigger_type: Option<&'a RawValue>,
    pub(crate) snapshot: Option<&'a RawValue>,
    pub(crate) decision_id: Option<&'a RawValue>,
}

/// What a line's keys say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Ours,
    SwingSnapshot,
    ScalpTick,
    FlatTick,
    FlatSwing,
    TableTick,
    TableBar,
    TableSwing,
    LegacyGap,
    Trigger,
    Overflow,
    PatternRecord,
    Decision,
}

impl Fields<'_> {
    /// The shape, by the keys that only it has. A shape is recognised even when another of its fields is missing, so that the
    /// reject can name the field.
    pub(crate) fn shape(&self) -> Result<Shape, Rejection> {
        let has = |field: Option<&RawValue>| field.is_some();
        let is_object = |field: Option<&RawValue>| field.is_some_and(|json| json.get().starts_with('{'));
        let shape = if has(self.v) {
            Shape::Ours
        } else if has(self.trigger_type) {
            if has(self.reason) { Shape::Overflow } else { Shape::Trigger }
        } else if has(self.gap_type) {
            Shape::LegacyGap
        } else if has(self.snapshot) {
            Shape::PatternRecord
        } else if has(self.decision_id) {
            Shape::Decision
        } else if has(self.dataset) || (has(self.ts) && is_object(self.price)) {
            Shape::SwingSnapshot
        } else if has(self.bar_time) {
            let only_swing = [self.schema_version, self.mitigation_level, self.bid_price, self.ask_price];
            // Without any of these it is a minute that lost its coverage, which must not enter as ten minutes.
            if !has(self.coverage_ratio) && only_swing.into_iter().any(has) { Shape::TableSwing } else { Shape::TableBar }
        } else if has(self.event_time) || has(self.last_price) {
            Shape::TableTick
        } else if is_object(self.price) || has(self.execution_time) || has(self.bid_ask) {
            Shape::ScalpTick
        } else if has(self.timestamp) && has(self.price) {
            if has(self.open) || has(self.high) || has(self.low) { Shape::FlatSwing } else { Shape::FlatTick }
        } else {
            return Err(Rejection::new(RejectReason::UnknownShape, "its keys belong to no known record"));
        };
        Ok(shape)
    }
}
