//! The broker's envelope around answers.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{settings::Environment, trading::OrderRefusal};

/// A successful inquiry with its outputs. `more` tells that another page follows.
pub(crate) fn inquiry(environment: Environment, outputs: Map<String, Value>, more: bool) -> Response {
    let (code, text) = match (environment, more) {
        (Environment::Paper, false) => ("20310000", "모의투자 조회가 완료되었습니다."),
        (Environment::Paper, true) => ("20310000", "모의투자 조회가 계속됩니다."),
        (Environment::Live, false) => ("KIOK0510", "조회가 완료되었습니다."),
        (Environment::Live, true) => ("KIOK0500", "조회가 계속됩니다."),
    };
    let mut response = success(code, text, outputs);
    response.headers_mut().insert("tr_cont", HeaderValue::from_static(if more { "M" } else { "D" }));
    response
}

/// A success with its outputs.
pub(crate) fn success(msg_cd: &str, msg1: &str, mut outputs: Map<String, Value>) -> Response {
    outputs.extend(envelope("0", msg_cd, msg1));
    Json(outputs).into_response()
}

/// A failure: an envelope and nothing in it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) rt_cd: &'static str,
    pub(crate) msg_cd: &'static str,
    pub(crate) msg1: Cow<'static, str>,
}

impl Refused {
    /// What the gateway says of a call that never reaches its service: HTTP 500, whatever is wrong.
    pub(crate) const fn by_gateway(msg_cd: &'static str, msg1: &'static str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, rt_cd: "1", msg_cd, msg1: Cow::Borrowed(msg1) }
    }

    /// A request without a field, or with one that makes no sense.
    pub(crate) fn field(name: &str) -> Self {
        let msg1 = format!("ERROR : INPUT INVALID_CHECK_FIELD_LENGTH [{name}]").into();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, rt_cd: "1", msg_cd: "OPSQ2002", msg1 }
    }

    /// An order that is not taken, which is HTTP 200.
    pub(crate) const fn order(refusal: OrderRefusal, environment: Environment) -> Self {
        let (rt_cd, msg_cd, msg1) = refusal.answer(environment);
        Self { status: StatusCode::OK, rt_cd, msg_cd, msg1: Cow::Borrowed(msg1) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(envelope(self.rt_cd, self.msg_cd, &self.msg1))).into_response()
    }
}

fn envelope(rt_cd: &str, msg_cd: &str, msg1: &str) -> Map<String, Value> {
    // The broker pads its text to 80 characters.
    let fields = [("rt_cd", rt_cd.to_owned()), ("msg_cd", msg_cd.to_owned()), ("msg1", format!("{msg1:<80}"))];
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// A row as a JSON object: every value is text.
pub(crate) fn object<const N: usize>(fields: [(&str, String); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}
