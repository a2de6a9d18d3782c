//! Which trades came before.

use chrono::{DateTime, Utc};
use obs_ingest_ws::{Duplicates, Frame, decode_frame};
use obs_model::SessionId;
use obs_schema::TickRecord;

/// A Samsung trade at that time of 2026-09-22, of so many shares, with that total of the day.
fn record(time: &str, volume: i64, total: i64) -> TickRecord {
    let text = format!(
        "0|H0STCNT0|001|005930^{time}^277750^2^3750^1.37^280395.69^283000^283500^276500^278000^277500^{volume}^{total}^0^0^0^0\
         ^0^0^0^5^0^0^0^0^0^0^0^0^0^0^0^20260922^20^N^47588^70626^0^0^0^0^0^0^^0^2"
    );
    let Ok(Frame::Trades(mut trades)) = decode_frame(&text) else { panic!("{text}") };
    let received: DateTime<Utc> = "2026-09-22T05:06:10Z".parse().unwrap();
    trades.next().unwrap().unwrap().into_record(received, SessionId::new("observer-1").unwrap())
}

#[test]
fn a_repeated_trade_is_known_and_a_late_one_is_not() {
    let mut duplicates = Duplicates::default();
    let came = [(5, 105), (3, 108), (5, 105), (2, 110), (3, 108), (1, 100), (1, 100)];
    let known = came.map(|(volume, total)| duplicates.is_duplicate(&record("140610", volume, total)));
    assert_eq!(known, [false, false, true, false, true, false, true]);
}

#[test]
fn the_same_total_at_another_time_is_another_trade() {
    let mut duplicates = Duplicates::default();
    assert!(!duplicates.is_duplicate(&record("140610", 5, 105)));
    assert!(!duplicates.is_duplicate(&record("140611", 5, 105)));
    // Without shares there is nothing to tell by.
    assert!(!duplicates.is_duplicate(&record("140612", 0, 105)));
    assert!(!duplicates.is_duplicate(&record("140612", 0, 105)));
}
