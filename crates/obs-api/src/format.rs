//! The forms in which lists are written.

use serde::Serialize;

/// How a list is written. Arrow belongs here, too: a third name, its media type, and a writer in `page`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Objects, with `next` beside them.
    Json,
    /// A header and a line for each row (RFC 4180, but lines end with a line feed alone).
    Csv,
}

impl Format {
    const ALL: [Self; 2] = [Self::Json, Self::Csv];

    /// By its name in `format=`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The media type that it is asked for with.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
        }
    }

    /// The best of what a header `Accept` admits (RFC 9110, 12.5.1).
    pub(crate) fn accepted(accept: &str) -> Option<Self> {
        let weights = Self::ALL.map(|format| (format, weight(accept, format.media_type())));
        let best = weights.iter().map(|(_, weight)| *weight).max().filter(|weight| *weight > 0)?;
        weights.iter().find(|(_, weight)| *weight == best).map(|(format, _)| *format)
    }
}

/// How much a header `Accept` wants a media type, in thousandths: the most specific of its ranges that fits decides.
fn weight(accept: &str, media_type: &str) -> u32 {
    let (main, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let fits = |range: &str| match range {
        "*/*" => Some(1),
        _ if range.eq_ignore_ascii_case(media_type) => Some(3),
        _ => range.strip_suffix("/*").filter(|of| of.eq_ignore_ascii_case(main)).map(|_| 2),
    };
    let ranges = accept.split(',').filter_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let specific = fits(parts.next()?)?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((specific, quality.map_or(1_000, thousandths)))
    });
    ranges.max_by_key(|(specific, _)| *specific).map_or(0, |(_, quality)| quality)
}

/// A weight such as `0.7` in thousandths; what is none counts as nothing.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(fraction)) => (whole.min(1) * 1_000 + fraction).min(1_000),
        _ => 0,
    }
}

/// Rows as CSV, with a header even if there are none.
pub(crate) fn csv<T: Serialize>(columns: &[&str], rows: impl IntoIterator<Item = T>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_format_is_taken_and_json_when_nobody_minds() {
        assert_eq!(Format::accepted("*/*"), Some(Format::Json));
        assert_eq!(Format::accepted("text/csv"), Some(Format::Csv));
        assert_eq!(Format::accepted("text/*, application/json;q=0.5"), Some(Format::Csv));
        assert_eq!(Format::accepted("text/csv;q=0.2, */*;q=0.3"), Some(Format::Json));
        assert_eq!(Format::accepted("application/json;q=0, */*"), Some(Format::Csv));
        assert_eq!(Format::accepted("image/png"), None);
        assert_eq!(Format::accepted("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Json));
    }
}
