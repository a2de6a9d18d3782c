//! Pages of lists.

use axum::{
    Json,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::{
    cursor::Cursor,
    format::{Format, csv},
    parameters::Wish,
    problem::Problem,
};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// What `cursor` has to be for the next page; `null` when this is the last. The header `Link` has the whole address.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// A row of a list.
pub(crate) trait Row: Serialize {
    /// The list's name, which its cursors carry.
    const LIST: &'static str;
    /// The columns of its CSV form, in order.
    const COLUMNS: &'static [&'static str];

    /// Its fields as CSV, which has no lists.
    fn flat(&self) -> impl Serialize + '_;
}

impl<T: Row> Page<T> {
    /// The first `limit` of some rows, of which one too many was asked for; `key` says where the next page goes on.
    pub(crate) fn new<R>(mut rows: Vec<R>, limit: usize, key: impl Fn(&R) -> Cursor, row: impl FnMut(R) -> T) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| key(last).write(T::LIST));
        Self { items: rows.into_iter().map(row).collect(), next }
    }

    /// As it was wished for.
    pub(crate) fn answer(self, wish: &Wish, format: Format) -> Result<Response, Problem> {
        let link = self.next.as_deref().and_then(|cursor| link(&wish.uri, cursor));
        let mut response = match format {
            Format::Json => Json(self).into_response(),
            Format::Csv => match csv(T::COLUMNS, self.items.iter().map(Row::flat)) {
                Ok(text) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response(),
                Err(error) => {
                    error!(%error, "A list cannot be written as CSV");
                    return Err(Problem::unwritable(&error.to_string()));
                }
            },
        };
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        // What was recorded may be better known a moment later.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        Ok(response)
    }
}

/// The same address with another cursor (RFC 8288).
fn link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let kept = uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor="));
    let query: Vec<&str> = kept.collect();
    let separator = if query.is_empty() { "" } else { "&" };
    let text = format!("<{}?{}{separator}cursor={cursor}>; rel=\"next\"", uri.path(), query.join("&"));
    HeaderValue::from_str(&text).ok()
}
