//! H0STCNT0: trades.

use chrono::{DateTime, Timelike, Utc};
use obs_model::KST;

use super::text::{decimal, hour, hundredths, percent, sign, sign_of_day};
use crate::market::{Mark, Trade, TradeSide};

/// The transaction that carries trades.
pub const TRADE_TR_ID: &str = "H0STCNT0";

/// The most records that one frame carries.
pub const MAX_RECORDS: usize = 20;

/// How many fields a record has. The broker has widened it without notice, so a client must live with either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecordWidth {
    /// What the broker documents.
    Documented,
    /// What it sends since 2026-09-14: one more, the market class.
    #[default]
    Current,
}

impl RecordWidth {
    /// The number of fields.
    #[must_use]
    pub const fn fields(self) -> usize {
        match self {
            Self::Documented => 46,
            Self::Current => 47,
        }
    }
}

/// Writes trades, normally of one stock and at most [`MAX_RECORDS`], as one frame: records follow each other without a
/// separator of their own.
#[must_use]
pub fn encode(trades: &[Trade], width: RecordWidth) -> String {
    let records: Vec<String> = trades.iter().map(|trade| record(trade)[..width.fields()].join("^")).collect();
    format!("0|{TRADE_TR_ID}|{:03}|{}", records.len(), records.join("^"))
}

/// What the broker says of a trade in the session, auctions included: second digit 0, an ordinary one.
const IN_SESSION: &str = "20";

/// The fields by their index. A trade that ends a halt is the result of an auction within the session: class C, halted.
fn record(trade: &Trade) -> [String; 47] {
    let Trade { price, volume, quotes, day, reference, .. } = trade;
    let [open, high, low] = [day.open, day.high, day.low].map(|mark| against(*price, mark));
    let seconds_into_day = i64::from(seconds_of_day(trade.at));
    let volume_a_day_ago = (reference.previous_volume * seconds_into_day / 86_400).max(1);
    [
        trade.symbol.to_string(),
        hour(trade.at),
        price.to_string(),
        sign_of_day(*price, reference).to_string(),
        trade.change().to_string(),
        percent(trade.change(), reference.base_price),
        decimal(day.value, day.volume, 1),
        day.open.price.to_string(),
        day.high.price.to_string(),
        day.low.price.to_string(),
        // 10
        quotes.ask.to_string(),
        quotes.bid.to_string(),
        volume.to_string(),
        day.volume.to_string(),
        day.value.to_string(),
        day.sell_count.to_string(),
        day.buy_count.to_string(),
        (day.buy_count - day.sell_count).to_string(),
        percent(day.buy_volume, day.sell_volume),
        day.sell_volume.to_string(),
        // 20
        day.buy_volume.to_string(),
        side_code(trade.side).to_owned(),
        hundredths(-(-100 * i128::from(day.buy_volume)).div_euclid(i128::from(day.volume.max(1)))),
        percent(day.volume, reference.previous_volume),
        open[0].clone(),
        open[1].clone(),
        open[2].clone(),
        high[0].clone(),
        high[1].clone(),
        high[2].clone(),
        // 30
        low[0].clone(),
        low[1].clone(),
        low[2].clone(),
        day.date.format("%Y%m%d").to_string(),
        IN_SESSION.to_owned(),
        if trade.resumes { "Y" } else { "N" }.to_owned(),
        quotes.ask_size.to_string(),
        quotes.bid_size.to_string(),
        quotes.total_ask_size.to_string(),
        quotes.total_bid_size.to_string(),
        // 40
        percent(day.volume, reference.listed_shares),
        volume_a_day_ago.to_string(),
        percent(day.volume, volume_a_day_ago),
        if trade.resumes { "C" } else { "0" }.to_owned(),
        String::new(),
        day.open.price.to_string(),
        "2".to_owned(),
    ]
}

/// When an extreme of the day was reached, and how the price stands to it: hour, sign, difference.
fn against(price: i64, mark: Mark) -> [String; 3] {
    let difference = price - mark.price;
    [hour(mark.at), sign(difference).to_string(), difference.to_string()]
}

const fn side_code(side: TradeSide) -> &'static str {
    match side {
        TradeSide::Buy => "1",
        TradeSide::Sell => "5",
        TradeSide::Auction => "3",
    }
}

fn seconds_of_day(at: DateTime<Utc>) -> u32 {
    at.with_timezone(&KST).num_seconds_from_midnight()
}
