//! What a request asks for, read strictly: a misspelt parameter would otherwise answer another question.

use std::{collections::BTreeSet, str::FromStr};

use axum::{
    extract::{FromRequestParts, Path, Query, rejection::QueryRejection},
    http::{Uri, header, request::Parts},
};
use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{PolicyId, Symbol, trading_day};
use obs_store::TimeRange;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::{format::Format, problem::Problem};

/// Rows of a page when nobody says.
pub(crate) const DEFAULT_LIMIT: usize = 1_000;
/// Most rows of a page.
pub(crate) const MAX_LIMIT: usize = 10_000;

/// The parameters of a list over time.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct RangeQuery {
    /// First instant: RFC 3339 such as `2026-11-20T09:00:00+09:00`, or a Korean day such as `2026-11-20`. Without `from` and `to`
    /// it is the current Korean day.
    #[param(
        pattern = "^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9]))?$"
    )]
    pub(crate) from: Option<String>,
    /// First instant after the range; a day is included as a whole. Without it the range has no end.
    #[param(
        pattern = "^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9]))?$"
    )]
    pub(crate) to: Option<String>,
    /// Only this symbol, such as `005930`.
    #[param(pattern = "^Q?[0-9A-Z]{6}$", example = "005930")]
    pub(crate) symbol: Option<String>,
    /// Most rows of this page, 1 to 10000; 1000 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    pub(crate) limit: Option<String>,
    /// Where to go on: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub(crate) cursor: Option<String>,
    /// `json` or `csv`; without it the header `Accept` decides.
    #[param(pattern = "^(json|csv)$")]
    pub(crate) format: Option<String>,
}

/// A list's parameters, read.
pub(crate) struct Asked {
    pub(crate) range: TimeRange,
    pub(crate) symbol: Option<Symbol>,
    pub(crate) limit: usize,
}

impl RangeQuery {
    pub(crate) fn read(&self, now: DateTime<Utc>) -> Result<Asked, Problem> {
        Ok(Asked {
            range: range(self.from.as_deref(), self.to.as_deref(), now)?,
            symbol: symbol(self.symbol.as_deref())?,
            limit: limit(self.limit.as_deref())?,
        })
    }
}

/// Query parameters that were looked at one by one: unknown ones, and any that is there twice, are refused.
pub(crate) struct Strict<T>(pub(crate) T);

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Strict<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
        let Ok(Query(given)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
            return Err(Problem::parameter("query", parts.uri.query().unwrap_or_default(), "it must be UTF-8, URL-encoded"));
        };
        let mut seen = BTreeSet::new();
        for (name, value) in &given {
            if !known.contains(name) {
                let must = match known.as_slice() {
                    [] => "there are no parameters here".to_owned(),
                    _ => format!("there is no such parameter here, only {}", known.join(", ")),
                };
                let shown: String = name.chars().take(40).collect();
                return Err(Problem::parameter(&shown, value, &must));
            }
            if !seen.insert(name) {
                return Err(Problem::parameter(name, value, "it is there twice, say it once"));
            }
        }
        Query::<T>::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|error| unreadable(parts, &error))
    }
}

/// Query parameters of a protocol that others define: unknown ones are passed over.
pub(crate) struct Lenient<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Lenient<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|error| unreadable(parts, &error))
    }
}

/// A query that has no pairs of names and values, or the wrong ones.
fn unreadable(parts: &Parts, error: &QueryRejection) -> Problem {
    Problem::parameter("query", parts.uri.query().unwrap_or_default(), &error.body_text())
}

/// A request without parameters.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoQuery {}

/// How the answer is to be written, and what was asked, for the link to the next page.
pub(crate) struct Wish {
    pub(crate) uri: Uri,
    accept: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Wish {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let accept = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accept: Vec<_> = accept.collect();
        let accept = if accept.is_empty() { None } else { Some(accept.join(",")) };
        Ok(Self { uri: parts.uri.clone(), accept })
    }
}

impl Wish {
    /// The format: `format` decides before `Accept`.
    pub(crate) fn format(&self, named: Option<&str>) -> Result<Format, Problem> {
        match (named, &self.accept) {
            (Some(name), _) => {
                Format::of_name(name).ok_or_else(|| Problem::parameter("format", name, "it must be json or csv"))
            }
            (None, None) => Ok(Format::Json),
            (None, Some(accept)) => Format::accepted(accept).ok_or_else(|| Problem::not_acceptable(accept)),
        }
    }
}

/// A range from its two ends, of which each may be missing.
pub(crate) fn range(from: Option<&str>, to: Option<&str>, now: DateTime<Utc>) -> Result<TimeRange, Problem> {
    if from.is_none() && to.is_none() {
        return Ok(TimeRange::of_day(trading_day(now)));
    }
    let first = from.map(|text| instant("from", text, false)).transpose()?.unwrap_or(DateTime::<Utc>::MIN_UTC);
    let until = to.map(|text| instant("to", text, true)).transpose()?.unwrap_or(DateTime::<Utc>::MAX_UTC);
    if first > until {
        let must = format!("it must not be before `from`, which is {:?}", from.unwrap_or_default());
        return Err(Problem::parameter("to", to.unwrap_or_default(), &must));
    }
    Ok(TimeRange { from: first, until })
}

/// An instant, or a Korean day: its first instant, or with `whole` the first after it.
fn instant(name: &str, text: &str, whole: bool) -> Result<DateTime<Utc>, Problem> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let range = TimeRange::of_day(day);
        return Ok(if whole { range.until } else { range.from });
    }
    let must = "it must be an instant such as 2026-11-20T09:00:00Z or 2026-11-20T18:00:00%2B09:00 (a plus sign is %2B in an \
                address), or a Korean day such as 2026-11-20";
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| Problem::parameter(name, text, must))?;
    Ok(parsed.to_utc())
}

/// A symbol, if one is named.
pub(crate) fn symbol(text: Option<&str>) -> Result<Option<Symbol>, Problem> {
    let read = |text: &str| {
        let must = "it must be a code of six of 0-9 and A-Z, such as 005930, or Q and six of them";
        Symbol::new(text).map_err(|_| Problem::parameter("symbol", text, must))
    };
    text.map(read).transpose()
}

/// The most rows of a page.
pub(crate) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let must = "it must be a whole number from 1 to 10000; without it a page has 1000 rows";
    let read = |text: &str| match usize::from_str(text) {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(Problem::parameter("limit", text, must)),
    };
    text.map_or(Ok(DEFAULT_LIMIT), read)
}

/// A yes or no.
pub(crate) fn flag(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(text) => Err(Problem::parameter(name, text, "it must be true or false")),
    }
}

/// A policy, if one is named.
pub(crate) fn policy(text: Option<&str>) -> Result<Option<PolicyId>, Problem> {
    let must = "it must be a policy's name of 1 to 50 printable characters";
    text.map(|text| PolicyId::new(text).map_err(|_| Problem::parameter("policy", text, must))).transpose()
}

/// A row's number in the path.
pub(crate) struct Number(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refuse = |text: &str| Problem::parameter("id", text, "it must be a whole number, such as 17");
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(refuse(parts.uri.path()));
        };
        text.parse().map(Self).map_err(|_| refuse(&text))
    }
}
