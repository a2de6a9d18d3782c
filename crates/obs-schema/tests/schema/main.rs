//! Lines in and out: every shape, every refusal, and the real files where they lie at hand.
#![cfg(test)]

mod any_line;
mod legacy_files;
mod legacy_gaps;
mod legacy_swing;
mod legacy_ticks;
mod lines;
mod non_data;
mod ours;
mod rejects;
