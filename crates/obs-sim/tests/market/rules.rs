//! The simulated market keeps the exchange's rules, whatever the seed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use obs_model::{Calendar, Symbol, trading_day};
use obs_sim::{
    SimError,
    market::{Board, DayFigures, Listing, Market, MarketSettings, Trade, TradeSide, price_limits, tick_size},
};
use proptest::prelude::*;

use crate::at;

fn market(seed: u64, trades_per_second: u32) -> Market {
    Market::new(MarketSettings { trades_per_second, ..MarketSettings::new(seed) }).unwrap()
}

#[test]
fn a_seed_gives_the_same_first_trades_on_every_machine() {
    let opening = at("2026-01-22T00:00:00Z");
    let trades = market(7, 80).advance(opening, opening + TimeDelta::minutes(10));
    let told = |trade: &Trade| (trade.symbol.to_string(), trade.at.to_rfc3339(), trade.price, trade.volume);
    let expected = |(symbol, time, price, volume): (&str, &str, i64, i64)| {
        (symbol.to_owned(), format!("2026-01-22T00:{time}+00:00"), price, volume)
    };
    assert_eq!(told(&trades[0]), expected(("017670", "00:00.015166472", 54_200, 3_761)));
    assert_eq!(told(&trades[1]), expected(("034020", "00:00.050064832", 88_200, 30_685)));
    // The last one depends on everything that was drawn before it.
    assert_eq!(told(trades.last().unwrap()), expected(("003670", "09:59.916597317", 192_300, 46)));
}

#[test]
fn steps_of_any_length_give_the_trades_of_one_long_step() {
    let (from, to) = (at("2026-01-22T14:59:30Z"), at("2026-01-22T15:00:30Z"));
    let whole = market(3, 200).advance(from, to);
    let mut stepped = market(3, 200);
    let mut pieces = Vec::new();
    let mut now = from;
    for length in [1, 250, 3, 70, 1_000].into_iter().cycle() {
        let next = to.min(now + TimeDelta::milliseconds(length));
        pieces.extend(stepped.advance(now, next));
        now = next;
        if now == to {
            break;
        }
    }
    assert_eq!(pieces, whole);
}

#[test]
fn nothing_is_traded_in_time_that_nobody_asked_for() {
    let mut market = market(3, 200);
    let morning = at("2026-01-22T00:00:00Z");
    market.advance(morning, morning + TimeDelta::seconds(1));
    let noon = morning + TimeDelta::hours(3);
    let trades = market.advance(noon, noon + TimeDelta::seconds(1));
    assert!(trades.iter().all(|trade| noon <= trade.at && trade.at < noon + TimeDelta::seconds(1)));
    let back = market.advance(morning, morning + TimeDelta::seconds(1));
    assert!(!back.is_empty() && back.iter().all(|trade| trade.at < noon));
    assert_eq!(market.advance(noon, noon), []);
}

#[test]
fn trades_come_at_the_rate_that_was_asked_for_and_the_first_stocks_are_the_busiest() {
    let from = at("2026-01-22T00:00:00Z");
    let trades = market(11, 80).advance(from, from + TimeDelta::seconds(2_000));
    assert!((155_000..165_000).contains(&trades.len()), "{} trades instead of 160,000", trades.len());

    let mut counts: BTreeMap<Symbol, usize> = BTreeMap::new();
    trades.iter().for_each(|trade| *counts.entry(trade.symbol).or_default() += 1);
    let of = |index: usize| counts[&Listing::defaults()[index].symbol];
    assert_eq!(counts.len(), 41);
    assert!(of(0) > 3 * of(10) && of(10) > 2 * of(40), "{counts:?}");
    let largest = trades.iter().map(|trade| trade.volume).max().unwrap();
    let mean = trades.iter().map(|trade| trade.volume).sum::<i64>() / trades.len() as i64;
    assert!(largest > 500 * mean, "largest {largest}, mean {mean}");
    let half_ticks = trades.iter().filter(|trade| trade.price % tick_size(trade.price) != 0).count();
    assert!((500..5_000).contains(&half_ticks), "{half_ticks} half-tick prints");
    assert_eq!(market(11, 0).advance(from, from + TimeDelta::seconds(2_000)), []);
}

#[test]
fn a_market_of_absurd_pace_neither_overflows_nor_stands_still() {
    let settings = MarketSettings { trades_per_second: u32::MAX, calendar: Calendar::krx(), ..MarketSettings::new(2) };
    let opening = at("2026-01-22T00:00:00Z");
    let trades = Market::new(settings).unwrap().advance(opening, opening + TimeDelta::microseconds(10));
    assert!(trades.len() > 1_000 && trades.iter().all(|trade| trade.day.value > 0));
}

#[test]
fn the_default_listings_are_41_different_stocks_and_one_code_has_a_letter() {
    let listings = Listing::defaults();
    let symbols: BTreeSet<_> = listings.iter().map(|listing| listing.symbol).collect();
    assert_eq!((listings.len(), symbols.len()), (41, 41));
    assert!(symbols.iter().any(|symbol| symbol.as_str().bytes().any(|b| b.is_ascii_uppercase())));
    assert_eq!((listings[0].symbol.as_str(), listings[0].name.as_str()), ("005930", "삼성전자"));
}

#[test]
fn a_market_that_cannot_be_is_refused_with_the_next_step() {
    let refusal = |listings| match Market::new(MarketSettings { listings, ..MarketSettings::new(1) }) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("made"),
    };
    let listing = |base_price| Listing {
        symbol: "005930".parse().unwrap(),
        name: "삼성전자".to_owned(),
        base_price,
        board: Board::Kospi,
    };
    assert_eq!(refusal(vec![]), "the simulated market lists no stock; give it at least one listing");
    assert_eq!(
        refusal(vec![listing(71_900), listing(72_000)]),
        "the simulated market lists 005930 twice; remove one of the two"
    );
    assert_eq!(
        refusal(vec![listing(71_950)]),
        "005930 cannot start at 71950 won; choose a multiple of 100 won, at least 100 won"
    );
    assert!(matches!(
        Market::new(MarketSettings { listings: vec![listing(-5)], ..MarketSettings::new(1) }),
        Err(SimError::BasePrice { base_price: -5, .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_trade_adds_up_and_keeps_to_grid_and_limit(
        seed: u64,
        per_second in 1..1_000_u32,
        // Anywhere in two days, so that Korean midnight is often inside.
        start in 0..172_800_i64,
        steps in prop::collection::vec(1..5_000_i64, 1..10),
    ) {
        let mut market = market(seed, per_second);
        let mut now = at("2026-01-21T00:00:00Z") + TimeDelta::seconds(start);
        let mut trades = Vec::new();
        for step in steps {
            let next = now + TimeDelta::milliseconds(step);
            let made = market.advance(now, next);
            prop_assert!(made.iter().all(|trade| now <= trade.at && trade.at < next));
            trades.extend(made);
            now = next;
        }
        prop_assert!(trades.is_sorted_by_key(|trade| trade.at));
        check(&trades);
    }

    #[test]
    fn a_day_begins_anew_at_korean_midnight_from_the_last_price(seed: u64) {
        let midnight = at("2026-01-22T15:00:00Z");
        let trades = market(seed, 500).advance(midnight - TimeDelta::seconds(10), midnight + TimeDelta::seconds(10));
        let (before, after): (Vec<Trade>, Vec<Trade>) = trades.iter().partition(|trade| trade.at < midnight);
        let last: BTreeMap<_, _> = before.iter().map(|trade| (trade.symbol, trade)).collect();
        let mut rolled = 0;
        for first in after.iter().filter(|trade| trade.side == TradeSide::Auction) {
            prop_assert_eq!(first.day.volume, first.volume);
            if let Some(last) = last.get(&first.symbol) {
                rolled += 1;
                prop_assert_eq!(first.reference.base_price, last.price - last.price % tick_size(last.price));
                prop_assert_eq!(first.reference.previous_volume, last.day.volume);
                prop_assert_eq!(first.reference.listed_shares, last.reference.listed_shares);
            }
        }
        prop_assert!(rolled > 20);
    }
}

/// Recomputes every figure from the trades alone.
fn check(trades: &[Trade]) {
    let mut days: BTreeMap<(Symbol, chrono::NaiveDate), DayFigures> = BTreeMap::new();
    for trade in trades {
        let Trade { symbol, price, volume, side, quotes, day, reference, .. } = *trade;
        let on_grid = |price: i64| price % tick_size(price) == 0;
        assert!(volume > 0 && quotes.bid_size > 0 && quotes.ask_size > 0, "{trade:?}");
        assert_eq!(quotes.total_bid_size > quotes.bid_size, quotes.bid > reference.lower_limit, "{trade:?}");
        assert_eq!(quotes.total_ask_size > quotes.ask_size, quotes.ask < reference.upper_limit, "{trade:?}");
        assert!(on_grid(quotes.bid) && on_grid(quotes.ask) && quotes.bid < quotes.ask, "{trade:?}");
        assert!(quotes.bid <= price && price <= quotes.ask, "{trade:?}");
        assert!(on_grid(price) || 2 * price == quotes.bid + quotes.ask, "{trade:?}");
        assert_eq!((reference.lower_limit, reference.upper_limit), price_limits(reference.base_price));
        assert!(on_grid(reference.lower_limit) && on_grid(reference.upper_limit) && on_grid(reference.base_price));
        assert!(10 * (reference.base_price - reference.lower_limit) <= 3 * reference.base_price);
        assert!(10 * (reference.upper_limit - reference.base_price) <= 3 * reference.base_price);
        assert!(reference.lower_limit <= quotes.bid && quotes.ask <= reference.upper_limit, "{trade:?}");

        let date = trading_day(trade.at);
        let earlier = days.get(&(symbol, date));
        assert_eq!(side == TradeSide::Auction, earlier.is_none(), "{trade:?}");
        let mark = obs_sim::market::Mark { price, at: trade.at };
        let zero = DayFigures { volume: 0, value: 0, sell_count: 0, buy_count: 0, sell_volume: 0, buy_volume: 0, ..day };
        let earlier = earlier.copied().unwrap_or(DayFigures { open: mark, high: mark, low: mark, ..zero });
        let (buys, sells) = (i64::from(side == TradeSide::Buy), i64::from(side == TradeSide::Sell));
        let expected = DayFigures {
            date,
            open: earlier.open,
            high: if price > earlier.high.price { mark } else { earlier.high },
            low: if price < earlier.low.price { mark } else { earlier.low },
            volume: earlier.volume + volume,
            value: earlier.value + price * volume,
            sell_count: earlier.sell_count + sells,
            buy_count: earlier.buy_count + buys,
            sell_volume: earlier.sell_volume + sells * volume,
            buy_volume: earlier.buy_volume + buys * volume,
        };
        assert_eq!(day, expected, "{trade:?}");
        assert!(day.sell_volume + day.buy_volume < day.volume);
        days.insert((symbol, date), day);
    }
}
