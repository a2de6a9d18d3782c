//! Archives as they lie on disk.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::LoadError;

/// The archive files below some folders, and how many other files lie beside them.
///
/// Everything that ends in `.jsonl` counts: what a line is, its content says. A file that is named itself counts whatever its
/// name. The order is that of the paths, with feed events before what they attest, so that two runs load alike.
///
/// # Errors
/// [`LoadError::List`] if something that was named does not exist or a folder cannot be read.
pub fn archive_files(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, usize), LoadError> {
    let (mut files, mut others) = (Vec::new(), 0);
    for root in paths {
        for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| LoadError::List {
                path: error.path().unwrap_or(root).to_path_buf(),
                reason: error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
            })?;
            let named_itself = entry.depth() == 0;
            if !entry.file_type().is_file() {
                if named_itself && !entry.file_type().is_dir() {
                    let reason = "it is neither a file nor a folder".to_owned();
                    return Err(LoadError::List { path: root.clone(), reason });
                }
                continue;
            }
            if named_itself || entry.path().extension().is_some_and(|extension| extension == "jsonl") {
                files.push(entry.into_path());
            } else {
                others += 1;
            }
        }
    }
    files.sort_by_cached_key(|path| (!is_of_events(path), path.clone()));
    files.dedup();
    Ok((files, others))
}

fn is_of_events(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "events")
}
