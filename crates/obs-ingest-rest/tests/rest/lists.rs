//! Lists of stocks, and the broker's master files.

use std::io::{Cursor, Write};

use encoding_rs::EUC_KR;
use obs_ingest_rest::{Dropped, Listing, Source, read_list, read_master};
use obs_kis::Market;
use obs_model::Price;
use proptest::prelude::*;

fn codes(listing: &Listing) -> Vec<&str> {
    listing.members.iter().map(|member| member.symbol.as_str()).collect()
}

fn problems(listing: &Listing) -> Vec<String> {
    listing.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn one_code_a_line_with_comments_and_blank_lines() {
    let listing = read_list("# mine\n005930\n\n  000660  \n# the last one\n0004V0\n".as_bytes());
    assert_eq!(codes(&listing), ["005930", "000660", "0004V0"]);
    assert_eq!(listing.problems, []);
}

#[test]
fn a_korean_csv_in_cp949_with_quoted_prices() {
    let text = "종목코드,종목명,시장구분,종가\r\n\"A005930\",삼성전자,KOSPI,\"71,900\"\r\n247540,에코프로비엠,코스닥,0\r\n";
    let listing = read_list(&EUC_KR.encode(text).0);
    let [samsung, ecopro] = listing.members.as_slice() else { panic!("{listing:?}") };
    assert_eq!((samsung.symbol.as_str(), samsung.name.as_deref()), ("005930", Some("삼성전자")));
    assert_eq!((samsung.previous_close, samsung.market), (Price::from_won(71_900).ok(), Some(Market::Kospi)));
    assert_eq!((ecopro.previous_close, ecopro.market), (None, Some(Market::Kosdaq)));
    // The same in UTF-8 with the mark that spreadsheets put first.
    assert_eq!(read_list(format!("\u{feff}{text}").as_bytes()), listing);
}

#[test]
fn columns_without_a_header_are_code_name_close() {
    let listing = read_list("005930;삼성전자;71900\n000660;SK하이닉스;128500.5\n".as_bytes());
    let closes: Vec<_> = listing.members.iter().map(|member| member.previous_close.unwrap().to_string()).collect();
    assert_eq!(closes, ["71900", "128500.5"]);
    assert_eq!(listing.members[1].name.as_deref(), Some("SK하이닉스"));
}

#[test]
fn what_gives_no_stock_is_reported_with_its_line() {
    let listing =
        read_list("# mine\nsymbol,close\n\n005930,1\n5930,1\n# a comment\n\n005930,2\nAAPL,1\n000660,many\n".as_bytes());
    assert_eq!(codes(&listing), ["005930"]);
    assert_eq!(
        problems(&listing),
        [
            r#"line 5: "5930" is not a symbol: it has 4 characters instead of 6; did a spreadsheet drop its leading zeros?"#,
            "line 8: 005930 stands in line 4 already",
            r#"line 9: "AAPL" is not a symbol: it has 4 characters instead of 6"#,
            r#"line 10: "many" is not a price: it is not a decimal number"#,
        ]
    );
    assert_eq!(listing.dropped.into_iter().collect::<Vec<_>>(), [(Dropped::Duplicate, 1), (Dropped::Unreadable, 3)]);
}

/// A line of a master file. The tail has the length that it really has.
pub fn line(market: Market, code: &str, name: &str, group: &str, base_price: u32) -> Vec<u8> {
    let (flags, tail) = match market {
        Market::Kospi => (39, 227),
        Market::Kosdaq => (34, 221),
    };
    let mut line = format!("{code:9}KR7{code:6}003").into_bytes();
    line.truncate(21);
    let name = EUC_KR.encode(name).0;
    line.extend_from_slice(&name);
    line.resize(61, b' ');
    line.extend_from_slice(group.as_bytes());
    line.resize(61 + 2 + flags, b'0');
    line.extend_from_slice(format!("{base_price:09}").as_bytes());
    line.resize(61 + tail, b'N');
    line.push(b'\n');
    line
}

pub fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn stocks_of_a_master_file_are_members_and_nothing_else_is() {
    for market in [Market::Kospi, Market::Kosdaq] {
        let lines = [
            line(market, "005930", "삼성전자", "ST", 71_900),
            line(market, "005935", "삼성전자우", "ST", 3_995),
            line(market, "069500", "KODEX 200", "EF", 40_000),
            line(market, "Q530031", "삼성 레버리지", "EN", 10_000),
            line(market, "0004V0", "새로운것", "ST", 0),
        ];
        let plain = lines.concat();
        let listing = read_master(&plain, market).unwrap();
        assert_eq!(codes(&listing), ["005930", "005935", "0004V0"]);
        assert_eq!(listing.dropped.get(&Dropped::NotAStock), Some(&2));
        let [samsung, _, new] = listing.members.as_slice() else { panic!("{listing:?}") };
        assert_eq!((samsung.name.as_deref(), samsung.previous_close), (Some("삼성전자"), Price::from_won(71_900).ok()));
        assert_eq!((new.previous_close, new.market), (None, Some(market)));
        assert_eq!(read_master(&zipped("kospi_code.mst", &plain), market).unwrap(), listing);
    }
}

#[test]
fn a_file_that_is_no_master_file_says_so() {
    let refused = |bytes: &[u8]| read_master(bytes, Market::Kospi).unwrap_err().to_string();
    let begins = "the Kospi file is no master file of the broker's: ";
    assert_eq!(refused(b""), format!("{begins}it is empty"));
    assert_eq!(refused(b"005930,Samsung\n"), format!("{begins}line 1: it has 14 bytes only"));
    assert_eq!(refused(&zipped("readme.txt", b"hello")), format!("{begins}there is no .mst file in it"));
    assert!(refused(b"PK\x03\x04 and then nothing").starts_with(begins));
}

#[test]
fn the_minimum_close_decides_and_unknown_closes_stay() {
    let listing = read_list("035720,나,4000\n000660,다,3999.9999\n005930,가\n".as_bytes());
    let (date, minimum) = ("2026-11-20".parse().unwrap(), Price::from_won(4000).ok());
    let universe = listing.clone().into_universe(date, minimum, Source::Broker);
    let codes: Vec<_> = universe.symbols().map(|symbol| symbol.to_string()).collect();
    assert_eq!(codes, ["005930", "035720"]);
    assert_eq!(universe.dropped.get(&Dropped::BelowMinimum), Some(&1));
    assert_eq!(listing.into_universe(date, None, Source::Broker).members.len(), 3);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read_list(&bytes);
        let _ = read_master(&bytes, Market::Kospi);
        let _ = read_master(&[b"PK\x03\x04".as_slice(), &bytes].concat(), Market::Kosdaq);
    }
}
