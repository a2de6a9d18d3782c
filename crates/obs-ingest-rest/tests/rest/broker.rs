//! A broker on loopback: a made-up market whose every minute is known, and answers as the test wants them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use obs_kis::{Clock, Credentials, Endpoints, Environment, KisClient, KisSettings};
use obs_model::{Calendar, KST};
use serde_json::{Value, json};

/// A call for a quote, a book or a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// `price`, `book` or `chart`.
    pub what: &'static str,
    pub symbol: String,
    /// The hour that the chart should end with.
    pub until: Option<NaiveTime>,
    /// When, by the broker's clock.
    pub at: DateTime<Utc>,
    /// How many calls for the same came before.
    pub before: usize,
}

/// How a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// As it should be.
    Whole,
    /// With the code of the rate limit.
    RateLimit,
    /// With a failure of the broker's.
    Failure,
    /// As a stock is answered that the broker does not know.
    Unknown,
    /// As wrong keys are answered.
    WrongKeys,
    /// Never.
    Never,
    /// With rows whose day's value falls.
    Nonsense,
}

type Script = Box<dyn Fn(&Ask) -> Reply + Send + Sync>;

struct Shared {
    clock: Clock,
    calendar: Calendar,
    script: Script,
    asks: Mutex<Vec<Ask>>,
    counts: Mutex<HashMap<(&'static str, String), usize>>,
    files: HashMap<&'static str, Vec<u8>>,
}

pub struct Broker {
    address: String,
    shared: Arc<Shared>,
}

/// A minute of the made-up market: open, high, low, close, volume.
pub type Candle = [i64; 5];

/// What a stock does in a minute. It is quiet in a quarter of them, and nothing is traded before the closing auction.
pub fn candle(calendar: &Calendar, symbol: &str, minute: NaiveDateTime) -> Option<Candle> {
    let (open, close) = calendar.session(minute.date())?;
    let at = minute.and_local_timezone(KST).unwrap().to_utc();
    let is_auction = at == close;
    if at < open || (at >= close - TimeDelta::minutes(10) && !is_auction) {
        return None;
    }
    // Any hash does that scatters.
    let text = format!("{symbol} {minute}");
    let hash =
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 29)) as i64 & 0xffff_ffff;
    if hash % 4 == 0 && !is_auction && at != open {
        return None;
    }
    let (first, last) = (50_000 + hash % 100 * 50, 50_000 + hash / 100 % 100 * 50);
    Some([first, first.max(last) + 50, first.min(last) - 50, last, 1 + hash % 1000])
}

/// The minutes of a stock up to one, oldest first, with the day's value at their end.
pub fn minutes(calendar: &Calendar, symbol: &str, until: NaiveDateTime) -> Vec<(NaiveDateTime, Candle, i64)> {
    let Some((open, _)) = calendar.session(until.date()) else { return Vec::new() };
    let first = open.with_timezone(&KST).naive_local();
    let all = std::iter::successors(Some(first), |minute| Some(*minute + TimeDelta::minutes(1)));
    let mut value = 0;
    all.take_while(|minute| *minute <= until)
        .filter_map(|minute| {
            let candle = candle(calendar, symbol, minute)?;
            value += candle[3] * candle[4];
            Some((minute, candle, value))
        })
        .collect()
}

impl Broker {
    pub async fn start(clock: Clock, calendar: Calendar, script: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_files(clock, calendar, script, HashMap::new()).await
    }

    pub async fn with_files(
        clock: Clock,
        calendar: Calendar,
        script: impl Fn(&Ask) -> Reply + Send + Sync + 'static,
        files: HashMap<&'static str, Vec<u8>>,
    ) -> Self {
        let (asks, counts) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { clock, calendar, script: Box::new(script), asks, counts, files });
        let quotations = "/uapi/domestic-stock/v1/quotations";
        let router = Router::new()
            .route("/oauth2/tokenP", post(token))
            .route(&format!("{quotations}/inquire-price"), get(price))
            .route(&format!("{quotations}/inquire-asking-price-exp-ccn"), get(book))
            .route(&format!("{quotations}/inquire-time-itemchartprice"), get(chart))
            .route("/common/master/{file}", get(master))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// A client with live limits that goes by this clock.
    pub fn client(&self, clock: Clock) -> KisClient {
        let endpoints = Endpoints::at(Environment::Live, &self.address, "ws://127.0.0.1:1").unwrap();
        let credentials = Credentials::new("PSloopback", "bG9vcGJhY2s=").unwrap();
        KisClient::new(endpoints, credentials, KisSettings::new(Environment::Live), clock).unwrap()
    }

    /// All calls for quotes, books and charts so far.
    pub fn asks(&self) -> Vec<Ask> {
        self.shared.asks.lock().unwrap().clone()
    }

    pub fn charts_of(&self, symbol: &str) -> Vec<Ask> {
        self.asks().into_iter().filter(|ask| ask.what == "chart" && ask.symbol == symbol).collect()
    }

    /// The most calls that came in any ten seconds of market time.
    pub fn most_in_ten_seconds(&self) -> usize {
        let mut asks: Vec<_> = self.asks().iter().map(|ask| ask.at).collect();
        asks.sort_unstable();
        let within = |n: usize| asks[n..].partition_point(|at| *at < asks[n] + TimeDelta::seconds(10));
        (0..asks.len()).map(within).max().unwrap_or(0)
    }
}

impl Shared {
    fn dated(&self, response: impl IntoResponse) -> Response {
        let date = self.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut response = response.into_response();
        response.headers_mut().insert(header::DATE, HeaderValue::from_str(&date).unwrap());
        response
    }

    fn error(&self, code: &str) -> Response {
        let body = json!({ "rt_cd": "1", "msg_cd": code, "msg1": format!("{:80}", "no") });
        self.dated((StatusCode::INTERNAL_SERVER_ERROR, Json(body)))
    }

    async fn answer(
        &self,
        what: &'static str,
        query: &HashMap<String, String>,
        whole: impl FnOnce(&str, Reply) -> Value,
    ) -> Response {
        let symbol = query["FID_INPUT_ISCD"].clone();
        let until = query.get("FID_INPUT_HOUR_1").map(|hour| NaiveTime::parse_from_str(hour, "%H%M%S").unwrap());
        let before = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry((what, symbol.clone())).or_default();
            *count += 1;
            *count - 1
        };
        let ask = Ask { what, symbol: symbol.clone(), until, at: self.clock.now(), before };
        let reply = (self.script)(&ask);
        self.asks.lock().unwrap().push(ask);
        match reply {
            Reply::RateLimit => self.error("EGW00201"),
            Reply::Failure => self.error("EGW00202"),
            Reply::WrongKeys => self.error("EGW00304"),
            Reply::Never => std::future::pending().await,
            Reply::Whole | Reply::Unknown | Reply::Nonsense => {
                let mut body = whole(&symbol, reply);
                body["rt_cd"] = json!("0");
                body["msg_cd"] = json!("MCA00000");
                body["msg1"] = json!(format!("{:80}", "정상처리 되었습니다!"));
                self.dated(Json(body))
            }
        }
    }
}

type App = State<Arc<Shared>>;
type Params = Query<HashMap<String, String>>;

async fn token(State(shared): App) -> Response {
    let end = (shared.clock.now() + TimeDelta::hours(24)).with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string();
    shared.dated(Json(json!({
        "access_token": "a.token", "token_type": "Bearer", "expires_in": 86400, "access_token_token_expired": end,
    })))
}

async fn price(State(shared): App, Query(query): Params) -> Response {
    let whole = |_: &str, reply| {
        let price = if reply == Reply::Unknown { "0" } else { "50000" };
        json!({ "output": {
            "iscd_stat_cls_code": "55", "stck_prpr": price, "stck_oprc": price, "stck_hgpr": price, "stck_lwpr": price,
            "stck_mxpr": "65000", "stck_llam": "35000", "stck_sdpr": "3995", "aspr_unit": "50", "acml_vol": "0",
            "acml_tr_pbmn": "0", "lstn_stcn": "1000000", "temp_stop_yn": "N",
        } })
    };
    shared.answer("price", &query, whole).await
}

async fn book(State(shared): App, Query(query): Params) -> Response {
    let whole = |symbol: &str, _| {
        let mut output1 = json!({ "aspr_acpt_hour": "090959", "total_askp_rsqn": "10", "total_bidp_rsqn": "0" });
        for level in 1..=10 {
            let ask = if level == 1 { best_ask(symbol) } else { 0 };
            output1[format!("askp{level}")] = json!(ask.to_string());
            output1[format!("askp_rsqn{level}")] = json!(if level == 1 { "10" } else { "0" });
            output1[format!("bidp{level}")] = json!("0");
            output1[format!("bidp_rsqn{level}")] = json!("0");
        }
        json!({ "output1": output1, "output2": { "antc_cnpr": "0", "antc_vol": "0", "stck_prpr": "50000" } })
    };
    shared.answer("book", &query, whole).await
}

/// The best ask of a stock. Nobody bids.
pub fn best_ask(symbol: &str) -> i64 {
    50_000 + symbol.bytes().map(i64::from).sum::<i64>() * 50
}

async fn chart(State(shared): App, Query(query): Params) -> Response {
    let until = NaiveTime::parse_from_str(&query["FID_INPUT_HOUR_1"], "%H%M%S").unwrap();
    let now = shared.clock.now().with_timezone(&KST).naive_local();
    let asked = now.date().and_time(until.with_second(0).unwrap());
    let calendar = &shared.calendar;
    let whole = |symbol: &str, reply| {
        let mut rows = match reply {
            Reply::Unknown => Vec::new(),
            _ => minutes(calendar, symbol, asked.min(now)),
        };
        // The minute that is going on shows the volume of the one before, and minutes to come the current price.
        if let Some((last, [.., close, volume], value)) = rows.last().copied() {
            let next = std::iter::successors(Some(last), |minute| Some(*minute + TimeDelta::minutes(1))).skip(1);
            let fill = next.take_while(|minute| *minute <= asked);
            rows.extend(fill.map(|minute| (minute, [close, close, close, close, volume], value)));
        }
        if reply == Reply::Nonsense {
            let sum = rows.last().map_or(0, |row| row.2);
            rows.iter_mut().for_each(|row| row.2 = sum * 2 - row.2);
        }
        let rows = rows.iter().rev().take(30).map(|(minute, [open, high, low, close, volume], value)| {
            json!({
                "stck_bsop_date": minute.format("%Y%m%d").to_string(), "stck_cntg_hour": minute.format("%H%M%S").to_string(),
                "stck_prpr": close.to_string(), "stck_oprc": open.to_string(), "stck_hgpr": high.to_string(),
                "stck_lwpr": low.to_string(), "cntg_vol": volume.to_string(), "acml_tr_pbmn": value.to_string(),
            })
        });
        json!({ "output1": { "hts_kor_isnm": "종목", "stck_prpr": "50000" }, "output2": rows.collect::<Vec<_>>() })
    };
    shared.answer("chart", &query, whole).await
}

async fn master(State(shared): App, axum::extract::Path(file): axum::extract::Path<String>) -> Response {
    match shared.files.get(file.as_str()) {
        Some(bytes) => {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("content-type"),
                HeaderValue::from_static("application/zip"),
            )]);
            shared.dated((headers, bytes.clone()))
        }
        None => shared.dated(StatusCode::NOT_FOUND),
    }
}
