//! Giving, changing and withdrawing orders.

use std::time::Duration;

use obs_kis::{KisError, NewOrder, OrderKind, OrderReceipt, OrderRef, Rejection, Revision, TimeInForce, Venue};
use obs_model::{Price, Quantity, Side};
use serde_json::{Value, json};

use crate::broker::{Broker, Reply, account, json, refusal, start, symbol, token};

pub const LIVE: &str = r#"{"rt_cd":"0","msg_cd":"APBK0013","msg1":"주문 전송 완료 되었습니다.","output":
    {"KRX_FWDG_ORD_ORGNO":"06010","ODNO":"0001569157","ORD_TMD":"155211"}}"#;
const PAPER: &str = r#"{"rt_cd":"0","msg_cd":"40600000","msg1":"모의투자 매수주문이 완료 되었습니다.","output":
    {"KRX_FWDG_ORD_ORGNO":"00950","ODNO":"0000038614","ORD_TMD":"152556"}}"#;

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

fn buy() -> NewOrder {
    let kind = OrderKind::Limit(won(128_500), TimeInForce::Day);
    NewOrder { symbol: symbol("000660"), side: Side::Buy, quantity: shares(10), kind, venue: Venue::Krx }
}

fn given() -> OrderRef {
    OrderRef { branch: "06010".to_owned(), number: "0001569157".to_owned() }
}

async fn broker(answer: &'static str) -> Broker {
    Broker::with_login(move |_| json(answer)).await
}

/// What an order comes to if it is answered like this, and how often it was sent.
async fn order_answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (KisError, usize) {
    let broker = Broker::with_login(move |_| reply()).await;
    let client = broker.client_with(|settings| settings.deadlines.answer = Duration::from_secs(400));
    let error = client.place_order(&account(), &buy()).await.unwrap_err();
    (error, broker.calls("order-cash").len())
}

#[tokio::test]
async fn a_live_purchase() {
    let broker = broker(LIVE).await;

    let receipt = broker.client().place_order(&account(), &buy()).await.unwrap();

    assert_eq!(receipt, OrderReceipt { order: given(), time: Some("15:52:11".parse().unwrap()) });
    let [asked] = &broker.calls("order-cash")[..] else { panic!() };
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/uapi/domestic-stock/v1/trading/order-cash"));
    let expected = json!({
        "CANO": "12345678", "ACNT_PRDT_CD": "01", "PDNO": "000660", "ORD_DVSN": "00", "ORD_QTY": "10", "ORD_UNPR": "128500",
        "EXCG_ID_DVSN_CD": "KRX",
    });
    assert_eq!(asked.body, expected);
    assert_eq!((asked.header("tr_id"), asked.header("hashkey")), (Some("TTTC0012U"), None));
    let content_types: Vec<_> = asked.headers.get_all("content-type").iter().collect();
    assert_eq!(content_types, ["application/json; charset=utf-8"]);
}

#[tokio::test]
async fn a_paper_sale_at_the_market() {
    let broker = broker(PAPER).await;
    let order = NewOrder { side: Side::Sell, kind: OrderKind::Market(TimeInForce::Day), ..buy() };

    let receipt = broker.paper_client().place_order(&account(), &order).await.unwrap();

    assert_eq!(receipt.order, OrderRef { branch: "00950".to_owned(), number: "0000038614".to_owned() });
    let [asked] = &broker.calls("order-cash")[..] else { panic!() };
    assert_eq!(asked.header("tr_id"), Some("VTTC0011U"));
    let sent = ["ORD_DVSN", "ORD_UNPR", "SLL_TYPE"].map(|key| asked.body[key].as_str());
    assert_eq!(sent, [Some("01"), Some("0"), Some("01")]);
}

#[tokio::test]
async fn every_kind_has_its_code_and_price() {
    let (price, ioc, fok) = (won(1000), TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill);
    let day = TimeInForce::Day;
    let kinds = [
        (OrderKind::Limit(price, ioc), "11", "1000"),
        (OrderKind::Limit(price, fok), "12", "1000"),
        (OrderKind::Market(ioc), "13", "0"),
        (OrderKind::Market(fok), "14", "0"),
        (OrderKind::ConditionalLimit(price), "02", "1000"),
        (OrderKind::Best(day), "03", "0"),
        (OrderKind::Best(ioc), "15", "0"),
        (OrderKind::Best(fok), "16", "0"),
        (OrderKind::BestOwnSide, "04", "0"),
        (OrderKind::PreOpen, "05", "0"),
        (OrderKind::PostClose, "06", "0"),
        (OrderKind::Midpoint(day), "21", "0"),
        (OrderKind::Midpoint(ioc), "23", "0"),
        (OrderKind::Midpoint(fok), "24", "0"),
        (OrderKind::StopLimit { stop: won(1010), limit: price }, "22", "1000"),
        (OrderKind::AfterMarketLimit(price, day), "41", "1000"),
        (OrderKind::AfterMarketLimit(price, ioc), "42", "1000"),
        (OrderKind::AfterMarketLimit(price, fok), "43", "1000"),
        (OrderKind::AfterMarketBest(day), "44", "0"),
        (OrderKind::AfterMarketBest(ioc), "45", "0"),
        (OrderKind::AfterMarketBest(fok), "46", "0"),
        (OrderKind::AfterMarketBestOwnSide, "47", "0"),
    ];
    let broker = broker(LIVE).await;
    let client = broker.client();
    for (kind, code, unit_price) in kinds {
        client.place_order(&account(), &NewOrder { kind, venue: Venue::Sor, ..buy() }).await.unwrap();
        let body = broker.calls("order-cash").pop().unwrap().body;
        assert_eq!((&body["ORD_DVSN"], &body["ORD_UNPR"]), (&json!(code), &json!(unit_price)), "{kind:?}");
        assert_eq!(body["EXCG_ID_DVSN_CD"], "SOR");
        let stop = if code == "22" { json!("1010") } else { Value::Null };
        assert_eq!(body["CNDT_PRIC"], stop, "{kind:?}");
    }
}

#[tokio::test]
async fn a_receipt_in_a_list_in_lower_case_without_zeros() {
    let broker = broker(r#"{"rt_cd":"0","output":[{"krx_fwdg_ord_orgno":"00950","odno":"38614 ","ord_tmd":""}]}"#).await;

    let receipt = broker.client().place_order(&account(), &buy()).await.unwrap();

    let order = OrderRef { branch: "00950".to_owned(), number: "0000038614".to_owned() };
    assert_eq!(receipt, OrderReceipt { order, time: None });
}

#[tokio::test]
async fn a_revision_of_all_and_a_cancellation_of_some() {
    let broker = broker(LIVE).await;
    let client = broker.client();
    let kind = OrderKind::Limit(won(129_000), TimeInForce::Day);

    client.revise_order(&account(), &given(), &Revision { kind, quantity: None, venue: Venue::Krx }).await.unwrap();
    client.cancel_order(&account(), &given(), Some(shares(3)), Venue::Krx).await.unwrap();

    let [revision, cancellation] = &broker.calls("order-rvsecncl")[..] else { panic!() };
    let mut expected = json!({
        "CANO": "12345678", "ACNT_PRDT_CD": "01", "KRX_FWDG_ORD_ORGNO": "06010", "ORGN_ODNO": "0001569157",
        "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "0", "ORD_UNPR": "129000", "QTY_ALL_ORD_YN": "Y",
        "EXCG_ID_DVSN_CD": "KRX",
    });
    assert_eq!(revision.body, expected);
    for (key, value) in [("RVSE_CNCL_DVSN_CD", "02"), ("ORD_QTY", "3"), ("ORD_UNPR", "0"), ("QTY_ALL_ORD_YN", "N")] {
        expected[key] = json!(value);
    }
    assert_eq!(cancellation.body, expected);
    assert_eq!(revision.header("tr_id"), Some("TTTC0013U"));
}

#[tokio::test]
async fn what_cannot_be_ordered_is_not_sent() {
    let broker = broker(LIVE).await;
    let (live, paper) = (broker.client(), broker.paper_client());
    let half = OrderKind::Limit("71950.5".parse().unwrap(), TimeInForce::Day);

    let errors = [
        live.place_order(&account(), &NewOrder { quantity: shares(0), ..buy() }).await.unwrap_err(),
        live.place_order(&account(), &NewOrder { kind: half, ..buy() }).await.unwrap_err(),
        paper.place_order(&account(), &NewOrder { venue: Venue::Nxt, ..buy() }).await.unwrap_err(),
        paper.cancel_order(&account(), &given(), None, Venue::Sor).await.unwrap_err(),
    ];

    let other_exchange = "another exchange than KRX is not offered in paper trading: use live keys, or do without";
    let expected = [
        "an order for no shares: give at least one",
        "the price 71950.5 is not whole won: round it to the tick size",
        other_exchange,
        other_exchange,
    ];
    assert_eq!(errors.map(|error| error.to_string()), expected);
    assert!(broker.asked().is_empty());
}

#[tokio::test]
async fn the_hash_of_the_body_is_sent_on_request() {
    let hash = "8b84068222a49302f7ef58226d90403f62e216828f8103465f400de0e7be2f0f";
    let broker = Broker::with_login(move |asked| match asked.call() {
        "hashkey" => Reply::Json(200, json!({ "BODY": asked.body, "HASH": hash })),
        _ => json(LIVE),
    })
    .await;

    broker.client_with(|settings| settings.hashkey = true).place_order(&account(), &buy()).await.unwrap();

    let ([hashed], [ordered]) = (&broker.calls("hashkey")[..], &broker.calls("order-cash")[..]) else { panic!() };
    assert_eq!(hashed.path, "/uapi/hashkey");
    assert_eq!(hashed.body, ordered.body);
    assert!(hashed.header("appkey").is_some() && hashed.header("appsecret").is_some());
    assert_eq!(ordered.header("hashkey"), Some(hash));
}

#[tokio::test]
async fn rejections_and_what_they_mean() {
    let cases = [
        ("40570000", "모의투자 장시작전 입니다.", Rejection::MarketClosed),
        ("40580000", "모의투자 장종료 입니다.", Rejection::MarketClosed),
        ("40030000", "모의투자 주문처리가 안되었습니다(호가단위 오류)", Rejection::TickSize),
        ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)", Rejection::NotTradable),
        ("40270000", "모의투자 상/하한가 오류", Rejection::PriceLimit),
        ("40250000", "모의투자 주문가능금액이 부족합니다.", Rejection::CashShort),
        ("40240000", "모의투자 잔고내역이 없습니다.", Rejection::HoldingsShort),
        ("40999999", "모의투자 정정/취소할 수량이 없습니다.", Rejection::NothingOpen),
        ("40910000", "모의투자 주문이 불가한 계좌입니다.", Rejection::Account),
        ("APBK0506", "주식주문호가단위 오류", Rejection::TickSize),
        ("APBK0918", "주문가능금액을 초과 했습니다", Rejection::CashShort),
        ("APBK0918", "장운영시간이 아닙니다", Rejection::MarketClosed),
        ("APBK0918", "?", Rejection::Other),
        ("APBK1234", "?", Rejection::HoldingsShort),
        ("APBK3013", "?", Rejection::OrderType),
        ("APBK0656", "?", Rejection::Other),
    ];
    for (code, message, reason) in cases {
        let (error, sent) = order_answered(move || refusal(200, code, message)).await;
        let expected = KisError::Rejected { code: code.to_owned(), message: message.to_owned(), reason };
        assert_eq!(error, expected);
        assert!(error.is_fatal() && !error.is_outcome_unknown());
        assert_eq!(sent, 1);
    }
    let (error, _) = order_answered(|| refusal(200, "40580000", "모의투자 장종료 입니다.")).await;
    assert_eq!(error.to_string(), "the order was rejected: 모의투자 장종료 입니다. (40580000)");
}

#[tokio::test]
async fn whatever_may_have_got_through_is_unknown_and_not_sent_again() {
    type Answer = fn() -> Reply;
    let cases: [(&str, Answer); 8] = [
        ("silence", || Reply::Silence),
        ("a connection lost", || Reply::Cut),
        ("a page", || Reply::Raw(b"<html>".to_vec())),
        ("a gateway's timeout", || refusal(500, "EGW00301", "timeout")),
        ("another one", || refusal(500, "EGW00302", "timeout")),
        ("a fault without a known code", || refusal(500, "EGW99999", "?")),
        ("the rate limit", || refusal(500, "EGW00201", "초당 거래건수를 초과하였습니다.")),
        ("acceptance without a number", || json(r#"{"rt_cd":"0","output":{"ORD_TMD":"155211"}}"#)),
    ];
    for (what, answer) in cases {
        let (error, sent) = order_answered(answer).await;
        assert!(error.is_outcome_unknown() && error.is_fatal() && !error.is_retryable(), "{what}: {error:?}");
        assert!(error.to_string().starts_with("the order may have been accepted or not, look it up"), "{error}");
        assert_eq!(sent, 1, "{what}");
    }
}

#[tokio::test]
async fn what_the_gateway_refuses_has_no_unknown_outcome() {
    for code in ["EGW00131", "EGW00206", "EGW00213", "OPSQ2000", "EGW02004", "EGW00304"] {
        let (error, sent) = order_answered(move || refusal(500, code, "no")).await;
        assert!(error.is_fatal() && !error.is_outcome_unknown(), "{code}: {error:?}");
        assert_eq!(sent, 1, "{code}");
    }
}

#[tokio::test]
async fn an_order_that_could_not_be_sent_is_not_in_doubt() {
    let broker = broker(LIVE).await;
    let client = broker.client();
    client.place_order(&account(), &buy()).await.unwrap();
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreachable = crate::broker::client(
        obs_kis::Endpoints::at(obs_kis::Environment::Live, &format!("http://{gone}"), "ws://127.0.0.1:1").unwrap(),
        crate::broker::settings(obs_kis::Environment::Live),
        crate::broker::clock(),
    );

    let error = unreachable.place_order(&account(), &buy()).await.unwrap_err();

    assert!(matches!(error, KisError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_order_behind_a_refused_token_is_sent_with_a_new_one() {
    let broker = Broker::start(|asked| match (asked.call(), asked.before) {
        ("tokenP", 0) => token("revoked", start() + chrono::TimeDelta::hours(24)),
        ("tokenP", _) => token("second-token", start() + chrono::TimeDelta::hours(24)),
        (_, 0) => refusal(500, "EGW00123", "기간이 만료된 token 입니다."),
        _ => json(LIVE),
    })
    .await;

    let receipt = broker.client().place_order(&account(), &buy()).await.unwrap();

    assert_eq!(receipt.order, given());
    let sent = broker.calls("order-cash");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].header("authorization"), Some("Bearer second-token"));
}
