//! Live events.

use std::time::Duration;

use obs_store::Batch;
use reqwest::{Response, header::HeaderMap};
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{Server, bar, gap, headers};

/// A stream of events, read one by one.
struct Events {
    response: Response,
    text: String,
}

#[derive(Debug)]
struct Heard {
    event: String,
    id: String,
    data: Value,
}

impl Events {
    async fn of(server: &Server, path: &str, headers: HeaderMap) -> Self {
        let response = server.get_with(path, headers).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    async fn next(&mut self) -> Heard {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let heard = (field("event"), field("id"), field("data"));
                self.text = rest.to_owned();
                if !heard.0.is_empty() {
                    return Heard { event: heard.0, id: heard.1, data: serde_json::from_str(&heard.2).unwrap() };
                }
                continue;
            }
            let chunk = timeout(Duration::from_secs(30), self.response.chunk()).await.expect("nothing within 30 s");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap().expect("the stream ended")).unwrap());
        }
    }

    async fn next_of(&mut self, event: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.event == event {
                return heard;
            }
        }
    }
}

#[tokio::test]
async fn bars_and_gaps_are_heard_as_they_appear_and_change() {
    let server = Server::filled().await;
    let mut all = Events::of(&server, "/api/v1/events", HeaderMap::new()).await;
    let status = all.next().await;
    assert_eq!((status.event.as_str(), &status.data["gaps_today"]), ("status", &2.into()));

    let minute = "2026-01-22T01:00:00Z";
    let new_gap = gap(("2026-01-22T00:50:00Z", "2026-01-22T00:51:00Z"), &["000660"]);
    server.commit(Batch { bars: vec![bar("005930", minute, "71900")], gaps: vec![new_gap], ..Batch::default() }).await;
    let heard = all.next_of("bar").await;
    assert_eq!((&heard.data["symbol"], &heard.data["close"]), (&"005930".into(), &"71900".into()));
    assert_eq!(all.next_of("gap").await.data["start"], "2026-01-22T00:50:00Z");

    server.commit(Batch { bars: vec![bar("005930", minute, "72000")], ..Batch::default() }).await;
    let changed = all.next_of("bar").await;
    assert_eq!(changed.data["close"], "72000");

    // Whoever comes back hears what came in between.
    let mut again = Events::of(&server, "/api/v1/events", headers(&[("last-event-id", &heard.id)])).await;
    assert_eq!(again.next_of("gap").await.data["start"], "2026-01-22T00:50:00Z");
    assert_eq!(again.next_of("bar").await.id, changed.id);
}

#[tokio::test]
async fn who_falls_behind_is_told_and_sent_away() {
    let server = Server::empty().await;
    let mut slow = Events::of(&server, "/api/v1/events", HeaderMap::new()).await;
    slow.next_of("status").await;
    // More in one look than anybody may be behind.
    let of = |minute: &str| (0..3_000).map(|code| bar(&format!("{code:06}"), minute, "71900")).collect::<Vec<_>>();
    let bars = [of("2026-01-22T00:59:00Z"), of("2026-01-22T01:00:00Z")].concat();
    server.commit(Batch { bars, ..Batch::default() }).await;
    let dropped = slow.next_of("dropped").await;
    assert!(dropped.data["missed"].as_u64().unwrap() > 0, "{dropped:?}");
    assert_eq!(slow.response.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn only_wanted_symbols_are_heard() {
    let server = Server::empty().await;
    let mut one = Events::of(&server, "/api/v1/events?symbols=005930,0004V0", HeaderMap::new()).await;
    one.next_of("status").await;
    let minute = "2026-01-22T00:59:00Z";
    let bars = vec![bar("000660", minute, "71900"), bar("005930", minute, "71900")];
    let gaps = vec![
        gap(("2026-01-22T00:50:00Z", "2026-01-22T00:51:00Z"), &["000660"]),
        gap(("2026-01-22T00:52:00Z", "2026-01-22T00:53:00Z"), &[]),
    ];
    server.commit(Batch { bars, gaps, ..Batch::default() }).await;
    assert_eq!(one.next_of("bar").await.data["symbol"], "005930");
    assert_eq!(one.next_of("gap").await.data["start"], "2026-01-22T00:52:00Z");
}
