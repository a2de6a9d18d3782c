//! The time and the error of allocations of 131 and 500 symbols, as JSON, with their input for a peer.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures")]

use std::time::Instant;

use obs_model::{Money, Price, Quantity, Symbol, Weight};
use obs_portfolio::{Asset, CashBuffer, CostRates, Limits, Proof, allocate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

const ROUNDS: usize = 5;

fn main() {
    let mut cases = Vec::new();
    for count in [131, 500] {
        for total in [100_000_000, 1_000_000_000] {
            for seed in 1..=3 {
                let (fresh, held) = (assets(count, total, seed, false), assets(count, total, seed, true));
                let buffered = Limits { buffer: CashBuffer::Share(share(1, 2)), ..Limits::default() };
                let costs = CostRates::default();
                cases.push(case("cash, no costs", &fresh, total, seed, Limits::default(), CostRates::NONE));
                cases.push(case("cash", &fresh, total, seed, Limits::default(), costs));
                cases.push(case("holdings", &held, total / 20, seed, Limits::default(), costs));
                cases.push(case("holdings, buffer 1 %", &held, total / 20, seed, buffered, costs));
                let least_order = Money::new(Decimal::from(100_000)).expect("is an amount");
                let careful = Limits { turnover: Some(Decimal::new(5, 2)), least_order, ..Limits::default() };
                cases.push(case("holdings, turnover 5 %", &held, total / 20, seed, careful, costs));
            }
        }
    }
    println!("[{}]", cases.join(",\n"));
}

/// Measures one allocation.
fn case(name: &str, assets: &[Asset], cash: i64, seed: u64, limits: Limits, rates: CostRates) -> String {
    let cash = Money::new(Decimal::from(cash)).expect("is an amount");
    let mut times = Vec::new();
    let mut found = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        found = Some(allocate(assets, cash, &limits, &rates).expect("has an allocation"));
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let found = found.expect("ran");
    let gap = match found.proof {
        Proof::Optimal => "null".to_owned(),
        Proof::Bounded { gap } => format!("\"{gap}\""),
    };
    let list = |of: fn(&Asset) -> String| assets.iter().map(of).collect::<Vec<_>>().join(",");
    let input = match name {
        "cash, no costs" => format!(
            ",\"prices\":[{}],\"weights\":[{}]",
            list(|asset| asset.price.to_string()),
            list(|asset| asset.target.share().to_string())
        ),
        _ => String::new(),
    };
    format!(
        "{{\"name\":\"{name}\",\"symbols\":{},\"total\":{},\"seed\":{seed},\"ms\":{:.3},\"slowest_ms\":{:.3},\"gap\":{gap},\"error\":{},\"nodes\":{}{input}}}",
        assets.len(),
        found.total,
        times[ROUNDS / 2],
        times[ROUNDS - 1],
        (found.error.won() / found.total.won()).round_dp(9),
        found.nodes,
    )
}

fn share(parts: i64, decimals: u32) -> Weight {
    Weight::new(Decimal::new(parts, decimals)).expect("is a weight")
}

/// Prices from 1,000 to a million won, evenly on a logarithmic scale and on the exchange's grid; weights that add up to 1,
/// evenly among all such (Dirichlet); holdings that have wandered from their targets by up to a fifth, if any.
fn assets(count: usize, total: i64, seed: u64, is_held: bool) -> Vec<Asset> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let sizes: Vec<f64> = (0..count).map(|_| -rng.random_range(1e-9_f64..1.0).ln()).collect();
    let sum: f64 = sizes.iter().sum();
    let mut weights: Vec<i64> = sizes.iter().map(|size| (size / sum * 1e8) as i64).collect();
    let rest = 100_000_000 - weights.iter().sum::<i64>();
    weights[0] += rest;
    let asset = |(at, weight): (usize, i64)| {
        let price = 10_f64.powf(rng.random_range(3.0..6.0)) as i64;
        let tick = [(500_000, 1_000), (200_000, 500), (50_000, 100), (20_000, 50), (5_000, 10), (2_000, 5), (0, 1)];
        let tick = tick.iter().find(|(from, _)| price >= *from).map_or(1, |(_, tick)| *tick);
        let price = price / tick * tick;
        let wandered = rng.random_range(0.75..1.15);
        let held = (weight as f64 / 1e8 * total as f64 * wandered / price as f64) as i64;
        Asset {
            symbol: format!("{at:06}").parse::<Symbol>().expect("is a symbol"),
            price: Price::from_won(price).expect("is a price"),
            held: Quantity::new(if is_held { held } else { 0 }).expect("is a quantity"),
            target: share(weight, 8),
            minimum: share(0, 0),
            maximum: share(1, 0),
            is_tradable: true,
            is_taxed: true,
        }
    };
    weights.into_iter().enumerate().map(asset).collect()
}
