//! Who may ask, for how long, and what is written down about it.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::{Api, problem::Problem};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The addresses that need no token: that the program is alive is no secret, and pages hold no data.
const OPEN: [&str; 2] = ["/health", "/api/v1/openapi.json"];

/// The address of the event stream, for which browsers cannot set a header.
const EVENTS: &str = "/api/v1/events";

/// Refuses requests for other hosts, those without the token, and those that take too long.
pub(crate) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = match admitted(&api, request.headers(), request.uri()) {
        Err(problem) => problem.into_response(),
        Ok(()) => timeout(DEADLINE, next.run(request)).await.unwrap_or_else(|_| Problem::too_slow().into_response()),
    };
    // Not the query: it may hold the token.
    debug!(%method, path, status = response.status().as_u16(), ms = started.elapsed().as_millis(), "A request was answered");
    response
}

fn admitted(api: &Api, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    if api.loopback {
        let host = host_of(headers, uri);
        if !host.as_deref().is_some_and(is_loopback) {
            return Err(Problem::misdirected(host.as_deref().unwrap_or_default()));
        }
    }
    let Some(token) = api.token.as_ref().filter(|_| needs_token(uri.path())) else { return Ok(()) };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let in_query = || uri.query().filter(|_| uri.path() == EVENTS).and_then(token_of);
    let admitted = shown.map(str::to_owned).or_else(in_query).is_some_and(|shown| is_same(&shown, token));
    if admitted { Ok(()) } else { Err(Problem::unauthorized()) }
}

/// Whether an address holds data.
fn needs_token(path: &str) -> bool {
    let holds_data = path.starts_with("/api/") || path == "/ready" || path == "/metrics";
    holds_data && !OPEN.contains(&path)
}

/// The host that is asked for, without its port.
fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = || headers.get(header::HOST)?.to_str().ok()?.parse::<Authority>().ok();
    uri.authority().cloned().or_else(header).map(|authority| authority.host().to_owned())
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.to_canonical() == IpAddr::V4(Ipv4Addr::LOCALHOST),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn token_of(query: &str) -> Option<String> {
    let uri: Uri = format!("/?{query}").parse().ok()?;
    let axum::extract::Query(pairs) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
    pairs.into_iter().find(|(name, _)| name == "token").map(|(_, token)| token)
}

/// Compares digests, in a time that tells nothing about the token.
fn is_same(shown: &str, token: &SecretString) -> bool {
    blake3::hash(shown.as_bytes()) == blake3::hash(token.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_a_few_names_and_others_only_begin_like_them() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "evil.example", "[::2]", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
