//! Prices and books.

use chrono::TimeDelta;
use obs_sim::market::{Market, MarketSettings, tick_size};
use serde_json::{Value, json};

use super::{Broker, OPENING, assert_keys};
use crate::at;

/// As the broker's documentation shows them for 000660, and those that only its table has.
const PRICE_KEYS: &str = "iscd_stat_cls_code marg_rate rprs_mrkt_kor_name new_hgpr_lwpr_cls_code bstp_kor_isnm temp_stop_yn \
    oprc_rang_cont_yn clpr_rang_cont_yn crdt_able_yn grmn_rate_cls_code elw_pblc_yn stck_prpr prdy_vrss prdy_vrss_sign prdy_ctrt \
    acml_tr_pbmn acml_vol prdy_vrss_vol_rate stck_oprc stck_hgpr stck_lwpr stck_mxpr stck_llam stck_sdpr wghn_avrg_stck_prc \
    hts_frgn_ehrt frgn_ntby_qty pgtr_ntby_qty pvt_scnd_dmrs_prc pvt_frst_dmrs_prc pvt_pont_val pvt_frst_dmsp_prc \
    pvt_scnd_dmsp_prc dmrs_val dmsp_val cpfn rstc_wdth_prc stck_fcam stck_sspr aspr_unit hts_deal_qty_unit_val lstn_stcn hts_avls \
    per pbr stac_month vol_tnrt eps bps d250_hgpr d250_hgpr_date d250_hgpr_vrss_prpr_rate d250_lwpr d250_lwpr_date \
    d250_lwpr_vrss_prpr_rate stck_dryy_hgpr dryy_hgpr_vrss_prpr_rate dryy_hgpr_date stck_dryy_lwpr dryy_lwpr_vrss_prpr_rate \
    dryy_lwpr_date w52_hgpr w52_hgpr_vrss_prpr_ctrt w52_hgpr_date w52_lwpr w52_lwpr_vrss_prpr_ctrt w52_lwpr_date \
    whol_loan_rmnd_rate ssts_yn stck_shrn_iscd fcam_cnnm cpfn_cnnm apprch_rate frgn_hldn_qty vi_cls_code ovtm_vi_cls_code \
    last_ssts_cntg_qty invt_caful_yn mrkt_warn_cls_code short_over_yn sltr_yn mang_issu_cls_code";

#[tokio::test]
async fn a_price_is_answered_with_all_documented_keys() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let answer = broker.price("005930").await;
    let output = &answer["output"];
    assert_keys(output, &PRICE_KEYS.split_whitespace().collect::<Vec<_>>());
    let stock = broker.twin.stock("005930".parse().unwrap()).unwrap();
    let (day, reference) = (stock.day.unwrap(), stock.reference);
    let number = |key: &str| output[key].as_str().unwrap().parse::<i64>().unwrap();
    let numbers = [
        ("stck_prpr", stock.last),
        ("prdy_vrss", stock.last - reference.base_price),
        ("stck_oprc", day.open.price),
        ("stck_hgpr", day.high.price),
        ("stck_lwpr", day.low.price),
        ("acml_vol", day.volume),
        ("acml_tr_pbmn", day.value),
        ("stck_sdpr", 151_000),
        ("stck_mxpr", reference.upper_limit),
        ("stck_llam", reference.lower_limit),
        ("aspr_unit", tick_size(stock.last)),
        ("lstn_stcn", reference.listed_shares),
        ("hts_avls", stock.last * reference.listed_shares / 100_000_000),
    ];
    for (key, expected) in numbers {
        assert_eq!(number(key), expected, "{key}");
    }
    let codes =
        ["iscd_stat_cls_code", "temp_stop_yn", "vi_cls_code", "mrkt_warn_cls_code", "rprs_mrkt_kor_name", "stck_shrn_iscd"];
    assert_eq!(codes.map(|key| output[key].as_str().unwrap()), ["55", "N", "N", "00", "KOSPI", "005930"]);
    let extremes: Vec<i64> = broker.twin.daily_bars("005930".parse().unwrap()).iter().map(|bar| bar.high).collect();
    assert_eq!(number("w52_hgpr"), *extremes.iter().max().unwrap());
}

#[tokio::test]
async fn a_book_is_answered_with_ten_levels_and_the_auction() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let answer = broker.book("000660").await;
    let (output1, output2) = (&answer["output1"], &answer["output2"]);
    let mut keys: Vec<String> = ["askp", "bidp", "askp_rsqn", "bidp_rsqn", "askp_rsqn_icdc", "bidp_rsqn_icdc"]
        .iter()
        .flat_map(|name| (1..=10).map(move |level| format!("{name}{level}")))
        .collect();
    let rest = "aspr_acpt_hour total_askp_rsqn total_bidp_rsqn total_askp_rsqn_icdc total_bidp_rsqn_icdc ovtm_total_askp_rsqn \
                ovtm_total_bidp_rsqn ovtm_total_askp_icdc ovtm_total_bidp_icdc ntby_aspr_rsqn new_mkop_cls_code";
    keys.extend(rest.split_whitespace().map(str::to_owned));
    assert_keys(output1, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    let auction = "antc_mkop_cls_code stck_prpr stck_oprc stck_hgpr stck_lwpr stck_sdpr antc_cnpr antc_cntg_vrss_sign antc_cntg_vrss \
                   antc_cntg_prdy_ctrt antc_vol stck_shrn_iscd vi_cls_code";
    assert_keys(output2, &auction.split_whitespace().collect::<Vec<_>>());

    let book = broker.twin.stock("000660".parse().unwrap()).unwrap().book();
    for (nth, (ask, bid)) in (1..).zip(book.asks.iter().zip(&book.bids)) {
        let level = ["askp", "askp_rsqn", "bidp", "bidp_rsqn"].map(|name| output1[format!("{name}{nth}")].clone());
        assert_eq!(level, [ask.price, ask.size, bid.price, bid.size].map(|number| json!(number.to_string())), "level {nth}");
    }
    let total: i64 = book.asks.iter().map(|level| level.size).sum();
    assert_eq!((&output1["total_askp_rsqn"], &output1["aspr_acpt_hour"]), (&json!(total.to_string()), &json!("101530")));
    // What the broker says of an auction when there is none.
    let expected = ["antc_cnpr", "antc_cntg_vrss", "antc_cntg_vrss_sign", "antc_cntg_prdy_ctrt"].map(|key| &output2[key]);
    assert_eq!(expected, [&json!("0"), &json!("-742000"), &json!("5"), &json!("-100.00")]);
}

#[tokio::test]
async fn before_the_opening_there_is_an_expected_price_and_no_day() {
    let broker = Broker::at("2026-01-22T08:59:00+09:00").await;
    let expected = broker.twin.stock("005930".parse().unwrap()).unwrap().expected.unwrap();
    let answer = broker.book("005930").await;
    let output2 = &answer["output2"];
    assert_eq!(
        (&output2["antc_cnpr"], &output2["antc_vol"]),
        (&json!(expected.price.to_string()), &json!(expected.size.to_string()))
    );
    assert_eq!((&answer["output1"]["new_mkop_cls_code"], &output2["stck_oprc"]), (&json!("10"), &json!("0")));
    let output = broker.price("005930").await["output"].clone();
    let day =
        ["stck_prpr", "stck_oprc", "acml_vol", "prdy_vrss", "wghn_avrg_stck_prc"].map(|key| output[key].as_str().unwrap());
    assert_eq!(day, ["151000", "0", "0", "0", "0.00"]);
}

#[tokio::test]
async fn a_halted_stock_says_so() {
    // Looks for a halt in the market that the broker will have.
    let settings = MarketSettings {
        listings: obs_sim::market::Listing::generated(130),
        trades_per_second: 1,
        calendar: obs_model::Calendar::krx(),
        ..MarketSettings::new(7)
    };
    let mut market = Market::new(settings).unwrap();
    let mut now = at(OPENING);
    let halted = loop {
        let next = now + TimeDelta::minutes(1);
        market.advance(now, next);
        now = next;
        if let Some(symbol) = market.symbols().find(|symbol| market.stock(*symbol).unwrap().halted) {
            break symbol;
        }
    };
    let broker = Broker::at(&now.to_rfc3339()).await;
    let output = broker.price(halted.as_str()).await["output"].clone();
    assert_eq!((&output["temp_stop_yn"], &output["iscd_stat_cls_code"]), (&json!("Y"), &json!("58")));
}

#[tokio::test]
async fn an_unknown_stock_is_a_success_of_zeros() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let price = broker.price("999999").await;
    assert_keys(&price["output"], &PRICE_KEYS.split_whitespace().collect::<Vec<_>>());
    assert!(price["output"].as_object().unwrap().values().all(|value| value == "0"));
    let book = broker.book("AAPL").await;
    assert_eq!((&book["output1"], &book["output2"]), (&json!({}), &json!({})));
    let minutes = broker.minutes("999999", "101500").await;
    assert_eq!((&minutes["output1"]["stck_prpr"], &minutes["output2"]), (&json!("0"), &json!([])));
    let days = broker.days("999999", "20260101", "20260122", "D").await;
    assert_eq!((&days["output1"]["stck_prpr"], &days["output2"]), (&json!("0"), &json!([])));
}

#[tokio::test]
async fn parameters_that_are_missing_or_make_no_sense_are_refused() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let refusal = |(status, answer): (u16, Value)| {
        let text = |key: &str| answer[key].as_str().unwrap().trim_end().to_owned();
        (status, text("rt_cd"), text("msg_cd"), text("msg1"))
    };
    let refused = |msg_cd: &str, msg1: &str| (500, "2".to_owned(), msg_cd.to_owned(), msg1.to_owned());
    let ask = async |query: &[(&str, &str)]| refusal(broker.ask("FHKST01010100", "inquire-price", query).await);
    assert_eq!(
        ask(&[("FID_COND_MRKT_DIV_CODE", "J")]).await,
        refused("OPSQ2001", "ERROR INPUT FIELD NOT FOUND [FID_INPUT_ISCD]")
    );
    assert_eq!(
        ask(&[("FID_COND_MRKT_DIV_CODE", "X"), ("FID_INPUT_ISCD", "005930")]).await,
        refused("OPSQ2001", "ERROR : INPUT INVALID_CHECK_MRKT_DIV_CODE")
    );
    assert_eq!(
        ask(&[("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", "0059300059300")]).await,
        refused("OPSQ2002", "ERROR INVALID INPUT_FILED_SIZE [FID_INPUT_ISCD] [13]")
    );
    // Names in lower case are as good.
    let lower = [("fid_cond_mrkt_div_code", "UN"), ("fid_input_iscd", "005930")];
    assert_eq!(broker.success("FHKST01010100", "inquire-price", &lower).await["output"]["stck_shrn_iscd"], "005930");

    let minutes = [
        ("FID_COND_MRKT_DIV_CODE", "J"),
        ("FID_INPUT_ISCD", "005930"),
        ("FID_INPUT_HOUR_1", "1015"),
        ("FID_PW_DATA_INCU_YN", "Y"),
        ("FID_ETC_CLS_CODE", ""),
    ];
    assert_eq!(
        refusal(broker.ask("FHKST03010200", "inquire-time-itemchartprice", &minutes).await),
        refused("OPSQ2002", "ERROR INVALID INPUT_FILED_SIZE [FID_INPUT_HOUR_1] [4]")
    );
    assert_eq!(
        refusal(broker.ask("FHKST03010200", "inquire-time-itemchartprice", &minutes[..4]).await),
        refused("OPSQ2001", "ERROR INPUT FIELD NOT FOUND [FID_ETC_CLS_CODE]")
    );
}
