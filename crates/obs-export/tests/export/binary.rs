//! Parquet and Arrow, through their readers.

use std::{
    fs::File,
    io::{Cursor, Write},
};

use arrow_array::{
    Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, RecordBatchReader, StringArray, TimestampMicrosecondArray,
};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{DataType, TimeUnit};
use obs_export::{Dataset, Format, Sink};
use parquet::{
    arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    basic::Compression,
};

use crate::samples::{self, bar, bare_tick, extreme_ticks, tick};

/// Every dataset with rows.
fn samples() -> Vec<(Dataset, RecordBatch)> {
    let [least, most] = extreme_ticks();
    let gaps = [samples::gap("2026-01-22T01:00:00Z"), samples::general_gap("2026-01-22T02:00:00Z")];
    let rows = |dataset: Dataset| match dataset {
        Dataset::ScalpTicks => obs_export::ticks(&[tick(), bare_tick(), least.clone(), most.clone()]),
        Dataset::ScalpBars => obs_export::bars(&[bar()]),
        Dataset::ScalpBarsHealed => obs_export::bars_with_healing(&[samples::sourced_bar()]),
        Dataset::HealedBars => obs_export::healed_bars(&[samples::healed_bar()]),
        Dataset::SwingBars => obs_export::swing_bars(&[samples::swing_bar()]),
        Dataset::Gaps => obs_export::gaps(&gaps),
        Dataset::GapSymbols => obs_export::gap_symbols(&gaps),
        Dataset::FeedSessions => obs_export::feed_sessions(&[samples::feed_session()]),
        Dataset::VolumeBreaks => obs_export::volume_breaks(&[samples::volume_break()]),
    };
    Dataset::ALL.into_iter().map(|dataset| (dataset, rows(dataset).unwrap())).collect()
}

fn written(format: Format, dataset: Dataset, pieces: &[RecordBatch]) -> Vec<u8> {
    let mut sink = Sink::new(format, &dataset.schema(), Vec::new()).unwrap();
    pieces.iter().for_each(|piece| sink.write(piece).unwrap());
    sink.finish().unwrap()
}

fn parquet(bytes: &[u8]) -> ParquetRecordBatchReader {
    opened(bytes).build().unwrap()
}

/// A file of Parquet that has no name any more.
fn opened(bytes: &[u8]) -> ParquetRecordBatchReaderBuilder<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap()
}

fn column<T: Array + Clone + 'static>(rows: &RecordBatch, name: &str) -> T {
    rows.column_by_name(name).unwrap().as_any().downcast_ref::<T>().unwrap().clone()
}

#[test]
fn every_dataset_comes_back_from_parquet_and_arrow_as_it_was() {
    for (dataset, rows) in samples() {
        assert_eq!(rows.schema(), dataset.schema());
        let file = written(Format::Parquet, dataset, std::slice::from_ref(&rows));
        let back: Vec<_> = parquet(&file).collect::<Result<_, _>>().unwrap();
        assert_eq!(back, std::slice::from_ref(&rows), "{dataset} as Parquet");
        let file = written(Format::Arrow, dataset, &[rows.clone(), rows.clone()]);
        let back: Vec<_> = FileReader::try_new(Cursor::new(file), None).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(back, [rows.clone(), rows.clone()], "{dataset} as an Arrow file");
        let stream = written(Format::ArrowStream, dataset, std::slice::from_ref(&rows));
        let back: Vec<_> = StreamReader::try_new(&stream[..], None).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(back, [rows], "{dataset} as an Arrow stream");
    }
}

#[test]
fn a_file_without_rows_has_its_columns() {
    for dataset in Dataset::ALL {
        let mut reader = parquet(&written(Format::Parquet, dataset, &[]));
        assert_eq!(reader.schema(), dataset.schema());
        assert!(reader.next().is_none());
    }
}

#[test]
fn prices_shares_and_times_are_exact_to_their_extremes() {
    let [least, most] = extreme_ticks();
    let file = written(Format::Parquet, Dataset::ScalpTicks, &[obs_export::ticks(&[least, most]).unwrap()]);
    let rows = parquet(&file).next().unwrap().unwrap();
    let prices: Decimal128Array = column(&rows, "last_price");
    assert_eq!(prices.data_type(), &DataType::Decimal128(15, 4));
    assert_eq!((prices.value_as_string(0), prices.value_as_string(1)), ("0.0001".into(), "99999999999.9999".into()));
    let volumes: Int64Array = column(&rows, "volume");
    assert_eq!((volumes.value(0), volumes.value(1)), (0, i64::MAX));
    let times: TimestampMicrosecondArray = column(&rows, "event_time");
    assert_eq!(times.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    assert_eq!((times.value(0), times.value(1)), (1, 253_402_300_799_999_999));
    let sessions: StringArray = column(&rows, "session_id");
    assert_eq!((sessions.value(0), sessions.value(1).len()), ("s", 50));
}

#[test]
fn what_is_unknown_is_null_and_no_zero() {
    let file = written(Format::Parquet, Dataset::ScalpTicks, &[obs_export::ticks(&[bare_tick()]).unwrap()]);
    let rows = parquet(&file).next().unwrap().unwrap();
    let schema = rows.schema();
    let nulls = schema.fields().iter().zip(rows.columns()).filter(|(_, column)| column.is_null(0));
    let nulls: Vec<_> = nulls.map(|(field, _)| field.name().as_str()).collect();
    assert_eq!(nulls, ["bid_price", "ask_price", "bid_size", "ask_size", "last_price", "volume"]);
}

#[test]
fn coverage_keeps_every_bit() {
    let file = written(Format::Parquet, Dataset::ScalpBars, &[obs_export::bars(&[bar()]).unwrap()]);
    let rows = parquet(&file).next().unwrap().unwrap();
    let coverage: Float64Array = column(&rows, "coverage_ratio");
    assert_eq!(coverage.value(0).to_bits(), (84.0_f64 / 120.0).to_bits());
}

#[test]
fn a_gap_of_all_symbols_is_a_gap_and_has_no_row_by_symbol() {
    let gaps = [samples::gap("2026-01-22T01:00:00Z"), samples::general_gap("2026-01-22T02:00:00Z")];
    assert_eq!(obs_export::gaps(&gaps).unwrap().num_rows(), 2);
    let by_symbol = obs_export::gap_symbols(&gaps).unwrap();
    let symbols: StringArray = column(&by_symbol, "symbol");
    let ends: TimestampMicrosecondArray = column(&by_symbol, "gap_end_ts");
    let rows: Vec<_> = (0..by_symbol.num_rows()).map(|row| (symbols.value(row), ends.value(row) % 60_000_000)).collect();
    assert_eq!(rows, [("000660", 9_500_000), ("005930", 10_500_000)]);
}

#[test]
fn parquet_has_groups_of_100_000_rows_with_statistics_and_is_compressed() {
    let piece = obs_export::ticks(&vec![tick(); 50_001]).unwrap();
    let file = written(Format::Parquet, Dataset::ScalpTicks, &[piece.clone(), piece.clone(), piece.clone(), piece]);
    let reader = opened(&file);
    let groups = reader.metadata().row_groups();
    let rows: Vec<_> = groups.iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [100_000, 100_000, 4]);
    for column in groups[0].columns() {
        assert_eq!(column.compression(), Compression::SNAPPY);
        assert!(column.statistics().is_some(), "{}", column.column_path());
    }
}

#[test]
fn each_column_says_what_it_holds() {
    for dataset in Dataset::ALL {
        let schema = dataset.schema();
        assert!(schema.field_with_name(dataset.time_column()).is_ok(), "{dataset}");
        for field in schema.fields() {
            assert!(!field.metadata()["description"].is_empty(), "{dataset}.{}", field.name());
        }
        assert_eq!(dataset.name().parse(), Ok(dataset));
    }
}
