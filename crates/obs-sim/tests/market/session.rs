//! A day with KRX's hours.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::{Calendar, SessionHours, Symbol, minute_of, trading_day};
use obs_sim::market::{Board, Listing, Market, MarketSettings, Phase, Trade, TradeSide, tick_size};
use proptest::prelude::*;

use crate::{at, each_trade, krx};

/// All trades of one Thursday, in Korean hours.
fn thursday(market: &mut Market) -> Vec<Trade> {
    let mut trades = Vec::new();
    each_trade(market, "2026-01-22T00:00:00+09:00", "2026-01-23T00:00:00+09:00", |_, trade| trades.push(*trade));
    trades
}

fn kst(trade: &Trade) -> String {
    trade.at.with_timezone(&obs_model::KST).format("%H:%M:%S").to_string()
}

#[test]
fn a_day_opens_and_closes_with_an_auction_on_the_second_and_is_silent_around_the_second() {
    let trades = thursday(&mut krx(7, 41, 5));
    let at_nine: Vec<&Trade> = trades.iter().take_while(|trade| trade.at == at("2026-01-22T09:00:00+09:00")).collect();
    let at_close = trades.iter().rev().take_while(|trade| trade.at == at("2026-01-22T15:30:00+09:00"));
    let at_close: Vec<&Trade> = at_close.collect();
    assert_eq!((at_nine.len(), at_close.len()), (41, 41));
    assert!(at_nine.iter().chain(&at_close).all(|trade| trade.side == TradeSide::Auction && !trade.resumes));
    assert!(at_nine.iter().all(|trade| trade.volume > 500 && trade.volume == trade.day.volume));
    let between = &trades[41..trades.len() - 41];
    assert!(between.iter().all(|trade| trade.at > at("2026-01-22T09:00:00+09:00")));
    let (first, last) = (kst(&between[0]), kst(&between[between.len() - 1]));
    assert!(first.starts_with("09:00:") && last.starts_with("15:19:"), "{first} {last}");
    assert!(between.iter().filter(|trade| trade.side == TradeSide::Auction).all(|trade| trade.resumes));
}

#[test]
fn a_session_too_short_for_anything_but_auctions_has_these() {
    let time = |minute| chrono::NaiveTime::from_hms_opt(9, minute, 0).unwrap();
    let calendar = Calendar::krx().with_hours(SessionHours::new(time(0), time(5)));
    let mut market = Market::new(MarketSettings { calendar, ..MarketSettings::new(1) }).unwrap();
    let trades = thursday(&mut market);
    assert_eq!(trades.len(), 82);
    assert!(trades.iter().all(|trade| trade.side == TradeSide::Auction));
}

#[test]
fn a_market_that_has_just_begun_can_be_asked() {
    let mut market = krx(7, 41, 1);
    let noon = at("2026-01-22T12:00:00+09:00");
    assert_eq!((market.now(), market.day()), (None, None));
    assert_eq!(market.advance(noon, noon), []);
    assert_eq!((market.now(), market.day()), (Some(noon), Some(trading_day(noon))));
    let stock = market.stock(market.symbols().next().unwrap()).unwrap();
    assert_eq!((stock.day, stock.last, stock.phase), (None, 151_000, Phase::Continuous));
    assert_eq!(market.daily_bars(stock.symbol).len(), 100);
}

#[test]
fn the_next_day_starts_from_the_last_price() {
    let mut market = krx(7, 60, 5);
    let thursday: BTreeMap<Symbol, Trade> = thursday(&mut market).iter().map(|trade| (trade.symbol, *trade)).collect();
    each_trade(&mut market, "2026-01-23T00:00:00+09:00", "2026-01-23T08:59:59+09:00", |_, trade| panic!("{trade:?}"));
    for (symbol, last) in &thursday {
        let stock = market.stock(*symbol).unwrap();
        assert_eq!((stock.day, stock.last, stock.phase), (None, last.price, Phase::OpeningAuction));
        assert_eq!(stock.reference.base_price, last.price - last.price % tick_size(last.price));
        assert_eq!(stock.reference.previous_volume, last.day.volume);
    }
}

#[test]
fn nights_weekends_and_holidays_are_silent_and_keep_the_last_day() {
    let mut market = krx(3, 41, 5);
    let mut days = BTreeSet::new();
    // Over the lunar new year, Monday to Wednesday.
    each_trade(&mut market, "2026-02-13T08:00:00+09:00", "2026-02-19T09:10:00+09:00", |_, trade| {
        days.insert(trading_day(trade.at).to_string());
    });
    assert_eq!(days.into_iter().collect::<Vec<_>>(), ["2026-02-13", "2026-02-19"]);

    let mut market = krx(3, 41, 5);
    each_trade(&mut market, "2026-02-13T08:00:00+09:00", "2026-02-16T12:00:00+09:00", |_, _| {});
    let stock = market.stock("005930".parse().unwrap()).unwrap();
    assert_eq!((stock.day.unwrap().date.to_string().as_str(), stock.phase), ("2026-02-13", Phase::Closed));
}

#[test]
fn the_first_day_of_a_year_and_the_day_of_the_examination_have_their_own_hours() {
    let ends = |day: &str| {
        let mut instants = Vec::new();
        let (from, until) = (format!("{day}T00:00:00+09:00"), format!("{day}T20:00:00+09:00"));
        each_trade(&mut krx(1, 41, 2), &from, &until, |_, trade| instants.push(kst(trade)));
        (instants[0].clone(), instants[instants.len() - 1].clone())
    };
    assert_eq!(ends("2026-01-02"), ("10:00:00".to_owned(), "15:30:00".to_owned()));
    assert_eq!(ends("2026-11-19"), ("10:00:00".to_owned(), "16:30:00".to_owned()));
}

#[test]
fn trading_is_liveliest_after_the_opening_and_before_the_close() {
    let trades = thursday(&mut krx(11, 41, 3));
    let of = |from: &str, until: &str| {
        let span = |time: &str| at(&format!("2026-01-22T{time}:00+09:00"));
        let within = trades.iter().filter(|trade| trade.side != TradeSide::Auction);
        within.filter(|trade| span(from) <= trade.at && trade.at < span(until)).count()
    };
    let (opening, noon, closing) = (of("09:00", "09:30"), of("12:00", "12:30"), of("14:50", "15:20"));
    assert!(opening > 3 * noon, "{opening} {noon}");
    assert!(2 * closing > 3 * noon && opening > closing, "{closing} {noon}");
    // 22,800 seconds.
    let all = of("09:00", "15:20");
    assert!((66_000..71_000).contains(&all), "{all}");
}

#[test]
fn a_halted_stock_is_not_traded_and_comes_back_with_an_auction_of_its_own() {
    let mut market = krx(5, 400, 10);
    let mut halted: BTreeMap<Symbol, Vec<DateTime<Utc>>> = BTreeMap::new();
    let mut resumed = BTreeMap::new();
    let mut now = at("2026-01-22T08:59:00+09:00");
    while now < at("2026-01-22T15:31:00+09:00") {
        let next = now + TimeDelta::minutes(1);
        for trade in market.advance(now, next) {
            if trade.resumes {
                assert_eq!((trade.side, resumed.insert(trade.symbol, trade.at)), (TradeSide::Auction, None));
            } else {
                assert!(halted.get(&trade.symbol).is_none_or(|minutes| !minutes.contains(&now)), "{trade:?}");
            }
        }
        now = next;
        for symbol in market.symbols().collect::<Vec<_>>() {
            let stock = market.stock(symbol).unwrap();
            if stock.halted {
                assert_eq!(stock.phase, Phase::Continuous);
                halted.entry(symbol).or_default().push(now);
            }
        }
    }
    assert!((5..30).contains(&halted.len()), "{} of 400", halted.len());
    for (symbol, minutes) in &halted {
        let (first, last) = (minutes[0], minutes[minutes.len() - 1]);
        assert_eq!(resumed[symbol], last + TimeDelta::minutes(1), "{symbol}");
        assert!((2..=30).contains(&((resumed[symbol] - first).num_minutes())));
    }
    assert_eq!(resumed.len(), halted.len());
}

#[test]
fn quiet_stocks_trade_a_few_times_a_day() {
    let mut minutes: BTreeMap<Symbol, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    let mut market = krx(9, 131, 8);
    each_trade(&mut market, "2026-01-22T08:00:00+09:00", "2026-01-22T16:00:00+09:00", |_, trade| {
        minutes.entry(trade.symbol).or_default().insert(minute_of(trade.at));
    });
    let quiet = market.symbols().filter(|symbol| minutes.get(symbol).is_none_or(|minutes| minutes.len() < 12)).count();
    // One in eight of those after the 41st.
    assert_eq!(quiet, 11);
    assert!(minutes[&market.symbols().next().unwrap()].len() > 300);
}

#[test]
fn thousands_of_stocks_can_be_generated_and_are_all_different() {
    let listings = Listing::generated(5_000);
    let symbols: BTreeSet<Symbol> = listings.iter().map(|listing| listing.symbol).collect();
    assert_eq!((listings.len(), symbols.len()), (5_000, 5_000));
    assert_eq!(listings[..41], Listing::defaults());
    assert_eq!(listings[..2_500], Listing::generated(2_500));
    assert_eq!(Listing::generated(7), Listing::defaults()[..7]);
    let made_up = &listings[41..];
    assert!(made_up.iter().all(|listing| (1_000..=1_000_000).contains(&listing.base_price)));
    let count = |is: &dyn Fn(&&Listing) -> bool| made_up.iter().filter(is).count();
    assert!(count(&|listing| listing.base_price < 4_000) > 300);
    assert!(count(&|listing| listing.base_price > 500_000) > 300);
    let letters = |listing: &&Listing| listing.symbol.as_str().bytes().any(|byte| byte.is_ascii_uppercase());
    assert!((200..300).contains(&count(&letters)));
    assert!((1_900..2_100).contains(&count(&|listing| listing.board == Board::Kosdaq)));
    Market::new(MarketSettings { listings, ..MarketSettings::new(1) }).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_day_is_the_same_however_it_is_cut(
        seed: u64,
        listings in 1..150_usize,
        cuts in prop::collection::vec(1..20_000_i64, 1..40),
    ) {
        let (from, until) = (at("2026-01-21T15:00:00+09:00"), at("2026-01-22T16:00:00+09:00"));
        let mut whole_market = krx(seed, listings, 1);
        let whole = whole_market.advance(from, until);
        prop_assert!(whole.is_sorted_by_key(|trade| trade.at));

        let mut market = krx(seed, listings, 1);
        let (mut now, mut pieces) = (from, Vec::new());
        for seconds in cuts.into_iter().cycle() {
            let next = until.min(now + TimeDelta::seconds(seconds));
            pieces.extend(market.advance(now, next));
            now = next;
            if now == until {
                break;
            }
        }
        prop_assert!(pieces == whole);
        for symbol in market.symbols() {
            prop_assert_eq!(market.stock(symbol), whole_market.stock(symbol));
            prop_assert_eq!(market.daily_bars(symbol), whole_market.daily_bars(symbol));
        }
    }
}
