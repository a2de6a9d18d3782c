//! `cargo xtask bench`: ratios against a named peer, measured in one run, with the assertion that the answers agree.

mod load;

use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// `backfill load` of a scalp archive into PostgreSQL, against `psql \copy` of the same rows
    Load(load::Options),
}

pub(crate) async fn run(bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Load(options) => load::run(options).await,
    }
}
