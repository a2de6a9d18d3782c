//! `cargo xtask bench`: ratios against a named peer, measured in one run, with the assertion that the answers agree.

mod aggregate;
mod allocate;
mod export;
mod live;
mod load;
mod queries;

use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// `backfill load` of a scalp archive into PostgreSQL, against `psql \copy` of the same rows
    Load(load::Options),
    /// One-minute bars of ten million ticks in memory, against Polars
    Aggregate(aggregate::Options),
    /// Whole shares for 131 and 500 symbols, against the greedy allocation of PyPortfolioOpt
    Allocate(allocate::Options),
    /// The collector under a steady stream of trades, from socket to committed row, and its memory
    Live(live::Options),
    /// The questions that people ask most, of a week of ten million ticks in PostgreSQL
    Queries(queries::Options),
    /// A day of a million ticks to Parquet, its time and memory, and what pyarrow and DuckDB read of it
    Export(export::Options),
}

pub(crate) async fn run(bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Load(options) => load::run(options).await,
        Bench::Aggregate(options) => aggregate::run(options),
        Bench::Allocate(options) => allocate::run(options),
        Bench::Live(options) => live::run(options).await,
        Bench::Queries(options) => queries::run(options).await,
        Bench::Export(options) => export::run(options).await,
    }
}
