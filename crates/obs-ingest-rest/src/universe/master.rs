//! The broker's master files: every instrument of a market, a line each.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use encoding_rs::EUC_KR;
use obs_kis::Market;
use obs_model::{Price, Symbol};
use zip::ZipArchive;

use super::{Dropped, Listing, Member, UniverseError};

/// What a zipped master file begins with.
const ZIP: &[u8] = b"PK\x03\x04";
/// The most bytes of an unpacked file: twenty times the real ones.
const MAX_FILE: u64 = 32 << 20;
/// Where the fields are that both markets have in common, in bytes: the short code (9), the standard code (12), the name (40) and
/// the group (2). The broker publishes the layouts as C structures beside its samples: 288 bytes a line for KOSPI, 282 for
/// KOSDAQ.
const SHORT_CODE: std::ops::Range<usize> = 0..9;
const NAME: std::ops::Range<usize> = 21..61;
const GROUP: std::ops::Range<usize> = 61..63;
/// The group of ordinary and preferred stocks. Others are funds, trusts, warrants, depositary receipts and foreign stocks.
const STOCKS: &[u8] = b"ST";
/// Digits of the base price.
const BASE_PRICE: usize = 9;

/// Where the base price begins. Before it KOSPI has five one-letter index flags more than KOSDAQ.
const fn base_price_at(market: Market) -> usize {
    match market {
        Market::Kospi => 61 + 41,
        Market::Kosdaq => 61 + 36,
    }
}

/// Reads a master file of a market (`kospi_code.mst`, `kosdaq_code.mst`), as it is or zipped.
///
/// Ordinary and preferred stocks become members, with their name and their base price, which is the close of the trading day
/// before, adjusted. Suspended stocks and those under administration stay: trading in them may resume at any minute, and time in
/// which they were not traded is known by asking.
///
/// # Errors
/// [`UniverseError::NotAMaster`] if it cannot be unpacked or no line has the layout.
pub fn read_master(bytes: &[u8], market: Market) -> Result<Listing, UniverseError> {
    let unpacked;
    let bytes = if bytes.starts_with(ZIP) {
        unpacked = unpack(bytes).map_err(|problem| not_a_master(market, problem))?;
        &unpacked
    } else {
        bytes
    };
    let (mut listing, mut known, mut lines) = (Listing::default(), BTreeMap::new(), 0);
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        match member(line, market) {
            Ok(Some(member)) => listing.add(number, member, &mut known),
            Ok(None) => listing.count(Dropped::NotAStock),
            Err(problem) => {
                listing.leave_out(number, Dropped::Unreadable, problem);
                continue;
            }
        }
        lines += 1;
    }
    match (lines, listing.problems.first()) {
        (0, Some(first)) => Err(not_a_master(market, first.to_string())),
        (0, None) => Err(not_a_master(market, "it is empty".to_owned())),
        _ => Ok(listing),
    }
}

fn not_a_master(market: Market, problem: String) -> UniverseError {
    UniverseError::NotAMaster { source_name: format!("the {market:?} file"), problem }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let inner = archive.file_names().find(|name| name.ends_with(".mst")).map(str::to_owned);
    let inner = inner.ok_or("there is no .mst file in it")?;
    let file = archive.by_name(&inner).map_err(|error| error.to_string())?;
    let mut unpacked = Vec::new();
    // What a header claims is not believed: reading stops at the most that a real file could be.
    file.take(MAX_FILE + 1).read_to_end(&mut unpacked).map_err(|error| error.to_string())?;
    if unpacked.len() as u64 > MAX_FILE { Err(format!("{inner} is larger than {MAX_FILE} bytes")) } else { Ok(unpacked) }
}

/// What a line says: a stock, or that it is something else.
fn member(line: &[u8], market: Market) -> Result<Option<Member>, String> {
    let price_at = base_price_at(market);
    let field = |at: std::ops::Range<usize>| line.get(at).ok_or_else(|| format!("it has {} bytes only", line.len()));
    let group = field(GROUP)?;
    if !group.iter().all(u8::is_ascii_uppercase) {
        return Err("at byte 61 there is no group of instruments".to_owned());
    }
    if group != STOCKS {
        return Ok(None);
    }
    let text = |bytes: &[u8]| EUC_KR.decode_without_bom_handling(bytes).0.trim().to_owned();
    let symbol = Symbol::new(&text(field(SHORT_CODE)?)).map_err(|error| error.to_string())?;
    let price = text(field(price_at..price_at + BASE_PRICE)?);
    let previous_close = Price::parse_or_none(&price).map_err(|error| format!("base price: {error}"))?;
    let name = Some(text(field(NAME)?)).filter(|name| !name.is_empty());
    Ok(Some(Member { symbol, name, previous_close, market: Some(market) }))
}
