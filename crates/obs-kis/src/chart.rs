//! What a stock cost before.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use obs_model::{KST, Money, Price, Quantity, Symbol};

use crate::{KisClient, KisError, call::Call, fields::Fields, quote::krx};

const MINUTES: Call = Call::quotation("inquire-time-itemchartprice", "FHKST03010200");
const DAYS: Call = Call::quotation("inquire-daily-itemchartprice", "FHKST03010100");

/// How wrong our clock may be before it is rather the broker's that is.
const WORST_SKEW: TimeDelta = TimeDelta::hours(1);

/// Minutes of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteChart {
    /// The stock's Korean name.
    pub name: Option<String>,
    /// At most 30, newest first, as the broker sends them; without those that have no price.
    ///
    /// Minutes without a trade are missing. The newest one is provisional: it is still going on, and until its first trade its
    /// volume is that of the minute before.
    pub rows: Vec<MinuteRow>,
}

/// One minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteRow {
    /// The day.
    pub date: NaiveDate,
    /// When the minute begins, in Korea.
    pub time: NaiveTime,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// Shares traded in the minute.
    pub volume: Quantity,
    /// Won traded since the day began, up to the end of the minute.
    pub cumulative_value: Money,
}

/// Days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyChart {
    /// The stock's Korean name.
    pub name: Option<String>,
    /// At most 100, newest first; without those that have no price.
    pub rows: Vec<DailyRow>,
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyRow {
    /// The day.
    pub date: NaiveDate,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// Shares traded.
    pub volume: Quantity,
    /// Won traded.
    pub value: Money,
}

impl KisClient {
    /// Up to 30 minutes of today that end with the one in which `until` lies, in Korea (`inquire-time-itemchartprice`).
    ///
    /// To go back, ask for the minute before the oldest row's. A time that is still to come counts as now: the broker would fill
    /// up the minutes between with invented rows. What is now is judged by our clock, corrected by the broker's
    /// ([`clock_skew`](Self::clock_skew)).
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn minute_chart(&self, symbol: Symbol, until: NaiveTime) -> Result<MinuteChart, KisError> {
        let skew = self.clock_skew().filter(|skew| skew.abs() <= WORST_SKEW).unwrap_or_default();
        let now = self.shared.clock.now() - skew;
        let hour = until.min(now.with_timezone(&KST).time()).format("%H%M%S").to_string();
        let [market, code] = krx(&symbol);
        let more = [("FID_INPUT_HOUR_1", hour.as_str()), ("FID_PW_DATA_INCU_YN", "Y"), ("FID_ETC_CLS_CODE", "")];
        let body = self.get(&MINUTES, &[&[market, code], more.as_slice()].concat()).await?;
        let minute = |fields: &Fields| {
            Ok(MinuteRow {
                date: fields.date("stck_bsop_date")?,
                time: fields.time("stck_cntg_hour")?,
                open: fields.required_price("stck_oprc")?,
                high: fields.required_price("stck_hgpr")?,
                low: fields.required_price("stck_lwpr")?,
                close: fields.required_price("stck_prpr")?,
                volume: fields.quantity("cntg_vol")?,
                cumulative_value: fields.money("acml_tr_pbmn")?,
            })
        };
        let name = body.one("output1")?.text("hts_kor_isnm").map(str::to_owned);
        Ok(MinuteChart { name, rows: rows(&body.many("output2")?, "stck_prpr", minute)? })
    }

    /// Up to 100 days from `from` to `to` (`inquire-daily-itemchartprice`).
    ///
    /// To go back further, move `to` before the oldest row. `adjusted` prices are those that a holder would have seen after
    /// splits and rights issues; the others are those of the day.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn daily_chart(
        &self,
        symbol: Symbol,
        from: NaiveDate,
        to: NaiveDate,
        adjusted: bool,
    ) -> Result<DailyChart, KisError> {
        let (from, to) = (date(from), date(to));
        let [market, code] = krx(&symbol);
        let more = [
            ("FID_INPUT_DATE_1", from.as_str()),
            ("FID_INPUT_DATE_2", to.as_str()),
            ("FID_PERIOD_DIV_CODE", "D"),
            ("FID_ORG_ADJ_PRC", if adjusted { "0" } else { "1" }),
        ];
        let body = self.get(&DAYS, &[&[market, code], more.as_slice()].concat()).await?;
        let day = |fields: &Fields| {
            Ok(DailyRow {
                date: fields.date("stck_bsop_date")?,
                open: fields.required_price("stck_oprc")?,
                high: fields.required_price("stck_hgpr")?,
                low: fields.required_price("stck_lwpr")?,
                close: fields.required_price("stck_clpr")?,
                volume: fields.quantity("acml_vol")?,
                value: fields.money("acml_tr_pbmn")?,
            })
        };
        let name = body.one("output1")?.text("hts_kor_isnm").map(str::to_owned);
        Ok(DailyChart { name, rows: rows(&body.many("output2")?, "stck_clpr", day)? })
    }
}

/// A date as the broker writes it.
pub(crate) fn date(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

/// The rows that have a last price: others are of days or stocks without a trade.
fn rows<T>(rows: &[Fields], close: &'static str, read: impl Fn(&Fields) -> Result<T, KisError>) -> Result<Vec<T>, KisError> {
    let priced = |row: &&Fields| !matches!(row.price(close), Ok(None));
    rows.iter().filter(priced).map(read).collect()
}
