//! Tokens, approval keys and hashkeys.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use obs_model::KST;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{exchange::Exchange, keys::IssueRefusal};

pub(crate) fn router() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/oauth2/tokenP", post(token))
        .route("/oauth2/Approval", post(approval))
        .route("/oauth2/revokeP", post(revoke))
        .route("/uapi/hashkey", post(hashkey))
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

async fn token(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Result<Response, Refusal> {
    let request: TokenRequest = read(&body)?;
    check_grant(&request.grant_type)?;
    let (_, keys) = exchange.customers.of_app_key(&request.appkey)?;
    let token = keys.token(&request.appsecret, exchange.now())?;
    let expired = token.expires_at().with_timezone(&KST).format("%Y-%m-%d %H:%M:%S").to_string();
    let answer = json!({
        "access_token": token.text,
        "token_type": "Bearer",
        "expires_in": 86_400,
        "access_token_token_expired": expired,
    });
    Ok(Json(answer).into_response())
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

async fn approval(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Result<Response, Refusal> {
    let request: ApprovalRequest = read(&body)?;
    check_grant(&request.grant_type)?;
    let (_, keys) = exchange.customers.of_app_key(&request.appkey)?;
    let key = keys.approval(&request.secretkey, exchange.now())?;
    Ok(Json(json!({ "approval_key": key })).into_response())
}

#[derive(Deserialize)]
struct RevokeRequest {
    #[serde(default)]
    appkey: String,
    #[serde(default)]
    appsecret: String,
    #[serde(default)]
    token: String,
}

async fn revoke(State(exchange): State<Arc<Exchange>>, body: Bytes) -> Result<Response, Refusal> {
    let request: RevokeRequest = read(&body)?;
    let (_, keys) = exchange.customers.of_app_key(&request.appkey)?;
    if keys.app_secret != request.appsecret {
        return Err(IssueRefusal::AppSecret.into());
    }
    keys.revoke(&request.token);
    Ok(Json(json!({ "code": 200, "message": "접근토큰 폐기에 성공하였습니다" })).into_response())
}

async fn hashkey(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (_, keys) = exchange.customers.of_app_key(text("appkey"))?;
    if keys.app_secret != text("appsecret") {
        return Err(IssueRefusal::AppSecret.into());
    }
    let body: Value = read(&body)?;
    let hash = hash(&body);
    Ok(Json(json!({ "BODY": body, "HASH": hash })).into_response())
}

/// 64 hexadecimal digits. Which digest the broker takes is not known, and of no meaning to a client.
pub(crate) fn hash(body: &Value) -> String {
    blake3::hash(body.to_string().as_bytes()).to_hex().to_string()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal("EGW00101", "유효하지 않은 요청입니다."))
}

fn check_grant(grant_type: &str) -> Result<(), Refusal> {
    let known = grant_type == "client_credentials";
    if known { Ok(()) } else { Err(Refusal("EGW00116", "지원하지 않는 권한부여 타입(grant_type)입니다.")) }
}

/// The login endpoints' own error shape, without `rt_cd`.
struct Refusal(&'static str, &'static str);

impl From<IssueRefusal> for Refusal {
    fn from(refusal: IssueRefusal) -> Self {
        match refusal {
            IssueRefusal::AppKey => Self("EGW00103", "유효하지 않은 AppKey입니다."),
            IssueRefusal::AppSecret => Self("EGW00105", "유효하지 않은 AppSecret입니다."),
            IssueRefusal::TooSoon => Self("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(error_code, error_description) = self;
        let body = json!({ "error_description": error_description, "error_code": error_code });
        (StatusCode::FORBIDDEN, Json(body)).into_response()
    }
}
