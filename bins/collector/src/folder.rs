//! The data folder, and what must not be mixed in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Lies in a folder whose archive holds made-up prices.
const MARK: &str = "SIMULATED";

const NOTE: &str = "The archive and the database in this folder hold made-up prices of Observer's simulated exchange.\n";

/// Makes the data folder if it is not there, and keeps simulated and real records apart: whoever tries the simulation first
/// and sets keys afterwards must not find both in one archive.
pub(crate) fn prepare(dir: &Path, simulated: bool) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create the data folder {}", dir.display()))?;
    let dir = fs::canonicalize(dir).with_context(|| format!("cannot use the data folder {}", dir.display()))?;
    let mark = dir.join(MARK);
    let holds_archive = !obs_archive::segments(&dir)?.is_empty();
    match (simulated, mark.exists()) {
        (true, false) if holds_archive => {
            bail!("{} holds a real archive: name another folder for a simulation with --data-dir", dir.display())
        }
        (false, true) => {
            bail!("{} holds simulated records: name another folder for real ones with --data-dir", dir.display())
        }
        (true, false) => fs::write(&mark, NOTE).with_context(|| format!("cannot write {}", mark.display()))?,
        (true, true) | (false, false) => {}
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_archive(dir: &Path) {
        fs::create_dir_all(dir.join("scalp")).unwrap();
        fs::write(dir.join("scalp/20261123_09.jsonl"), "{}\n").unwrap();
    }

    #[test]
    fn a_simulation_may_go_on_in_its_own_folder() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), true).unwrap();
        with_archive(dir.path());
        prepare(dir.path(), true).unwrap();
    }

    #[test]
    fn real_and_simulated_records_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        with_archive(dir.path());
        let error = prepare(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains("holds a real archive"), "{error}");

        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), true).unwrap();
        let error = prepare(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("holds simulated records"), "{error}");
    }
}
