//! The control endpoint: what a simulator knows, and its faults, as JSON over a port of its own.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing::warn;

use crate::{
    exchange::Exchange,
    faults::{ActiveFault, Fault, Scheduled},
};

pub(crate) async fn serve(listener: TcpListener, exchange: Arc<Exchange>) {
    let stopped = exchange.stop.clone().cancelled_owned();
    let router = Router::new()
        .route("/faults", get(faults).post(inject))
        .route("/faults/{id}", delete(clear))
        .route("/ledger", get(ledger))
        .route("/connections", get(connections))
        .route("/pace", get(pace))
        .route("/orders", get(orders))
        .with_state(exchange);
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        warn!(%error, "control endpoint failed");
    }
}

/// A fault as it is written here.
#[derive(Serialize)]
struct FaultLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    fault: String,
    from: DateTime<Utc>,
    /// `null` until it is cleared.
    until: Option<DateTime<Utc>>,
}

impl From<ActiveFault> for FaultLine {
    fn from(active: ActiveFault) -> Self {
        Self { id: Some(active.id), fault: active.fault.to_string(), from: active.since, until: active.until }
    }
}

impl From<Scheduled> for FaultLine {
    fn from(planned: Scheduled) -> Self {
        let until = (planned.fault.lasts() && !planned.lasting.is_zero()).then(|| planned.at + planned.lasting);
        Self { id: None, fault: planned.fault.to_string(), from: planned.at, until }
    }
}

async fn faults(State(exchange): State<Arc<Exchange>>) -> Json<Value> {
    let active: Vec<FaultLine> = exchange.faults.active().into_iter().map(FaultLine::from).collect();
    let planned: Vec<FaultLine> = exchange.faults.planned().into_iter().map(FaultLine::from).collect();
    Json(json!({ "now": exchange.world_now(), "active": active, "planned": planned }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    /// In its text form.
    fault: String,
    /// How long, in seconds of market time; without it a lasting fault goes on until it is cleared.
    #[serde(default)]
    seconds: u64,
}

async fn inject(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Response {
    let injection: Injection = match serde_json::from_slice(&body) {
        Ok(injection) => injection,
        Err(error) => return complain(format!("{error}; send {{\"fault\": \"silence\", \"seconds\": 90}}")),
    };
    match injection.fault.parse::<Fault>() {
        Ok(fault) => {
            let id = exchange.begin(fault, Duration::from_secs(injection.seconds));
            (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
        }
        Err(error) => complain(error.to_string()),
    }
}

async fn clear(State(exchange): State<Arc<Exchange>>, Path(id): Path<u64>) -> StatusCode {
    if exchange.clear(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Counts alone: the deliveries one by one would be too many.
async fn ledger(State(exchange): State<Arc<Exchange>>) -> Json<Value> {
    let ledger = &exchange.ledger;
    let (delivered, total, duplicates) = (ledger.delivered(), ledger.total(), ledger.duplicates());
    Json(json!({ "total": total, "duplicates": duplicates, "delivered": delivered }))
}

async fn connections(State(exchange): State<Arc<Exchange>>) -> Json<Value> {
    Json(json!(exchange.ledger.connections()))
}

async fn pace(State(exchange): State<Arc<Exchange>>) -> Json<Value> {
    Json(json!(exchange.pace.pace()))
}

async fn orders(State(exchange): State<Arc<Exchange>>) -> Json<Value> {
    Json(json!(exchange.desk().orders()))
}

fn complain(error: String) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
