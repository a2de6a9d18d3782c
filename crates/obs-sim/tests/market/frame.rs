//! The wire form, field by field, against the broker's documentation.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::KST;
use obs_sim::{
    frame::{MAX_RECORDS, RecordWidth, encode},
    market::{DayFigures, Mark, Market, MarketSettings, Quotes, Reference, Trade, TradeSide},
};

use crate::at;

/// The trade that the broker's documentation shows as its example.
fn documented() -> Trade {
    let mark = |price, time: &str| Mark { price, at: at(&format!("2023-06-12T{time}+09:00")) };
    Trade {
        symbol: "005930".parse().unwrap(),
        at: at("2023-06-12T09:33:54.987+09:00"),
        price: 71_900,
        volume: 1,
        side: TradeSide::Buy,
        quotes: Quotes {
            bid: 71_800,
            ask: 71_900,
            bid_size: 216_924,
            ask_size: 65_945,
            total_bid_size: 2_199_206,
            total_ask_size: 1_118_750,
        },
        day: DayFigures {
            date: "2023-06-12".parse().unwrap(),
            open: mark(72_100, "09:00:20"),
            high: mark(72_400, "09:08:20"),
            low: mark(71_700, "09:26:19"),
            volume: 3_052_507,
            value: 219_853_241_700,
            sell_count: 5_105,
            buy_count: 6_937,
            sell_volume: 1_366_314,
            buy_volume: 1_159_996,
        },
        reference: Reference {
            base_price: 72_000,
            lower_limit: 50_400,
            upper_limit: 93_600,
            previous_volume: 15_051_800,
            listed_shares: 5_969_782_550,
        },
        resumes: false,
    }
}

#[test]
fn the_documented_example_is_written_as_documented() {
    // Fields 41 and 42 alone, the volume at the same time of the day before, follow from a rule of our own: a steady day.
    assert_eq!(
        encode(&[documented()], RecordWidth::Documented),
        "0|H0STCNT0|001|005930^093354^71900^5^-100^-0.14^72023.83^72100^72400^71700^71900^71800^1^3052507^219853241700^5105^\
         6937^1832^84.90^1366314^1159996^1^0.39^20.28^090020^5^-200^090820^5^-500^092619^2^200^20230612^20^N^65945^216924^\
         1118750^2199206^0.05^5998769^50.89^0^^72100"
    );
    assert!(encode(&[documented()], RecordWidth::Current).ends_with("^0^^72100^2"));
}

#[test]
fn signs_tell_limits_and_the_sides_have_their_codes() {
    let field = |trade: Trade, index: usize| fields(&encode(&[trade], RecordWidth::Current))[index].clone();
    let priced = |price| Trade { price, ..documented() };
    let signs = [93_600, 72_100, 72_000, 71_900, 50_400].map(|price| field(priced(price), 3));
    assert_eq!(signs, ["1", "2", "3", "5", "4"]);
    let sides = [TradeSide::Buy, TradeSide::Sell, TradeSide::Auction].map(|side| field(Trade { side, ..documented() }, 21));
    assert_eq!(sides, ["1", "5", "3"]);
    let mut opening = documented();
    opening.day = DayFigures { sell_count: 0, buy_count: 0, sell_volume: 0, buy_volume: 0, ..opening.day };
    assert_eq!((field(opening, 18), field(opening, 22)), ("0.00".to_owned(), "0.00".to_owned()));
}

#[test]
fn a_trade_that_ends_a_halt_says_so_and_an_ordinary_auction_does_not() {
    let codes = |trade: Trade| {
        let fields = fields(&encode(&[trade], RecordWidth::Current));
        [21, 34, 35, 43, 44].map(|index| fields[index].clone())
    };
    let auction = Trade { side: TradeSide::Auction, ..documented() };
    assert_eq!(codes(documented()), ["1", "20", "N", "0", ""]);
    assert_eq!(codes(auction), ["3", "20", "N", "0", ""]);
    assert_eq!(codes(Trade { resumes: true, ..auction }), ["3", "20", "Y", "C", ""]);
}

#[test]
fn several_records_follow_each_other_flat_in_either_width() {
    let from = at("2026-01-22T03:00:00Z");
    let mut market = Market::new(MarketSettings { trades_per_second: 1_000, ..MarketSettings::new(5) }).unwrap();
    let trades = market.advance(from, from + TimeDelta::seconds(20));
    for width in [RecordWidth::Documented, RecordWidth::Current] {
        for batch in trades.chunks(MAX_RECORDS) {
            let text = encode(batch, width);
            let parts: Vec<&str> = text.splitn(4, '|').collect();
            assert_eq!(parts[..3], ["0", "H0STCNT0", &format!("{:03}", batch.len())]);
            let fields = fields(&text);
            assert_eq!(fields.len(), batch.len() * width.fields());
            for (record, trade) in fields.chunks(width.fields()).zip(batch) {
                check(record, trade);
            }
        }
    }
}

fn fields(frame: &str) -> Vec<String> {
    frame.rsplit('|').next().unwrap().split('^').map(str::to_owned).collect()
}

/// Reads a record back by the indices of the documentation.
fn check(record: &[String], trade: &Trade) {
    let text = |index: usize| record[index].as_str();
    let number =
        |index: usize| record[index].parse::<i64>().unwrap_or_else(|_| panic!("field {index}: {:?}", record[index]));
    let decimal = |index: usize| {
        let (whole, fraction) = record[index].split_once('.').unwrap();
        assert_eq!(fraction.len(), 2, "field {index}");
        format!("{whole}{fraction}").parse::<i64>().unwrap()
    };
    let hour = |at: DateTime<Utc>| at.with_timezone(&KST).format("%H%M%S").to_string();
    let near = |hundredths: i64, part: i64, whole: i64| {
        let error = i128::from(hundredths) * i128::from(whole) - 10_000 * i128::from(part);
        assert!(2 * error.abs() <= i128::from(whole), "{hundredths} is not {part} / {whole} in percent");
    };
    let Trade { price, day, quotes, reference, .. } = *trade;

    assert_eq!((text(0), text(1)), (trade.symbol.as_str(), hour(trade.at).as_str()));
    assert_eq!([2, 7, 8, 9].map(number), [price, day.open.price, day.high.price, day.low.price]);
    assert_eq!(number(4), price - reference.base_price);
    near(decimal(5), number(4), number(2) - number(4));
    let value_error = i128::from(decimal(6)) * i128::from(day.volume) - 100 * i128::from(day.value);
    assert!(2 * value_error.abs() <= i128::from(day.volume));
    assert_eq!([10, 11, 12, 13, 14].map(number), [quotes.ask, quotes.bid, trade.volume, day.volume, day.value]);
    assert_eq!([15, 16, 17].map(number), [day.sell_count, day.buy_count, day.buy_count - day.sell_count]);
    assert_eq!([19, 20].map(number), [day.sell_volume, day.buy_volume]);
    if day.sell_volume > 0 {
        near(decimal(18), number(20), number(19));
    }
    let share = decimal(22);
    assert!(share * number(13) >= 100 * number(20) && (share - 1) * number(13) < 100 * number(20));
    near(decimal(23), number(13), reference.previous_volume);
    for (first, mark) in [(24, day.open), (27, day.high), (30, day.low)] {
        let difference = price - mark.price;
        let sign = if difference > 0 {
            2
        } else if difference == 0 {
            3
        } else {
            5
        };
        assert_eq!(text(first), hour(mark.at));
        assert_eq!([number(first + 1), number(first + 2)], [sign, difference]);
    }
    assert_eq!(text(33), trade.at.with_timezone(&KST).format("%Y%m%d").to_string());
    assert_eq!([34, 35, 43, 44].map(text), ["20", "N", "0", ""]);
    let depth = [quotes.ask_size, quotes.bid_size, quotes.total_ask_size, quotes.total_bid_size];
    assert_eq!([36, 37, 38, 39].map(number), depth);
    near(decimal(40), number(13), reference.listed_shares);
    near(decimal(42), number(13), number(41));
    assert_eq!(number(45), day.open.price);
    assert_eq!(record.get(46).map(String::as_str), (record.len() == 47).then_some("2"));
}
