//! Holdings as brokers and spreadsheets write them.

use obs_portfolio::{Holdings, read_holdings};
use proptest::prelude::*;

use crate::won;

fn read(text: &str) -> Vec<String> {
    shown(&read_holdings(text.as_bytes()).unwrap())
}

fn shown(holdings: &Holdings) -> Vec<String> {
    let shares = holdings.shares.iter().map(|(symbol, shares)| format!("{symbol} {shares}"));
    shares.chain(holdings.cash.map(|cash| format!("cash {cash}"))).collect()
}

fn refusals(text: &str) -> Vec<String> {
    read_holdings(text.as_bytes()).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn plain_rows_and_cash_are_read() {
    assert_eq!(read("symbol,quantity\n005930,10\n000660,3\nCASH,1000000\n"), ["000660 3", "005930 10", "cash 1000000"]);
    assert_eq!(read("symbol\tquantity\n005930\t10\n"), ["005930 10"]);
}

#[test]
fn an_export_of_a_korean_broker_is_read_in_utf8_and_cp949() {
    let export = "종목코드,종목명,보유수량(주),평균단가,현재가,평가금액,평가손익,수익률\r\n\
                  'A005930,삼성전자,\"1,234\",\"70,000\",\"71,900\",\"88,724,600\",\"2,344,600\",2.71%\r\n\
                  \"=\"\"000660\"\"\",SK하이닉스,3주,,,,,\r\n\
                  69500,KODEX 200,10.00,,,,,\r\n\
                  0004v0,엔비알모션,0,,,,,\r\n\
                  예수금,,,,,\"1,234,567원\",,\r\n\
                  합계,,\"1,247\",,,,,\r\n";
    let expected = ["000660 3", "005930 1234", "069500 10", "cash 1234567"];
    assert_eq!(read(export), expected);
    assert_eq!(read(&format!("\u{feff}{export}")), expected);
    let (bytes, _, _) = encoding_rs::EUC_KR.encode(export);
    assert_eq!(shown(&read_holdings(&bytes).unwrap()), expected);
    let utf16: Vec<u8> = format!("\u{feff}{export}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(shown(&read_holdings(&utf16).unwrap()), expected);
}

#[test]
fn cash_may_stand_in_a_column_as_often_as_it_says_the_same() {
    assert_eq!(read("종목번호,잔고수량,예수금\n005930,1,\"5,000\"\n000660,2,5000\n"), ["000660 2", "005930 1", "cash 5000"]);
    assert_eq!(
        refusals("종목번호,잔고수량,예수금\n005930,1,5000\n000660,2,6000\n"),
        ["line 3: cash is 6000 won here and 5000 won before; keep one of them"]
    );
}

#[test]
fn every_mistake_is_listed_with_its_line() {
    let text = "symbol,quantity,colour\n005930,10,\n5930,2,\nAAPL,1,\n000660,-3,\n035420,1.5,\n051910,\"1,5\",\n068270,ten,\n015760,99999999999999999999,\nCASH,-5,\n";
    assert_eq!(
        refusals(text),
        [
            "the column \"colour\" is not known; remove it",
            "line 3: 005930 stands on line 2 already; merge the two",
            "line 4: \"AAPL\" is not a symbol: it has 4 characters instead of 6; give KRX's short code",
            "line 5: 000660 has -3 shares; what was sold short cannot be rebalanced",
            "line 6: 035420 has 1.5 shares; leave parts of shares out, the exchange trades whole ones",
            "line 7: \"1,5\" is no number of shares; write it in digits",
            "line 8: \"ten\" is no number of shares; write it in digits",
            "line 9: \"99999999999999999999\" is no number of shares; write it in digits",
            "line 10: \"-5\" is no amount of cash; write won in digits, 0 or more",
        ]
    );
    let empty = "the file is empty; give a header such as symbol,quantity (종목코드,보유수량) and a row for each holding";
    assert_eq!(refusals(""), [empty]);
    assert_eq!(refusals("\n \n"), [empty]);
    assert_eq!(refusals("symbol,quantity\n"), [empty]);
    assert_eq!(refusals("symbol,name\n005930,x\n")[0].split(';').next().unwrap(), "there is no column of shares");
    let error = read_holdings(&[0x73, 0xff, 0xff, 0x2c]).unwrap_err();
    assert_eq!(error.to_string(), "the file is neither UTF-8 nor CP949; save it as CSV in UTF-8");
}

#[test]
fn cash_alone_is_a_holding() {
    let holdings = read_holdings("종목코드,수량\n현금,\"10,000,000\"\n".as_bytes()).unwrap();
    assert_eq!((holdings.shares.len(), holdings.cash), (0, Some(won("10000000"))));
}

proptest! {
    #[test]
    fn any_bytes_are_holdings_or_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cells in prop::collection::vec("[0-9A,.'\"현금=% -]{0,9}", 0..20),
    ) {
        let _ = read_holdings(&bytes);
        let text = cells.chunks(2).map(|row| row.join(",")).collect::<Vec<_>>().join("\n");
        let _ = read_holdings(format!("symbol,quantity\n{text}").as_bytes());
    }
}
