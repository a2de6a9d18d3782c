//! FHKST01010100: the price of a stock, with everything that belongs to it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query as Raw, State},
    response::Response,
};

use super::{
    fields::{FACE_VALUE, Field, capital, day_before, last_price, limits, numbers, range, turnover, worth},
    nothing, object,
    query::Query,
    quote,
};
use crate::{
    exchange::Exchange,
    frame::text::{decimal, percent},
    market::{Board, DailyBar, StockView, tick_size},
    rest::answer::Refused,
};

pub(super) async fn answer(
    State(exchange): State<Arc<Exchange>>,
    Raw(query): Raw<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let query = Query::new(query, &["FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD"])?;
    let output = match query.stock(&exchange)? {
        Some(stock) => object(fields(&stock, &exchange.market().daily_bars(stock.symbol))),
        // Any stock has the same keys.
        None => {
            let market = exchange.market();
            let some = market.symbols().next().and_then(|symbol| market.stock(symbol));
            nothing(some.iter().flat_map(|stock| fields(stock, &[])).map(|(name, _)| name))
        }
    };
    Ok(quote([("output", output)]))
}

/// The documented fields. What has no counterpart in the simulated market says so by being zero or empty.
fn fields(stock: &StockView, bars: &[DailyBar]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    fields.extend(last_price(stock));
    fields.extend(turnover(stock));
    fields.extend(range(stock));
    fields.extend(limits(stock));
    fields.extend(worth(stock));
    fields.extend(standing(stock));
    fields.extend(prices(stock));
    fields.extend(pivots(stock, bars));
    fields.extend(extremes(stock, bars));
    fields.extend(NOT_SIMULATED.map(|(name, text)| (name, text.to_owned())));
    fields
}

/// Which stock it is, and whether it may be traded.
fn standing(stock: &StockView) -> [Field; 5] {
    let (status, stopped) = if stock.halted { ("58", "Y") } else { ("55", "N") };
    let board = if stock.board == Board::Kospi { "KOSPI" } else { "KOSDAQ" };
    [
        ("iscd_stat_cls_code", status.to_owned()),
        ("temp_stop_yn", stopped.to_owned()),
        ("rprs_mrkt_kor_name", board.to_owned()),
        ("stck_shrn_iscd", stock.symbol.to_string()),
        ("cpfn_cnnm", format!("{} 억", capital(stock))),
    ]
}

/// What follows from the base price and from the day.
fn prices(stock: &StockView) -> Vec<Field> {
    let StockView { last, reference, day, .. } = stock;
    let (volume, value) = day.map_or((0, 0), |day| (day.volume, day.value));
    let mut fields = vec![
        ("prdy_vrss_vol_rate", percent(volume, reference.previous_volume)),
        ("wghn_avrg_stck_prc", decimal(value, volume, 1)),
        ("bps", format!("{}.00", reference.base_price)),
    ];
    fields.extend(numbers([
        ("stck_sdpr", reference.base_price),
        ("rstc_wdth_prc", reference.upper_limit - reference.base_price),
        ("stck_sspr", reference.base_price * 7 / 10),
        ("aspr_unit", tick_size(*last)),
        ("fcam_cnnm", FACE_VALUE),
    ]));
    fields
}

/// Classic pivot points of the day before.
fn pivots(stock: &StockView, bars: &[DailyBar]) -> [Field; 7] {
    let last = stock.last;
    let (high, low, close) = day_before(stock, bars).map_or((last, last, last), |bar| (bar.high, bar.low, bar.close));
    let pivot = (high + low + close) / 3;
    let (resistance, support) = (2 * pivot - low, 2 * pivot - high);
    numbers([
        ("pvt_scnd_dmrs_prc", pivot + high - low),
        ("pvt_frst_dmrs_prc", resistance),
        ("pvt_pont_val", pivot),
        ("pvt_frst_dmsp_prc", support),
        ("pvt_scnd_dmsp_prc", pivot - high + low),
        ("dmrs_val", (resistance + pivot) / 2),
        ("dmsp_val", (support + pivot) / 2),
    ])
}

/// The highest and lowest price of all days that the market can tell of: of 250 days, of the year, of 52 weeks.
fn extremes(stock: &StockView, bars: &[DailyBar]) -> Vec<Field> {
    let of = |bar: Option<&DailyBar>, pick: fn(&DailyBar) -> i64| {
        let price = bar.map_or(stock.last, pick);
        let date = bar.map(|bar| bar.date.format("%Y%m%d").to_string()).unwrap_or_default();
        [price.to_string(), date, percent(stock.last - price, price)]
    };
    let high = of(bars.iter().max_by_key(|bar| bar.high), |bar| bar.high);
    let low = of(bars.iter().min_by_key(|bar| bar.low), |bar| bar.low);
    let named = |names: [[&'static str; 3]; 3], values: [String; 3]| {
        names.into_iter().flat_map(move |names| names.into_iter().zip(values.clone()))
    };
    named(HIGHS, high).chain(named(LOWS, low)).collect()
}

const HIGHS: [[&str; 3]; 3] = [
    ["d250_hgpr", "d250_hgpr_date", "d250_hgpr_vrss_prpr_rate"],
    ["stck_dryy_hgpr", "dryy_hgpr_date", "dryy_hgpr_vrss_prpr_rate"],
    ["w52_hgpr", "w52_hgpr_date", "w52_hgpr_vrss_prpr_ctrt"],
];

const LOWS: [[&str; 3]; 3] = [
    ["d250_lwpr", "d250_lwpr_date", "d250_lwpr_vrss_prpr_rate"],
    ["stck_dryy_lwpr", "dryy_lwpr_date", "dryy_lwpr_vrss_prpr_rate"],
    ["w52_lwpr", "w52_lwpr_date", "w52_lwpr_vrss_prpr_ctrt"],
];

/// Margins, credit, foreigners, programs, short sales, warnings.
const NOT_SIMULATED: [(&str, &str); 25] = [
    ("marg_rate", "40.00"),
    ("new_hgpr_lwpr_cls_code", ""),
    ("bstp_kor_isnm", "기타"),
    ("oprc_rang_cont_yn", "N"),
    ("clpr_rang_cont_yn", "N"),
    ("crdt_able_yn", "Y"),
    ("grmn_rate_cls_code", "40"),
    ("elw_pblc_yn", "N"),
    ("hts_frgn_ehrt", "0.00"),
    ("frgn_ntby_qty", "0"),
    ("pgtr_ntby_qty", "0"),
    ("hts_deal_qty_unit_val", "1"),
    ("stac_month", "12"),
    ("whol_loan_rmnd_rate", "0.00"),
    ("ssts_yn", "Y"),
    ("apprch_rate", ""),
    ("frgn_hldn_qty", "0"),
    ("vi_cls_code", "N"),
    ("ovtm_vi_cls_code", "N"),
    ("last_ssts_cntg_qty", "0"),
    ("invt_caful_yn", "N"),
    ("mrkt_warn_cls_code", "00"),
    ("short_over_yn", "N"),
    ("sltr_yn", "N"),
    ("mang_issu_cls_code", "N"),
];
