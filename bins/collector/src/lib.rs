//! The collector, for its program and for tests that choose time, exchange and faults themselves.
//!
//! [`Collector::start`] takes a [`Setup`], runs both tracks against any broker that speaks KIS, and records what they learn.

mod collector;
mod counts;
mod healer;
mod market_days;
mod metrics;
mod names;
mod recording;
mod samples;
mod setup;
mod supervise;
mod track_a;
mod track_b;
mod universe;

pub use crate::{
    collector::{Collector, Outcome},
    counts::Counts,
    metrics::Metrics,
    names::{Named, Names},
    setup::{Broker, Setup},
    track_b::TrackCounters,
};
