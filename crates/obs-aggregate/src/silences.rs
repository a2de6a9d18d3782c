//! Holes in a record that nobody attested.

use chrono::{DateTime, TimeDelta, Utc};
use obs_model::Calendar;

use crate::Stretch;

/// The stretches between one evidence and the next in which the session went on for longer than `longest` without any, first to
/// last, cut to the session. It is how the holes of the Python system's ten-minute files show, which say neither when a
/// connection was alive nor when it was not.
///
/// What comes before the first evidence and after the last is not looked at: nobody may have been asked to record. Silence over
/// a night is none. The evidence may come in any order.
#[must_use]
pub fn silences(evidence: impl IntoIterator<Item = DateTime<Utc>>, longest: TimeDelta, calendar: &Calendar) -> Vec<Stretch> {
    let mut evidence: Vec<DateTime<Utc>> = evidence.into_iter().collect();
    evidence.sort_unstable();
    let between = evidence.windows(2).filter(|pair| pair[1] - pair[0] > longest);
    let parts = between.flat_map(|pair| calendar.within(pair[0], pair[1]));
    parts.filter(|(from, until)| *until - *from > longest).collect()
}
