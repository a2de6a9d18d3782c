//! What is said when something cannot be answered: RFC 9457.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use obs_store::StoreError;
use serde::Serialize;
use tracing::{error, warn};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, Schema},
};

use crate::Check;

/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why something was not answered (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which kind of problem: `urn:observer:problem:` and a name that does not change.
    #[serde(rename = "type")]
    #[schema(example = "urn:observer:problem:bad-parameter")]
    kind: String,
    /// The kind in words.
    #[schema(example = "A parameter cannot be used")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What is wrong here, and what to do.
    #[schema(example = "`limit` is \"0\": it must be a whole number from 1 to 10000")]
    detail: String,
    /// The parameter at fault, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What `/ready` looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<CheckRow>>,
}

/// Something that must be in order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CheckRow {
    /// What.
    #[schema(example = "archive")]
    name: &'static str,
    /// Whether it is in order.
    ok: bool,
    /// What was found, and what to do.
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: String) -> Self {
        let kind = format!("urn:observer:problem:{kind}");
        Self { kind, title, status: status.as_u16(), detail, parameter: None, checks: None }
    }

    /// A parameter that cannot be used; `must` says what it has to be.
    pub(crate) fn parameter(name: &str, value: &str, must: &str) -> Self {
        let value: String = value.chars().take(80).collect();
        let detail = format!("`{name}` is {value:?}: {must}");
        let problem = Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "A parameter cannot be used", detail);
        Self { parameter: Some(name.to_owned()), ..problem }
    }

    pub(crate) fn not_found(detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn method(method: &str) -> Self {
        let detail = format!("{method} is not possible here: this interface is read with GET or HEAD, and changes nothing");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Only reading is possible", detail)
    }

    pub(crate) fn not_acceptable(accept: &str) -> Self {
        let accept: String = accept.chars().take(80).collect();
        let detail = format!("Accept is {accept:?}: ask for application/json or text/csv, or say format=json or format=csv");
        Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No such format", detail)
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "send the header `Authorization: Bearer TOKEN` with the token of [api] in the settings file".to_owned();
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The token is missing or wrong", detail)
    }

    pub(crate) fn misdirected(host: &str) -> Self {
        let host: String = host.chars().take(80).collect();
        let detail = format!("Host is {host:?}: this program listens on loopback only, ask for localhost or 127.0.0.1");
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", "Not for this host", detail)
    }

    pub(crate) fn too_slow() -> Self {
        let detail = "no answer within the deadline: ask for a shorter range, or later".to_owned();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-slow", "It takes too long", detail)
    }

    pub(crate) fn unwritable(why: &str) -> Self {
        let detail = format!("the rows cannot be written in this format, ask for another: {why}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unwritable", "The answer cannot be written", detail)
    }

    /// What `/ready` says when something is not in order.
    pub(crate) fn not_ready(checks: Vec<Check>) -> Self {
        let failing: Vec<_> =
            checks.iter().filter(|check| !check.ok).map(|check| format!("{}: {}", check.name, check.detail)).collect();
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Something is not in order", failing.join("; "));
        Self { checks: Some(checks.into_iter().map(CheckRow::from).collect()), ..problem }
    }
}

impl From<Check> for CheckRow {
    fn from(Check { name, ok, detail }: Check) -> Self {
        Self { name, ok, detail }
    }
}

impl From<StoreError> for Problem {
    fn from(problem: StoreError) -> Self {
        if problem.is_transient() {
            warn!(%problem, "The store cannot answer");
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store-unavailable",
                "The database does not answer",
                problem.to_string(),
            );
        }
        error!(%problem, "The store failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store-failed", "The database failed", problem.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        match status {
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// The problems that any address of the interface may answer with, for its description.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        described(&[
            (400, "A parameter is unknown, is there twice, or cannot be used"),
            (401, "The token is missing or wrong"),
            (406, "`Accept` names no format that there is"),
            (421, "The request is for another host"),
            (500, "The database failed in a way that a person must look at"),
            (503, "The database does not answer at the moment"),
        ])
    }
}

/// As [`Problems`], for addresses that name one thing.
pub(crate) struct ProblemsOfOne;

impl IntoResponses for ProblemsOfOne {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let mut responses = Problems::responses();
        responses.extend(described(&[(404, "There is no such thing")]));
        responses
    }
}

fn described(problems: &[(u16, &str)]) -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
    let schema: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    let response = |text: &str| {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        ResponseBuilder::new().description(text).content(PROBLEM_JSON, content).build().into()
    };
    problems.iter().map(|(status, text)| (status.to_string(), response(text))).collect()
}

/// The schema that the answers above refer to, with those that it refers to itself.
pub(crate) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    schemas
}
