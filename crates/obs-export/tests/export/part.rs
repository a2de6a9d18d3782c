//! Files, and what is left of those that did not become complete.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use obs_export::{Dataset, ExportError, Format, Part, part_path};

use crate::samples::{DAY, tick};

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(folder).unwrap().map(name).collect()
}

#[test]
fn a_file_has_its_name_only_when_it_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let path = part_path(dir.path(), Dataset::ScalpTicks, DAY.parse().unwrap(), Format::Csv);
    assert_eq!(path.strip_prefix(dir.path()).unwrap(), Path::new("scalp_ticks/day=2026-01-22/part-0.csv"));
    let folder = path.parent().unwrap();

    let mut part = Part::create(path.clone(), Dataset::ScalpTicks, Format::Csv).unwrap();
    part.write(&obs_export::ticks(&[tick(), tick()]).unwrap()).unwrap();
    let [partial] = &names(folder)[..] else { panic!("{:?}", names(folder)) };
    assert!(partial.starts_with(".part-0.csv.") && partial.ends_with(".partial"), "{partial}");

    let written = part.finish(false).unwrap();
    assert_eq!(names(folder), ["part-0.csv"]);
    assert_eq!((written.rows, written.bytes), (2, fs::metadata(&path).unwrap().len()));
    // Whoever may read other new files may read this one.
    let usual = dir.path().join("usual");
    fs::write(&usual, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&usual));
}

#[test]
fn a_file_that_does_not_become_complete_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = part_path(dir.path(), Dataset::ScalpTicks, DAY.parse().unwrap(), Format::Parquet);
    let mut part = Part::create(path.clone(), Dataset::ScalpTicks, Format::Parquet).unwrap();
    part.write(&obs_export::ticks(&[tick()]).unwrap()).unwrap();
    drop(part);
    assert_eq!(names(path.parent().unwrap()), Vec::<String>::new());
}

#[test]
fn a_file_that_is_there_is_replaced_only_if_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let path = part_path(dir.path(), Dataset::Gaps, DAY.parse().unwrap(), Format::Csv);
    let part = || Part::create(path.clone(), Dataset::Gaps, Format::Csv).unwrap();
    part().finish(false).unwrap();
    fs::write(&path, "before").unwrap();
    let refused = part().finish(false).unwrap_err();
    assert!(matches!(&refused, ExportError::Exists { path: named } if *named == path), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    part().finish(true).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("gap_start_ts,"));
    assert_eq!(names(path.parent().unwrap()), ["part-0.csv"]);
}
