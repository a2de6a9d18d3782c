//! The lists of all stocks: zipped files of fixed width in CP949, one for each board.

use std::{
    io::{self, Cursor, Write},
    sync::Arc,
};

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use encoding_rs::EUC_KR;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    fields::{FACE_VALUE, market_cap},
    isin,
};
use crate::{
    exchange::Exchange,
    market::{Board, StockView},
    rest::answer::Refused,
};

pub(super) async fn answer(State(exchange): State<Arc<Exchange>>, Path(file): Path<String>) -> Result<Response, Refused> {
    let (board, name) = match file.as_str() {
        "kospi_code.mst.zip" => (Board::Kospi, "kospi_code.mst"),
        "kosdaq_code.mst.zip" => (Board::Kosdaq, "kosdaq_code.mst"),
        _ => return Ok(StatusCode::NOT_FOUND.into_response()),
    };
    // Writing into memory does not fail; if it did, this is how the broker's gateway fails.
    let zip = zipped(name, &list(&exchange, board)).map_err(|_| Refused::by_gateway("EGW00300", "GW라우팅 오류"))?;
    Ok(([(header::CONTENT_TYPE, "application/zip")], zip).into_response())
}

fn list(exchange: &Exchange, board: Board) -> Vec<u8> {
    let market = exchange.market();
    let stocks = market.symbols().filter(|symbol| !exchange.is_delisted(*symbol)).filter_map(|symbol| market.stock(symbol));
    stocks.filter(|stock| stock.board == board).flat_map(|stock| line(&stock)).collect()
}

fn zipped(name: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default())?;
    zip.write_all(content)?;
    Ok(zip.finish()?.into_inner())
}

/// One stock: short code (9), standard code (12), name (40), then 227 characters about a stock of KOSPI or 221 about one of
/// KOSDAQ, and the line's end. Layouts: the broker's published `kis_kospi_code_mst.py` and `kis_kosdaq_code_mst.py`, and the
/// C structures beside them.
fn line(stock: &StockView) -> Vec<u8> {
    // The broker's Korean encoding is CP949, which is what the web calls EUC-KR.
    let (name, ..) = EUC_KR.encode(&stock.name);
    let mut line = format!("{:<9}{:<12}", stock.symbol, isin::of(stock.symbol)).into_bytes();
    line.extend(name.iter().copied().chain(std::iter::repeat(b' ')).take(40));
    line.extend(details(stock).into_bytes());
    line.push(b'\n');
    line
}

fn details(stock: &StockView) -> String {
    let StockView { reference, board, .. } = stock;
    // Group (a share), size, sectors; then marks, such as membership in an index: N for no, or 0 of several kinds.
    let marks = match board {
        Board::Kospi => "NNN0NNN0NNNNNNNNN0NNNNNNNN",
        Board::Kosdaq => "NNN0NNNNNNNN0NNNNNNNN",
    };
    let halted = if stock.halted { "Y" } else { "N" };
    let preferred = if stock.symbol.as_str().ends_with('0') { "0" } else { "1" };
    let capital = reference.listed_shares.saturating_mul(FACE_VALUE);
    let is_kospi = if *board == Board::Kospi { "Y" } else { "" };
    let parts = [
        format!("ST1{:04}{:04}{:04}{marks}", 0, 0, 0),
        // Base price, the units of trading in and after hours.
        format!("{:09}{:05}{:05}", reference.base_price, 1, 1),
        // Halted, in liquidation, under administration; warnings; disclosure, listing; splits and new shares.
        format!("{halted}NN00NNN000000"),
        // Margin rate, credit and its days, volume of the day before, face value, listing date.
        format!("{:03}Y{:03}{:012}{FACE_VALUE:012}20000104", 40, 90, reference.previous_volume),
        // Listed shares in thousands, capital, month of the accounts, price of the first offer, kind of share.
        format!("{:015}{capital:021}12{:07}{preferred}", reference.listed_shares / 1_000, 0),
        // Overheated, soaring, in KRX300, and only on KOSPI: of KOSPI.
        format!("NNN{is_kospi}"),
        // Sales, operating profit, ordinary profit, net profit, return on equity, and the date of these.
        format!("{:09}{:09}{:09}{:05}{:09}20251231", 0, 0, 0, 0, 0),
        // Market capitalisation, group of companies, limits of credit.
        format!("{:09}{:>3}NYN", market_cap(stock), ""),
    ];
    parts.concat()
}
