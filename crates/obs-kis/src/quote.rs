//! What a stock costs now.

use chrono::NaiveTime;
use obs_model::{Money, Price, Quantity, Symbol};

use crate::{KisClient, KisError, call::Call, fields::Fields};

const PRICE: Call = Call::quotation("inquire-price", "FHKST01010100");
const ASKING_PRICE: Call = Call::quotation("inquire-asking-price-exp-ccn", "FHKST01010200");
/// The status of a stock whose trading is halted (거래정지).
const HALTED: &str = "58";
/// The levels of a book.
const ASKS: [(&str, &str); 10] = [
    ("askp1", "askp_rsqn1"),
    ("askp2", "askp_rsqn2"),
    ("askp3", "askp_rsqn3"),
    ("askp4", "askp_rsqn4"),
    ("askp5", "askp_rsqn5"),
    ("askp6", "askp_rsqn6"),
    ("askp7", "askp_rsqn7"),
    ("askp8", "askp_rsqn8"),
    ("askp9", "askp_rsqn9"),
    ("askp10", "askp_rsqn10"),
];
const BIDS: [(&str, &str); 10] = [
    ("bidp1", "bidp_rsqn1"),
    ("bidp2", "bidp_rsqn2"),
    ("bidp3", "bidp_rsqn3"),
    ("bidp4", "bidp_rsqn4"),
    ("bidp5", "bidp_rsqn5"),
    ("bidp6", "bidp_rsqn6"),
    ("bidp7", "bidp_rsqn7"),
    ("bidp8", "bidp_rsqn8"),
    ("bidp9", "bidp_rsqn9"),
    ("bidp10", "bidp_rsqn10"),
];

/// A stock's day so far. It has no name and no bid or ask: see [`DailyChart`](crate::DailyChart) and [`Book`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The stock that was asked for.
    pub symbol: Symbol,
    /// The last price, or none if the broker does not know the stock.
    pub price: Option<Price>,
    /// The day's first price, or none before it.
    pub open: Option<Price>,
    /// The day's highest price.
    pub high: Option<Price>,
    /// The day's lowest price.
    pub low: Option<Price>,
    /// What the day's changes and limits are measured from: the previous close, adjusted.
    pub base_price: Option<Price>,
    /// The highest price allowed today.
    pub upper_limit: Option<Price>,
    /// The lowest price allowed today.
    pub lower_limit: Option<Price>,
    /// The step between prices at this price.
    pub tick_size: Option<Price>,
    /// Shares traded today.
    pub volume: Quantity,
    /// Won traded today.
    pub value: Money,
    /// Shares listed; zero if the broker does not say.
    pub listed_shares: Quantity,
    /// Whether trading is halted, for now or until further notice.
    pub halted: bool,
    /// The broker's code of the stock's status (`iscd_stat_cls_code`): 51 under administration, 58 halted, 59 overheated by short
    /// selling, 55 and 57 as usual.
    pub status: String,
}

/// What is offered and wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The stock that was asked for.
    pub symbol: Symbol,
    /// When it last changed, in Korea; it has no date.
    pub time: Option<NaiveTime>,
    /// Up to ten levels, best first. Empty ones are left out.
    pub asks: Vec<Level>,
    /// Up to ten levels, best first. Empty ones are left out.
    pub bids: Vec<Level>,
    /// Shares offered at all levels.
    pub total_ask_size: Quantity,
    /// Shares wanted at all levels.
    pub total_bid_size: Quantity,
    /// What an auction would trade now, during an auction.
    pub expected: Option<Level>,
}

/// A price and how many shares there are at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Won for a share.
    pub price: Price,
    /// Shares.
    pub size: Quantity,
}

impl KisClient {
    /// A stock's day so far (`inquire-price`). A stock that the broker does not know has no price; it is not an error.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn quote(&self, symbol: Symbol) -> Result<Quote, KisError> {
        let body = self.get(&PRICE, &krx(&symbol)).await?;
        let fields = body.one("output")?;
        let status = fields.text("iscd_stat_cls_code").unwrap_or_default().to_owned();
        Ok(Quote {
            symbol,
            // Without the key the answer would be of another call.
            price: fields.required("stck_prpr").and_then(|_| fields.price("stck_prpr"))?,
            open: fields.price("stck_oprc")?,
            high: fields.price("stck_hgpr")?,
            low: fields.price("stck_lwpr")?,
            base_price: fields.price("stck_sdpr")?,
            upper_limit: fields.price("stck_mxpr")?,
            lower_limit: fields.price("stck_llam")?,
            tick_size: fields.price("aspr_unit")?,
            volume: fields.quantity("acml_vol")?,
            value: fields.money("acml_tr_pbmn")?,
            listed_shares: fields.quantity_or_zero("lstn_stcn")?,
            halted: status == HALTED || fields.yes("temp_stop_yn"),
            status,
        })
    }

    /// A stock's book of ten levels (`inquire-asking-price-exp-ccn`). A stock that the broker does not know has an empty one.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn asking_price(&self, symbol: Symbol) -> Result<Book, KisError> {
        let body = self.get(&ASKING_PRICE, &krx(&symbol)).await?;
        let (book, auction) = (body.one("output1")?, body.one("output2")?);
        let expected = auction.price("antc_cnpr")?;
        Ok(Book {
            symbol,
            time: book.time_if_any("aspr_acpt_hour"),
            asks: levels(&book, &ASKS)?,
            bids: levels(&book, &BIDS)?,
            total_ask_size: book.quantity_or_zero("total_askp_rsqn")?,
            total_bid_size: book.quantity_or_zero("total_bidp_rsqn")?,
            expected: match expected {
                Some(price) => Some(Level { price, size: auction.quantity_or_zero("antc_vol")? }),
                None => None,
            },
        })
    }
}

/// The query for a stock at the Korea Exchange.
pub(crate) fn krx(symbol: &Symbol) -> [(&'static str, &str); 2] {
    [("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", symbol.as_str())]
}

fn levels(book: &Fields, keys: &[(&'static str, &'static str)]) -> Result<Vec<Level>, KisError> {
    let level = |(price, size): &(&'static str, &'static str)| {
        let price = book.price(price).transpose()?;
        Some(price.and_then(|price| Ok(Level { price, size: book.quantity(size)? })))
    };
    keys.iter().filter_map(level).collect()
}
