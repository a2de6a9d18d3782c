//! TradingView's protocol.

use serde_json::json;

use crate::support::{Server, at};

#[tokio::test]
async fn a_chart_learns_what_there_is() {
    let server = Server::filled().await;
    let config = server.json("/api/v1/udf/config").await;
    assert_eq!((&config["supported_resolutions"], &config["supports_search"]), (&json!(["1", "10"]), &json!(true)));
    assert_eq!(server.get("/api/v1/udf/time").await.text().await.unwrap(), "1769043630");
    let symbol = server.json("/api/v1/udf/symbols?symbol=KRX:005930").await;
    assert_eq!((&symbol["ticker"], &symbol["description"]), (&json!("005930"), &json!("삼성전자")));
    assert_eq!(server.json("/api/v1/udf/symbols?symbol=AAPL").await["s"], "error");
    let found = server.json("/api/v1/udf/search?query=%EC%82%BC%EC%84%B1&type=stock&exchange=&limit=5").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["full_name"], "KRX:005930");
}

#[tokio::test]
async fn bars_are_told_as_they_are_and_none_is_made_up() {
    let server = Server::filled().await;
    let open = at("2026-01-22T00:00:00Z").timestamp();
    let history = |resolution: &str, from: i64, to: i64| {
        format!("/api/v1/udf/history?symbol=005930&resolution={resolution}&from={from}&to={to}")
    };
    let text = server.get(&history("1", open, open + 600)).await.text().await.unwrap();
    assert_eq!(
        text,
        format!(
            "{{\"s\":\"ok\",\"t\":[{open},{}],\"o\":[71900,71900],\"h\":[72000,72000],\"l\":[71800,71800],\
             \"c\":[71950.5,71900],\"v\":[1000,1000]}}",
            open + 60
        )
    );
    let ten = server.json(&history("10", open, open + 600)).await;
    assert_eq!((&ten["s"], &ten["c"]), (&json!("ok"), &json!([71950.25])));
    let none = server.json(&history("1", open + 600, open + 1200)).await;
    assert_eq!((&none["s"], &none["nextTime"]), (&json!("no_data"), &json!(open + 60)));
    let back = server.json(&format!("{}&countback=1", history("1", open + 600, open + 1200))).await;
    assert_eq!(back["t"], json!([open + 60]));
    for wrong in ["?symbol=005930&resolution=D&from=0&to=1", "?symbol=x", "?symbol=005930&resolution=1&from=a&to=1"] {
        let answer = server.json(&format!("/api/v1/udf/history{wrong}")).await;
        assert_eq!(answer["s"], "error", "{answer}");
        assert!(answer["errmsg"].is_string(), "{answer}");
    }
}
