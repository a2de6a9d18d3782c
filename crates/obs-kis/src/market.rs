//! The days of the market, and what is listed there.

use chrono::NaiveDate;

use crate::{Environment, KisClient, KisError, call::Call, chart::date, http::url};

const HOLIDAYS: Call = Call::quotation("chk-holiday", "CTCA0903R");

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketDay {
    /// The day, in Korea.
    pub date: NaiveDate,
    /// Whether the exchange opens (`opnd_yn`). This decides: the last business day of a year may be one without trading.
    pub opens: bool,
    /// Whether it is a day of business (`bzdy_yn`).
    pub business: bool,
    /// Whether it is a trading day by name (`tr_day_yn`).
    pub trading: bool,
    /// Whether trades are settled (`sttl_day_yn`).
    pub settlement: bool,
}

/// A market of the Korea Exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Market {
    /// The main board (유가증권시장).
    Kospi,
    /// The second board (코스닥시장).
    Kosdaq,
}

impl KisClient {
    /// About 24 days from `from` (`chk-holiday`). The broker asks for at most one call a day, and offers it to live keys only.
    ///
    /// # Errors
    /// [`KisError::NotOffered`] in paper trading, without asking; others as their variants say.
    pub async fn holidays(&self, from: NaiveDate) -> Result<Vec<MarketDay>, KisError> {
        if self.endpoints().environment() == Environment::Paper {
            return Err(KisError::NotOffered { what: "the calendar of holidays" });
        }
        let from = date(from);
        let query = [("BASS_DT", from.as_str()), ("CTX_AREA_NK", ""), ("CTX_AREA_FK", "")];
        let body = self.get(&HOLIDAYS, &query).await?;
        let days = body.many("output")?;
        let day = days.iter().map(|fields| {
            Ok(MarketDay {
                date: fields.date("bass_dt")?,
                opens: fields.flag("opnd_yn")?,
                business: fields.yes("bzdy_yn"),
                trading: fields.yes("tr_day_yn"),
                settlement: fields.yes("sttl_day_yn"),
            })
        });
        day.collect()
    }

    /// The broker's list of what is listed at a market: a ZIP archive with one file of fixed-width lines in CP949.
    ///
    /// It lies on a public host ([`Endpoints::master`](crate::Endpoints::master)) and needs no key, so it counts against no limit.
    /// It is some hundred kilobytes and changes once a day.
    ///
    /// # Errors
    /// [`KisError::Unreachable`], or [`KisError::Unreadable`] if what comes is no ZIP archive. It is not asked again here.
    pub async fn master_file(&self, market: Market) -> Result<Vec<u8>, KisError> {
        let path = match market {
            Market::Kospi => "/common/master/kospi_code.mst.zip",
            Market::Kosdaq => "/common/master/kosdaq_code.mst.zip",
        };
        let (http, address) = (&self.shared.http, self.endpoints().master());
        let answer = http.ask(address, http.get(url(address, path, &[])?)).await.map_err(|failure| failure.error)?;
        if !(200..300).contains(&answer.status) || !answer.body.starts_with(b"PK") {
            return Err(answer.unreadable("is not a ZIP archive"));
        }
        Ok(answer.body)
    }
}
