//! Prices, books, charts and days, from the shapes that were recorded.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use obs_kis::{Book, DailyRow, KisError, Level, Market, MarketDay, MinuteRow, Quote};
use obs_model::{Price, Quantity};
use serde_json::{Value, json};

use crate::broker::{Asked, Broker, Reply, client, json, refusal, settings, start, symbol};

pub const PRICE: &str = r#"{"output":{"iscd_stat_cls_code":"55","stck_prpr":"128500","prdy_vrss":"0","prdy_vrss_sign":"3",
    "prdy_ctrt":"0.00","acml_tr_pbmn":"344570137500","acml_vol":"2669075","stck_oprc":"128500","stck_hgpr":"130000",
    "stck_lwpr":"128500","stck_mxpr":"167000","stck_llam":"90000","stck_sdpr":"128500","wghn_avrg_stck_prc":"129097.23",
    "aspr_unit":"500","stck_shrn_iscd":"000660"},"rt_cd":"0","msg_cd":"MCA00000","msg1":"정상처리 되었습니다!"}"#;
pub const ASKING_PRICE: &str = r#"{"output1":{"aspr_acpt_hour":"160000","askp1":"128000","bidp1":"127500","askp_rsqn1":"69454",
    "bidp_rsqn1":"83147","total_askp_rsqn":"830005","total_bidp_rsqn":"250849","new_mkop_cls_code":"31"},
    "output2":{"antc_mkop_cls_code":"112","stck_prpr":"128000","stck_sdpr":"124500","antc_vol":"220006",
    "stck_shrn_iscd":"000660"},"rt_cd":"0","msg_cd":"MCA00000"}"#;
pub const MINUTES: &str = r#"{"output1":{"prdy_vrss":"-100","prdy_vrss_sign":"5","prdy_ctrt":"-0.11","stck_prdy_clpr":"92400",
    "stck_prpr":"92300"},"output2":[{"stck_bsop_date":"20220902","stck_cntg_hour":"100000","stck_prpr":"92500",
    "stck_oprc":"92400","stck_hgpr":"92500","stck_lwpr":"92400","cntg_vol":"1383","acml_tr_pbmn":"55858827400"},
    {"stck_bsop_date":"20220902","stck_cntg_hour":"095900","stck_prpr":"92400","stck_oprc":"92500","stck_hgpr":"92500",
    "stck_lwpr":"92400","cntg_vol":"1564","acml_tr_pbmn":"55731000300"}],"rt_cd":"0","msg_cd":"MCA00000"}"#;

pub const DAYS: &str = r#"{"output1":{"hts_kor_isnm":"SK하이닉스"},"output2":[{"stck_bsop_date":"20261120","stck_clpr":"128500",
        "stck_oprc":"128000","stck_hgpr":"130000","stck_lwpr":"127500","acml_vol":"2669075","acml_tr_pbmn":"344570137500",
        "flng_cls_code":"00","mod_yn":"N"}],"rt_cd":"0"}"#;
pub const HOLIDAYS: &str = r#"{"ctx_area_nk":"20230114            ","output":[{"bass_dt":"20221229","wday_dvsn_cd":"05","bzdy_yn":"Y",
        "tr_day_yn":"Y","opnd_yn":"Y","sttl_day_yn":"Y"},{"bass_dt":"20221230","wday_dvsn_cd":"06","bzdy_yn":"Y",
        "tr_day_yn":"Y","opnd_yn":"N","sttl_day_yn":"Y"}],"rt_cd":"0"}"#;

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// A broker that answers every call with this.
async fn broker(answer: &'static str) -> Broker {
    Broker::with_login(move |_| json(answer)).await
}

/// The recorded answer with one field of its only object changed.
async fn quote_with(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Result<Quote, KisError> {
    let mut body: Value = serde_json::from_str(PRICE).unwrap();
    change(body["output"].as_object_mut().unwrap());
    Broker::with_login(move |_| Reply::Json(200, body.clone())).await.client().quote(symbol("000660")).await
}

#[tokio::test]
async fn a_price() {
    let broker = broker(PRICE).await;

    let quote = broker.client().quote(symbol("000660")).await.unwrap();

    let expected = Quote {
        symbol: symbol("000660"),
        price: Some(won(128_500)),
        open: Some(won(128_500)),
        high: Some(won(130_000)),
        low: Some(won(128_500)),
        base_price: Some(won(128_500)),
        upper_limit: Some(won(167_000)),
        lower_limit: Some(won(90_000)),
        tick_size: Some(won(500)),
        volume: shares(2_669_075),
        value: "344570137500".parse().unwrap(),
        listed_shares: Quantity::ZERO,
        halted: false,
        status: "55".to_owned(),
    };
    assert_eq!(quote, expected);
    let [asked] = &broker.calls("inquire-price")[..] else { panic!() };
    assert_eq!(asked.path, "/uapi/domestic-stock/v1/quotations/inquire-price");
    assert_eq!((asked.param("FID_COND_MRKT_DIV_CODE"), asked.param("FID_INPUT_ISCD")), ("J", "000660"));
    assert_eq!(asked.header("tr_id"), Some("FHKST01010100"));
}

#[tokio::test]
async fn a_stock_that_the_broker_does_not_know_has_no_price() {
    let quote = quote_with(|fields| {
        for value in fields.values_mut() {
            *value = json!("0");
        }
    });
    let quote = quote.await.unwrap();
    assert_eq!((quote.price, quote.open, quote.tick_size, quote.volume), (None, None, None, Quantity::ZERO));
}

#[tokio::test]
async fn a_halted_stock() {
    let by_status = quote_with(|fields| fields["iscd_stat_cls_code"] = json!("58")).await.unwrap();
    let by_flag = quote_with(|fields| {
        fields.insert("temp_stop_yn".to_owned(), json!("Y"));
    });
    assert!(by_status.halted && by_flag.await.unwrap().halted);
}

#[tokio::test]
async fn padding_zeros_numbers_and_upper_case_are_evened_out() {
    let plain = quote_with(|_| ()).await.unwrap();
    let odd = quote_with(|fields| {
        fields["stck_prpr"] = json!("  000128500  ");
        fields["acml_vol"] = json!(2_669_075);
        let open = fields.remove("stck_oprc").unwrap();
        fields.insert("STCK_OPRC".to_owned(), open);
    });
    assert_eq!(odd.await.unwrap(), plain);
}

#[tokio::test]
async fn numbers_that_are_none_are_named_and_not_guessed() {
    let cases = [
        ("stck_prpr", json!("12 8500"), r#"stck_prpr: "12 8500" is not a price: it is not a decimal number"#),
        ("stck_prpr", json!("-1"), r#"stck_prpr: "-1" is not a price"#),
        ("stck_prpr", json!(" "), "stck_prpr: it is missing or empty"),
        ("stck_prpr", json!("1".repeat(65)), "stck_prpr: it is longer than 64 bytes"),
        ("acml_vol", json!("1.5"), r#"acml_vol: "1.5" is not a quantity: it is not a decimal number"#),
        ("acml_tr_pbmn", json!(["1"]), "acml_tr_pbmn: it is missing or empty"),
    ];
    for (field, value, expected) in cases {
        let error = quote_with(|fields| fields[field] = value).await.unwrap_err();
        assert!(matches!(error, KisError::Malformed { call: "inquire-price", .. }), "{error:?}");
        let message = error.to_string();
        let expected = format!("the broker's answer to inquire-price has no usable {expected}");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[tokio::test]
async fn answers_that_are_no_quote() {
    for answer in [
        r#"{"rt_cd":"0"}"#,
        r#"{"rt_cd":"0","output":null}"#,
        r#"{"rt_cd":"0","output":[[1]]}"#,
        r#"{"rt_cd":"0","output":"7"}"#,
    ] {
        let error = Broker::with_login(move |_| json(answer)).await.client().quote(symbol("000660")).await.unwrap_err();
        assert!(matches!(error, KisError::Malformed { .. }), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_book() {
    let book = broker(ASKING_PRICE).await.client().asking_price(symbol("000660")).await.unwrap();

    let expected = Book {
        symbol: symbol("000660"),
        time: Some(time("16:00:00")),
        asks: vec![Level { price: won(128_000), size: shares(69_454) }],
        bids: vec![Level { price: won(127_500), size: shares(83_147) }],
        total_ask_size: shares(830_005),
        total_bid_size: shares(250_849),
        expected: None,
    };
    assert_eq!(book, expected);
}

#[tokio::test]
async fn ten_levels_in_an_auction_and_an_empty_side() {
    let broker = Broker::with_login(|_| {
        let mut book = json!({ "aspr_acpt_hour": "085959", "total_askp_rsqn": "55", "total_bidp_rsqn": "0" });
        for level in 1..=10 {
            book[format!("askp{level}")] = json!((1000 + level).to_string());
            book[format!("askp_rsqn{level}")] = json!(level.to_string());
            book[format!("bidp{level}")] = json!("0");
            book[format!("bidp_rsqn{level}")] = json!("0");
        }
        let auction = json!({ "antc_cnpr": "1005", "antc_vol": "17" });
        Reply::Json(200, json!({ "rt_cd": "0", "output1": book, "output2": auction }))
    })
    .await;

    let book = broker.client().asking_price(symbol("000660")).await.unwrap();

    let asks: Vec<_> = book.asks.iter().map(|level| (level.price, level.size)).collect();
    assert_eq!(asks, (1..=10).map(|level| (won(1000 + level), shares(level))).collect::<Vec<_>>());
    assert!(book.bids.is_empty());
    assert_eq!(book.expected, Some(Level { price: won(1005), size: shares(17) }));
}

#[tokio::test]
async fn a_chart_of_minutes() {
    let broker = broker(MINUTES).await;

    let chart = broker.client().minute_chart(symbol("000660"), time("09:20:00")).await.unwrap();

    let newest = MinuteRow {
        date: day("2022-09-02"),
        time: time("10:00:00"),
        open: won(92_400),
        high: won(92_500),
        low: won(92_400),
        close: won(92_500),
        volume: shares(1383),
        cumulative_value: "55858827400".parse().unwrap(),
    };
    let older = MinuteRow {
        time: time("09:59:00"),
        open: won(92_500),
        close: won(92_400),
        volume: shares(1564),
        cumulative_value: "55731000300".parse().unwrap(),
        ..newest
    };
    assert_eq!((chart.name, chart.rows), (None, vec![newest, older]));
    let [asked] = &broker.calls("inquire-time-itemchartprice")[..] else { panic!() };
    let sent = ["FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN", "FID_ETC_CLS_CODE"].map(|name| asked.param(name));
    assert_eq!(sent, ["092000", "Y", ""]);
}

#[tokio::test]
async fn minutes_that_are_still_to_come_are_not_asked_for() {
    let broker = broker(MINUTES).await;

    broker.client().minute_chart(symbol("000660"), time("15:30:00")).await.unwrap();

    let hour = broker.calls("inquire-time-itemchartprice")[0].param("FID_INPUT_HOUR_1").to_owned();
    assert!(("093000"..="094500").contains(&hour.as_str()), "now is 09:30, and it was asked for {hour}");
}

#[tokio::test]
async fn our_clock_being_fast_does_not_ask_for_the_future() {
    let dated = |body: &str| {
        let date = ("date", "Mon, 23 Nov 2026 00:29:00 GMT".to_owned());
        Reply::With(vec![date], serde_json::from_str(body).unwrap())
    };
    let broker = Broker::with_login(move |_| dated(MINUTES)).await;
    let clock = obs_kis::Clock::compressed(start(), 1);
    let client = client(broker.endpoints(obs_kis::Environment::Live), settings(obs_kis::Environment::Live), clock);
    // The answer to the login has the server's own date; the median is over that after two more.
    for _ in 0..3 {
        client.quote(symbol("000660")).await.unwrap_err();
    }

    client.minute_chart(symbol("000660"), time("15:30:00")).await.unwrap();

    let skew = client.clock_skew().unwrap();
    assert!((TimeDelta::seconds(55)..TimeDelta::seconds(75)).contains(&skew), "{skew}");
    let hour = broker.calls("inquire-time-itemchartprice")[0].param("FID_INPUT_HOUR_1").to_owned();
    assert!(("092845"..="092930").contains(&hour.as_str()), "it is 09:29 there, and it was asked for {hour}");
}

#[tokio::test]
async fn rows_without_a_price_are_left_out() {
    let broker = Broker::with_login(|_| {
        let mut body: Value = serde_json::from_str(MINUTES).unwrap();
        let mut nothing = body["output2"][0].clone();
        for key in ["stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "cntg_vol"] {
            nothing[key] = json!("0");
        }
        body["output1"]["hts_kor_isnm"] = json!("SK하이닉스          ");
        body["output2"].as_array_mut().unwrap().extend([nothing, json!({})]);
        Reply::Json(200, body)
    })
    .await;

    let chart = broker.client().minute_chart(symbol("000660"), time("09:20:00")).await.unwrap();

    assert_eq!((chart.name.as_deref(), chart.rows.len()), (Some("SK하이닉스"), 2));
}

#[tokio::test]
async fn a_chart_of_days() {
    let broker = broker(DAYS).await;
    let client = broker.client();

    let chart = client.daily_chart(symbol("000660"), day("2026-11-01"), day("2026-11-20"), true).await.unwrap();
    client.daily_chart(symbol("000660"), day("2026-11-01"), day("2026-11-20"), false).await.unwrap();

    let expected = DailyRow {
        date: day("2026-11-20"),
        open: won(128_000),
        high: won(130_000),
        low: won(127_500),
        close: won(128_500),
        volume: shares(2_669_075),
        value: "344570137500".parse().unwrap(),
    };
    assert_eq!((chart.name.as_deref(), chart.rows), (Some("SK하이닉스"), vec![expected]));
    let sent = |asked: &Asked| {
        ["FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC"]
            .map(|name| asked.param(name).to_owned())
    };
    let asked = broker.calls("inquire-daily-itemchartprice");
    assert_eq!(sent(&asked[0]), ["20261101", "20261120", "D", "0"]);
    assert_eq!(sent(&asked[1]), ["20261101", "20261120", "D", "1"]);
}

#[tokio::test]
async fn the_last_day_of_a_year_is_a_business_day_without_trading() {
    let broker = broker(HOLIDAYS).await;

    let days = broker.client().holidays(day("2022-12-29")).await.unwrap();

    let open = MarketDay { date: day("2022-12-29"), opens: true, business: true, trading: true, settlement: true };
    assert_eq!(days, [open, MarketDay { date: day("2022-12-30"), opens: false, ..open }]);
    let [asked] = &broker.calls("chk-holiday")[..] else { panic!() };
    assert_eq!((asked.header("tr_id"), asked.param("BASS_DT")), (Some("CTCA0903R"), "20221229"));
}

#[tokio::test]
async fn whether_a_day_opens_is_not_guessed() {
    let broker = Broker::with_login(|_| {
        let mut body: Value = serde_json::from_str(HOLIDAYS).unwrap();
        body["output"][1]["opnd_yn"] = json!("?");
        Reply::Json(200, body)
    })
    .await;

    let error = broker.client().holidays(day("2022-12-29")).await.unwrap_err();

    assert!(error.to_string().ends_with(r#"opnd_yn: "?" is neither Y nor N"#), "{error}");
}

#[tokio::test]
async fn paper_trading_has_no_calendar_and_is_not_asked() {
    let broker = broker("{}").await;

    let error = broker.paper_client().holidays(day("2022-12-29")).await.unwrap_err();

    assert!(error.is_fatal());
    assert_eq!(error.to_string(), "the calendar of holidays is not offered in paper trading: use live keys, or do without");
    assert!(broker.asked().is_empty());
}

#[tokio::test]
async fn lists_of_instruments_come_without_a_key() {
    let broker = Broker::start(|_| Reply::Raw(b"PK\x03\x04and so on".to_vec())).await;
    let client = broker.client();

    assert_eq!(client.master_file(Market::Kosdaq).await.unwrap(), b"PK\x03\x04and so on");
    client.master_file(Market::Kospi).await.unwrap();

    let asked = broker.asked();
    let paths: Vec<_> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/common/master/kosdaq_code.mst.zip", "/common/master/kospi_code.mst.zip"]);
    assert!(asked.iter().all(|asked| asked.header("appkey").is_none() && asked.header("authorization").is_none()));
}

#[tokio::test]
async fn a_page_in_place_of_a_list_of_instruments() {
    let broker = Broker::start(|_| Reply::Raw(b"<html>".to_vec())).await;

    let error = broker.client().master_file(Market::Kospi).await.unwrap_err();

    assert!(matches!(error, KisError::Unreadable { problem: "is not a ZIP archive", .. }), "{error:?}");
}

#[tokio::test]
async fn a_field_that_the_broker_refuses() {
    let broker = Broker::with_login(|_| refusal(200, "OPSQ2001", "INVALID_MRKT_DIV_CODE")).await;

    let error = broker.client().quote(symbol("000660")).await.unwrap_err();

    assert!(error.is_fatal());
    assert_eq!(error.to_string(), "the broker refused the call: INVALID_MRKT_DIV_CODE (OPSQ2001)");
}
