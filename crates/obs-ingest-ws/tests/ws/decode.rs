//! Frames, read without any socket.

mod any;
mod books;
mod trades;

use chrono::{DateTime, Utc};
use obs_ingest_ws::{Ack, Book, Frame, FrameError, Outcome, Trade, decode_frame};
use obs_model::{Price, Quantity};

/// One record of 46 fields, from the broker's own workbook.
const ONE: &str = "0|H0STCNT0|001|005930^093354^71900^5^-100^-0.14^72023.83^72100^72400^71700^71900^71800^1^3052507^219853241700^5105^6937^1832^84.90^1366314^1159996^1^0.39^20.28^090020^5^-200^090820^5^-500^092619^2^200^20230612^20^N^65945^216924^1118750^2199206^0.05^2424142^125.92^0^^72100";
/// One record of 47 fields at half a tick.
const WIDER: &str = "0|H0STCNT0|001|005930^140610^277750^2^3750^1.37^280395.69^283000^283500^276500^278000^277500^5^11955000^3352130122500^83251^86830^3579^120.39^5217059^6280658^5^0.53^53.70^090023^5^-5250^090048^5^-5750^135824^2^1250^20260922^20^N^47588^70626^794823^496479^0.20^17123443^69.82^0^^283000^2";
/// Three records of 46 fields.
const THREE: &str = "0|H0STCNT0|003|005930^094751^71950^2^1350^1.91^71690.50^71000^72300^70600^72000^71900^1^8305216^595403999350^21115^28170^7055^136.06^3060313^4163762^5^0.51^29.46^090014^2^950^090708^5^-350^090030^2^1350^20250730^20^N^93994^113056^1668973^822214^0.14^10584139^78.47^0^^71000^005930^094751^71900^2^1300^1.84^71690.50^71000^72300^70600^72000^71900^2^8305218^595404143150^21116^28170^7054^136.06^3060315^4163762^5^0.51^29.46^090014^2^900^090708^5^-400^090030^2^1300^20250730^20^N^93985^112986^1668973^822144^0.14^10584139^78.47^0^^71000^005930^094751^72000^2^1400^1.98^71690.50^71000^72300^70600^72000^71900^75^8305293^595409543150^21116^28171^7055^136.06^3060315^4163837^1^0.51^29.46^090014^2^1000^090708^5^-300^090030^2^1400^20250730^20^N^93985^112986^1668973^822144^0.14^10584139^78.47^0^^71000";
const BOOK: &str = "0|H0STASP0|001|066570^121523^0^99100^99200^99300^99400^99500^99600^99700^99800^99900^100000^98900^98800^98700^98600^98500^98400^98300^98200^98100^98000^1244^1096^775^2090^3584^2831^4081^4526^5637^7314^1108^4129^4670^2050^1665^995^3837^678^1288^4068^33178^24488^0^0^0^0^6134^-97200^5^-100.00^354177^0^3930^0^0^0";
/// A book of 63 fields.
const WIDER_BOOK: &str = "0|H0STASP0|001|005930^140610^0^278000^278500^279000^279500^280000^280500^281000^281500^282000^282500^277500^277000^276500^276000^275500^275000^274500^274000^273500^273000^47584^39910^40703^41379^71975^49537^74523^100544^208210^120466^70626^35559^56541^75952^45226^66236^37696^56909^26021^25718^794831^496484^0^0^0^0^457236^-274000^5^-100.00^11955000^13^5^0^0^0^277750^4831^2^2";
const ACK: &str = r#"{"header":{"tr_id":"H0STASP0","tr_key":"005930","encrypt":"N"},"body":{"rt_cd":"0","msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"d59d91fcf9fd0044","key":"iuheqrmvfxoceaxeyqgjwesozgizmmgx"}}}"#;
const PINGPONG: &str = r#"{"header": {"tr_id": "PINGPONG", "datetime": "20241011121818"}}"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

fn shares(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

/// The trades of a frame, broken records as the reason and the text that they were.
fn trades(text: &str) -> Vec<Result<Trade, (FrameError, &str)>> {
    match decode_frame(text).unwrap() {
        Frame::Trades(trades) => trades.map(|trade| trade.map_err(|record| (record.reason, record.text))).collect(),
        other => panic!("{other:?}"),
    }
}

/// The books of a frame, broken records as the reason and the text that they were.
fn books(text: &str) -> Vec<Result<Book, (FrameError, &str)>> {
    match decode_frame(text).unwrap() {
        Frame::Books(books) => books.map(|book| book.map_err(|record| (record.reason, record.text))).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_that_are_no_frames() {
    let fields = ONE.rsplit('|').next().unwrap();
    let cases = [
        (String::new(), "not_a_frame"),
        ("hello".to_owned(), "not_a_frame"),
        ("0|H0STCNT0|001".to_owned(), "not_a_frame"),
        ("2|H0STCNT0|001|x".to_owned(), "not_a_frame"),
        (format!("0|H0STCNT0||{fields}"), "bad_count"),
        (format!("0|H0STCNT0|000|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|-01|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|+01|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|99999999999999999999999|{fields}"), "bad_count"),
        (format!("0|H0STCNT0|002|{fields}"), "bad_width"),
        (format!("0|H0STCNT0|999|{fields}"), "bad_width"),
        (format!("0|H0STCNT0|002|{fields}^{fields}^"), "bad_width"),
        ("0|H0STCNT0|001|".to_owned(), "bad_width"),
        (format!("0|H0STASP0|001|{fields}"), "bad_width"),
        (r#"{"header":"#.to_owned(), "bad_control"),
        ("{}".to_owned(), "bad_control"),
        (r#"{"header":{"tr_id":"H0STCNT0"}}"#.to_owned(), "bad_control"),
        (r#"{"header":{"tr_id":"H0STCNT0"},"body":{"rt_cd":"0"}}"#.to_owned(), "bad_control"),
    ];
    for (text, code) in cases {
        assert_eq!(decode_frame(&text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn only_the_first_three_bars_divide() {
    let text = ONE.replace("^72100", "^72|100");
    assert_eq!(trades(&text).len(), 1);
}

#[test]
fn frames_of_other_streams() {
    let expected = BOOK.replace("H0STASP0", "H0STANC0");
    assert!(matches!(decode_frame(&expected), Ok(Frame::Other { tr_id: "H0STANC0", records: 1 })));
    assert!(matches!(decode_frame("1|H0STCNI0|001|c2VjcmV0"), Ok(Frame::Encrypted { tr_id: "H0STCNI0" })));
}

#[test]
fn answers_to_subscriptions() {
    let ack = |text: &str| match decode_frame(text).unwrap() {
        Frame::Control(ack) => ack,
        other => panic!("{other:?}"),
    };
    let expected = Ack { tr_id: "H0STASP0".to_owned(), tr_key: "005930".to_owned(), outcome: Outcome::Subscribed };
    assert_eq!(ack(ACK), expected);

    let in_use = ack(
        r#"{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey  "}}"#,
    );
    let refused = Outcome::Refused { code: "OPSP8996".to_owned(), message: "ALREADY IN USE appkey".to_owned() };
    assert_eq!(in_use, Ack { tr_id: "(null)".to_owned(), tr_key: String::new(), outcome: refused });

    let refused = |code: &str| Outcome::Refused { code: code.to_owned(), message: "words".to_owned() };
    let cases = [
        ("0", "OPSP0001", Outcome::Unsubscribed),
        ("1", "OPSP0002", Outcome::AlreadySubscribed),
        ("1", "OPSP0003", Outcome::NotSubscribed),
        ("1", "OPSP0008", refused("OPSP0008")),
        ("1", "OPSP0011", refused("OPSP0011")),
        // A success that is none.
        ("1", "OPSP0000", refused("OPSP0000")),
    ];
    for (rt_cd, msg_cd, outcome) in cases {
        let header = r#"{"tr_id":"H0STCNT0","tr_key":"000270"}"#;
        let text = format!(r#"{{"header":{header},"body":{{"rt_cd":"{rt_cd}","msg_cd":"{msg_cd}","msg1":"words"}}}}"#);
        assert_eq!(ack(&text).outcome, outcome, "{msg_cd}");
    }
}

#[test]
fn a_pingpong_however_it_is_spaced() {
    for text in [PINGPONG, r#"{"header":{"tr_id":"PINGPONG","datetime":"20241011121818"}}"#] {
        assert!(matches!(decode_frame(text), Ok(Frame::PingPong)), "{text}");
    }
}
