//! Getting a universe from files, from the broker, and from the last good day.

use std::{collections::HashMap, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use obs_ingest_rest::{Dropped, LAST_GOOD, LoadSettings, Loaded, Source, UniverseError, UniverseSource, Warning, load};
use obs_kis::{Clock, Market};
use obs_model::{Calendar, Price};

use crate::{
    broker::{Broker, Reply},
    lists::{line, zipped},
    running::{at, on},
};

async fn broker() -> Broker {
    broker_with(HashMap::new()).await
}

async fn broker_with(files: HashMap<&'static str, Vec<u8>>) -> Broker {
    Broker::with_files(clock(), Calendar::krx(), |_| Reply::Whole, files).await
}

fn clock() -> Clock {
    Clock::compressed(at("08:00:00"), 1000)
}

async fn loaded(
    source: &UniverseSource,
    broker: &Broker,
    dir: &Path,
    now: DateTime<Utc>,
    settings: &LoadSettings,
) -> Result<Loaded, UniverseError> {
    load(source, &broker.client(clock()), dir, &Calendar::krx(), now, settings).await
}

fn codes(loaded: &Loaded) -> Vec<String> {
    loaded.universe.symbols().map(|symbol| symbol.to_string()).collect()
}

fn list(dir: &Path, text: &str) -> UniverseSource {
    let path = dir.join("stocks.csv");
    std::fs::write(&path, text).unwrap();
    UniverseSource::File(path)
}

#[tokio::test]
async fn the_date_is_the_trading_day_before_the_one_that_has_begun() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let source = list(dir.path(), "005930,,71900\n");
    for (now, date) in [
        (at("08:00:00"), "2026-11-20"),
        (at("18:00:00"), "2026-11-20"),
        (on("2026-11-22", "12:00:00"), "2026-11-19"),
        (on("2026-12-28", "08:00:00"), "2026-12-24"),
    ] {
        let loaded = loaded(&source, &broker, dir.path(), now, &LoadSettings::default()).await.unwrap();
        assert_eq!(loaded.universe.date.to_string(), date);
    }
}

#[tokio::test]
async fn the_brokers_master_files_of_both_markets_with_the_rule() {
    let kospi =
        [line(Market::Kospi, "005930", "삼성전자", "ST", 71_900), line(Market::Kospi, "001000", "신라", "ST", 3_999)];
    let kosdaq = [line(Market::Kosdaq, "247540", "에코프로비엠", "ST", 100_000)];
    let files = HashMap::from([
        ("kospi_code.mst.zip", zipped("kospi_code.mst", &kospi.concat())),
        ("kosdaq_code.mst.zip", zipped("kosdaq_code.mst", &kosdaq.concat())),
    ]);
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker_with(files).await);
    let source = UniverseSource::Broker(vec![Market::Kospi, Market::Kosdaq]);
    let loaded = loaded(&source, &broker, dir.path(), at("08:00:00"), &LoadSettings::default()).await.unwrap();
    assert_eq!(codes(&loaded), ["005930", "247540"]);
    assert_eq!(loaded.universe.dropped.get(&Dropped::BelowMinimum), Some(&1));
    assert_eq!((loaded.universe.source, loaded.warnings), (Source::Broker, vec![]));
}

#[tokio::test]
async fn a_master_file_on_disk_is_known_by_its_name() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let path = dir.path().join("KOSPI_code.mst");
    std::fs::write(&path, line(Market::Kospi, "005930", "삼성전자", "ST", 71_900)).unwrap();
    let source = UniverseSource::File(path);
    let loaded = loaded(&source, &broker, dir.path(), at("08:00:00"), &LoadSettings::default()).await.unwrap();
    assert_eq!(codes(&loaded), ["005930"]);
}

#[tokio::test]
async fn closes_that_the_list_does_not_tell_are_asked_for_within_the_budget() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let source = list(dir.path(), "005930\n000660\n035720,,4000\n");
    // The broker says 3,995 won of any stock.
    let settings = LoadSettings { most_quotes: 1, ..LoadSettings::default() };
    let loaded = loaded(&source, &broker, dir.path(), at("08:00:00"), &settings).await.unwrap();
    assert_eq!(codes(&loaded), ["000660", "035720"]);
    assert_eq!(loaded.warnings, [Warning::UnknownCloses(1)]);
    let asked: Vec<_> = broker.asks().into_iter().map(|ask| (ask.what, ask.symbol)).collect();
    assert_eq!(asked, [("price", "005930".to_owned())]);
}

#[tokio::test]
async fn the_last_good_one_stands_in_until_it_is_too_old() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let (now, settings) = (at("08:00:00"), LoadSettings::default());
    let source = list(dir.path(), "symbol,name,close,market\n005930,삼성전자,71900,KOSPI\n");
    let fresh = loaded(&source, &broker, dir.path(), now, &settings).await.unwrap();

    let gone = UniverseSource::File(dir.path().join("gone.csv"));
    let later = now + TimeDelta::days(13);
    let stand_in = loaded(&gone, &broker, dir.path(), later, &settings).await.unwrap();
    assert_eq!(stand_in.universe.members, fresh.universe.members);
    assert_eq!((stand_in.universe.source, stand_in.universe.date), (Source::LastGood, fresh.universe.date));
    let [warning] = stand_in.warnings.as_slice() else { panic!("{:?}", stand_in.warnings) };
    assert!(warning.to_string().starts_with("the universe of 2026-11-20, saved 13 days ago, stands in: "), "{warning}");

    let error = loaded(&gone, &broker, dir.path(), now + TimeDelta::days(15), &settings).await.unwrap_err();
    assert!(error.to_string().ends_with("and the last good universe is 15 days old, more than the 14 that are allowed"));
    let patient = LoadSettings { oldest_last_good: TimeDelta::days(30), ..settings };
    assert!(loaded(&gone, &broker, dir.path(), now + TimeDelta::days(15), &patient).await.is_ok());
}

#[tokio::test]
async fn a_list_with_nothing_left_or_a_damaged_stand_in_is_an_error() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let (now, settings) = (at("08:00:00"), LoadSettings::default());
    let nothing = loaded(&list(dir.path(), "# none\nAAPL\n"), &broker, dir.path(), now, &settings).await.unwrap_err();
    assert!(
        matches!(&nothing, UniverseError::Nothing { first_problem: Some(problem), .. } if problem.starts_with("line 2: "))
    );
    let below = loaded(&list(dir.path(), "005930,,100\n"), &broker, dir.path(), now, &settings).await.unwrap_err();
    assert!(matches!(below, UniverseError::AllBelowMinimum { entries: 1, .. }));
    std::fs::write(dir.path().join(LAST_GOOD), "{").unwrap();
    let below = loaded(&list(dir.path(), "005930,,100\n"), &broker, dir.path(), now, &settings).await.unwrap_err();
    assert!(matches!(below, UniverseError::AllBelowMinimum { .. }));
}

#[tokio::test]
async fn a_size_that_moves_is_told_and_the_one_before_is_kept() {
    let (dir, broker) = (tempfile::tempdir().unwrap(), broker().await);
    let (now, settings) =
        (at("08:00:00"), LoadSettings { minimum_close: Price::from_won(1).ok(), ..LoadSettings::default() });
    let list_of = |count: usize| {
        let lines = (0..count).map(|n| format!("{n:06},,5000\n"));
        list(dir.path(), &lines.collect::<String>())
    };
    let load = |source, now| {
        let (broker, dir, settings) = (&broker, dir.path(), &settings);
        async move { loaded(&source, broker, dir, now, settings).await.unwrap().warnings }
    };
    assert_eq!(load(list_of(10), now).await, []);
    assert_eq!(load(list_of(13), now).await, []);
    assert_eq!(load(list_of(9), now + TimeDelta::days(1)).await, [Warning::SizeMoved { from: 13, to: 9 }]);
    let saved = |name: &str| {
        let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["members"].as_array().unwrap().len()
    };
    assert_eq!((saved(LAST_GOOD), saved("universe.2026-11-20.json")), (9, 13));
}
