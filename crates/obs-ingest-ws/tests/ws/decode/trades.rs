//! Trades, in records of 46 fields and more.

use obs_ingest_ws::Trade;
use obs_model::{QualityFlag, SessionId, Tick};
use obs_schema::TickRecord;

use super::{ONE, THREE, WIDER, at, shares, trades, won};

fn samsung(time: &str, price: i64, (ask, bid): (i64, i64), (volume, total): (i64, i64), sizes: (i64, i64)) -> Trade {
    Trade {
        symbol: "005930".parse().unwrap(),
        event_time: at(time),
        price: won(price),
        ask_price: Some(won(ask)),
        bid_price: Some(won(bid)),
        volume: shares(volume),
        cumulative_volume: shares(total),
        ask_size: shares(sizes.0),
        bid_size: shares(sizes.1),
    }
}

#[test]
fn one_record_of_46_fields() {
    let expected = samsung("2023-06-12T09:33:54+09:00", 71_900, (71_900, 71_800), (1, 3_052_507), (65_945, 216_924));
    assert_eq!(trades(ONE), [Ok(expected)]);
}

#[test]
fn one_record_of_47_fields_at_half_a_tick() {
    let expected = samsung("2026-09-22T14:06:10+09:00", 277_750, (278_000, 277_500), (5, 11_955_000), (47_588, 70_626));
    assert_eq!(trades(WIDER), [Ok(expected)]);
}

#[test]
fn three_records_follow_each_other_without_a_mark() {
    let trade = |price, volumes, sizes| Ok(samsung("2025-07-30T09:47:51+09:00", price, (72_000, 71_900), volumes, sizes));
    let expected = [
        trade(71_950, (1, 8_305_216), (93_994, 113_056)),
        trade(71_900, (2, 8_305_218), (93_985, 112_986)),
        trade(72_000, (75, 8_305_293), (93_985, 112_986)),
    ];
    assert_eq!(trades(THREE), expected);
}

#[test]
fn a_trade_as_it_is_recorded() {
    let (session, received_at) = (SessionId::new("observer-1").unwrap(), at("2023-06-12T00:33:54.250Z"));
    // Nobody offers: the broker says so with a price of 0.
    let text = ONE.replace("^71900^71800^", "^0^71800^");

    let record = trades(&text).remove(0).unwrap().into_record(received_at, session.clone());

    let expected = TickRecord {
        received_at,
        cumulative_volume: Some(shares(3_052_507)),
        tick: Tick {
            symbol: "005930".parse().unwrap(),
            event_time: at("2023-06-12T00:33:54Z"),
            last_price: Some(won(71_900)),
            volume: Some(shares(1)),
            bid_price: Some(won(71_800)),
            ask_price: None,
            bid_size: Some(shares(216_924)),
            ask_size: Some(shares(65_945)),
            session_id: session,
            mitigation_level: 0,
            quality_flag: QualityFlag::Normal,
        },
    };
    assert_eq!(record, expected);
}

#[test]
fn codes_with_letters_and_prices_at_half_a_tick() {
    let text = ONE.replace("005930", "0004V0").replacen("^71900^", "^4152.5^", 1);
    let trade = trades(&text).remove(0).unwrap();
    assert_eq!((trade.symbol.as_str(), trade.price.to_string().as_str()), ("0004V0", "4152.5"));
}

#[test]
fn empty_fields_that_nobody_reads() {
    let expected = trades(ONE);
    let mut fields: Vec<&str> = ONE.split('^').collect();
    for (index, field) in fields.iter_mut().enumerate() {
        // The first piece is the frame's head and the symbol.
        if ![0, 1, 2, 10, 11, 12, 13, 33, 36, 37].contains(&index) {
            *field = "";
        }
    }
    assert_eq!(trades(&fields.join("^")), expected);
}

#[test]
fn a_broken_record_does_not_cost_its_siblings() {
    let text = THREE.replace("^71900^2^1300^", "^7190O^2^1300^");

    let records = trades(&text);

    let volumes = [0, 2].map(|n| records[n].as_ref().unwrap().volume.shares());
    assert_eq!(volumes, [1, 75]);
    let (reason, record) = records[1].as_ref().unwrap_err();
    assert_eq!(
        (reason.code(), reason.to_string().as_str()),
        ("bad_field", r#"STCK_PRPR: "7190O" is not a price: it is not a decimal number"#)
    );
    assert!(record.starts_with("005930^094751^7190O^") && record.ends_with("^71000"), "{record}");
    assert_eq!(record.split('^').count(), 46);
}

#[test]
fn fields_that_are_not_what_they_should_be() {
    let cases = [
        ("005930^093354", "00593^093354", r#"MKSC_SHRN_ISCD: "00593" is not a symbol: it has 5 characters instead of 6"#),
        ("^093354^", "^093360^", r#""20230612" and "093360" are not a date and a time"#),
        ("^093354^", "^93354^", r#""20230612" and "93354" are not a date and a time"#),
        ("^20230612^", "^20230229^", r#""20230229" and "093354" are not a date and a time"#),
        ("^20230612^", "^+0230612^", r#""+0230612" and "093354" are not a date and a time"#),
        ("^71900^5^", "^0^5^", "a trade without a price"),
        ("^71900^5^", "^-71900^5^", r#"STCK_PRPR: "-71900" is not a price: it is outside 0.0001 to 99999999999.9999"#),
        ("^71800^1^", "^^1^", r#"BIDP1: "" is not a price: it is not a decimal number"#),
        ("^1^3052507^", "^-1^3052507^", r#"CNTG_VOL: "-1" is not a quantity: it is outside 0 to 9223372036854775807"#),
        ("^3052507^", "^3.5^", r#"ACML_VOL: "3.5" is not a quantity: it is not a decimal number"#),
        (
            "^65945^",
            "^99999999999999999999^",
            r#"ASKP_RSQN1: "99999999999999999999" is not a quantity: it is outside 0 to 9223372036854775807"#,
        ),
        ("^216924^", "^x^", r#"BIDP_RSQN1: "x" is not a quantity: it is not a decimal number"#),
    ];
    for (good, bad, expected) in cases {
        let text = ONE.replacen(good, bad, 1);
        let (reason, _) = trades(&text).remove(0).unwrap_err();
        assert_eq!(reason.to_string(), expected, "{bad}");
    }
}
