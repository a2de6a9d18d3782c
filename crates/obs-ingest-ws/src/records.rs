//! The records of a data frame, and the values of their fields.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use obs_model::{KST, Price, Quantity, Symbol};

use crate::{
    FrameError,
    error::beginning,
    fields::{Field, Fields},
};

/// A record that could not be read, among others that could.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RejectedRecord<'a> {
    /// The record's fields.
    pub text: &'a str,
    /// What is wrong with it.
    pub reason: FrameError,
}

/// The records of a frame, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    text: &'a str,
    fields: Fields<'a>,
    /// Fields of one record.
    width: usize,
    /// Records that are left.
    left: usize,
}

impl<'a> Records<'a> {
    /// So many records of at least the documented number of fields. They were wider since, but never narrower.
    pub(crate) fn new(text: &'a str, records: usize, documented: usize) -> Result<Self, FrameError> {
        let fields = memchr::memchr_iter(b'^', text.as_bytes()).count() + 1;
        let width = fields / records;
        if !fields.is_multiple_of(records) || width < documented {
            return Err(FrameError::BadWidth { fields, records, documented });
        }
        Ok(Self { text, fields: Fields::new(text), width, left: records })
    }

    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    /// Reads the next record from the fields of these indices, which rise and lie within the documented ones.
    #[inline]
    pub(crate) fn next_with<const N: usize, T>(
        &mut self,
        indices: [usize; N],
        read: impl FnOnce([Field<'a>; N]) -> Result<T, FrameError>,
    ) -> Option<Result<T, RejectedRecord<'a>>> {
        self.left = self.left.checked_sub(1)?;
        let start = self.fields.start();
        let mut next = 0;
        let fields = indices.map(|index| {
            self.fields.skip(index - next);
            next = index + 1;
            self.fields.take()
        });
        let end = if self.left == 0 {
            self.text.len()
        } else {
            self.fields.skip(self.width - next);
            self.fields.start() - 1
        };
        Some(read(fields).map_err(|reason| RejectedRecord { text: Field::new(self.text, start, end).as_str(), reason }))
    }
}

pub(crate) fn symbol(field: Field<'_>, name: &'static str) -> Result<Symbol, FrameError> {
    Symbol::new(field.as_str()).map_err(|problem| FrameError::BadField { field: name, problem })
}

/// A price in won; 0 says that there is none.
#[inline]
pub(crate) fn price(field: Field<'_>, name: &'static str) -> Result<Option<Price>, FrameError> {
    match field.whole() {
        Some(won) => Price::from_won_or_none(won),
        // Decimals, and everything that is refused with the model's words.
        None => Price::parse_or_none(field.as_str()),
    }
    .map_err(|problem| FrameError::BadField { field: name, problem })
}

#[inline]
pub(crate) fn quantity(field: Field<'_>, name: &'static str) -> Result<Quantity, FrameError> {
    match field.whole() {
        Some(shares) => Quantity::new(shares),
        None => field.as_str().parse(),
    }
    .map_err(|problem| FrameError::BadField { field: name, problem })
}

/// The instant of YYYYMMDD and HHMMSS in Korea.
#[inline]
pub(crate) fn instant(date: Field<'_>, time: Field<'_>) -> Result<DateTime<Utc>, FrameError> {
    let instant = || {
        let [year, month, day] = parts(date, 8)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(date.and_time(time_of_day(time)?).checked_sub_offset(KST)?.and_utc())
    };
    instant().ok_or_else(|| {
        let [date, time] = [date, time].map(|field| beginning(field.as_str(), 20));
        FrameError::BadTime { date, time }
    })
}

/// HHMMSS.
#[inline]
pub(crate) fn time_of_day(field: Field<'_>) -> Option<NaiveTime> {
    let [hour, minute, second] = parts(field, 6)?;
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// So many digits, the last four as two pairs.
fn parts(field: Field<'_>, length: usize) -> Option<[u32; 3]> {
    let number = u32::try_from(field.whole().filter(|_| field.len() == length)?).ok()?;
    Some([number / 10_000, number / 100 % 100, number % 100])
}
