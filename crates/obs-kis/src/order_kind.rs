//! At what price an order may trade, for how long, and where.

use obs_model::Price;

use crate::KisError;

/// The kind of an order, by the broker's codes (`ORD_DVSN`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// At this price or better (지정가).
    Limit(Price, TimeInForce),
    /// At whatever price (시장가). A buy needs cash for the upper limit.
    Market(TimeInForce),
    /// At this price or better, and at the closing auction's (조건부지정가).
    ConditionalLimit(Price),
    /// At the best price of the other side when it arrives (최유리지정가).
    Best(TimeInForce),
    /// At the best price of its own side when it arrives (최우선지정가).
    BestOwnSide,
    /// Before the open, at the previous close (장전 시간외).
    PreOpen,
    /// After the close, at the close (장후 시간외).
    PostClose,
    /// In the middle between bid and ask (중간가).
    Midpoint(TimeInForce),
    /// At `limit` or better once the price has reached `stop` (스톱지정가).
    StopLimit {
        /// The price that wakes it.
        stop: Price,
        /// The price that it then asks for.
        limit: Price,
    },
    /// In the after-market from 16:00 to 20:00, at this price or better.
    AfterMarketLimit(Price, TimeInForce),
    /// In the after-market, at the best price of the other side.
    AfterMarketBest(TimeInForce),
    /// In the after-market, at the best price of its own side.
    AfterMarketBestOwnSide,
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Until the session ends.
    #[default]
    Day,
    /// What cannot be filled at once is cancelled (IOC).
    ImmediateOrCancel,
    /// It is filled at once and in full, or cancelled (FOK).
    FillOrKill,
}

/// Where an order trades (`EXCG_ID_DVSN_CD`). Paper trading knows the Korea Exchange only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Venue {
    /// The Korea Exchange.
    #[default]
    Krx,
    /// Nextrade. It has no market orders and none before the open or after the close.
    Nxt,
    /// Whichever the broker finds better.
    Sor,
}

impl OrderKind {
    /// The broker's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Limit(_, time) => time.choose("00", "11", "12"),
            Self::Market(time) => time.choose("01", "13", "14"),
            Self::ConditionalLimit(_) => "02",
            Self::Best(time) => time.choose("03", "15", "16"),
            Self::BestOwnSide => "04",
            Self::PreOpen => "05",
            Self::PostClose => "06",
            Self::Midpoint(time) => time.choose("21", "23", "24"),
            Self::StopLimit { .. } => "22",
            Self::AfterMarketLimit(_, time) => time.choose("41", "42", "43"),
            Self::AfterMarketBest(time) => time.choose("44", "45", "46"),
            Self::AfterMarketBestOwnSide => "47",
        }
    }

    /// The price that it asks for, if it asks for one.
    #[must_use]
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Limit(price, _)
            | Self::ConditionalLimit(price)
            | Self::AfterMarketLimit(price, _)
            | Self::StopLimit { limit: price, .. } => Some(price),
            Self::Market(_)
            | Self::Best(_)
            | Self::BestOwnSide
            | Self::PreOpen
            | Self::PostClose
            | Self::Midpoint(_)
            | Self::AfterMarketBest(_)
            | Self::AfterMarketBestOwnSide => None,
        }
    }

    /// The price as it is sent: 0 for none.
    pub(crate) fn wire_price(self) -> Result<String, KisError> {
        self.price().map_or_else(|| Ok("0".to_owned()), whole_won)
    }

    pub(crate) fn wire_stop_price(self) -> Result<Option<String>, KisError> {
        match self {
            Self::StopLimit { stop, .. } => whole_won(stop).map(Some),
            _ => Ok(None),
        }
    }
}

impl TimeInForce {
    const fn choose(self, day: &'static str, ioc: &'static str, fok: &'static str) -> &'static str {
        match self {
            Self::Day => day,
            Self::ImmediateOrCancel => ioc,
            Self::FillOrKill => fok,
        }
    }
}

impl Venue {
    /// The broker's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Krx => "KRX",
            Self::Nxt => "NXT",
            Self::Sor => "SOR",
        }
    }
}

fn whole_won(price: Price) -> Result<String, KisError> {
    let won = price.whole_won();
    won.map(|won| won.to_string())
        .ok_or_else(|| KisError::Setup { reason: format!("the price {price} is not whole won: round it to the tick size") })
}
