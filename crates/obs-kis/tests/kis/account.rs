//! What an account holds, can buy, and has ordered.

use chrono::NaiveDate;
use obs_kis::{
    AccountNumber, Balance, BuyingPower, FillFilter, Holding, KisError, OrderFilter, OrderKind, OrderRecord, OrderRef,
};
use obs_model::{Price, Quantity, Side};
use serde_json::{Value, json};

use crate::broker::{Asked, Broker, Reply, account, json, symbol};

pub const BALANCE: &str = r#"{"ctx_area_fk100":" ","ctx_area_nk100":" ","output1":[{"pdno":"000660","prdt_name":"SK하이닉스",
    "trad_dvsn_name":"현금","thdt_buyqty":"0","thdt_sll_qty":"0","hldg_qty":"1","ord_psbl_qty":"1","pchs_avg_pric":"198600.0000",
    "pchs_amt":"198600","prpr":"215500","evlu_amt":"215500","evlu_pfls_amt":"16900","evlu_pfls_rt":"8.51",
    "evlu_erng_rt":"8.50956697","fltt_rt":"2.62000000","bfdy_cprs_icdc":"5500"}],"output2":[{"dnca_tot_amt":"9644485",
    "nxdy_excc_amt":"9644485","prvs_rcdl_excc_amt":"9644485","thdt_buy_amt":"0","thdt_sll_amt":"0","thdt_tlex_amt":"0",
    "scts_evlu_amt":"365650","tot_evlu_amt":"10010135","nass_amt":"10010135","pchs_amt_smtl_amt":"355475",
    "evlu_amt_smtl_amt":"365650","evlu_pfls_smtl_amt":"10175","bfdy_tot_asst_evlu_amt":"10005510","asst_icdc_amt":"4625",
    "asst_icdc_erng_rt":"0.04622453"}],"rt_cd":"0","msg_cd":"20310000","msg1":"모의투자 조회가 완료되었습니다."}"#;
pub const ORDERS: &str = r#"{"output1":[{"ord_dt":"20220103","ord_gno_brno":"06010","odno":"0001568197","orgn_odno":"",
    "sll_buy_dvsn_cd":"02","sll_buy_dvsn_cd_name":"BUY REJECT","pdno":"009150","ord_qty":"10","ord_unpr":"150000",
    "ord_tmd":"170100","tot_ccld_qty":"0","avg_prvs":"0","cncl_yn":"","tot_ccld_amt":"0","ord_dvsn_cd":"00",
    "cncl_cfrm_qty":"0","rmn_qty":"0","rjct_qty":"10"}],"output2":{"tot_ord_qty":"10","tot_ccld_qty":"0","tot_ccld_amt":"0",
    "prsm_tlex_smtl":"0","pchs_avg_pric":"0.0000"},"rt_cd":"0","msg_cd":"KIOK0510"}"#;
pub const BUYING_POWER: &str = r#"{"output":{"ord_psbl_cash":"741191178","psbl_qty_calc_unpr":"70000",
    "nrcvb_buy_amt":"107177377","nrcvb_buy_qty":"1531","max_buy_amt":"1482382356","max_buy_qty":"21176"},"rt_cd":"0"}"#;

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// One page of a balance: a holding named after the page, and the header and keys that say what follows.
fn page(asked: &Asked, tr_cont: &str, key: &str) -> Reply {
    let mut body: Value = serde_json::from_str(BALANCE).unwrap();
    body["output1"][0]["pdno"] = json!(format!("{:06}", asked.before));
    body["ctx_area_fk100"] = json!(format!("{:<100}", "12345678^01"));
    body["ctx_area_nk100"] = json!(format!("{key:<100}"));
    Reply::With(vec![("tr_cont", tr_cont.to_owned())], body)
}

#[tokio::test]
async fn a_balance() {
    let broker = Broker::with_login(|_| json(BALANCE)).await;

    let balance = broker.paper_client().balance(&account()).await.unwrap();

    let holding = Holding {
        symbol: symbol("000660"),
        name: "SK하이닉스".to_owned(),
        kind: "현금".to_owned(),
        quantity: shares(1),
        sellable: shares(1),
        average_price: Some(Price::from_won(198_600).unwrap()),
        cost: "198600".parse().unwrap(),
        price: Some(Price::from_won(215_500).unwrap()),
        value: "215500".parse().unwrap(),
        profit: "16900".parse().unwrap(),
        loan_date: None,
    };
    let zero = "0".parse().unwrap();
    let cash = "9644485".parse().unwrap();
    let expected = Balance {
        holdings: vec![holding],
        deposit: cash,
        next_day_deposit: cash,
        settled_deposit: cash,
        securities: "365650".parse().unwrap(),
        total: "10010135".parse().unwrap(),
        net_assets: "10010135".parse().unwrap(),
        bought_today: zero,
        sold_today: zero,
        costs_today: zero,
    };
    assert_eq!(balance, expected);
    let [asked] = &broker.calls("inquire-balance")[..] else { panic!() };
    assert_eq!(asked.path, "/uapi/domestic-stock/v1/trading/inquire-balance");
    assert_eq!((asked.header("tr_id"), asked.header("tr_cont")), (Some("VTTC8434R"), Some("")));
    let sent = ["CANO", "ACNT_PRDT_CD", "INQR_DVSN", "PRCS_DVSN", "CTX_AREA_FK100", "CTX_AREA_NK100"];
    assert_eq!(sent.map(|name| asked.param(name)), ["12345678", "01", "02", "00", "", ""]);
}

#[tokio::test]
async fn money_that_is_missing_is_not_zero() {
    let broker = Broker::with_login(|_| json(r#"{"output1":[],"output2":[{"dnca_tot_amt":"1"}],"rt_cd":"0"}"#)).await;

    let error = broker.client().balance(&account()).await.unwrap_err();

    let expected = "the broker's answer to inquire-balance has no usable nxdy_excc_amt: it is missing or empty";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn three_pages_are_one_balance() {
    let broker = Broker::with_login(|asked| match asked.before {
        0 => page(asked, "F", "second"),
        1 => page(asked, "M", "third"),
        _ => page(asked, "D", "third"),
    })
    .await;

    let balance = broker.client().balance(&account()).await.unwrap();

    let symbols: Vec<_> = balance.holdings.iter().map(|holding| holding.symbol.to_string()).collect();
    assert_eq!(symbols, ["000000", "000001", "000002"]);
    let asked = broker.calls("inquire-balance");
    let sent: Vec<_> = asked
        .iter()
        .map(|asked| (asked.header("tr_cont").unwrap(), asked.param("CTX_AREA_FK100"), asked.param("CTX_AREA_NK100")))
        .collect();
    assert_eq!(sent, [("", "", ""), ("N", "12345678^01", "second"), ("N", "12345678^01", "third")]);
}

#[tokio::test]
async fn a_key_of_blanks_is_the_end_whatever_the_header_says() {
    let broker = Broker::with_login(|asked| page(asked, "M", " ")).await;

    assert_eq!(broker.client().balance(&account()).await.unwrap().holdings.len(), 1);
}

#[tokio::test]
async fn pages_that_do_not_end_are_given_up() {
    let same = Broker::with_login(|asked| page(asked, "M", "again")).await;
    let error = same.client().balance(&account()).await.unwrap_err();
    assert!(error.to_string().ends_with("ctx_area_nk100: the next page is the same page again"), "{error}");
    assert_eq!(same.calls("inquire-balance").len(), 2);

    let endless = Broker::with_login(|asked| page(asked, "M", &asked.before.to_string())).await;
    let error = endless.client().balance(&account()).await.unwrap_err();
    assert!(error.to_string().ends_with("ctx_area_nk100: the pages do not end"), "{error}");
    assert_eq!(endless.calls("inquire-balance").len(), 200);
}

#[tokio::test]
async fn what_can_be_bought() {
    let broker = Broker::with_login(|_| json(BUYING_POWER)).await;
    let kind = OrderKind::Limit(Price::from_won(70_000).unwrap(), obs_kis::TimeInForce::Day);

    let power = broker.client().buying_power(&account(), symbol("005930"), kind).await.unwrap();

    let expected = BuyingPower {
        cash: "741191178".parse().unwrap(),
        price: Some(Price::from_won(70_000).unwrap()),
        amount: "107177377".parse().unwrap(),
        quantity: shares(1531),
        amount_with_credit: "1482382356".parse().unwrap(),
        quantity_with_credit: shares(21_176),
    };
    assert_eq!(power, expected);
    let [asked] = &broker.calls("inquire-psbl-order")[..] else { panic!() };
    assert_eq!(asked.header("tr_id"), Some("TTTC8908R"));
    assert_eq!(["PDNO", "ORD_UNPR", "ORD_DVSN"].map(|name| asked.param(name)), ["005930", "70000", "00"]);
}

#[tokio::test]
async fn an_order_and_its_fate() {
    let broker = Broker::with_login(|_| json(ORDERS)).await;
    let today = day("2026-11-23");

    let orders = broker.client().orders(&account(), today, today, &OrderFilter::default()).await.unwrap();

    let expected = OrderRecord {
        order: OrderRef { branch: "06010".to_owned(), number: "0001568197".to_owned() },
        parent: None,
        date: day("2022-01-03"),
        time: Some("17:01:00".parse().unwrap()),
        symbol: symbol("009150"),
        name: None,
        side: Side::Buy,
        kind: "00".to_owned(),
        quantity: shares(10),
        price: Some(Price::from_won(150_000).unwrap()),
        filled: shares(0),
        average_price: None,
        filled_amount: "0".parse().unwrap(),
        open: shares(0),
        cancelled: shares(0),
        rejected: shares(10),
    };
    assert_eq!(orders, [expected]);
    let [asked] = &broker.calls("inquire-daily-ccld")[..] else { panic!() };
    let sent = ["INQR_STRT_DT", "INQR_END_DT", "SLL_BUY_DVSN_CD", "CCLD_DVSN", "ODNO", "EXCG_ID_DVSN_CD"];
    assert_eq!(sent.map(|name| asked.param(name)), ["20261123", "20261123", "00", "00", "", "ALL"]);
}

#[tokio::test]
async fn a_revision_partly_filled_in_the_other_spelling() {
    let broker = Broker::with_login(|_| {
        let mut body: Value = serde_json::from_str(ORDERS).unwrap();
        let row = body["output1"][0].as_object_mut().unwrap();
        row.remove("cncl_cfrm_qty");
        let changes = [
            ("odno", "38615"),
            ("orgn_odno", "38614"),
            ("sll_buy_dvsn_cd", "01"),
            ("tot_ccld_qty", "4"),
            ("avg_prvs", "150050.25"),
            ("tot_ccld_amt", "600201"),
            ("rmn_qty", "3"),
            ("cnc_cfrm_qty", "3"),
            ("rjct_qty", ""),
            ("excg_id_dvsn_Cd", "KRX"),
        ];
        for (key, value) in changes {
            row.insert(key.to_owned(), json!(value));
        }
        Reply::Json(200, body)
    })
    .await;
    let today = day("2026-11-23");
    let filter = OrderFilter {
        side: Some(Side::Sell),
        symbol: Some(symbol("009150")),
        order: Some(OrderRef { branch: "00950".to_owned(), number: "0000038615".to_owned() }),
        fills: FillFilter::Unfilled,
    };

    let orders = broker.paper_client().orders(&account(), today, today, &filter).await.unwrap();

    let [order] = &orders[..] else { panic!() };
    assert_eq!((order.order.number.as_str(), order.parent.as_deref()), ("0000038615", Some("0000038614")));
    assert_eq!(
        (order.side, order.filled, order.open, order.cancelled, order.rejected),
        (Side::Sell, shares(4), shares(3), shares(3), shares(0))
    );
    assert_eq!(order.average_price, Some("150050.25".parse().unwrap()));
    let [asked] = &broker.calls("inquire-daily-ccld")[..] else { panic!() };
    assert_eq!(asked.header("tr_id"), Some("VTTC0081R"));
    let sent = ["SLL_BUY_DVSN_CD", "PDNO", "ORD_GNO_BRNO", "ODNO", "CCLD_DVSN", "EXCG_ID_DVSN_CD"];
    assert_eq!(sent.map(|name| asked.param(name)), ["01", "009150", "00950", "0000038615", "02", "KRX"]);
}

#[tokio::test]
async fn more_than_three_months_ago_is_another_call() {
    let broker = Broker::with_login(|_| json(ORDERS)).await;
    let client = broker.paper_client();

    client.orders(&account(), day("2026-01-01"), day("2026-11-23"), &OrderFilter::default()).await.unwrap();
    client.orders(&account(), day("2026-01-01"), day("2026-08-22"), &OrderFilter::default()).await.unwrap();
    client.orders(&account(), day("2026-08-23"), day("2026-11-23"), &OrderFilter::default()).await.unwrap();

    let asked = broker.calls("inquire-daily-ccld");
    let sent: Vec<_> = asked
        .iter()
        .map(|asked| (asked.header("tr_id").unwrap(), asked.param("INQR_STRT_DT"), asked.param("INQR_END_DT")))
        .collect();
    let expected = [
        ("VTTC0081R", "20260823", "20261123"),
        ("VTSC9215R", "20260101", "20260822"),
        ("VTSC9215R", "20260101", "20260822"),
        ("VTTC0081R", "20260823", "20261123"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn account_numbers() {
    let account: AccountNumber = "12345678-01".parse().unwrap();
    assert_eq!(account, "1234567801".parse().unwrap());
    assert_eq!((account.number(), account.product()), ("12345678", "01"));
    assert_eq!(format!("{account} {account:?}"), "12******-01 AccountNumber(12******-01)");
    for wrong in ["", "87654321", "8765432-101", "87654321-1", "8765432a-01", "87654321-0１", "8765４-01"] {
        let error = wrong.parse::<AccountNumber>().unwrap_err();
        assert!(matches!(error, KisError::Setup { .. }), "{wrong}");
        assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error}");
    }
}
