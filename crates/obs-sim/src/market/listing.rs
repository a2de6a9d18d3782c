//! The stocks of the simulated market.

use obs_model::Symbol;

use super::tick_grid::tick_size;
use crate::SimError;

/// A stock of the simulated market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its short code.
    pub symbol: Symbol,
    /// Its Korean name.
    pub name: String,
    /// The price in won that its first day starts from, on KRX's grid.
    pub base_price: i64,
}

impl Listing {
    /// The smallest base price in won: below it the price limit leaves hardly a tick to move.
    pub const LEAST_BASE_PRICE: i64 = 100;

    /// As many stocks as one connection may subscribe to: real codes and names, invented prices, the busiest first.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let listing = |&(code, name, base_price): &(&str, &str, i64)| {
            // A code of the table below that is not a symbol would be a typing mistake; a test counts the listings.
            let symbol = Symbol::new(code).ok()?;
            Some(Self { symbol, name: name.to_owned(), base_price })
        };
        LARGE_CAPS.iter().filter_map(listing).collect()
    }

    pub(super) fn check(&self) -> Result<(), SimError> {
        let &Self { symbol, base_price, .. } = self;
        let (tick, least) = (tick_size(base_price), Self::LEAST_BASE_PRICE);
        if base_price < least || base_price % tick != 0 {
            return Err(SimError::BasePrice { symbol, base_price, tick, least });
        }
        Ok(())
    }
}

const LARGE_CAPS: [(&str, &str, i64); 41] = [
    ("005930", "삼성전자", 151_000),
    ("000660", "SK하이닉스", 742_000),
    ("034020", "두산에너빌리티", 88_400),
    ("005380", "현대차", 487_500),
    ("035720", "카카오", 60_200),
    ("035420", "NAVER", 251_500),
    ("042660", "한화오션", 128_300),
    ("373220", "LG에너지솔루션", 398_500),
    ("012450", "한화에어로스페이스", 1_021_000),
    ("010140", "삼성중공업", 26_850),
    ("000270", "기아", 137_600),
    ("068270", "셀트리온", 206_500),
    ("005490", "POSCO홀딩스", 322_000),
    ("015760", "한국전력", 51_700),
    ("329180", "HD현대중공업", 603_000),
    ("402340", "SK스퀘어", 412_500),
    ("006400", "삼성SDI", 301_000),
    ("066570", "LG전자", 97_300),
    ("105560", "KB금융", 131_400),
    ("009150", "삼성전기", 263_500),
    ("028260", "삼성물산", 258_000),
    ("055550", "신한지주", 81_200),
    ("207940", "삼성바이오로직스", 1_803_000),
    ("051910", "LG화학", 339_500),
    ("012330", "현대모비스", 377_000),
    ("009540", "HD한국조선해양", 421_500),
    ("267260", "HD현대일렉트릭", 861_000),
    ("011200", "HMM", 19_870),
    ("003670", "포스코퓨처엠", 191_800),
    ("086790", "하나금융지주", 96_100),
    ("316140", "우리금융지주", 28_450),
    ("032830", "삼성생명", 163_900),
    ("096770", "SK이노베이션", 108_700),
    ("010130", "고려아연", 1_342_000),
    ("138040", "메리츠금융지주", 112_600),
    ("017670", "SK텔레콤", 54_300),
    ("030200", "KT", 52_900),
    ("034730", "SK", 266_500),
    ("033780", "KT&G", 146_200),
    ("259960", "크래프톤", 253_000),
    ("02826K", "삼성물산우B", 178_400),
];
