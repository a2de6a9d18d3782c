//! The stocks of the simulated market.

use std::collections::BTreeSet;

use obs_model::Symbol;

use super::tick_grid::{floor_to_tick, tick_size};
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
    /// The board that it is listed on.
    pub board: Board,
}

/// A board of the Korean exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Board {
    /// The main board.
    Kospi,
    /// The board of smaller companies.
    Kosdaq,
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
            let board = if KOSDAQ.contains(&code) { Board::Kosdaq } else { Board::Kospi };
            Some(Self { symbol, name: name.to_owned(), base_price, board })
        };
        LARGE_CAPS.iter().filter_map(listing).collect()
    }

    /// So many stocks, the busiest first: those of [`Listing::defaults`], then made-up ones, up to several thousand. Base prices
    /// lie between 1,000 and 1,000,000 won; about one code in twenty has a letter; two in five are on KOSDAQ.
    #[must_use]
    pub fn generated(count: usize) -> Vec<Self> {
        let mut listings = Self::defaults();
        let taken: BTreeSet<Symbol> = listings.iter().map(|listing| listing.symbol).collect();
        let made_up = (0..).filter_map(made_up).filter(|listing| !taken.contains(&listing.symbol));
        listings.extend(made_up.take(count.saturating_sub(listings.len())));
        listings.truncate(count);
        listings
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

/// The `number`th made-up stock. Different numbers below 90,000 have different codes.
fn made_up(number: u32) -> Option<Listing> {
    // A multiplicative hash: neighbours have little in common.
    let digits = number.wrapping_mul(2_654_435_761) >> 8;
    let pick = |words: &'static [&'static str], shift: u32| words[((digits >> shift) as usize) % words.len()];
    let code = match number % 20 {
        7 => format!("{:04}{}0", number / 20, ["V", "T", "G", "C"][number as usize / 20 % 4]),
        _ => format!("{:05}0", 1_000 + number),
    };
    // Three decades of prices, each as likely as the others.
    let decade = [1_000, 10_000, 100_000][(digits % 3) as usize];
    let price = decade * (10 + i64::from(digits / 3 % 90)) / 10;
    Some(Listing {
        symbol: Symbol::new(&code).ok()?,
        name: [pick(&NAMES, 0), pick(&MIDDLES, 7), pick(&TRADES, 12)].concat(),
        base_price: floor_to_tick(price),
        board: if number % 5 < 2 { Board::Kosdaq } else { Board::Kospi },
    })
}

const NAMES: [&str; 23] = [
    "한빛", "새론", "다온", "가람", "누리", "미래", "동해", "서라", "청담", "백두", "금강", "태백", "소백", "해든", "온새",
    "이룸", "도담", "아람", "라온", "예솔", "단비", "슬기", "하늘",
];

const MIDDLES: [&str; 7] = ["", "", "에이", "비전", "네오", "유니", "코어"];

const TRADES: [&str; 19] = [
    "전자",
    "화학",
    "제약",
    "바이오",
    "건설",
    "증권",
    "식품",
    "산업",
    "테크",
    "소재",
    "기계",
    "물산",
    "통신",
    "반도체",
    "철강",
    "홀딩스",
    "로보틱스",
    "엔터",
    "시스템",
];

/// Those of the large stocks that are listed on KOSDAQ.
const KOSDAQ: [&str; 2] = ["196170", "247540"];

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
    ("247540", "에코프로비엠", 152_300),
    ("196170", "알테오젠", 471_500),
    ("259960", "크래프톤", 253_000),
    ("02826K", "삼성물산우B", 178_400),
];
