//! Through here every call goes: faults, keys, limits, names of transactions.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    answer::Refused,
    login::hash,
    transactions::{Fit, Transaction},
};
use crate::{exchange::Exchange, faults::Fault, keys::TokenState, settings::Environment};

/// Orders are a few hundred bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// Whose call it is: the number of a customer.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) usize);

/// A code of the gateway with its text.
type Code = (&'static str, &'static str);

const RATE: Code = ("EGW00201", "초당 거래건수를 초과하였습니다.");
const LEDGER_RATE: Code = ("EGW00215", "원장 초당 거래건수를 초과하였습니다.");
const ROUTING: Code = ("EGW00202", "GW라우팅 중 오류가 발생했습니다.");
const BAD_APP_KEY: Code = ("EGW00103", "유효하지 않은 AppKey입니다.");
const BAD_APP_SECRET: Code = ("EGW00304", "고객식별키(appsecret)가 유효하지 않습니다.");
const BAD_TOKEN: Code = ("EGW00121", "유효하지 않은 token 입니다.");
const EXPIRED_TOKEN: Code = ("EGW00123", "기간이 만료된 token 입니다.");
const BAD_HASHKEY: Code = ("EGW00131", "hashkey가 유효하지 않습니다.");
const NOT_FOR_PAPER: Code = ("EGW00213", "모의투자 TR 이 아닙니다.");
const NOT_FOR_LIVE: Code = ("EGW02004", "실전투자 TR 이 아닙니다.");
const UNKNOWN_SERVICE: Code = ("OPSQ0002", "없는 서비스 코드 입니다.");

/// Faults of the whole host, and the `Date` of every answer.
pub(crate) async fn misbehave(State(exchange): State<Arc<Exchange>>, request: Request, next: Next) -> Response {
    if exchange.faults.is_on(&Fault::HttpHang) {
        exchange.stop.cancelled().await;
    }
    let mut response = if exchange.faults.is_on(&Fault::HttpError) { refuse(ROUTING) } else { next.run(request).await };
    if exchange.faults.is_on(&Fault::LoseAnswers) {
        exchange.stop.cancelled().await;
    }
    let date = exchange.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Lets a call under `/uapi` through to its service, or says what is wrong with it. Whatever is wrong is HTTP 500.
pub(crate) async fn admit(State(exchange): State<Arc<Exchange>>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/uapi/") {
        return next.run(request).await;
    }
    let tr_id = request.headers().get("tr_id").cloned();
    let admitted = match check(&exchange, request.uri().path(), request.headers()) {
        Ok(caller) => check_hash(request).await.map(|request| (caller, request)),
        Err(refused) => Err(refused),
    };
    let mut response = match admitted {
        Ok((caller, mut request)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refused) => {
            let mut response = refuse(refused);
            if exchange.refuse_with_200 && (refused == RATE || refused == LEDGER_RATE) {
                *response.status_mut() = StatusCode::OK;
            }
            response
        }
    };
    let headers = response.headers_mut();
    headers.entry("tr_cont").or_insert(HeaderValue::from_static(""));
    headers.insert("tr_id", tr_id.unwrap_or(HeaderValue::from_static("")));
    response
}

fn check(exchange: &Exchange, path: &str, headers: &HeaderMap) -> Result<Caller, Code> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (customer, keys) = exchange.customers.of_app_key(text("appkey")).map_err(|_| BAD_APP_KEY)?;
    // Limits are the gateway's, whose own clock no fault disturbs.
    let now = exchange.world_now();
    exchange.pace.add(customer, now);
    let within = |admitted: bool, refused: Code| {
        if admitted {
            return Ok(());
        }
        exchange.pace.add_refused();
        Err(refused)
    };
    within(!exchange.faults.is_on(&Fault::RateLimit) && exchange.limiter.admit(customer, now), RATE)?;
    if text("appsecret") != keys.app_secret {
        return Err(BAD_APP_SECRET);
    }
    match keys.judge(text("authorization").strip_prefix("Bearer ").unwrap_or_default(), exchange.now()) {
        TokenState::Valid => {}
        TokenState::Expired => return Err(EXPIRED_TOKEN),
        TokenState::Unknown => return Err(BAD_TOKEN),
    }
    let transaction = Transaction::at(path).ok_or(UNKNOWN_SERVICE)?;
    match (transaction.fit(text("tr_id"), exchange.environment), exchange.environment) {
        (Fit::Right, _) => {}
        (Fit::OtherEnvironment, Environment::Paper) => return Err(NOT_FOR_PAPER),
        (Fit::OtherEnvironment, Environment::Live) => return Err(NOT_FOR_LIVE),
        (Fit::Unknown, _) => return Err(UNKNOWN_SERVICE),
    }
    within(!transaction.of_ledger || exchange.ledger_limiter.admit(customer, now), LEDGER_RATE)?;
    Ok(Caller(customer))
}

/// A hashkey may be left out, but must fit the body if it is there.
async fn check_hash(request: Request) -> Result<Request, Code> {
    let Some(hashkey) = request.headers().get("hashkey").cloned().filter(|hashkey| !hashkey.is_empty()) else {
        return Ok(request);
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| BAD_HASHKEY)?;
    let fits = serde_json::from_slice(&body).is_ok_and(|body| hash(&body).as_bytes() == hashkey.as_bytes());
    if fits { Ok(Request::from_parts(parts, Body::from(body))) } else { Err(BAD_HASHKEY) }
}

fn refuse((code, text): Code) -> Response {
    Refused::by_gateway(code, text).into_response()
}
