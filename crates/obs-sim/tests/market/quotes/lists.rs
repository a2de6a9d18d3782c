//! Days on which the market opens, and files of all stocks.

use std::io::{Cursor, Read};

use encoding_rs::EUC_KR;
use obs_sim::market::Board;
use serde_json::json;

use super::{Broker, assert_keys};

#[tokio::test]
async fn twenty_four_days_tell_which_are_open() {
    let broker = Broker::at("2026-01-22T10:15:30+09:00").await;
    let query = [("BASS_DT", "20261220"), ("CTX_AREA_NK", ""), ("CTX_AREA_FK", "")];
    let answer = broker.success("CTCA0903R", "chk-holiday", &query).await;
    let days = answer["output"].as_array().unwrap();
    assert_eq!(days.len(), 24);
    let keys = ["bass_dt", "wday_dvsn_cd", "bzdy_yn", "tr_day_yn", "opnd_yn", "sttl_day_yn"];
    let of = |date: &str| {
        let day = days.iter().find(|day| day["bass_dt"] == date).unwrap();
        assert_keys(day, &keys);
        keys.map(|key| day[key].as_str().unwrap().to_owned())[1..].join(" ")
    };
    assert_eq!(of("20261220"), "01 N N N N");
    assert_eq!(of("20261221"), "02 Y Y Y Y");
    assert_eq!(of("20261225"), "06 N N N N");
    // The last trading-calendar day: only the exchange is closed.
    assert_eq!(of("20261231"), "05 Y Y N Y");
    assert_eq!(of("20270104"), "02 Y Y Y Y");
    assert_eq!(answer["ctx_area_nk"].as_str().unwrap().len(), 20);
    let (status, answer) =
        broker.ask("CTCA0903R", "chk-holiday", &[("BASS_DT", "today"), ("CTX_AREA_NK", ""), ("CTX_AREA_FK", "")]).await;
    assert_eq!((status, &answer["msg_cd"]), (500, &json!("OPSQ2002")));
}

#[tokio::test]
async fn the_master_files_list_every_stock_at_fixed_widths() {
    let broker = Broker::at("2026-01-22T08:55:00+09:00").await;
    for (file, board, details, base_price_at) in
        [("kospi_code", Board::Kospi, 227, 41), ("kosdaq_code", Board::Kosdaq, 221, 36)]
    {
        // No key is needed.
        let url = format!("{}/common/master/{file}.mst.zip", broker.simulator.rest_url());
        let response = broker.http.get(url).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/zip".parse().unwrap())
        );
        let mut zip = zip::ZipArchive::new(Cursor::new(response.bytes().await.unwrap())).unwrap();
        let mut content = Vec::new();
        zip.by_name(&format!("{file}.mst")).unwrap().read_to_end(&mut content).unwrap();

        let listed: Vec<_> = broker.twin.listings().filter(|listing| listing.board == board).cloned().collect();
        let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len(), listed.len());
        for (line, listing) in lines.iter().zip(&listed) {
            assert_eq!(line.len(), 9 + 12 + 40 + details + 1);
            let text = |from: usize, width: usize| {
                let (text, _, broken) = EUC_KR.decode(&line[from..from + width]);
                assert!(!broken);
                text.into_owned()
            };
            assert_eq!(text(0, 9), format!("{:<9}", listing.symbol));
            assert!(text(9, 12).starts_with(&format!("KR7{}00", listing.symbol)));
            assert_eq!(text(21, 40).trim_end(), listing.name);
            let tail = |from: usize, width: usize| text(61 + from, width);
            assert_eq!(tail(0, 2), "ST");
            assert_eq!(tail(base_price_at, 9), format!("{:09}", listing.base_price));
            // Units of trading, then: halted, in liquidation, under administration.
            assert_eq!(tail(base_price_at + 9, 13), "0000100001NNN");
            let stock = broker.twin.stock(listing.symbol).unwrap();
            assert_eq!(tail(base_price_at + 40, 12), format!("{:012}", stock.reference.previous_volume));
        }
    }
    let url = format!("{}/common/master/nasmst.cod.zip", broker.simulator.rest_url());
    assert_eq!(broker.http.get(url).send().await.unwrap().status().as_u16(), 404);
}
