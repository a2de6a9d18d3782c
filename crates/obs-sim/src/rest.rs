//! The HTTP interface: tokens, approval keys, and the broker's way of refusing.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use obs_model::KST;
use serde::Deserialize;
use serde_json::json;

use crate::{account::Refusal, exchange::Exchange};

pub(crate) fn router(exchange: Arc<Exchange>) -> Router {
    Router::new()
        .route("/oauth2/tokenP", post(token))
        .route("/oauth2/Approval", post(approval))
        .fallback(unknown_service)
        .method_not_allowed_fallback(unknown_service)
        .with_state(exchange)
}

#[derive(Deserialize)]
struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appkey: String,
    #[serde(default)]
    appsecret: String,
}

async fn token(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Response {
    let request: TokenRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => return refuse("EGW00101", "유효하지 않은 요청입니다."),
    };
    if request.grant_type != "client_credentials" {
        return refuse_grant();
    }
    match exchange.account.token(&request.appkey, &request.appsecret, exchange.now()) {
        Ok(token) => {
            let expired = token.expires_at().with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string();
            Json(json!({
                "access_token": token.text,
                "token_type": "Bearer",
                "expires_in": 86_400,
                "access_token_token_expired": expired,
            }))
            .into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Deserialize)]
struct ApprovalRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appkey: String,
    /// The app secret; only here it has this name.
    #[serde(default)]
    secretkey: String,
}

async fn approval(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Response {
    let request: ApprovalRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => return refuse("EGW00101", "유효하지 않은 요청입니다."),
    };
    if request.grant_type != "client_credentials" {
        return refuse_grant();
    }
    match exchange.account.approval(&request.appkey, &request.secretkey, exchange.now()) {
        Ok(key) => Json(json!({ "approval_key": key })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::AppKey => refuse("EGW00103", "유효하지 않은 AppKey입니다."),
            Self::AppSecret => refuse("EGW00105", "유효하지 않은 AppSecret입니다."),
            Self::TooSoon => refuse("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)"),
        }
    }
}

fn refuse_grant() -> Response {
    refuse("EGW00116", "지원하지 않는 권한부여 타입(grant_type)입니다.")
}

/// The authentication endpoints' own error shape, without `rt_cd`.
fn refuse(error_code: &str, error_description: &str) -> Response {
    let body = json!({ "error_description": error_description, "error_code": error_code });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

async fn unknown_service() -> Response {
    // Every other endpoint pads its message to 80 characters.
    let body = json!({ "rt_cd": "1", "msg_cd": "OPSQ0002", "msg1": format!("{:<80}", "없는 서비스 코드 입니다.") });
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
