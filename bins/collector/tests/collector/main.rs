//! The program as its users run it, on the simulated exchange.
#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod broker;
mod day;
mod guards;
mod healthcheck;
mod monitoring;
mod record;
mod serve;
mod stops;
mod support;
