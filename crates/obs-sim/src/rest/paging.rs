//! Pages: the flag is in a header, the cursor in the body.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::params::Params;

/// Where an inquiry goes on, and what of it fits on a page.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// The key of the last row, if more rows follow.
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts the page that a call asks for out of all rows. A row's key finds it again when other rows have come.
    pub(crate) fn cut(rows: Vec<T>, key: impl Fn(&T) -> String, size: usize, headers: &HeaderMap, params: &Params) -> Self {
        let goes_on = headers.get("tr_cont").is_some_and(|flag| flag == "N");
        let after = params.get("CTX_AREA_NK100");
        let start = if goes_on && !after.is_empty() {
            rows.iter().position(|row| key(row) == after).map_or(rows.len(), |last| last + 1)
        } else {
            0
        };
        let more = rows.len() - start > size;
        let rows: Vec<T> = rows.into_iter().skip(start).take(size).collect();
        let next = rows.last().filter(|_| more).map(key);
        Self { rows, next }
    }

    /// The cursor's two fields, padded to their length. A blank one ends the inquiry.
    pub(crate) fn cursor(&self, inquiry: &str) -> Map<String, Value> {
        let next = self.next.clone().unwrap_or_default();
        let inquiry = if self.next.is_some() { inquiry } else { "" };
        let padded = |text: &str| Value::String(format!("{text:<100}"));
        [("ctx_area_fk100", padded(inquiry)), ("ctx_area_nk100", padded(&next))]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
