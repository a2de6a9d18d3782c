//! Minutes and days.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_model::Symbol;
use obs_sim::market::Candle;
use serde_json::Value;

use super::{Broker, assert_keys};
use crate::at;

const ROW_KEYS: [&str; 8] =
    ["stck_bsop_date", "stck_cntg_hour", "stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "cntg_vol", "acml_tr_pbmn"];

/// A row as its values in the order of the keys.
fn row(row: &Value) -> Vec<String> {
    assert_keys(row, &ROW_KEYS);
    ROW_KEYS.iter().map(|key| row[key].as_str().unwrap().to_owned()).collect()
}

/// What a row must be, by the candles of the same market.
fn expected(candles: &[Candle], minute: DateTime<Utc>) -> Vec<String> {
    let before = candles.iter().rfind(|candle| candle.minute <= minute).unwrap();
    let Candle { open, high, low, close, volume, cumulative_value, .. } = if before.minute == minute {
        *before
    } else {
        Candle { open: before.close, high: before.close, low: before.close, volume: 0, ..*before }
    };
    let minute = minute.with_timezone(&obs_model::KST);
    let mut row = vec![minute.format("%Y%m%d").to_string(), minute.format("%H%M%S").to_string()];
    row.extend([close, open, high, low, volume, cumulative_value].map(|number| number.to_string()));
    row
}

fn candles(broker: &Broker, symbol: &str) -> Vec<Candle> {
    broker.twin.candles(symbol.parse().unwrap(), "2026-01-22".parse().unwrap()).to_vec()
}

#[tokio::test]
async fn thirty_minutes_come_newest_first_and_walking_back_ends_at_the_opening() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    for symbol in ["005930", "02826K"] {
        let candles = candles(&broker, symbol);
        let mut until = at("2026-01-22T10:14:00+09:00");
        let mut lengths = Vec::new();
        while until >= at("2026-01-22T09:00:00+09:00") {
            let hour = until.with_timezone(&obs_model::KST).format("%H%M%S").to_string();
            let answer = broker.minutes(symbol, &hour).await;
            let rows = answer["output2"].as_array().unwrap();
            lengths.push(rows.len());
            for found in rows {
                assert_eq!(row(found), expected(&candles, until), "{symbol}");
                until -= TimeDelta::minutes(1);
            }
        }
        assert_eq!(lengths, [30, 30, 15]);
    }
    let answer = broker.minutes("005930", "101400").await;
    let keys = [
        "prdy_vrss",
        "prdy_vrss_sign",
        "prdy_ctrt",
        "stck_prdy_clpr",
        "acml_vol",
        "acml_tr_pbmn",
        "hts_kor_isnm",
        "stck_prpr",
    ];
    assert_keys(&answer["output1"], &keys);
    assert_eq!(
        (&answer["output1"]["hts_kor_isnm"], &answer["output1"]["stck_prdy_clpr"]),
        (&"삼성전자".into(), &"151000".into())
    );
    assert_eq!(broker.minutes("005930", "085900").await["output2"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn until_its_first_trade_the_running_minute_shows_the_volume_of_the_one_before() {
    let broker = Broker::at("2026-01-22T10:15:00+09:00").await;
    let candles = candles(&broker, "005930");
    let answer = broker.minutes("005930", "101500").await;
    let rows: Vec<Vec<String>> = answer["output2"].as_array().unwrap().iter().map(row).collect();
    let mut first = expected(&candles, at("2026-01-22T10:15:00+09:00"));
    assert_eq!(first[6], "0");
    first[6] = expected(&candles, at("2026-01-22T10:14:00+09:00"))[6].clone();
    assert_ne!(first[6], "0");
    assert_eq!(rows[0], first);
    assert_eq!(rows[1], expected(&candles, at("2026-01-22T10:14:00+09:00")));
}

#[tokio::test]
async fn time_to_come_is_filled_with_the_current_price() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let answer = broker.minutes("005930", "102000").await;
    let rows: Vec<Vec<String>> = answer["output2"].as_array().unwrap().iter().map(row).collect();
    let stock = broker.twin.stock("005930".parse().unwrap()).unwrap();
    let (price, value) = (stock.last.to_string(), stock.day.unwrap().value.to_string());
    for (filled, hour) in rows[..5].iter().zip(["102000", "101900", "101800", "101700", "101600"]) {
        assert_eq!(filled[1..], [hour, &price, &price, &price, &price, "0", &value]);
    }
    assert_eq!(rows[5], expected(&candles(&broker, "005930"), at("2026-01-22T10:15:00+09:00")));
}

#[tokio::test]
async fn the_minute_of_the_closing_auction_is_the_last() {
    let broker = Broker::at("2026-01-22T18:00:00+09:00").await;
    let answer = broker.minutes("005930", "180000").await;
    let rows: Vec<Vec<String>> = answer["output2"].as_array().unwrap().iter().map(row).collect();
    let hours: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
    assert_eq!((hours[0], hours[1], hours[29]), ("153000", "152900", "150100"));
    let candles = candles(&broker, "005930");
    assert_eq!(rows[0], expected(&candles, at("2026-01-22T15:30:00+09:00")));
    assert_ne!(rows[0][6], "0");
    // The ten minutes in which orders are only collected.
    assert!(rows[1..11].iter().all(|row| row[6] == "0"));
}

const DAY_KEYS: [&str; 13] = [
    "stck_bsop_date",
    "stck_clpr",
    "stck_oprc",
    "stck_hgpr",
    "stck_lwpr",
    "acml_vol",
    "acml_tr_pbmn",
    "flng_cls_code",
    "prtt_rate",
    "mod_yn",
    "prdy_vrss_sign",
    "prdy_vrss",
    "revl_issu_reas",
];

#[tokio::test]
async fn days_come_newest_first_at_most_a_hundred() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let answer = broker.days("005930", "20240101", "20260122", "D").await;
    let keys = "prdy_vrss prdy_vrss_sign prdy_ctrt stck_prdy_clpr acml_vol acml_tr_pbmn hts_kor_isnm stck_prpr stck_shrn_iscd prdy_vol \
                stck_mxpr stck_llam stck_oprc stck_hgpr stck_lwpr stck_prdy_oprc stck_prdy_hgpr stck_prdy_lwpr askp bidp prdy_vrss_vol \
                vol_tnrt stck_fcam lstn_stcn cpfn hts_avls per eps pbr itewhol_loan_rmnd_ratem";
    assert_keys(&answer["output1"], &keys.split_whitespace().collect::<Vec<_>>());
    let stock = broker.twin.stock("005930".parse().unwrap()).unwrap();
    assert_eq!(answer["output1"]["askp"], stock.quotes.ask.to_string());

    let rows = answer["output2"].as_array().unwrap();
    let bars = broker.twin.daily_bars("005930".parse::<Symbol>().unwrap());
    assert_eq!((rows.len(), bars.len()), (100, 101));
    for ((row, bar), before) in rows.iter().zip(&bars).zip(&bars[1..]) {
        assert_keys(row, &DAY_KEYS);
        assert_eq!(row["stck_bsop_date"], bar.date.format("%Y%m%d").to_string());
        let numbers = ["stck_clpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "acml_vol", "acml_tr_pbmn", "prdy_vrss"]
            .map(|key| row[key].as_str().unwrap().parse::<i64>().unwrap());
        assert_eq!(numbers, [bar.close, bar.open, bar.high, bar.low, bar.volume, bar.value, bar.close - before.close]);
    }
    let answer = broker.days("005930", "20260112", "20260116", "D").await;
    let dates: Vec<&str> =
        answer["output2"].as_array().unwrap().iter().map(|row| row["stck_bsop_date"].as_str().unwrap()).collect();
    assert_eq!(dates, ["20260116", "20260115", "20260114", "20260113", "20260112"]);
}

#[tokio::test]
async fn weeks_add_up_from_days() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let answer = broker.days("005930", "20260105", "20260116", "W").await;
    let weeks = answer["output2"].as_array().unwrap();
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let bars = broker.twin.daily_bars("005930".parse().unwrap());
    let week: Vec<_> = bars.iter().filter(|bar| day("2026-01-12") <= bar.date && bar.date <= day("2026-01-16")).collect();
    assert_eq!((weeks.len(), &weeks[0]["stck_bsop_date"]), (2, &"20260112".into()));
    assert_eq!(weeks[0]["stck_oprc"], week[4].open.to_string());
    assert_eq!(weeks[0]["stck_clpr"], week[0].close.to_string());
    assert_eq!(weeks[0]["acml_vol"], week.iter().map(|bar| bar.volume).sum::<i64>().to_string());
    let months = broker.days("005930", "20251201", "20260122", "M").await;
    let dates: Vec<&Value> = months["output2"].as_array().unwrap().iter().map(|month| &month["stck_bsop_date"]).collect();
    assert_eq!(dates, ["20260122", "20251230"]);
    assert_eq!(weeks[0]["stck_hgpr"], week.iter().map(|bar| bar.high).max().unwrap().to_string());
}
