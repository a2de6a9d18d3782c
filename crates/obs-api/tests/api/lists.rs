//! Pages, their ends, and what is known about the record.

use reqwest::Method;
use serde_json::{Value, json};

use obs_store::Batch;

use crate::support::{Server, day, gap, problem_of, ticks};

/// All rows of a list, page by page.
async fn all(server: &Server, path: &str, limit: usize) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut next = format!("{path}{separator}limit={limit}");
    let mut rows = Vec::new();
    loop {
        let response = server.get(&next).await;
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = response.json().await.unwrap();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        rows.extend(items.iter().cloned());
        match link {
            None => {
                assert_eq!(page["next"], Value::Null);
                return rows;
            }
            Some(link) => {
                next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
                assert!(next.ends_with(&format!("cursor={}", page["next"].as_str().unwrap())), "{next}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_every_size_add_up_to_the_whole() {
    let server = Server::filled().await;
    for path in ["/api/v1/ticks", "/api/v1/bars", "/api/v1/bars?healed=true", "/api/v1/swing-bars", "/api/v1/symbols"] {
        let whole = all(&server, path, 10_000).await;
        assert!(whole.len() >= 2, "{path}");
        for limit in 1..4 {
            assert_eq!(all(&server, path, limit).await, whole, "{path} by {limit}");
        }
    }
    for path in ["/api/v1/gaps?from=2026-01-20", "/api/v1/coverage?from=2026-01-20", "/api/v1/sessions", "/api/v1/rejects"] {
        let whole = all(&server, path, 10_000).await;
        assert!(!whole.is_empty(), "{path}");
        assert_eq!(all(&server, path, 1).await, whole, "{path}");
    }
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_ended_while_more_arrives() {
    let server = Server::empty().await;
    server.commit(Batch { ticks: ticks(1_500), ..Batch::default() }).await;
    let first = server.json("/api/v1/ticks").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 1_000);
    server.commit(Batch { ticks: ticks(10), ..Batch::default() }).await;
    let rest = server.json(&format!("/api/v1/ticks?cursor={}", first["next"].as_str().unwrap())).await;
    let volumes: Vec<_> = rest["items"].as_array().unwrap().iter().map(|tick| tick["volume"].as_i64().unwrap()).collect();
    assert_eq!(volumes, (1_000..1_500).collect::<Vec<_>>());
}

#[tokio::test]
async fn symbols_have_names_prices_and_today_s_coverage() {
    let server = Server::filled().await;
    let page = server.json("/api/v1/symbols").await;
    let expected = json!([
        { "symbol": "000660", "name": null, "last_price": "200000", "last_time": "2026-01-22T00:00:01Z", "bars_today": 1,
          "coverage_today": 0.75 },
        { "symbol": "005930", "name": "삼성전자", "last_price": "71800", "last_time": "2026-01-22T01:00:29Z",
          "bars_today": 2, "coverage_today": 0.75 }
    ]);
    assert_eq!(page["items"], expected);
}

#[tokio::test]
async fn gaps_of_a_symbol_are_its_own_and_those_of_all() {
    let server = Server::filled().await;
    let page = server.json("/api/v1/gaps?symbol=005930").await;
    let expected = json!([
        { "start": "2026-01-22T00:10:00Z", "end": "2026-01-22T00:11:30Z", "seconds": 90, "severity": "major",
          "scope": "scalp", "reason": "ws_disconnect", "symbols": ["005930"], "returned": {}, "session_id": "observer-1" },
        { "start": "2026-01-22T00:10:00Z", "end": "2026-01-22T00:10:20Z", "seconds": 20, "severity": "minor",
          "scope": "scalp", "reason": "ws_disconnect", "symbols": [], "returned": {}, "session_id": "observer-1" }
    ]);
    assert_eq!(page["items"], expected);
    assert_eq!(server.json("/api/v1/gaps?symbol=000660").await["items"].as_array().unwrap().len(), 1);
    let both = gap(("2026-01-20T00:00:00Z", "2026-01-20T00:06:00Z"), &["000660", "005930"]);
    server.commit(Batch { gaps: vec![both], ..Batch::default() }).await;
    let csv = server.get("/api/v1/gaps?from=2026-01-20&to=2026-01-20&format=csv").await.text().await.unwrap();
    let line = "2026-01-20T00:00:00Z,2026-01-20T00:06:00Z,360,critical,scalp,ws_disconnect,000660 005930,observer-1";
    assert_eq!(csv.lines().nth(1), Some(line));
}

#[tokio::test]
async fn coverage_is_by_day_and_symbol() {
    let server = Server::filled().await;
    let page = server.json("/api/v1/coverage?from=2026-01-20&symbol=005930").await;
    assert_eq!(page["items"], json!([{ "day": day("2026-01-22"), "symbol": "005930", "bars": 2, "coverage": 0.75 }]));
    let far = server.problem("/api/v1/coverage?from=2020-01-01", 400).await;
    assert_eq!(far["parameter"], "from");
    server.problem("/api/v1/coverage?to=2020-01-01", 400).await;
    assert_eq!(server.json("/api/v1/coverage?from=2026-01-22&to=2026-01-22").await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn sessions_and_rejects_are_told() {
    let server = Server::filled().await;
    let session = json!({
        "feed_id": "observer-1#1", "session_id": "observer-1", "symbol": "005930", "attested_from": "2026-01-22T00:00:01Z",
        "attested_until": "2026-01-22T00:30:00Z", "closed": false
    });
    assert_eq!(server.json("/api/v1/sessions").await["items"], json!([session]));
    let rejects = server.json("/api/v1/rejects?waiting=true&reason=not_json").await;
    let first = &rejects["items"][0];
    assert_eq!((&first["line_number"], &first["raw"]), (&json!(1), &json!("what \"is\" this\u{fffd}")));
    assert_eq!(first["acknowledged_at"], Value::Null);
    assert_eq!(server.json("/api/v1/rejects?reason=torn").await["items"], json!([]));
    let csv = server.get("/api/v1/rejects?format=csv&limit=1").await.text().await.unwrap();
    assert!(csv.contains("\"expected value, at line 1\",\"what \"\"is\"\" this\u{fffd}\""), "{csv}");
}

#[tokio::test]
async fn snapshots_come_newest_first_and_one_by_one() {
    let server = Server::empty().await;
    server.policy().await;
    let mut made = Vec::new();
    for minute in 0..5 {
        made.push(server.snapshot("1000000.25", &format!("2026-01-22T00:0{minute}:00Z")).await.0);
    }
    made.reverse();
    let ids = |rows: Vec<Value>| -> Vec<i64> { rows.iter().map(|row| row["snapshot_id"].as_i64().unwrap()).collect() };
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("/api/v1/snapshots?policy=balanced&limit=2{cursor}")).await;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids(found), made);
    let one = server.json(&format!("/api/v1/snapshots/{}", made[0])).await;
    assert_eq!((&one["snapshot"]["total_value"], &one["positions"]), (&json!("1000000.25"), &json!([])));
    let missing = server.problem("/api/v1/snapshots/999", 404).await;
    assert!(missing["detail"].as_str().unwrap().contains("no snapshot 999"), "{missing}");
    assert_eq!(server.json("/api/v1/plans").await, json!({ "items": [], "next": null }));
    server.problem("/api/v1/plans/1", 404).await;
    assert_eq!(server.problem("/api/v1/plans/first", 400).await["parameter"], "id");
}

#[tokio::test]
async fn a_mistake_is_named_with_its_value_and_what_to_do() {
    let server = Server::empty().await;
    let cases = [
        ("/api/v1/ticks?limit=0", "limit", "`limit` is \"0\": it must be a whole number from 1 to 10000"),
        ("/api/v1/ticks?limit=10001", "limit", "10001"),
        ("/api/v1/ticks?from=yesterday", "from", "`from` is \"yesterday\": it must be an instant such as"),
        ("/api/v1/ticks?from=2026-01-22&to=2026-01-20", "to", "it must not be before `from`"),
        ("/api/v1/ticks?symbol=samsung", "symbol", "such as 005930"),
        ("/api/v1/ticks?simbol=005930", "simbol", "only from, to, symbol, limit, cursor, format"),
        ("/api/v1/ticks?limit=1&limit=2", "limit", "it is there twice"),
        ("/api/v1/ticks?cursor=00", "cursor", "take `next` of the page before"),
        ("/api/v1/ticks?format=xml", "format", "json or csv"),
        ("/api/v1/bars?healed=yes", "healed", "true or false"),
        ("/api/v1/status?x=1", "x", "there are no parameters here"),
        ("/api/v1/events?symbols=005930,abc", "symbols", "with commas between them"),
    ];
    for (path, parameter, detail) in cases {
        let problem = server.problem(path, 400).await;
        assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{path}: {problem}");
    }
    for garbled in ["/api/v1/plans/%FF", "/api/v1/ticks?symbol=%FF", "/api/v1/udf/symbols?symbol=a&symbol=b"] {
        server.problem(garbled, 400).await;
    }
    let missing = server.problem("/api/v1/tick", 404).await;
    assert!(missing["detail"].as_str().unwrap().contains("/api/v1/tick"), "{missing}");
    let refused =
        problem_of(server.get_with("/api/v1/ticks", crate::support::headers(&[("accept", "image/png")])).await, 406);
    assert!(refused.await["detail"].as_str().unwrap().contains("image/png"));
}

#[tokio::test]
async fn nothing_can_be_written_and_head_is_like_get() {
    let server = Server::filled().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let problem = problem_of(server.send(method.clone(), "/api/v1/ticks").await, 405).await;
        assert!(problem["detail"].as_str().unwrap().contains(method.as_str()), "{problem}");
    }
    let head = server.send(Method::HEAD, "/api/v1/ticks?limit=1").await;
    assert_eq!(head.status(), 200);
    assert!(head.headers().contains_key("link"));
    assert_eq!(head.text().await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_that_ask_at_once_are_all_answered_alike() {
    let server = std::sync::Arc::new(Server::filled().await);
    let expected = server.json("/api/v1/ticks").await;
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move {
                let mut last = Value::Null;
                for _ in 0..5 {
                    server.json("/api/v1/status").await;
                    last = server.json("/api/v1/ticks").await;
                }
                last
            })
        })
        .collect();
    for client in clients {
        assert_eq!(client.await.unwrap(), expected);
    }
}
