//! Lists of stocks that people write, or get from KRX.

use std::{borrow::Cow, collections::BTreeMap};

use csv::{Position, ReaderBuilder, StringRecord, Trim};
use encoding_rs::EUC_KR;
use obs_kis::Market;
use obs_model::{Price, Symbol};

use super::{Dropped, Listing, Member};

/// Where the columns are.
#[derive(Clone, Copy, Debug)]
struct Columns {
    symbol: usize,
    name: Option<usize>,
    close: Option<usize>,
    market: Option<usize>,
}

/// Without a header: the code, then what may follow it.
const PLAIN: Columns = Columns { symbol: 0, name: Some(1), close: Some(2), market: None };

const SYMBOL: [&str; 7] = ["symbol", "code", "ticker", "short_code", "종목코드", "단축코드", "코드"];
const NAME: [&str; 5] = ["name", "종목명", "한글종목명", "한글 종목약명", "종목이름"];
const CLOSE: [&str; 8] =
    ["previous_close", "prev_close", "close", "base_price", "전일종가", "종가", "기준가", "주식 기준가"];
const MARKET: [&str; 3] = ["market", "시장구분", "시장"];

/// Reads a list: one code a line, or CSV with commas, semicolons or tabs, in UTF-8 or CP949.
///
/// A header, in English or Korean, says which column is what (`symbol`/종목코드, `name`/종목명, `previous_close`/종가,
/// `market`/시장구분). Without one the columns are code, name, previous close. Lines that begin with `#` are comments. A code may
/// carry the leading `A` of KRX's files; a price may have commas (`"71,900"`). What gives no member is reported with its line.
#[must_use]
pub fn read_list(bytes: &[u8]) -> Listing {
    let text = decode(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let lines: Vec<&str> = text.lines().collect();
    let line_of = |position: Option<&Position>| position.map_or(0, |position| first_line(&lines, position.line()));
    let (mut listing, mut known, mut columns) = (Listing::default(), BTreeMap::new(), None);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                listing.leave_out(line_of(error.position()), Dropped::Unreadable, format!("it is no CSV: {error}"));
                continue;
            }
        };
        let line = line_of(record.position());
        if record.iter().all(str::is_empty) {
            continue;
        }
        let columns = match columns {
            Some(columns) => columns,
            None => {
                let header = header(&record);
                let found = *columns.insert(header.unwrap_or(PLAIN));
                if header.is_some() {
                    continue;
                }
                found
            }
        };
        match member(&record, columns) {
            Ok(member) => listing.add(line, member, &mut known),
            Err(problem) => listing.leave_out(line, Dropped::Unreadable, problem),
        }
    }
    listing
}

/// The line on which a record begins: its position is that of the comments and empty lines before it.
fn first_line(lines: &[&str], position: u64) -> u64 {
    let before = lines.iter().skip(usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1));
    let skipped = before.take_while(|line| line.is_empty() || line.starts_with('#')).count();
    position + skipped as u64
}

/// UTF-8 if it is that, else CP949, which is what Korean spreadsheets write. Bytes that are neither become `�` in a name.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => EUC_KR.decode_without_bom_handling(bytes).0,
    }
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    [b'\t', b';'].into_iter().find(|delimiter| first.as_bytes().contains(delimiter)).unwrap_or(b',')
}

/// The columns that a first line names, if it is a header.
fn header(record: &StringRecord) -> Option<Columns> {
    let position =
        |names: &[&str]| record.iter().position(|cell| names.iter().any(|name| cell.to_lowercase().as_str() == *name));
    let symbol = position(&SYMBOL)?;
    Some(Columns { symbol, name: position(&NAME), close: position(&CLOSE), market: position(&MARKET) })
}

fn member(record: &StringRecord, columns: Columns) -> Result<Member, String> {
    let cell = |column: Option<usize>| column.and_then(|column| record.get(column)).filter(|cell| !cell.is_empty());
    let code = cell(Some(columns.symbol)).ok_or("it has no code")?;
    let short = code.strip_prefix('A').filter(|rest| rest.len() == Symbol::LEN).unwrap_or(code);
    let symbol =
        Symbol::new(short).map_err(|error| match code.len() < Symbol::LEN && code.bytes().all(|b| b.is_ascii_digit()) {
            true => format!("{error}; did a spreadsheet drop its leading zeros?"),
            false => error.to_string(),
        })?;
    let close = cell(columns.close).map(|text| text.replace(',', ""));
    let previous_close = close.map(|text| Price::parse_or_none(&text)).transpose().map_err(|error| error.to_string())?;
    Ok(Member {
        symbol,
        name: cell(columns.name).map(str::to_owned),
        previous_close: previous_close.flatten(),
        market: cell(columns.market).and_then(market),
    })
}

fn market(name: &str) -> Option<Market> {
    match name.to_uppercase().as_str() {
        "KOSPI" | "코스피" | "유가증권" | "유가증권시장" | "STK" => Some(Market::Kospi),
        "KOSDAQ" | "KOSDAQ GLOBAL" | "코스닥" | "코스닥시장" | "KSQ" => Some(Market::Kosdaq),
        _ => None,
    }
}
