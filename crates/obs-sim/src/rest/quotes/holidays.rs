//! CTCA0903R: on which days the market opens. The broker wants to be asked once a day at most.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query as Raw, State},
    response::Response,
};
use chrono::{Datelike, NaiveDate, Weekday};
use obs_model::{Calendar, TradingDay};
use serde_json::{Value, json};

use super::{object, query::Query, quote};
use crate::{exchange::Exchange, rest::answer::Refused};

/// Days in an answer.
const DAYS: usize = 24;

pub(super) async fn answer(
    State(exchange): State<Arc<Exchange>>,
    Raw(query): Raw<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let query = Query::new(query, &["BASS_DT", "CTX_AREA_NK", "CTX_AREA_FK"])?;
    let from = query.date("BASS_DT")?;
    let calendar = exchange.market().calendar().clone();
    let days: Value = from.iter_days().take(DAYS).map(|day| row(&calendar, day)).collect();
    let cursor = json!(format!("{:<20}", from.format("%Y%m%d").to_string()));
    Ok(quote([("ctx_area_nk", cursor.clone()), ("ctx_area_fk", cursor), ("output", days)]))
}

fn row(calendar: &Calendar, day: NaiveDate) -> Value {
    let yes_no = |yes: bool| if yes { "Y" } else { "N" }.to_owned();
    let opens = calendar.day(day) != TradingDay::Closed;
    // On the last weekday of December only the exchange is closed: it is a working day for everybody else.
    let only_closed = day.month() == 12 && day.day() > 28 && is_last_weekday(day);
    let business = yes_no(opens || only_closed);
    object([
        ("bass_dt", day.format("%Y%m%d").to_string()),
        ("wday_dvsn_cd", format!("{:02}", day.weekday().number_from_sunday())),
        ("bzdy_yn", business.clone()),
        ("tr_day_yn", business.clone()),
        ("opnd_yn", yes_no(opens)),
        ("sttl_day_yn", business),
    ])
}

/// Whether no other weekday of the month comes after this one.
fn is_last_weekday(day: NaiveDate) -> bool {
    let is_weekday = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let mut later = day.iter_days().skip(1).take_while(|later| later.month() == day.month());
    is_weekday(&day) && !later.any(|later| is_weekday(&later))
}
