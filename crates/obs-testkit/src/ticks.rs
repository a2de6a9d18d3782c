//! A made-up day of ticks, the same for the same seed.

use std::{
    fs::{File, create_dir_all},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use obs_model::{KST, Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_schema::{Record, TickRecord, encode};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// As many symbols as one connection carries.
const SYMBOLS: usize = 41;

/// The columns of the CSV form, in order.
pub const TICK_COLUMNS: &str = "symbol,event_time,bid_price,ask_price,bid_size,ask_size,last_price,volume,session_id,\
     mitigation_level,quality_flag";

/// The same ticks twice: as an archive of hourly files, and as rows of a CSV file.
pub struct GeneratedTicks {
    /// The archive's folder.
    pub archive: PathBuf,
    /// The CSV file, with the columns [`TICK_COLUMNS`] and no header.
    pub csv: PathBuf,
}

/// Writes `lines` ticks of 41 symbols on one trading day, 09:00 to 15:30 Korean time, into a folder.
///
/// # Errors
/// If they cannot be written.
pub fn generate_ticks(dir: &Path, lines: u32, seed: u64) -> anyhow::Result<GeneratedTicks> {
    let (archive, csv_path) = (dir.join("archive"), dir.join("ticks.csv"));
    create_dir_all(archive.join("scalp"))?;
    let mut csv = BufWriter::new(File::create(&csv_path)?);
    let mut segment: Option<(String, BufWriter<File>)> = None;
    let mut line = Vec::new();
    for record in day(lines, seed)? {
        let hour = record.received_at.with_timezone(&KST).format("%Y%m%d_%H.jsonl").to_string();
        if segment.as_ref().is_none_or(|(name, _)| *name != hour) {
            let file = File::create(archive.join("scalp").join(&hour))?;
            segment = Some((hour, BufWriter::new(file)));
        }
        writeln!(csv, "{}", csv_row(&record.tick))?;
        line.clear();
        encode(&Record::Tick(record), &mut line);
        line.push(b'\n');
        let (_, file) = segment.as_mut().context("no segment")?;
        file.write_all(&line)?;
    }
    csv.flush()?;
    if let Some((_, mut file)) = segment {
        file.flush()?;
    }
    Ok(GeneratedTicks { archive, csv: csv_path })
}

fn csv_row(tick: &Tick) -> String {
    let price = |price: Option<Price>| price.map_or_else(|| "0".to_owned(), |price| price.to_string());
    let quantity = |quantity: Option<Quantity>| quantity.map_or_else(String::new, |quantity| quantity.to_string());
    format!(
        "{},{},{},{},{},{},{},{},{},{},{}",
        tick.symbol,
        tick.event_time.to_rfc3339_opts(SecondsFormat::Micros, true),
        price(tick.bid_price),
        price(tick.ask_price),
        quantity(tick.bid_size),
        quantity(tick.ask_size),
        price(tick.last_price),
        quantity(tick.volume),
        tick.session_id,
        tick.mitigation_level,
        tick.quality_flag,
    )
}

/// The ticks of a day in order of arrival.
fn day(lines: u32, seed: u64) -> anyhow::Result<impl Iterator<Item = TickRecord>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let open: DateTime<Utc> = "2026-11-20T00:00:00Z".parse()?;
    let step = TimeDelta::microseconds(TimeDelta::minutes(390).num_microseconds().unwrap_or_default() / i64::from(lines));
    let session_id = SessionId::new("bench-00000000-0000-4000-8000-000000000000")?;
    let symbols: Vec<Symbol> =
        (0..SYMBOLS).map(|at| Symbol::new(&format!("{:06}", 5_930 + 700 * at))).collect::<Result<_, _>>()?;
    let mut won: Vec<i64> = (0..SYMBOLS).map(|_| random.random_range(50..2_000) * 100).collect();
    let mut cumulative = vec![0; SYMBOLS];
    Ok((0..lines).filter_map(move |number| {
        let at = random.random_range(0..SYMBOLS);
        won[at] = (won[at] + random.random_range(-1..=1) * 100).max(1_000);
        let shares = random.random_range(1..500);
        cumulative[at] += shares;
        let received_at = open + step * i32::try_from(number).ok()?;
        let quantity = |shares| Quantity::new(shares).ok();
        Some(TickRecord {
            received_at,
            cumulative_volume: quantity(cumulative[at]),
            tick: Tick {
                symbol: symbols[at],
                event_time: DateTime::from_timestamp(received_at.timestamp(), 0)?,
                last_price: Price::from_won(won[at]).ok(),
                volume: quantity(shares),
                bid_price: Price::from_won(won[at] - 100).ok(),
                ask_price: Price::from_won(won[at]).ok(),
                bid_size: quantity(random.random_range(1..20_000)),
                ask_size: quantity(random.random_range(1..20_000)),
                session_id: session_id.clone(),
                mitigation_level: 0,
                quality_flag: QualityFlag::Normal,
            },
        })
    }))
}
