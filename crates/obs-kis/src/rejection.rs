//! Why the broker did not accept an order.

/// What the broker means by rejecting an order.
///
/// Live trading uses one code for several reasons (`APBK0918` alone for three), so its words decide, and the code only where the
/// words are not known. Codes of eight digits are those of paper trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The price is not a multiple of the tick size.
    TickSize,
    /// The price is above the day's upper limit or below its lower one.
    PriceLimit,
    /// Not enough money. An order without a price needs as much as at the upper limit.
    CashShort,
    /// Not enough shares to sell. Paper trading takes some seconds until a purchase can be sold.
    HoldingsShort,
    /// Not now: before the open, after the close, or not a day of business.
    MarketClosed,
    /// The broker does not let this stock be traded, for now or in this environment.
    NotTradable,
    /// This type of order is not accepted in this part of the day.
    OrderType,
    /// There is nothing left to revise or cancel.
    NothingOpen,
    /// The account may not order; in paper trading its season has ended.
    Account,
    /// Something else: read the words.
    Other,
}

/// Words and what they mean, the more telling ones first.
const WORDS: [(&str, Rejection); 17] = [
    ("호가단위", Rejection::TickSize),
    ("상/하한가", Rejection::PriceLimit),
    ("상하한가", Rejection::PriceLimit),
    ("정정/취소할 수량", Rejection::NothingOpen),
    ("주문가능금액", Rejection::CashShort),
    ("주문가능현금", Rejection::CashShort),
    ("증거금", Rejection::CashShort),
    ("잔고내역이 없", Rejection::HoldingsShort),
    ("매도가능수량", Rejection::HoldingsShort),
    ("잔고수량", Rejection::HoldingsShort),
    ("매매불가", Rejection::NotTradable),
    ("거래정지", Rejection::NotTradable),
    ("불가한 계좌", Rejection::Account),
    ("장시작전", Rejection::MarketClosed),
    ("장종료", Rejection::MarketClosed),
    ("장운영시간", Rejection::MarketClosed),
    ("영업일이 아", Rejection::MarketClosed),
];

impl Rejection {
    pub(crate) fn of(code: &str, message: &str) -> Self {
        let by_words = WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, reason)| *reason);
        by_words.unwrap_or(match code {
            "APBK0506" | "40030000" => Self::TickSize,
            "40270000" => Self::PriceLimit,
            "40250000" => Self::CashShort,
            "APBK1234" | "40240000" => Self::HoldingsShort,
            "40570000" | "40580000" | "40910001" => Self::MarketClosed,
            "40070000" => Self::NotTradable,
            "APBK3013" => Self::OrderType,
            "40910000" => Self::Account,
            _ => Self::Other,
        })
    }
}
