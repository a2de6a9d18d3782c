//! Why an order is not taken, in the broker's words.

use crate::settings::Environment;

/// Why an order is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderRefusal {
    BeforeOpen,
    Closed,
    UnknownSymbol,
    /// Halted, delisted, or not offered in paper trading.
    NotTradable,
    Tick,
    PriceLimit,
    Quantity,
    CashShort,
    HoldingsShort,
    /// The order to revise or cancel has nothing left, or there is none.
    NothingLeft,
}

impl OrderRefusal {
    /// `rt_cd`, `msg_cd` and `msg1`. The live broker uses one code for several reasons, so clients must read the text as well.
    ///
    /// Codes and texts of paper trading, and live APBK0506, APBK0656 and APBK0918, were observed; the live code for a price
    /// beyond the limit (APBK0507), for a quantity (APBK0509) and for what cannot be revised (APBK0344), and paper trading's
    /// (40330000), are guesses.
    pub(crate) const fn answer(self, environment: Environment) -> (&'static str, &'static str, &'static str) {
        match (environment, self) {
            (Environment::Paper, Self::BeforeOpen) => ("1", "40570000", "모의투자 장시작전 입니다."),
            (Environment::Paper, Self::Closed) => ("1", "40580000", "모의투자 장종료 입니다."),
            (Environment::Paper, Self::UnknownSymbol | Self::NotTradable) => {
                ("1", "40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)")
            }
            (Environment::Paper, Self::Tick) => ("1", "40030000", "모의투자 주문처리가 안되었습니다(호가단위 오류)"),
            (Environment::Paper, Self::PriceLimit) => ("1", "40270000", "모의투자 상/하한가 오류"),
            (Environment::Paper, Self::Quantity) => ("1", "40330000", "모의투자 주문수량을 확인하세요."),
            (Environment::Paper, Self::CashShort) => ("1", "40250000", "모의투자 주문가능금액이 부족합니다."),
            (Environment::Paper, Self::HoldingsShort) => ("1", "40240000", "모의투자 잔고내역이 없습니다."),
            (Environment::Paper, Self::NothingLeft) => ("1", "40330000", "모의투자 정정/취소할 수량이 없습니다."),
            (Environment::Live, Self::BeforeOpen) => ("1", "APBK0918", "장시작전 주문불가"),
            (Environment::Live, Self::Closed) => ("1", "APBK0918", "장운영시간이 아닙니다.(주문불가)"),
            (Environment::Live, Self::UnknownSymbol) => ("7", "APBK0656", "해당종목정보가 없습니다."),
            (Environment::Live, Self::NotTradable) => ("7", "APBK0656", "거래정지 종목으로 주문할 수 없습니다."),
            (Environment::Live, Self::Tick) => ("7", "APBK0506", "주식주문호가단위 오류"),
            (Environment::Live, Self::PriceLimit) => ("7", "APBK0507", "주문단가가 상/하한가를 벗어났습니다."),
            (Environment::Live, Self::Quantity) => ("7", "APBK0509", "주문수량을 확인하세요."),
            (Environment::Live, Self::CashShort) => ("1", "APBK0918", "주문가능금액을 초과 했습니다."),
            (Environment::Live, Self::HoldingsShort) => ("1", "APBK0918", "매도가능수량이 부족합니다."),
            (Environment::Live, Self::NothingLeft) => ("7", "APBK0344", "정정/취소할 수량이 없습니다."),
        }
    }
}
