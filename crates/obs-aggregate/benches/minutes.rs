//! How long one core takes to make one-minute bars of ten million ticks. `cargo xtask bench aggregate` compares it with a peer.
//!
//! Given a folder, it also writes the ticks (`ticks.csv`) and the bars of them (`bars.csv`) there, for others to do the same.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench may fail, and reports")]

use std::{
    env,
    fs::File,
    hint::black_box,
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Minutes};
use obs_model::{Bar, Price, QualityFlag, Quantity, Symbol, Tick};

const TICKS: usize = 10_000_000;
/// As many as four connections carry, nearly.
const SYMBOLS: usize = 131;
const DAYS: usize = 5;
const ROUNDS: u32 = 7;

/// What bars are made of, a column each: the peer holds its data so, too.
#[derive(Default)]
struct Columns {
    symbols: Vec<Symbol>,
    times: Vec<DateTime<Utc>>,
    prices: Vec<Price>,
    volumes: Vec<Quantity>,
}

fn main() {
    let columns = columns();
    // `cargo bench` adds a flag of its own.
    let folder = env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let mut seconds = Vec::new();
    let mut bars = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        bars = aggregate(black_box(&columns));
        seconds.push(started.elapsed().as_secs_f64());
    }
    if let Some(folder) = folder {
        write(Path::new(&folder), &columns, &bars);
    }
    // JSON, for who compares.
    println!("{seconds:?}");
}

fn aggregate(columns: &Columns) -> Vec<Bar> {
    let mut minutes = Minutes::default();
    let mut tick = Tick {
        symbol: columns.symbols[0],
        event_time: columns.times[0],
        last_price: None,
        volume: None,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id: "bench-00000000-0000-4000-8000-000000000000".parse().unwrap(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    };
    let Columns { symbols, times, prices, volumes } = columns;
    for (((symbol, time), price), volume) in symbols.iter().zip(times).zip(prices).zip(volumes) {
        (tick.symbol, tick.event_time) = (*symbol, *time);
        (tick.last_price, tick.volume) = (Some(*price), Some(*volume));
        minutes.add(&tick);
    }
    minutes.take_changed(&Attested::default())
}

/// The ticks of some sessions in order of arrival, whole seconds as the broker tells them.
fn columns() -> Columns {
    let start: DateTime<Utc> = "2026-11-16T00:00:00Z".parse().unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        // An xorshift generator: the ticks are the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let symbols: Vec<Symbol> = (0..SYMBOLS).map(|nth| format!("{:06}", 5_930 + 700 * nth).parse().unwrap()).collect();
    let mut won: Vec<usize> = (0..SYMBOLS).map(|_| 100 * (50 + random(2_000))).collect();
    let a_day = TICKS / DAYS;
    let mut columns = Columns::default();
    for nth in 0..TICKS {
        // The smaller of two draws: the first symbols trade most.
        let of = random(SYMBOLS).min(random(SYMBOLS));
        won[of] = (won[of] + 100 * random(3) - 100).max(1_000);
        let second = nth % a_day * 390 * 60 / a_day;
        let since_start = TimeDelta::days((nth / a_day) as i64) + TimeDelta::seconds(second as i64);
        columns.symbols.push(symbols[of]);
        columns.times.push(start + since_start);
        columns.prices.push(Price::from_won(won[of] as i64).unwrap());
        columns.volumes.push(Quantity::new(1 + random(500) as i64).unwrap());
    }
    columns
}

fn write(folder: &Path, columns: &Columns, bars: &[Bar]) {
    let file = |name: &str| BufWriter::new(File::create(folder.join(name)).unwrap());
    let micros = |at: DateTime<Utc>| at.timestamp_micros();
    let mut out = file("ticks.csv");
    writeln!(out, "symbol,event_time,price,volume").unwrap();
    for (nth, symbol) in columns.symbols.iter().enumerate() {
        let (time, price) = (micros(columns.times[nth]), columns.prices[nth].ten_thousandths());
        writeln!(out, "{symbol},{time},{price},{}", columns.volumes[nth]).unwrap();
    }
    out.flush().unwrap();
    let mut out = file("bars.csv");
    writeln!(out, "symbol,minute,open,high,low,close,volume,slots").unwrap();
    for bar in bars {
        let [open, high, low, close] =
            [bar.ohlc.open(), bar.ohlc.high(), bar.ohlc.low(), bar.ohlc.close()].map(Price::ten_thousandths);
        let (symbol, minute, volume) = (bar.symbol, micros(bar.bar_time), bar.volume);
        // Of the 120 of a minute: not every reader reads a fraction as the same float.
        let slots = (bar.coverage.ratio() * 120.0).round();
        writeln!(out, "{symbol},{minute},{open},{high},{low},{close},{volume},{slots}").unwrap();
    }
    out.flush().unwrap();
}
