//! What the recorder before this one left behind.

use std::{collections::HashSet, path::Path};

use obs_aggregate::GapDetector;
use obs_archive::{ArchiveError, Reader, last_line, segments};
use obs_model::{Calendar, FeedChange, FeedEvent, GapReason, GapScope};
use obs_schema::{Decoded, Decoder, Record, Stream};

/// A detector that knows what the last recorder knew when it ended, and what that one did not come to say.
pub(crate) fn last_known(dir: &Path, calendar: Calendar) -> Result<(GapDetector, Vec<FeedEvent>), ArchiveError> {
    let mut detector = GapDetector::new(calendar);
    let segments = segments(dir)?;
    let of_stream = |stream| segments.iter().filter(move |segment| segment.stream == stream).rev();
    let mut days: Vec<Vec<Record>> = Vec::new();
    for segment in of_stream(Stream::Events) {
        days.push(records_of(&segment.path)?);
        // What was lost on one day may come back on the next, and a connection may be older than that.
        if days.len() >= 2 && opens_all(days.iter().rev().flatten()) {
            break;
        }
    }
    for record in days.iter().rev().flatten() {
        match record {
            Record::Feed(event) => {
                detector.observe(event);
            }
            Record::Gap(gap) if gap.scope != GapScope::Swing => detector.was_told(gap),
            _ => {}
        }
    }
    let last_tick = of_stream(Stream::Scalp).next().map(|segment| last_line(&segment.path)).transpose()?.flatten();
    let evidence = last_tick.and_then(|line| match Decoder::default().decode(&line) {
        Decoded::Record(Record::Tick(tick)) => Some((tick.tick.symbol, tick.received_at)),
        _ => None,
    });
    let owed = detector.owed(GapReason::ProcessRestart, evidence);
    Ok((detector, owed))
}

fn records_of(path: &Path) -> Result<Vec<Record>, ArchiveError> {
    let (mut reader, mut decoder) = (Reader::open(path)?, Decoder::default());
    let mut records = Vec::new();
    while let Some(line) = reader.line()? {
        let Decoded::Record(record) = decoder.decode(line.bytes) else { continue };
        // Of many signs of life in a row, which is what most lines are, the latest says it all.
        match records.last_mut() {
            Some(last) if lives_on(last, &record) => *last = record,
            _ => records.push(record),
        }
    }
    Ok(records)
}

/// Whether both are signs of life of the same connection.
fn lives_on(last: &Record, record: &Record) -> bool {
    match (last, record) {
        (Record::Feed(last), Record::Feed(next)) => {
            last.change == FeedChange::Alive && next.change == FeedChange::Alive && last.feed_id == next.feed_id
        }
        _ => false,
    }
}

/// Whether every connection that records speak of is opened in them.
fn opens_all<'a>(records: impl Iterator<Item = &'a Record>) -> bool {
    let mut opened = HashSet::new();
    records
        .filter_map(|record| match record {
            Record::Feed(event) => Some(event),
            _ => None,
        })
        .all(|event| match event.change {
            FeedChange::Opened => {
                opened.insert(&event.feed_id);
                true
            }
            _ => opened.contains(&event.feed_id),
        })
}
