//! The prices that KRX admits.

use obs_model::{Price, TickTable};
use proptest::prelude::*;

fn won(price: i64) -> Price {
    Price::from_won(price).unwrap()
}

#[test]
fn ticks_change_at_the_first_price_of_a_band() {
    let bands = [(1, 1), (1_999, 1), (2_000, 5), (4_995, 5), (5_000, 10), (19_990, 10), (20_000, 50), (49_950, 50)];
    let more = [(50_000, 100), (199_900, 100), (200_000, 500), (499_500, 500), (500_000, 1_000), (9_999_000, 1_000)];
    for (price, tick) in bands.into_iter().chain(more) {
        assert_eq!(TickTable::Stock.tick_size(won(price)), won(tick), "{price}");
    }
    for (price, tick) in [(1_999, 1), (2_000, 5), (35_005, 5), (600_000, 5)] {
        assert_eq!(TickTable::Fund.tick_size(won(price)), won(tick), "{price}");
    }
}

#[test]
fn prices_between_two_ticks_go_to_either() {
    let between: Price = "71950.5".parse().unwrap();
    assert_eq!(TickTable::Stock.floor_to_tick(between), won(71_900));
    assert_eq!(TickTable::Stock.ceil_to_tick(between), won(72_000));
    assert_eq!(TickTable::Fund.ceil_to_tick(between), won(71_955));
    assert!(!TickTable::Stock.is_on_grid(between));
    // Into the next band.
    assert_eq!(TickTable::Stock.ceil_to_tick(won(199_950)), won(200_000));
    assert_eq!(TickTable::Stock.floor_to_tick(won(200_400)), won(200_000));
    assert_eq!(TickTable::Stock.floor_to_tick(Price::MIN), won(1));
}

#[test]
fn limits_are_thirty_percent_around_the_base_cut_to_ticks() {
    assert_eq!(TickTable::Stock.price_limits(won(128_500)), (won(90_000), won(167_000)));
    // The upper one lies where ticks are 500 won.
    assert_eq!(TickTable::Stock.price_limits(won(154_100)), (won(107_900), won(200_000)));
    assert_eq!(TickTable::Fund.price_limits(won(10_005)), (won(7_005), won(13_005)));
    assert_eq!(TickTable::Stock.price_limits(won(3)), (won(3), won(3)));
}

proptest! {
    #[test]
    fn rounded_prices_are_on_the_grid_and_less_than_a_tick_away(raw in 10_000_i64..100_000_000_000, is_fund: bool) {
        let table = if is_fund { TickTable::Fund } else { TickTable::Stock };
        let price = Price::from_ten_thousandths(raw).unwrap();
        let (floor, ceil) = (table.floor_to_tick(price), table.ceil_to_tick(price));
        prop_assert!(table.is_on_grid(floor) && table.is_on_grid(ceil) && floor <= price && price <= ceil);
        prop_assert!(ceil.ten_thousandths() - floor.ten_thousandths() <= table.tick_size(floor).ten_thousandths());
        prop_assert_eq!(floor == ceil, table.is_on_grid(price));
        let (low, high) = table.price_limits(floor);
        prop_assert!(table.is_on_grid(low) && table.is_on_grid(high) && low <= floor && floor <= high);
        prop_assert!(low.ten_thousandths() * 10 >= floor.ten_thousandths() * 7);
        prop_assert!(high.ten_thousandths() * 10 <= floor.ten_thousandths() * 13);
    }
}
