//! How many records of `H0STCNT0` one core decodes in a second.
//!
//! The broker brings some 82 a second to one connection; the aim is 50,000 times as many.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench may fail, and reports")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use obs_ingest_ws::{Frame, Trade, decode_frame};
use obs_model::{KST, Price, Quantity};

/// Records a second that one connection brings.
const LIVE_RATE: f64 = 82.0;
/// Records in all frames of a case: more than the branch predictor can learn by heart.
const RECORDS: usize = 20_000;

/// Trades like those of a busy minute: 41 symbols, prices of four to six digits, half ticks, totals of five to nine digits.
fn trades() -> Vec<Trade> {
    let start: DateTime<Utc> = "2026-09-22T00:00:01Z".parse().unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        // An xorshift generator: the frames are the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from(state % below).unwrap()
    };
    let mut totals = [0_i64; 41];
    let one = |n: usize| {
        let stock = usize::try_from(random(41)).unwrap();
        let base = [4_150, 27_350, 71_950, 277_500, 912_000][stock % 5] * 10_000;
        let volume = 1 + random([9, 300, 12_000][stock % 3]);
        totals[stock] += volume;
        let price = base + (random(200) - 100) * 10_000;
        Trade {
            // Every eighth code carries a letter.
            symbol: if stock % 8 == 3 { format!("00{stock:02}V0") } else { format!("{:06}", 5_930 + 70 * stock) }
                .parse()
                .unwrap(),
            event_time: start + TimeDelta::milliseconds(i64::try_from(n).unwrap() * 12 / 1000 * 1000),
            price: Price::from_ten_thousandths(price + if random(50) == 0 { 5_000 } else { 0 }).unwrap(),
            ask_price: (random(200) != 0).then(|| Price::from_ten_thousandths(price + 500_000).unwrap()),
            bid_price: Some(Price::from_ten_thousandths(price).unwrap()),
            volume: Quantity::new(volume).unwrap(),
            cumulative_volume: Quantity::new(100_000 + totals[stock]).unwrap(),
            ask_size: Quantity::new(random(200_000)).unwrap(),
            bid_size: Quantity::new(random(2_000)).unwrap(),
        }
    };
    (0..RECORDS).map(one).collect()
}

/// A record of 47 fields as the broker sends it.
fn record(trade: &Trade) -> String {
    let Trade { symbol, price, volume, cumulative_volume, ask_size, bid_size, .. } = trade;
    let at = trade.event_time.with_timezone(&KST);
    let quote = |price: Option<Price>| price.map_or("0".to_owned(), |price| price.to_string());
    format!(
        "{symbol}^{}^{price}^2^3750^1.37^280395.69^283000^283500^276500^{}^{}^{volume}^{cumulative_volume}^3352130122500^83251\
         ^86830^3579^120.39^5217059^6280658^5^0.53^53.70^090023^5^-5250^090048^5^-5750^135824^2^1250^{}^20^N^{ask_size}\
         ^{bid_size}^794823^496479^0.20^17123443^69.82^0^^283000^2",
        at.format("%H%M%S"),
        quote(trade.ask_price),
        quote(trade.bid_price),
        at.format("%Y%m%d"),
    )
}

fn frames(trades: &[Trade], records: usize) -> Vec<String> {
    let frame = |trades: &[Trade]| {
        let records: Vec<String> = trades.iter().map(record).collect();
        format!("0|H0STCNT0|{:03}|{}", records.len(), records.join("^"))
    };
    trades.chunks(records).map(frame).collect()
}

/// All trades of a frame.
fn decode(frame: &str) -> impl Iterator<Item = Trade> {
    match decode_frame(frame) {
        Ok(Frame::Trades(trades)) => trades.map(Result::unwrap),
        other => panic!("{other:?}"),
    }
}

/// Decodes every trade of these frames, and returns how many there were.
fn decode_all(frames: &[String]) -> usize {
    frames.iter().map(|frame| decode(frame).map(black_box).count()).sum()
}

fn h0stcnt0(criterion: &mut Criterion) {
    let trades = trades();
    let mut group = criterion.benchmark_group("H0STCNT0");
    group.throughput(Throughput::Elements(RECORDS as u64));
    for (name, records) in [("one record a frame", 1), ("8 records a frame", 8), ("20 records a frame", 20)] {
        let frames = frames(&trades, records);
        let decoded: Vec<Trade> = frames.iter().flat_map(|frame| decode(frame)).collect();
        assert!(decoded == trades, "the trades that were decoded are not those that were written");

        group.bench_function(name, |bencher| bencher.iter(|| decode_all(black_box(&frames))));

        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_secs(1) {
            count += decode_all(black_box(&frames));
        }
        let rate = count as f64 / start.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} records/s, {:.0} times the {LIVE_RATE} of a connection\n", rate / LIVE_RATE);
    }
    group.finish();
}

criterion_group!(benches, h0stcnt0);
criterion_main!(benches);
