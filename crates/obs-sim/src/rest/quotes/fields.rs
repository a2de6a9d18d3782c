//! Groups of fields that several answers have in common. The order of fields in an answer means nothing.

use crate::{
    frame::text::{decimal, percent, sign_of_day},
    market::{DailyBar, DayFigures, StockView},
};

/// A field's name and its text.
pub(super) type Field = (&'static str, String);

/// Won that a share was issued at.
pub(super) const FACE_VALUE: i64 = 100;

/// Names with whole numbers.
pub(super) fn numbers<const N: usize>(fields: [(&'static str, i64); N]) -> [Field; N] {
    fields.map(|(name, number)| (name, number.to_string()))
}

/// The last price, and how it stands to the previous close: difference, its code, and in percent.
pub(super) fn last_price(stock: &StockView) -> [Field; 4] {
    let StockView { last, reference, .. } = stock;
    let change = last - reference.base_price;
    [
        ("stck_prpr", last.to_string()),
        ("prdy_vrss", change.to_string()),
        ("prdy_vrss_sign", sign_of_day(*last, reference).to_string()),
        ("prdy_ctrt", percent(change, reference.base_price)),
    ]
}

/// What the day has traded so far.
pub(super) fn turnover(stock: &StockView) -> [Field; 2] {
    let (volume, value) = stock.day.map_or((0, 0), |day| (day.volume, day.value));
    numbers([("acml_vol", volume), ("acml_tr_pbmn", value)])
}

/// The day's opening, highest and lowest price; 0 before its first trade.
pub(super) fn range(stock: &StockView) -> [Field; 3] {
    let of_day = |pick: fn(&DayFigures) -> i64| stock.day.as_ref().map_or(0, pick);
    numbers([
        ("stck_oprc", of_day(|day| day.open.price)),
        ("stck_hgpr", of_day(|day| day.high.price)),
        ("stck_lwpr", of_day(|day| day.low.price)),
    ])
}

/// Between which prices the day must stay.
pub(super) fn limits(stock: &StockView) -> [Field; 2] {
    numbers([("stck_mxpr", stock.reference.upper_limit), ("stck_llam", stock.reference.lower_limit)])
}

/// What the company is worth. Its earnings are made up: a fifteenth of the previous close, which is also what it owns per share.
pub(super) fn worth(stock: &StockView) -> [Field; 8] {
    let StockView { last, reference, day, .. } = stock;
    let (earnings, owned) = ((reference.base_price / 15).max(1), reference.base_price);
    [
        ("stck_fcam", FACE_VALUE.to_string()),
        ("lstn_stcn", reference.listed_shares.to_string()),
        ("cpfn", capital(stock).to_string()),
        ("hts_avls", market_cap(stock).to_string()),
        ("per", decimal(*last, earnings, 1)),
        ("eps", format!("{earnings}.00")),
        ("pbr", decimal(*last, owned, 1)),
        ("vol_tnrt", percent(day.map_or(0, |day| day.volume), reference.listed_shares)),
    ]
}

/// The company's capital in units of 100 million won.
pub(super) fn capital(stock: &StockView) -> i64 {
    stock.reference.listed_shares / 100_000_000 * FACE_VALUE
}

/// What all shares are worth, in units of 100 million won.
pub(super) fn market_cap(stock: &StockView) -> i64 {
    let won = i128::from(stock.last) * i128::from(stock.reference.listed_shares);
    i64::try_from(won / 100_000_000).unwrap_or(i64::MAX)
}

/// The trading day before the one that the stock's figures are of.
pub(super) fn day_before<'a>(stock: &StockView, bars: &'a [DailyBar]) -> Option<&'a DailyBar> {
    bars.iter().find(|bar| stock.day.is_none_or(|day| bar.date < day.date))
}
