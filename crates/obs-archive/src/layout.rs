//! Where the archive's files lie and what their names say.

use crate::ArchiveError;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use obs_model::KST;
use obs_schema::Stream;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A file of the archive: the records of one stream received in one hour (scalp) or on one day (swing, events), Korean time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whose records it holds.
    pub stream: Stream,
    /// The file.
    pub path: PathBuf,
    /// The first instant of its hour or day.
    pub start: DateTime<Utc>,
}

impl Segment {
    /// The segment for a record received at `at`, whether the file exists or not.
    ///
    /// ```
    /// use obs_archive::Segment;
    /// use obs_schema::Stream;
    ///
    /// let at = "2026-01-22T15:00:00Z".parse::<chrono::DateTime<chrono::Utc>>()?;
    /// let path = |stream| Segment::of("data".as_ref(), stream, at).path.display().to_string();
    /// assert_eq!(path(Stream::Scalp), "data/scalp/20260123_00.jsonl");
    /// assert_eq!(path(Stream::Swing), "data/swing/20260123.jsonl");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn of(dir: &Path, stream: Stream, at: DateTime<Utc>) -> Self {
        let seconds = at.timestamp();
        let into = (seconds + i64::from(KST.local_minus_utc())).rem_euclid(span(stream).num_seconds());
        let start = DateTime::from_timestamp(seconds - into, 0).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let name = start.with_timezone(&KST).format(match stream {
            Stream::Scalp => "%Y%m%d_%H.jsonl",
            Stream::Swing | Stream::Events => "%Y%m%d.jsonl",
        });
        Self { stream, path: dir.join(stream.folder()).join(name.to_string()), start }
    }

    /// The first instant that is not of its hour or day any more.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start.checked_add_signed(span(self.stream)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn named(dir: &Path, stream: Stream, name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".jsonl")?;
        let start = match stream {
            Stream::Scalp => format!("{stem}0000"),
            Stream::Swing | Stream::Events => format!("{stem}_000000"),
        };
        let start = NaiveDateTime::parse_from_str(&start, "%Y%m%d_%H%M%S").ok()?.and_local_timezone(KST).single()?;
        // Parsing is lenient about signs and widths; only the name that we would give ourselves is ours.
        let segment = Self::of(dir, stream, start.to_utc());
        (segment.path.file_name()? == name).then_some(segment)
    }
}

/// The archive's files under a data folder, by time and then by stream. Files with other names are not of the archive.
///
/// # Errors
///
/// [`ArchiveError::Read`] when a folder cannot be read, or the data folder does not exist. Streams without a folder are empty.
pub fn segments(dir: &Path) -> Result<Vec<Segment>, ArchiveError> {
    fs::metadata(dir).map_err(ArchiveError::read(dir))?;
    let mut found = Vec::new();
    for stream in Stream::ALL {
        found.extend(segments_of(dir, stream)?);
    }
    found.sort_by_key(|segment| (segment.start, segment.stream));
    Ok(found)
}

pub(crate) fn segments_of(dir: &Path, stream: Stream) -> Result<Vec<Segment>, ArchiveError> {
    let folder = dir.join(stream.folder());
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(ArchiveError::read(&folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(ArchiveError::read(&folder))?.file_name();
        let Some(segment) = name.to_str().and_then(|name| Segment::named(dir, stream, name)) else { continue };
        match fs::metadata(&segment.path) {
            // Moved away since the folder was read, or a link to nowhere.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(ArchiveError::read(&segment.path)(error)),
            Ok(metadata) if metadata.is_file() => found.push(segment),
            Ok(_) => {}
        }
    }
    Ok(found)
}

const fn span(stream: Stream) -> TimeDelta {
    match stream {
        Stream::Scalp => TimeDelta::hours(1),
        Stream::Swing | Stream::Events => TimeDelta::days(1),
    }
}
