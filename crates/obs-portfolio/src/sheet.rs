//! Tables that people keep in spreadsheets, saved as CSV.

use encoding_rs::{EUC_KR, Encoding, UTF_8};
use obs_model::Symbol;

use crate::number;

/// A table: what is in the columns that were asked for, and on which lines.
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Row>,
    /// Columns that nobody knows.
    pub(crate) unknown: Vec<String>,
    /// For each column that was asked for, whether there is one.
    has: Vec<bool>,
}

/// One line of it.
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: Vec<String>,
}

/// Why a file is no table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoSheet {
    Empty,
    Encoding,
    Csv { line: u64, words: String },
}

impl Sheet {
    /// Reads a table with a header. Each column that is asked for goes by some names; case, spaces and what stands in parentheses
    /// do not count. Columns of the last list may be there and are not looked at.
    pub(crate) fn read(bytes: &[u8], columns: &[&[&str]], ignored: &[&str]) -> Result<Self, NoSheet> {
        // One kind of line end: the reader of CSV counts its lines by it.
        let text = decode(bytes).ok_or(NoSheet::Encoding)?.replace("\r\n", "\n");
        let header = text.lines().find(|line| !line.trim().is_empty()).ok_or(NoSheet::Empty)?;
        let delimiter = if header.contains('\t') && !header.contains(',') { b'\t' } else { b',' };
        let mut options = csv::ReaderBuilder::new();
        let reader = options.has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(delimiter);
        let mut sheet = Self { rows: Vec::new(), unknown: Vec::new(), has: vec![false; columns.len()] };
        let mut places: Option<Vec<Option<usize>>> = None;
        for record in reader.from_reader(text.as_bytes()).records() {
            let record = record.map_err(|error| NoSheet::Csv {
                line: error.position().map_or(0, csv::Position::line),
                words: error.to_string(),
            })?;
            if record.iter().all(str::is_empty) {
                continue;
            }
            let line = record.position().map_or(0, csv::Position::line);
            match &places {
                None => places = Some(sheet.header(record.iter(), columns, ignored)),
                Some(places) => {
                    let mut cells = vec![String::new(); columns.len()];
                    for (cell, place) in record.iter().zip(places) {
                        // The first column of a kind that says something counts.
                        if let Some(place) = place.filter(|place| cells[*place].is_empty()) {
                            cells[place] = cell.to_owned();
                        }
                    }
                    sheet.rows.push(Row { line, cells });
                }
            }
        }
        Ok(sheet)
    }

    /// Whether there is such a column.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.has.get(column).is_some_and(|has| *has)
    }

    /// Where the cells of each column go.
    fn header<'r>(
        &mut self,
        names: impl Iterator<Item = &'r str>,
        columns: &[&[&str]],
        ignored: &[&str],
    ) -> Vec<Option<usize>> {
        let mut places = Vec::new();
        for name in names {
            let plain = plain(name);
            let place = columns.iter().position(|names| names.contains(&plain.as_str()));
            if let Some(has) = place.and_then(|place| self.has.get_mut(place)) {
                *has = true;
            } else if !plain.is_empty() && !ignored.contains(&plain.as_str()) {
                self.unknown.push(name.to_owned());
            }
            places.push(place);
        }
        places
    }
}

impl Row {
    /// The text in a column; empty if there is none.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// The symbol that a cell means. Brokers write an `A` before a code, spreadsheets take a quote to keep it a text, and where they
/// took it for a number its leading zeros are lost: no code has fewer than six characters, so digits are filled up to six.
pub(crate) fn symbol(cell: &str) -> Result<Symbol, obs_model::InvalidValue> {
    let code = cell.trim_matches(['\'', '"', '=', ' ']).to_ascii_uppercase();
    let code = code.strip_prefix('A').filter(|rest| rest.len() == Symbol::LEN).unwrap_or(&code);
    if (1..Symbol::LEN).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{code:0>6}").parse();
    }
    code.parse()
}

/// Whether a cell in place of a symbol means cash.
pub(crate) fn is_cash(cell: &str) -> bool {
    ["cash", "krw", "현금", "예수금", "원화"].contains(&plain(cell).as_str())
}

/// Whether a cell in place of a symbol says that the row is a sum.
pub(crate) fn is_sum(cell: &str) -> bool {
    ["total", "sum", "합계", "총계", "계"].contains(&plain(cell).as_str())
}

/// The number in a cell, which may have separators and a unit.
pub(crate) fn number(cell: &str) -> Option<rust_decimal::Decimal> {
    let bare = cell.trim_end_matches(['주', '원', ' ']);
    number::decimal(&number::without_separators(bare)?)
}

fn plain(name: &str) -> String {
    let name = name.split_once(['(', '[']).map_or(name, |(name, _)| name);
    name.chars().filter(|c| !c.is_whitespace() && *c != '_').flat_map(char::to_lowercase).collect()
}

/// UTF-8 or UTF-16 as its mark says, UTF-8 without one, or else CP949, in which Korean spreadsheets save CSV.
fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]).map(Into::into);
    }
    let decode = |encoding: &'static Encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes);
    decode(UTF_8).or_else(|| decode(EUC_KR)).map(Into::into)
}
