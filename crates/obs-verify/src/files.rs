//! Files against the positions up to which they were loaded.

use obs_store::Position;

use crate::{
    Code, Section, Subject,
    archive::{Archive, File},
    live::Live,
    report::korean,
};

/// Compares every file with its position, and every position with the files.
pub(crate) fn check(archive: &Archive, positions: &[Position]) -> Section {
    let mut section = Section::new(Subject::Files);
    section.count("files", archive.files.len() as u64);
    section.count("copies of files", archive.copies);
    for Live { dir, settled, .. } in &archive.live {
        let what = format!("a recorder is writing it; trades from {} on are not compared yet", korean(*settled));
        section.find(Code::FileGrowing, dir.display().to_string(), what);
    }
    for file in &archive.files {
        check_file(file, archive.live.iter().any(|live| live.brings(file)), &mut section);
    }
    for (other, chosen) in &archive.diverged {
        let what = format!("begins like {} and differs behind it: one of them is damaged", chosen.display());
        section.find(Code::FileDiverged, other.display().to_string(), what);
    }
    for position in positions {
        if !archive.files.iter().any(|file| file.head == Some(position.head)) {
            let what = format!(
                "{} lines were loaded, and no file begins with the first of them any more: it was moved away, removed, or its \
                 first line was changed",
                position.line_number
            );
            section.find(Code::FileAbsent, position.path.clone(), what);
        }
    }
    section
}

fn check_file(file: &File, is_on_its_way: bool, section: &mut Section) {
    let is_behind = file.waiting > 0 && !is_on_its_way;
    let place = file.path.display().to_string();
    for (name, lines) in [
        ("lines loaded", file.loaded.total()),
        ("lines that are rows", file.loaded.records - file.loaded.aside),
        ("lines without data", file.loaded.non_data),
        ("rejected lines", file.loaded.rejects),
        ("lines waiting", file.waiting),
    ] {
        section.count(name, lines);
    }
    let Some(position) = &file.position else {
        if is_behind {
            section.find(Code::FileNotLoaded, place, format!("{} lines were never loaded", file.waiting));
        }
        return;
    };
    if !file.is_unchanged {
        let was = position.byte_offset;
        let now = match file.length.checked_sub(was) {
            Some(0) => "as long as before, with other content".to_owned(),
            Some(more) => format!("{more} bytes longer, with other content before them"),
            None => format!("{} bytes shorter", was - file.length),
        };
        let what = format!(
            "it is not what was loaded any more: {} lines in {was} bytes then, {} lines now; it is {now}",
            position.line_number,
            file.loaded.total()
        );
        section.find(Code::FileChanged, place, what);
        return;
    }
    if is_behind {
        let what = format!("{} lines behind line {} wait to be loaded", file.waiting, position.line_number);
        section.find(Code::FileBehind, place.clone(), what);
    }
    let (lines, then) = (file.loaded, position.lines);
    // A line that a rule rejected when it was received is a record here and may be a reject there.
    if lines.total() != then.total() || lines.records < then.rows || lines.rejects > then.rejects {
        let what = format!(
            "its {} lines are {} records, {} without data and {} rejects; loading counted {}, {} and {} (was it loaded with \
             --assume-tz?)",
            lines.total(),
            lines.records,
            lines.non_data,
            lines.rejects,
            then.rows,
            then.non_data,
            then.rejects
        );
        section.find(Code::FileCounts, place, what);
    }
}
