//! Balances, buying power and pages.

use crate::{
    broker::{Answer, BALANCE, BUYING_POWER, Broker, ORDERS, keys},
    support::{HandClock, morning, settings, until},
};
use chrono::TimeDelta;
use obs_model::Calendar;
use obs_sim::{
    CallLimits, Environment, SimSettings, Simulator, StartingHolding,
    market::{Listing, MarketSettings},
};
use serde_json::{Value, json};

/// What the documentation lists for a holding, without what is marked as not in use.
const HOLDING: [&str; 26] = [
    "bfdy_buy_qty",
    "bfdy_cprs_icdc",
    "bfdy_sll_qty",
    "evlu_amt",
    "evlu_erng_rt",
    "evlu_pfls_amt",
    "evlu_pfls_rt",
    "expd_dt",
    "fltt_rt",
    "grta_rt_name",
    "hldg_qty",
    "item_mgna_rt_name",
    "loan_amt",
    "loan_dt",
    "ord_psbl_qty",
    "pchs_amt",
    "pchs_avg_pric",
    "pdno",
    "prdt_name",
    "prpr",
    "sbst_pric",
    "stck_loan_unpr",
    "stln_slng_chgs",
    "thdt_buyqty",
    "thdt_sll_qty",
    "trad_dvsn_name",
];

/// And for the account.
const TOTALS: [&str; 24] = [
    "asst_icdc_amt",
    "asst_icdc_erng_rt",
    "bfdy_buy_amt",
    "bfdy_sll_amt",
    "bfdy_tlex_amt",
    "bfdy_tot_asst_evlu_amt",
    "cma_evlu_amt",
    "d2_auto_rdpt_amt",
    "dnca_tot_amt",
    "evlu_amt_smtl_amt",
    "evlu_pfls_smtl_amt",
    "fncg_gld_auto_rdpt_yn",
    "nass_amt",
    "nxdy_auto_rdpt_amt",
    "nxdy_excc_amt",
    "pchs_amt_smtl_amt",
    "prvs_rcdl_excc_amt",
    "scts_evlu_amt",
    "thdt_buy_amt",
    "thdt_sll_amt",
    "thdt_tlex_amt",
    "tot_evlu_amt",
    "tot_loan_amt",
    "tot_stln_slng_chgs",
];

/// For an order.
const ORDER: [&str; 36] = [
    "avg_prvs",
    "ccld_cndt_name",
    "cncl_cfrm_qty",
    "cncl_yn",
    "cpbc_ordp_infm_mthd_dvsn_cd",
    "cpbc_ordp_mtrl_dvsn_cd",
    "cpbc_ordp_ord_rcit_dvsn_cd",
    "ctac_tlno",
    "excg_dvsn_cd",
    "excg_id_dvsn_Cd",
    "infm_tmd",
    "inqr_ip_addr",
    "loan_dt",
    "odno",
    "ord_dt",
    "ord_dvsn_cd",
    "ord_dvsn_name",
    "ord_gno_brno",
    "ord_orgno",
    "ord_qty",
    "ord_tmd",
    "ord_unpr",
    "ordr_empno",
    "orgn_odno",
    "pdno",
    "prdt_name",
    "prdt_type_cd",
    "rjct_qty",
    "rmn_qty",
    "rsvn_ord_end_dt",
    "sll_buy_dvsn_cd",
    "sll_buy_dvsn_cd_name",
    "stpm_cndt_pric",
    "stpm_efct_occr_dtmd",
    "tot_ccld_amt",
    "tot_ccld_qty",
];

fn still(clock: &HandClock, holdings: usize) -> SimSettings {
    let market = MarketSettings { trades_per_second: 0, calendar: Calendar::krx(), ..MarketSettings::new(7) };
    let held = |listing: &Listing| StartingHolding { symbol: listing.symbol, quantity: 10, price: 100_000 };
    let holdings = Listing::defaults().iter().take(holdings).map(held).collect();
    let limits = CallLimits { calls_per_second: Some(1_000), ledger_calls_per_second: Some(1_000), refused_with_200: false };
    SimSettings { market, holdings, limits, ..settings(clock) }
}

fn won(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_balance_has_every_documented_field_and_adds_up() {
    let simulator = Simulator::start(still(&morning(), 2)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let balance = broker.balance().await;
    assert_eq!(keys(&balance), ["ctx_area_fk100", "ctx_area_nk100", "msg1", "msg_cd", "output1", "output2", "rt_cd"]);
    assert_eq!(balance["output2"].as_array().unwrap().len(), 1);
    let (rows, totals) = (balance["output1"].as_array().unwrap(), &balance["output2"][0]);
    assert_eq!(keys(totals), TOTALS);
    for row in rows {
        assert_eq!(keys(row), HOLDING);
        assert_eq!(won(&row["evlu_amt"]), won(&row["prpr"]) * won(&row["hldg_qty"]));
        assert_eq!(won(&row["evlu_pfls_amt"]), won(&row["evlu_amt"]) - won(&row["pchs_amt"]));
    }
    let samsung = rows.iter().find(|row| row["pdno"] == "005930").unwrap();
    assert_eq!([&samsung["prdt_name"], &samsung["pchs_avg_pric"]], ["삼성전자", "100000.0000"]);
    assert_eq!([&samsung["evlu_pfls_rt"], &samsung["evlu_erng_rt"]], ["51.00", "51.00000000"]);
    assert_eq!(won(&totals["scts_evlu_amt"]), 1_510_000 + 7_420_000);
    assert_eq!(won(&totals["tot_evlu_amt"]), 100_000_000 + won(&totals["scts_evlu_amt"]));
}

#[tokio::test]
async fn money_comes_two_open_days_later_and_what_was_sold_stays_listed_until_then() {
    // A Thursday: the money of its sales comes on Monday.
    let clock = morning();
    let mut settings = still(&clock, 1);
    settings.holdings[0].quantity = 1;
    let simulator = Simulator::start(settings).await.unwrap();
    let mut broker = Broker::live(&simulator).await;
    assert_eq!(broker.sell("005930", "00", 1, 150_000).await.code(), "APBK0013");
    assert_eq!(broker.balance().await["output1"][0]["ord_psbl_qty"], "0");
    clock.advance(TimeDelta::seconds(1));
    until("it is filled", || simulator.orders()[0].remaining() == 0).await;
    // At the bid, less the fee of 0.0140527 % and the tax of 0.20 %.
    let proceeds = 151_000 - 21 - 302;
    let figures = |balance: &Value| {
        let totals = &balance["output2"][0];
        ["dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt"].map(|name| won(&totals[name]) - 100_000_000)
    };
    let balance = broker.balance().await;
    assert_eq!(figures(&balance), [0, 0, proceeds]);
    let row = &balance["output1"][0];
    assert_eq!([&row["hldg_qty"], &row["thdt_sll_qty"], &row["pchs_amt"]], ["0", "1", "0"]);

    clock.advance(TimeDelta::days(1));
    broker.token = broker.new_token().await;
    let balance = broker.balance().await;
    assert_eq!(figures(&balance), [0, 0, proceeds]);
    let row = &balance["output1"][0];
    assert_eq!([&row["hldg_qty"], &row["thdt_sll_qty"], &row["bfdy_sll_qty"]], ["0", "0", "1"]);

    clock.advance(TimeDelta::days(3));
    broker.token = broker.new_token().await;
    let balance = broker.balance().await;
    assert_eq!(figures(&balance), [proceeds; 3]);
    assert_eq!(balance["output1"], json!([]));
}

#[tokio::test]
async fn buying_power_counts_fees_open_orders_and_the_upper_limit() {
    let simulator = Simulator::start(still(&morning(), 0)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    let ask = async |division: &str| -> Value {
        let query = broker.with_account(json!({
            "PDNO": "005930", "ORD_UNPR": "151000", "ORD_DVSN": division, "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N",
        }));
        let answer = broker.get(BUYING_POWER, "TTC8908R", &query).await;
        answer.check();
        answer.body["output"].clone()
    };
    let power = ask("00").await;
    // 662 x 151,000 is 99,962,000, and its fee 14,047; another share would be too much.
    assert_eq!(
        [&power["ord_psbl_cash"], &power["nrcvb_buy_qty"], &power["psbl_qty_calc_unpr"]],
        ["100000000", "662", "151000"]
    );
    let market = ask("01").await;
    assert_eq!([&market["psbl_qty_calc_unpr"], &market["nrcvb_buy_qty"]], ["196300", "509"]);
    assert_eq!(broker.buy("005930", "00", 600, 140_000).await.code(), "APBK0013");
    // 84,000,000 and the fee of 11,804.
    assert_eq!(ask("00").await["ord_psbl_cash"], "15988196");
}

fn flag(answer: &Answer) -> &str {
    answer.headers["tr_cont"].to_str().unwrap()
}

#[tokio::test]
async fn paper_pages_orders_by_15_and_holdings_by_20() {
    let settings = SimSettings { environment: Environment::Paper, ..still(&morning(), 23) };
    let simulator = Simulator::start(settings).await.unwrap();
    let broker = Broker::paper(&simulator).await;
    for _ in 0..17 {
        assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "40600000");
    }
    for (path, tr_id, mut query, sizes) in [
        (ORDERS, "TTC0081R", broker.orders_query("20260122"), [15, 2]),
        (BALANCE, "TTC8434R", broker.balance_query(), [20, 3]),
    ] {
        let first = broker.get(path, tr_id, &query).await;
        assert_eq!((flag(&first), first.code()), ("M", "20310000"));
        let cursor = ["ctx_area_fk100", "ctx_area_nk100"].map(|name| first.body[name].as_str().unwrap().to_owned());
        assert!(cursor.iter().all(|key| key.len() == 100 && !key.trim().is_empty()));
        // An order in between moves no page.
        assert_eq!(broker.buy("005930", "00", 1, 120_000).await.code(), "40600000");
        query["CTX_AREA_FK100"] = json!(cursor[0]);
        query["CTX_AREA_NK100"] = json!(cursor[1].trim_end());
        let last = broker.page(path, tr_id, &query, "N").await;
        last.check();
        assert_eq!((flag(&last), last.body["ctx_area_nk100"].as_str().unwrap()), ("D", " ".repeat(100).as_str()));
        let rows = [&first, &last].map(|page| page.body["output1"].as_array().unwrap().clone());
        assert_eq!([rows[0].len(), rows[1].len()], sizes);
        let name = if path == ORDERS { "odno" } else { "pdno" };
        let mut seen: Vec<&Value> = rows.iter().flatten().map(|row| &row[name]).collect();
        seen.dedup();
        assert_eq!(seen.len(), sizes[0] + sizes[1]);
    }
}

#[tokio::test]
async fn an_order_list_has_every_documented_field_and_its_filters() {
    let clock = morning();
    let simulator = Simulator::start(still(&clock, 1)).await.unwrap();
    let broker = Broker::live(&simulator).await;
    broker.buy("005930", "01", 1, 0).await;
    clock.advance(TimeDelta::seconds(1));
    until("it is filled", || simulator.orders()[0].filled == 1).await;
    broker.sell("005930", "00", 2, 160_000).await;
    let listed = broker.orders().await;
    assert_eq!(keys(&listed), ["ctx_area_fk100", "ctx_area_nk100", "msg1", "msg_cd", "output1", "output2", "rt_cd"]);
    assert_eq!(keys(&listed["output1"][0]), ORDER);
    assert_eq!(keys(&listed["output2"]), ["pchs_avg_pric", "prsm_tlex_smtl", "tot_ccld_amt", "tot_ccld_qty", "tot_ord_qty"]);
    assert_eq!([&listed["output2"]["tot_ord_qty"], &listed["output2"]["tot_ccld_qty"]], ["3", "1"]);
    let filters =
        [("CCLD_DVSN", "01"), ("CCLD_DVSN", "02"), ("SLL_BUY_DVSN_CD", "01"), ("SLL_BUY_DVSN_CD", "02"), ("PDNO", "000660")];
    let mut found = Vec::new();
    for (name, value) in filters {
        let mut query = broker.orders_query("20260122");
        query[name] = json!(value);
        let answer = broker.get(ORDERS, "TTC8001R", &query).await;
        let rows = answer.body["output1"].as_array().unwrap().clone();
        found.push(rows.iter().map(|row| row["sll_buy_dvsn_cd"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(found, [vec!["02"], vec!["01"], vec!["01"], vec!["02"], vec![]]);
    let mut oldest_first = broker.orders_query("20260122");
    oldest_first["INQR_DVSN"] = json!("01");
    let rows = broker.get(ORDERS, "TTC0081R", &oldest_first).await.body["output1"].clone();
    assert!(won(&rows[0]["odno"]) < won(&rows[1]["odno"]));
    assert_eq!(broker.get(ORDERS, "TTC0081R", &broker.orders_query("20260123")).await.body["output1"], json!([]));
}
