//! Any text: no panic, as many records as announced, and rejected records that are pieces of the frame.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obs_ingest_ws::{Frame, RejectedRecord, decode_frame};

fuzz_target!(|text: &str| match decode_frame(text) {
    Ok(Frame::Trades(trades)) => exhaust(text, trades),
    Ok(Frame::Books(books)) => exhaust(text, books),
    Ok(_) => {}
    Err(error) => assert!(!error.to_string().is_empty()),
});

fn exhaust<'a, T>(text: &str, records: impl ExactSizeIterator<Item = Result<T, RejectedRecord<'a>>>) {
    let announced = records.len();
    let mut found = 0;
    for record in records {
        found += 1;
        if let Err(rejected) = record {
            assert!(text.contains(rejected.text));
            assert!(rejected.text.split('^').count() >= 46);
        }
    }
    assert_eq!(found, announced);
}
