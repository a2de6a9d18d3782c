//! What is refused, and with which reason.

use obs_schema::{MAX_LINE, RejectReason};
use serde_json::{Value, json};

use crate::lines::{decode, line_of, rejection, shapes, with, without};

#[test]
fn texts_that_are_no_record() {
    use RejectReason::{NotJson, NotObject, UnknownShape};
    let table = [
        ("2026-03-04 08:15:02 | INFO | collector | 수집기를 시작했습니다", NotJson),
        ("hello", NotJson),
        ("{", NotJson),
        ("}", NotJson),
        (r#"{"symbol":"005930""#, NotJson),
        (r#"{"symbol":"0059"#, NotJson),
        (r#"{"symbol":"005930",}"#, NotJson),
        (r#"{'symbol':'005930'}"#, NotJson),
        (r#"{"symbol":"005930"} {"symbol":"005930"}"#, NotJson),
        (r#"{"price":NaN}"#, NotJson),
        (r#"{"price":Infinity}"#, NotJson),
        (r#"{"price":-Infinity}"#, NotJson),
        (r#"{"price":007}"#, NotJson),
        ("[1,2", NotJson),
        ("\"text", NotJson),
        ("\u{feff}{}", NotJson),
        ("[]", NotObject),
        ("[1,2,3]", NotObject),
        (r#"[{"symbol":"005930"}]"#, NotObject),
        ("\"text\"", NotObject),
        ("17", NotObject),
        ("-1.5e3", NotObject),
        ("true", NotObject),
        ("null", NotObject),
        ("{}", UnknownShape),
        (r#"{"id":0,"value":"data_0"}"#, UnknownShape),
        (r#"{"symbol":"005930","volume":3}"#, UnknownShape),
        (r#"{"timestamp":"2026-03-04T00:00:00Z","symbol":"005930","volume":3}"#, UnknownShape),
        (r#"{"price":71900,"symbol":"005930","volume":3}"#, UnknownShape),
    ];
    for (line, reason) in table {
        assert_eq!(rejection(line.as_bytes()).reason, reason, "{line}");
    }
}

#[test]
fn an_array_of_as_many_values_as_a_line_has_fields_is_no_record() {
    for length in 0..100 {
        let mut values = vec![Value::Null; length];
        for (place, value) in [json!("2.0"), json!("tick")].into_iter().enumerate().take(length) {
            values[place] = value;
        }
        let line = Value::Array(values).to_string();
        assert_eq!(rejection(line.as_bytes()).reason, RejectReason::NotObject, "{line}");
    }
    for pointer in ["/price", "/volume", "/bid_ask"] {
        let line = with(line_of("scalp tick"), pointer, json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).to_string();
        assert_eq!(rejection(line.as_bytes()).reason, RejectReason::WrongType, "{line}");
    }
}

#[test]
fn a_byte_that_is_not_utf8_is_named_by_its_place() {
    let mut line = line_of("flat tick").to_string().into_bytes();
    line[7] = 0xff;
    assert_eq!(rejection(&line).to_string(), "not_utf8: after byte 7");
}

#[test]
fn a_line_over_a_mebibyte_is_refused_and_one_of_that_length_is_read() {
    let mut line = line_of("flat tick").to_string().into_bytes();
    line.resize(MAX_LINE, b' ');
    assert!(matches!(decode_bytes(&line), obs_schema::Decoded::Record(_)));
    line.push(b' ');
    assert_eq!(rejection(&line).to_string(), "too_long: it is longer than 1048576 bytes");
}

fn decode_bytes(line: &[u8]) -> obs_schema::Decoded {
    obs_schema::Decoder::default().decode(line)
}

#[test]
fn a_missing_field_is_named_whether_absent_or_null() {
    for shape in shapes() {
        for field in shape.required {
            let pointer = format!("/{field}");
            let (absent, null) = (without(shape.line.clone(), &pointer), with(shape.line.clone(), &pointer, Value::Null));
            for line in [absent, null] {
                let found = rejection(line.to_string().as_bytes()).to_string();
                assert_eq!(found, format!("missing_field: `{field}` is absent or null"), "{}: {line}", shape.name);
            }
        }
    }
}

#[test]
fn a_line_that_lost_the_key_by_which_its_shape_is_known_is_refused_too() {
    for (name, field, reason) in [
        ("our tick", "/v", RejectReason::MissingField),
        ("our gap", "/v", RejectReason::UnknownShape),
        ("flat tick", "/timestamp", RejectReason::UnknownShape),
        ("flat tick", "/price", RejectReason::UnknownShape),
        ("gap ledger entry", "/gap_type", RejectReason::UnknownShape),
        ("table bar", "/bar_time", RejectReason::UnknownShape),
        ("scalp tick", "/price/current", RejectReason::MissingField),
    ] {
        let line = without(line_of(name), field);
        let found = decode(&line);
        let obs_schema::Decoded::Reject(rejection) = found else { panic!("{name} without {field} is {found:?}") };
        assert_eq!(rejection.reason, reason, "{name} without {field}: {rejection}");
    }
}

#[test]
fn values_that_a_field_does_not_admit() {
    use RejectReason::{
        BadBar, BadPrice, BadQuantity, BadSymbol, BadTime, BadValue, NaiveTime, PriceOutOfRange, PriceTooPrecise,
        UnknownShape, UnsupportedVersion, WrongType,
    };
    let table = [
        ("our tick", "/v", json!("3.0"), UnsupportedVersion),
        ("our tick", "/v", json!("1.0"), UnsupportedVersion),
        ("our tick", "/v", json!("20"), UnsupportedVersion),
        ("our tick", "/v", json!(2.0), WrongType),
        ("our tick", "/kind", json!("quote"), UnknownShape),
        ("our tick", "/kind", json!(1), WrongType),
        ("our tick", "/symbol", json!("5930"), BadSymbol),
        ("our tick", "/symbol", json!("0004v0"), BadSymbol),
        ("our tick", "/symbol", json!("삼성전자"), BadSymbol),
        ("our tick", "/symbol", json!(123456), WrongType),
        ("our tick", "/last_price", json!(0), BadPrice),
        ("our tick", "/last_price", json!(-71900), BadPrice),
        ("our tick", "/last_price", json!("-0.5"), BadPrice),
        ("our tick", "/last_price", json!("NaN"), BadPrice),
        ("our tick", "/last_price", json!(""), BadPrice),
        ("our tick", "/last_price", json!(71900.00001), PriceTooPrecise),
        ("our tick", "/last_price", json!("71900.00001"), PriceTooPrecise),
        ("our tick", "/last_price", json!(1e-5), PriceTooPrecise),
        ("our tick", "/last_price", json!(100000000000_i64), PriceOutOfRange),
        ("our tick", "/last_price", json!(1e300), PriceOutOfRange),
        ("our tick", "/last_price", json!(u64::MAX), PriceOutOfRange),
        ("our tick", "/last_price", json!(true), WrongType),
        ("our tick", "/last_price", json!({"current": 71900}), WrongType),
        ("our tick", "/last_price", json!([71900]), WrongType),
        ("our tick", "/bid_price", json!(-1), BadPrice),
        ("our tick", "/volume", json!(-1), BadQuantity),
        ("our tick", "/volume", json!(1.5), BadQuantity),
        ("our tick", "/volume", json!(1e300), BadQuantity),
        ("our tick", "/volume", json!(u64::MAX), BadQuantity),
        ("our tick", "/volume", json!("many"), BadQuantity),
        ("our tick", "/volume", json!(true), WrongType),
        ("our tick", "/volume", json!({}), WrongType),
        ("our tick", "/event_time", json!("2026-03-04T09:00:01"), NaiveTime),
        ("our tick", "/event_time", json!("2026-03-04 09:00:01.5"), NaiveTime),
        ("our tick", "/event_time", json!("1800-01-01T00:00:00Z"), BadTime),
        ("our tick", "/event_time", json!("1989-12-31T23:59:59.999999Z"), BadTime),
        ("our tick", "/event_time", json!("2101-01-01T00:00:00Z"), BadTime),
        ("our tick", "/event_time", json!("2026-02-30T00:00:00Z"), BadTime),
        ("our tick", "/event_time", json!("2026-03-04"), BadTime),
        ("our tick", "/event_time", json!("yesterday"), BadTime),
        ("our tick", "/event_time", json!(""), BadTime),
        ("our tick", "/event_time", json!(1772582400), WrongType),
        ("our tick", "/session_id", json!(""), BadValue),
        ("our tick", "/session_id", json!("a b"), BadValue),
        ("our tick", "/mitigation_level", json!(256), WrongType),
        ("our tick", "/mitigation_level", json!(-1), WrongType),
        ("our tick", "/quality_flag", json!("good"), BadValue),
        ("our gap", "/scope", json!("track_a"), BadValue),
        ("our gap", "/reason", json!("bad luck"), BadValue),
        ("our gap", "/symbols", json!("005930"), WrongType),
        ("our gap", "/symbols", json!({}), WrongType),
        ("our gap", "/symbols", json!(["5930"]), BadSymbol),
        ("our gap", "/symbols", json!([123456]), BadSymbol),
        ("our gap", "/gap_end_ts", json!("2026-03-04T08:00:00+09:00"), BadValue),
        ("our feed event", "/change", json!("paused"), BadValue),
        ("our feed event", "/feed_id", json!("x".repeat(51)), BadValue),
        ("swing snapshot", "/price/close", json!(1.00001), PriceTooPrecise),
        ("swing snapshot", "/price/open", json!(true), WrongType),
        ("swing snapshot", "/price", json!(71900), WrongType),
        ("swing snapshot", "/volume", json!(-5), BadQuantity),
        ("scalp tick", "/price/current", json!(0), BadPrice),
        ("scalp tick", "/price", json!("61300"), WrongType),
        ("scalp tick", "/bid_ask", json!(7), WrongType),
        ("flat tick", "/price", json!(0), BadPrice),
        ("flat tick", "/price", json!(-1), BadPrice),
        ("table tick", "/last_price", json!(0), BadPrice),
        ("table tick", "/bid_size", json!(0.5), BadQuantity),
        ("table bar", "/high", json!(1), BadBar),
        ("table bar", "/open", json!(0), BadPrice),
        ("table bar", "/coverage_ratio", json!(1.01), BadValue),
        ("table bar", "/coverage_ratio", json!("NaN"), BadValue),
        ("table bar", "/coverage_ratio", json!("half"), WrongType),
        ("table swing bar", "/close", json!(0), BadPrice),
        ("table swing bar", "/schema_version", json!("3.0"), BadValue),
        ("table swing bar", "/schema_version", json!(1.0), WrongType),
        ("gap ledger entry", "/symbol", json!("SYM041A"), BadSymbol),
        ("gap ledger entry", "/last_update", json!("2026-03-04T09:00:00"), NaiveTime),
    ];
    for (name, pointer, value, reason) in table {
        let line = with(line_of(name), pointer, value).to_string();
        let found = rejection(line.as_bytes());
        assert_eq!(found.reason, reason, "{line}\n{found}");
    }
}

#[test]
fn a_field_that_stands_twice_is_refused_at_the_top_and_within() {
    let twice = br#"{"timestamp":"2026-03-04T00:00:01Z","symbol":"028260","symbol":"000660","price":38650,"volume":2417}"#;
    let found = rejection(twice).to_string();
    assert!(found.starts_with("not_json: duplicate field `symbol`"), "{found}");
    let null_first = line_of("flat tick").to_string().replacen('{', r#"{"symbol":null,"#, 1);
    assert_eq!(rejection(null_first.as_bytes()).reason, RejectReason::NotJson);
    let within = line_of("swing snapshot").to_string().replace(r#""close":"#, r#""close":1,"close":"#);
    assert_eq!(rejection(within.as_bytes()).reason, RejectReason::NotJson);
}

#[test]
fn a_reason_tells_the_field_and_the_value() {
    let of = |name, pointer, value| rejection(with(line_of(name), pointer, value).to_string().as_bytes()).to_string();
    assert_eq!(
        of("our tick", "/last_price", json!(1.00001)),
        r#"price_too_precise: `last_price`: "1.00001" is not a price: it has more than 4 decimals"#
    );
    assert_eq!(of("our tick", "/last_price", json!(0)), "bad_price: `last_price` is 0");
    assert_eq!(
        of("swing snapshot", "/price/close", json!("x")),
        r#"bad_price: `price.close`: "x" is not a price: it is not a decimal number"#
    );
    assert_eq!(of("our tick", "/volume", json!({"n": 1})), r#"wrong_type: `volume` is {"n":1}, not a number"#);
    assert_eq!(of("our tick", "/v", json!("3.0")), r#"unsupported_version: version "3.0" of the form"#);
    assert_eq!(
        of("our tick", "/ts", json!("1800-01-01T00:00:00Z")),
        r#"bad_time: `ts`: "1800-01-01T00:00:00Z" is outside the years 1990 to 2100"#
    );
}

#[test]
fn a_reason_stays_short_however_long_the_value() {
    let long = json!("x".repeat(500_000));
    for (name, pointer) in [
        ("our tick", "/v"),
        ("our tick", "/kind"),
        ("our tick", "/ts"),
        ("our tick", "/symbol"),
        ("our tick", "/last_price"),
        ("our tick", "/volume"),
        ("our tick", "/session_id"),
        ("our tick", "/quality_flag"),
        ("our gap", "/scope"),
        ("our gap", "/symbols"),
        ("our feed event", "/change"),
        ("gap ledger entry", "/track_type"),
        ("table bar", "/coverage_ratio"),
    ] {
        let line = with(line_of(name), pointer, long.clone()).to_string();
        let detail = rejection(line.as_bytes()).detail;
        assert!(detail.len() < 400, "{name}{pointer}: {} bytes", detail.len());
    }
}
