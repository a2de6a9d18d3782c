//! What the broker says: keys, clock, quotes, WebSocket, universe.

use std::time::Duration;

use chrono::TimeDelta;
use obs_kis::{KisClient, KisError};
use obs_model::Symbol;
use tokio::net::TcpStream;

use super::finding::Finding;

/// A clock that is wrong by more asks for minutes that are not over; by less nobody notices.
const NOTICEABLE: TimeDelta = TimeDelta::seconds(2);
const HARMFUL: TimeDelta = TimeDelta::seconds(10);

/// How long connecting to the WebSocket's host may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Whether the keys log in, and whether a quote comes for them. The login is kept for the collector.
pub(crate) async fn credentials(client: &KisClient, symbol: Symbol) -> Finding {
    let subject = "credentials";
    let host = client.endpoints().rest();
    match client.quote(symbol).await {
        Ok(quote) => {
            let price = quote.price.map_or("no price".to_owned(), |price| format!("{price} won"));
            Finding::ok(subject, format!("{host} accepts the keys; {symbol} stands at {price}"))
        }
        Err(error) => Finding::failure(subject, error.to_string(), advice(&error)),
    }
}

fn advice(error: &KisError) -> &'static str {
    if error.needs_new_login() || error.is_fatal() {
        "check KIS_APP_KEY, KIS_APP_SECRET and that KIS_ENV (live or paper) fits them"
    } else {
        "check the network and the broker's notices, and run this again in a minute"
    }
}

/// Whether the keys open the WebSocket, and whether its host can be reached.
pub(crate) async fn websocket(client: &KisClient) -> Finding {
    let subject = "websocket";
    if let Err(error) = client.approval_key().await {
        return Finding::failure(subject, error.to_string(), advice(&error));
    }
    let address = client.endpoints().websocket();
    let host = address.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let reached = tokio::time::timeout(CONNECT, TcpStream::connect(host)).await;
    let problem = match reached {
        Ok(Ok(_)) => return Finding::ok(subject, format!("{address} can be reached, and an approval key was given")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {CONNECT:?}"),
    };
    Finding::failure(
        subject,
        format!("{address} cannot be reached: {problem}"),
        "let outgoing connections to this port through the firewall",
    )
}

/// How far this machine's clock is from the broker's.
pub(crate) fn clock(client: &KisClient) -> Finding {
    let subject = "clock";
    let advice = "set the clock, for example with: sudo timedatectl set-ntp true";
    let Some(skew) = client.clock_skew() else {
        return Finding::warning(subject, "the broker did not say what time it is", "see the lines above");
    };
    let direction = if skew < TimeDelta::zero() { "behind" } else { "ahead of" };
    let detail = format!("{:.1} s {direction} the broker's", skew.as_seconds_f64().abs());
    match skew.abs() {
        off if off >= HARMFUL => Finding::failure(subject, detail, advice),
        off if off >= NOTICEABLE => Finding::warning(subject, detail, advice),
        _ => Finding::ok(subject, detail),
    }
}
