//! Mending a segment that a crash tore.

use crate::{ArchiveError, MAX_LINE};
use memchr::memrchr;
use obs_schema::{Decoded, Decoder};
use std::{
    ffi::OsString,
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// What was done about a segment's torn last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The segment.
    pub path: PathBuf,
    /// Where the torn line began.
    pub offset: u64,
    /// How many bytes of it there were.
    pub bytes: u64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a torn line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was cut off; before that its bytes were saved at the end of the file named like the segment with `.torn` behind it.
    CutOff,
    /// It was a whole record that lacked its line feed, and got it. It must stay: a loader may have taken it for a line.
    Finished,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, offset, bytes, fate } = self;
        let (kept, path) = (torn_path(path), path.display());
        write!(f, "{path} ended in a torn line: {bytes} bytes from offset {offset} on ")?;
        match fate {
            Fate::CutOff => write!(f, "were moved to {}", kept.display()),
            Fate::Finished => f.write_str("are a whole record and got their line feed"),
        }
    }
}

/// Cuts a last line without line feed off a segment, unless only the line feed is missing, and makes durable whatever an
/// earlier writer left in it.
///
/// Some file systems leave a tail of NUL bytes after power loss; it has no line feed either and goes the same way.
pub(crate) fn mend(path: &Path, file: &mut File) -> Result<Option<Repair>, ArchiveError> {
    let length = file.metadata().map_err(ArchiveError::read(path))?.len();
    if length == 0 {
        return Ok(None);
    }
    let offset = end_of_last_line(file, length).map_err(ArchiveError::read(path))?;
    if offset == length {
        file.sync_data().map_err(ArchiveError::sync(path))?;
        return Ok(None);
    }
    if is_whole_record(file, offset, length).map_err(ArchiveError::read(path))? {
        file.seek(SeekFrom::End(0)).map_err(ArchiveError::write(path))?;
        file.write_all(b"\n").map_err(ArchiveError::write(path))?;
        file.sync_all().map_err(ArchiveError::sync(path))?;
        tracing::warn!(path = %path.display(), offset, "gave a segment's last line its line feed");
        return Ok(Some(Repair { path: path.to_owned(), offset, bytes: length - offset, fate: Fate::Finished }));
    }
    // Saved durably before it is cut. A crash between the two saves it twice, which is better than not at all.
    let kept = torn_path(path);
    let mut torn = OpenOptions::new().append(true).create(true).open(&kept).map_err(ArchiveError::write(&kept))?;
    file.seek(SeekFrom::Start(offset)).map_err(ArchiveError::read(path))?;
    io::copy(file, &mut torn).map_err(ArchiveError::write(&kept))?;
    torn.sync_all().map_err(ArchiveError::sync(&kept))?;
    sync_folder_of(&kept)?;
    file.set_len(offset).map_err(ArchiveError::write(path))?;
    file.sync_all().map_err(ArchiveError::sync(path))?;
    let repair = Repair { path: path.to_owned(), offset, bytes: length - offset, fate: Fate::CutOff };
    tracing::warn!(path = %path.display(), offset, bytes = repair.bytes, "cut a torn line off a segment");
    Ok(Some(repair))
}

/// Makes a file's name durable: it is an entry of its folder, which is synced apart from the file.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), ArchiveError> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Only Unix lets a program open and sync a folder.
    if cfg!(unix) {
        let failed = || ArchiveError::sync(folder);
        File::open(folder).map_err(failed())?.sync_all().map_err(failed())?;
    }
    Ok(())
}

fn is_whole_record(file: &mut File, offset: u64, length: u64) -> io::Result<bool> {
    let Some(bytes) = usize::try_from(length - offset).ok().filter(|bytes| *bytes <= MAX_LINE) else { return Ok(false) };
    let mut line = vec![0; bytes];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut line)?;
    Ok(matches!(Decoder::default().decode(&line), Decoded::Record(_)))
}

fn end_of_last_line(file: &mut File, length: u64) -> io::Result<u64> {
    let mut window = vec![0; 64 * 1024];
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(window.len() as u64);
        let piece = &mut window[..usize::try_from(end - start).unwrap_or(usize::MAX)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(piece)?;
        if let Some(at) = memrchr(b'\n', piece) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn torn_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".torn");
    name.into()
}
