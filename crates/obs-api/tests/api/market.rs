//! Ticks and bars.

use serde_json::json;

use crate::support::{Server, headers};

#[tokio::test]
async fn ticks_are_told_exactly_and_in_order() {
    let server = Server::filled().await;
    let page = server.json("/api/v1/ticks?symbol=005930&from=2026-01-22&to=2026-01-22T00:00:02Z").await;
    let only = json!({
        "symbol": "005930", "event_time": "2026-01-22T00:00:01Z", "last_price": "71950.5", "volume": 10,
        "bid_price": null, "ask_price": "71900", "bid_size": null, "ask_size": 3400,
        "session_id": "observer-1", "mitigation_level": 0, "quality_flag": "normal"
    });
    assert_eq!(page, json!({ "items": [only], "next": null }));
    // Without a range it is today.
    let today = server.json("/api/v1/ticks").await;
    let prices: Vec<_> = today["items"].as_array().unwrap().iter().map(|tick| tick["last_price"].clone()).collect();
    assert_eq!(prices, ["71950.5", "200000", "71900", "71800"]);
    assert_eq!(server.json("/api/v1/ticks?to=2026-01-21").await["items"], json!([]));
}

#[tokio::test]
async fn csv_has_a_header_and_every_digit() {
    let server = Server::filled().await;
    let response = server.get_with("/api/v1/ticks?symbol=005930&limit=2", headers(&[("accept", "text/csv")])).await;
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(response.headers()["link"].to_str().unwrap().starts_with("</api/v1/ticks?symbol=005930&limit=2&cursor="));
    let expected = "symbol,event_time,last_price,volume,bid_price,ask_price,bid_size,ask_size,session_id,mitigation_level,\
                    quality_flag\n\
                    005930,2026-01-22T00:00:01Z,71950.5,10,,71900,,3400,observer-1,0,normal\n\
                    005930,2026-01-22T00:00:02Z,71900,10,,71900,,3400,observer-1,0,normal\n";
    assert_eq!(response.text().await.unwrap(), expected);
    // `format` decides before `Accept`.
    let json = server.get_with("/api/v1/ticks?format=json", headers(&[("accept", "text/csv")])).await;
    assert_eq!(json.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn bars_come_by_time_and_healed_only_on_request() {
    let server = Server::filled().await;
    let told = async |path: &str| -> Vec<String> {
        let page = server.json(path).await;
        let line = |bar: &serde_json::Value| {
            format!("{} {} {} {}", bar["bar_time"], bar["symbol"], bar["close"], bar["origin"]).replace('"', "")
        };
        page["items"].as_array().unwrap().iter().map(line).collect()
    };
    let observed = [
        "2026-01-22T00:00:00Z 000660 71900 observed",
        "2026-01-22T00:00:00Z 005930 71950.5 observed",
        "2026-01-22T00:01:00Z 005930 71900 observed",
    ];
    assert_eq!(told("/api/v1/bars").await, observed);
    assert_eq!(told("/api/v1/bars?healed=false&symbol=005930").await, observed[1..]);
    let mended = told("/api/v1/bars?healed=true&from=2026-01-22T00:01:00Z").await;
    assert_eq!(mended, [observed[2], "2026-01-22T00:02:00Z 005930 72100 healed"]);
    let csv = server.get("/api/v1/bars?format=csv&symbol=000660").await.text().await.unwrap();
    assert_eq!(
        csv,
        "symbol,bar_time,open,high,low,close,volume,coverage,session_id,quality_flag,origin\n\
         000660,2026-01-22T00:00:00Z,71900,72000,71800,71900,1000,0.75,observer-1,normal,observed\n"
    );
}

#[tokio::test]
async fn swing_bars_keep_their_decimals() {
    let server = Server::filled().await;
    let page = server.json("/api/v1/swing-bars?symbol=005930").await;
    let bar = &page["items"][0];
    assert_eq!((&bar["high"], &bar["close"], &bar["bid_price"]), (&json!("72000.5"), &json!("71950.25"), &json!(null)));
    assert_eq!(bar["schema_version"], "2.0");
    let csv = server.get("/api/v1/swing-bars?format=csv&symbol=000660").await.text().await.unwrap();
    let line = "000660,2026-01-22T00:00:00Z,71900,72000.5,71800,71950.25,128537,,,observer-1,2.0,0,normal";
    assert_eq!(csv.lines().nth(1), Some(line));
}
